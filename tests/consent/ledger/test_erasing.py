"""Requirements 2.4: erase a person, and the ledger still verifies, with no byte left of who and where they were."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client
from django_scopes import scope

from consent.ledger.models import ConsentEvent, ConsentState, Evidence
from consent.links import LinkTarget, make_token
from consent.proofs.building import proof_of
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.proofs.checking import check
from tests.people import new_contact
from tests.portal.seals.keeping import seal, verify
from tests.subscribers.imports.lots import CLAIM, brought
from tests.waiting import wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ADDRESS, IP, BROWSER = "zelda.quux@example.org", "198.51.100.77", "Mozilla/5.0 (Zelda)"


def dump() -> bytes:
    """Every table, as pg_dump would write it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        text = b""
        for (table,) in cursor.fetchall():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                text += b"".join(bytes(part) for part in copy)
    return text


def traces() -> list[str]:
    """Of the person: as they are, in hexadecimal, and as plain hashes."""
    found = []
    for word in (ADDRESS, "zelda.quux", IP, BROWSER):
        raw = word.encode()
        found += [word, raw.hex(), hashlib.sha256(raw).hexdigest(), hashlib.md5(raw).hexdigest()]
    return found


def test_nothing_is_left_of_somebody_erased_and_everything_still_verifies(acme: Organisation) -> None:
    newsletter = new_purpose(acme)
    zelda = new_contact(acme, ADDRESS, first_name="Zelda", last_name="Quux")
    other = new_contact(acme, "somebody.else@example.org")
    chosen = choose(zelda, newsletter, "grant", evidence={"text": "I agree.", "ip": IP, "user_agent": BROWSER})
    choose(other, newsletter, "grant")
    token = make_token(LinkTarget(acme.pk, zelda.pk, newsletter.pk, "email"))
    answer = Client(REMOTE_ADDR=IP, headers={"User-Agent": BROWSER}).post(
        f"/u/{token}", {"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    brought(acme, f"email\n{ADDRESS}\nthird@example.org\n", of=CLAIM)
    for stream in ("ledger", "audit"):
        seal(stream)
    assert any(trace.encode() in dump() for trace in traces()), "there was something to erase"

    with scope(organisation=acme):
        erase_person(actor=Actor.system(acme), organisation=acme, contact_id=zelda.pk)

    left = dump()
    assert [trace for trace in traces() if trace.encode() in left] == []
    for stream in ("ledger", "audit"):
        seal(stream)
        assert verify(acme, stream).ok
    with scope(organisation=acme):
        assert not Contact.objects.filter(pk=zelda.pk).exists()
        proof = proof_of(ConsentEvent.objects.select_related("purpose").get(pk=chosen))
    check(proof)
    assert "document" not in proof["evidence"][0]


def test_whoever_clicks_while_they_are_erased_leaves_no_trace(acme: Organisation) -> None:
    newsletter = new_purpose(acme)
    zelda = new_contact(acme, ADDRESS)
    choose(zelda, newsletter, "grant")
    token = make_token(LinkTarget(acme.pk, zelda.pk, newsletter.pk, "email"))

    def click() -> int:
        try:
            return Client(REMOTE_ADDR=IP, headers={"User-Agent": BROWSER}).post(f"/u/{token}", ONE_CLICK).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), scope(organisation=acme):
            erase_person(actor=Actor.system(acme), organisation=acme, contact_id=zelda.pk)
            clicked = pool.submit(click)
            wait_until_somebody_waits()
        assert clicked.result() == 200, "it is what they asked for"
    with scope(organisation=acme):
        assert ConsentState.objects.count() == 0
        assert Evidence.objects.filter(contact_id=zelda.pk).count() == 0
        assert list(ConsentEvent.objects.values_list("action", flat=True)) == ["grant"]


def test_an_erasure_waits_for_a_click_and_takes_its_traces_along(acme: Organisation) -> None:
    newsletter = new_purpose(acme)
    zelda = new_contact(acme, ADDRESS)

    def erase() -> None:
        try:
            with scope(organisation=acme):
                erase_person(actor=Actor.system(acme), organisation=acme, contact_id=zelda.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            choose(zelda, newsletter, "grant", evidence={"text": "I agree.", "ip": IP})
            erased = pool.submit(erase)
            wait_until_somebody_waits()
        erased.result()
    with scope(organisation=acme):
        assert ConsentState.objects.count() == 0
        assert Evidence.objects.filter(contact_id=zelda.pk).count() == 0
