"""Whatever door a choice came through, the events alone say where everybody stands."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from consent.ledger.models import ConsentEvent, ConsentState
from consent.links import LinkTarget, make_token
from consent.purposes.actions import Materiality, create_purpose, update_purpose
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.api import rates
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.actions import update_contact
from subscribers.contacts.models import Contact
from tests.consent.choices import BALANCE, NOW, choose, new_purpose
from tests.consent.collection.forms import delivered, link_in, new_point, press, send
from tests.consent.collection.test_reporting import kind_of, record, scan
from tests.consent.purposes.test_basis import SOFT
from tests.consent.renewal.test_renewal import expire
from tests.people import api_of, new_contact
from tests.subscribers.imports.lots import BOUGHT, brought, deleted, released, undone

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
# Their file is deleted as a lot: it must hold nobody else.
LOST = "email\nlost@example.org\n"


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    server = rates.valkey(settings.ACCORD.valkey_url)
    for pattern in ("accord:rate:*", "accord:spent:*"):
        for key in server.scan_iter(pattern):
            server.delete(key)
    rates._away_until = 0.0
    yield


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme, double_opt_in=True, valid_for_days=400, renew_before_days=390)


def checked(organisation: Organisation) -> str:
    """Raises CommandError as soon as one state is not what the events say."""
    told = io.StringIO()
    call_command("ledger", "rebuild", "--check", "--organisation", organisation.slug, stdout=told)
    return told.getvalue()


def told_anew(organisation: Organisation, purpose: Purpose, **changes: object) -> None:
    with scope(organisation=organisation):
        update_purpose(
            actor=Actor.system(organisation),
            purpose=purpose,
            changes=changes,
            materiality=Materiality(answer=True, reason="It has changed."),
        )


def through_imports(acme: Organisation) -> None:
    first = brought(acme, "email\nada.martin@example.org\nnew@example.org\nkept@example.org\n")
    held = brought(acme, "email\nbought@example.org\n", of=BOUGHT)
    lost = brought(acme, LOST)
    released(held)
    undone(first)
    deleted(lost)


def through_forms(acme: Organisation, newsletter: Purpose, marketer: User) -> None:
    """A click, a click that comes after other words, a paper, a plain no."""
    point = new_point(acme, newsletter)
    for address in ("nina@mail.example", "late@mail.example"):
        send(point, email=address)
    early, late = (link_in(message) for message in delivered())
    press(early)
    told_anew(acme, newsletter, description="Every day.", valid_for_days=30, double_opt_in=False)
    press(late)
    kind_of(acme, newsletter, "paper")
    record(marketer, email="paper@mail.example", scan=scan())


def through_the_api(integrator: User, acme: Organisation) -> None:
    api = api_of(integrator, acme)
    for action, days in (("grant", 20), ("withdraw", 30), ("grant", 10), ("object", 5), ("refuse", 1)):
        body = {
            "contact": {"email": "ben@example.net"},
            "purpose": "newsletter",
            "channel": "sms",
            "action": action,
            "occurred_at": (timezone.now() - days * DAY).isoformat(),
            "evidence": {"text": "Yes."},
        }
        assert api.post("/consents", body).status_code == 201


def through_links(contact: Contact, newsletter: Purpose) -> None:
    """Renewed, paused and taken up again, left by one click, chosen anew, left altogether."""
    token = make_token(LinkTarget(contact.organisation_id, contact.pk, newsletter.pk, "email"))
    switch = f"{newsletter.pk}-email"
    doors = (
        (f"/p/{token}", {"choice": [switch], "renewed": [switch], "save": "1"}),
        (f"/u/{token}", {"List-Unsubscribe": "One-Click"}),
        (f"/p/{token}", {"choice": [switch], "save": "1"}),
    )
    for path, body in doors:
        assert Client().post(path, body).status_code == 200
    choose(contact, newsletter, "pause", now=timezone.now(), paused_until=timezone.now() + DAY)
    choose(contact, newsletter, "resume", now=timezone.now())
    assert Client().post(f"/p/{token}", {"stop": "everything", "save": "1"}).status_code == 200


def test_a_rebuild_finds_nothing_to_put_right(
    acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact, marketer: User, integrator: User
) -> None:
    short = new_purpose(acme, "short", valid_for_days=10)
    cleo = new_contact(acme, "cleo@example.org")
    choose(ada, newsletter, "grant", now=NOW - 300 * DAY)
    choose(ada, newsletter, "confirm", now=NOW - 299 * DAY)
    choose(cleo, short, "grant", now=NOW)
    choose(ben, short, "ask", now=NOW)
    assert "0 differ" in checked(acme)
    through_imports(acme)
    assert "0 differ" in checked(acme)
    through_forms(acme, newsletter, marketer)
    assert "0 differ" in checked(acme)
    through_the_api(integrator, acme)
    through_links(ada, newsletter)
    assert "0 differ" in checked(acme)
    with scope(organisation=acme):
        update_contact(
            actor=Actor.system(acme), organisation=acme, contact_id=cleo.pk, values={"email": "cleo@new.example"}
        )
        expire(acme, timezone.now())
        values = SOFT.__class__(**{**SOFT.__dict__, "basis": "legitimate_interest", "balance": BALANCE})
        actor = Actor.system(acme)
        create_purpose(actor=actor, key="offers", values=values, replaces="newsletter", replaces_reason="We sell now.")
    assert "0 differ" in checked(acme)
    with scope(organisation=acme):
        found = set(ConsentEvent.objects.values_list("source", flat=True))
        assert found == {"import", "form", "staff", "api", "link", "one_click", "system"}
        assert not ConsentEvent.objects.filter(purpose_version=None).exists()
        assert not ConsentEvent.objects.filter(action="grant", evidence_digest=None).exists()
        assert ConsentState.objects.count() > 8
