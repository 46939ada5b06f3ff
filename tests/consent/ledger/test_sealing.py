"""Every event comes into exactly one seal, whoever writes and whoever dies meanwhile."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope

from consent.ledger.models import ConsentEvent
from consent.ledger.recording import Choice, record_events
from consent.purposes.models import Purpose
from portal.crypto import actions as crypto
from portal.crypto import signing
from portal.crypto.keyring import forget_keys
from portal.crypto.models import KeyPurpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.seals import sealing
from portal.seals.models import Seal, SealBlock, SealingState
from portal.seals.sealing import seal_stream
from portal.seals.streams import stream_named
from subscribers.contacts.models import Contact
from tests.consent.choices import EVIDENCE, choose, new_purpose
from tests.people import new_contact
from tests.portal.seals.keeping import one_pass, seal, superuser, verify

pytestmark = pytest.mark.django_db(transaction=True)


def sealed_ids(organisation: Organisation) -> list[int]:
    blocks = SealBlock.objects.filter(organisation=organisation, stream="ledger").order_by("seal__number", "number")
    return [event_id for block in blocks for event_id in block.ids]


def all_ids(organisation: Organisation) -> list[int]:
    with scope(organisation=organisation):
        return list(ConsentEvent.objects.order_by("pk").values_list("pk", flat=True))


def chain(organisation: Organisation) -> list[Seal]:
    return list(Seal.objects.filter(organisation=organisation, stream="ledger").order_by("number"))


def test_a_seal_says_what_the_contract_says_and_is_signed_by_the_organisation(
    in_acme: Organisation, ada: Contact, ben: Contact
) -> None:
    purpose = new_purpose(in_acme)
    first, second = choose(ada, purpose, "grant"), choose(ben, purpose, "refuse")

    seal()

    (found,) = chain(in_acme)
    document = found.facts.document()
    assert list(document) == [
        "organisation",
        "number",
        "first",
        "last",
        "count",
        "root",
        "previous",
        "signed_at",
        "key_id",
    ]
    assert document["organisation"] == "acme"
    assert (document["number"], document["count"], document["previous"]) == (1, 2, "0" * 64)
    assert (document["first"], document["last"]) == (str(first), str(second))
    assert bytes(found.hash) == found.facts.hash()
    assert signing.verify_signature(in_acme, found.key_id, bytes(found.hash), bytes(found.signature))


def test_each_seal_names_the_one_before(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme)
    for action in ("grant", "withdraw", "grant"):
        choose(ada, purpose, action)
        seal()

    seals = chain(in_acme)
    assert [each.number for each in seals] == [1, 2, 3]
    assert [each.total for each in seals] == [1, 2, 3]
    assert bytes(seals[2].previous or b"") == bytes(seals[1].hash)
    assert verify(in_acme).ok


def test_nothing_new_makes_no_seal(in_acme: Organisation, ada: Contact) -> None:
    choose(ada, new_purpose(in_acme), "grant")
    assert seal().rows == 1
    assert seal().rows == 0
    assert len(chain(in_acme)) == 1


def test_each_organisation_has_a_chain_of_its_own(
    acme: Organisation, other: Organisation, ada: Contact, ada_elsewhere: Contact
) -> None:
    choose(ada, new_purpose(acme), "grant")
    choose(ada_elsewhere, new_purpose(other), "grant")

    assert seal().seals == 2

    for organisation in (acme, other):
        (found,) = chain(organisation)
        assert (found.slug, found.number, found.count) == (organisation.slug, 1, 1)
        assert verify(organisation).ok


def test_a_new_key_signs_the_next_seal_and_the_old_one_still_verifies(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme)
    choose(ada, purpose, "grant")
    seal()
    crypto.rotate(actor=Actor.system(in_acme), organisation=in_acme, purpose=KeyPurpose.SIGNING)
    choose(ada, purpose, "withdraw")
    seal()

    first, second = chain(in_acme)
    assert first.key_id != second.key_id
    assert verify(in_acme).ok


def test_many_events_are_cut_into_blocks_and_seals(
    in_acme: Organisation, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 4)
    monkeypatch.setattr(sealing, "SEAL_ROWS", 8)
    monkeypatch.setattr("portal.seals.verifying.BLOCK_ROWS", 4)
    purpose = new_purpose(in_acme)
    for _time in range(11):
        choose(ada, purpose, "refuse")

    assert seal().seals == 2

    assert [each.count for each in chain(in_acme)] == [8, 3]
    assert sealed_ids(in_acme) == all_ids(in_acme)
    assert verify(in_acme).ok


def test_what_a_running_transaction_may_still_write_waits(
    in_acme: Organisation, ada: Contact, ben: Contact, aside: Callable[[Callable[[], None]], threading.Thread]
) -> None:
    """The event committed meanwhile waits as well: in the order of transactions it comes after."""
    purpose = new_purpose(in_acme)
    choose(ada, purpose, "refuse")  # the organisation's first, for which it gets its keys
    seal()
    begun, end = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            choose(ada, purpose, "grant")
            begun.set()
            end.wait(30)

    thread = aside(slow)
    assert begun.wait(10)
    quick = choose(ben, purpose, "grant")
    assert one_pass().rows == 0
    end.set()
    thread.join(30)

    assert seal().rows == 2
    assert sealed_ids(in_acme)[-1] == quick


def test_eight_writers_and_long_transactions_get_every_event_into_exactly_one_seal(
    acme: Organisation, aside: Callable[[Callable[[], None]], threading.Thread]
) -> None:
    purposes = [new_purpose(acme, f"purpose{number}") for number in range(3)]
    people = [new_contact(acme, f"person{number}@example.org") for number in range(8)]
    choose(people[0], purposes[0], "refuse")  # the organisation's first, for which it gets its keys
    stop = threading.Event()
    lost: list[Any] = []

    def write(number: int) -> None:
        try:
            for turn in range(12):
                with transaction.atomic():
                    for purpose in purposes:
                        record_events(acme.pk, [choice(people[number], purpose)], now=timezone.now())
                    if number < 2:
                        time.sleep(0.05)  # a long one, while the others overtake it
                if turn % 5 == 4:
                    with transaction.atomic():
                        record_events(acme.pk, [choice(people[number], purposes[0])], now=timezone.now())
                        transaction.set_rollback(True)
        except Exception as error:
            lost.append(error)

    def seal_on() -> None:
        while not stop.is_set():
            seal_stream(stream_named("ledger"))

    writers = [aside(lambda number=number: write(number)) for number in range(8)]  # type: ignore[misc]
    sealers = [aside(seal_on) for _number in range(2)]
    for thread in writers:
        thread.join(60)
    stop.set()
    for thread in sealers:
        thread.join(60)
    seal()

    assert not lost
    counted = Counter(sealed_ids(acme))
    assert sorted(counted) == all_ids(acme)
    assert set(counted.values()) == {1}
    assert len(counted) == 8 * 12 * 3 + 1
    assert len(chain(acme)) > 1
    assert verify(acme).ok


def choice(contact: Contact, purpose: Purpose) -> Choice:
    return Choice(
        contact_id=contact.pk,
        purpose_id=purpose.pk,
        channel="email",
        action="refuse",
        occurred_at=timezone.now(),
        source="form",
        evidence=EVIDENCE,
    )


def test_a_sealer_that_dies_between_two_seals_is_followed_by_one_that_goes_on(
    acme: Organisation, other: Organisation, ada: Contact, ada_elsewhere: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_ROWS", 4)
    for organisation, contact in ((acme, ada), (other, ada_elsewhere)):
        purpose = new_purpose(organisation)
        for _time in range(6):
            choose(contact, purpose, "refuse")
    keep, calls = sealing.Writer._keep, []

    def dying(self: sealing.Writer, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) % 2 == 0:
            raise KeyboardInterrupt
        keep(self, *arguments)

    monkeypatch.setattr(sealing.Writer, "_keep", dying)
    deaths = 0
    for _attempt in range(10):
        try:
            seal()
            break
        except KeyboardInterrupt:
            deaths += 1

    assert deaths
    for organisation in (acme, other):
        assert sealed_ids(organisation) == all_ids(organisation)
        assert verify(organisation).ok


def test_a_sealer_that_was_overtaken_writes_nothing_more(in_acme: Organisation, ada: Contact) -> None:
    choose(ada, new_purpose(in_acme), "grant")
    with sealing.reading() as cursor:
        state = sealing.lease(stream_named("ledger"))
        window = sealing.window_of(cursor, state)
        SealingState.objects.filter(stream="ledger").update(lease="00000000-0000-0000-0000-000000000001")
        with pytest.raises(sealing.SealerStoppedError):
            sealing.seal_window(cursor, stream_named("ledger"), window, state.lease)
    assert chain(in_acme) == []
    assert seal().rows == 1


def test_keys_that_do_not_open_keep_nobody_else_from_being_sealed(
    acme: Organisation, other: Organisation, ada: Contact, ada_elsewhere: Contact
) -> None:
    choose(ada, new_purpose(acme), "grant")
    choose(ada_elsewhere, new_purpose(other), "grant")
    for organisation in (acme, other):
        signing.public_keys(organisation)
    spoil = "UPDATE portal_organisationkey SET wrapped = wrapped || '!' WHERE organisation_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(spoil, [acme.pk])
    forget_keys()

    while not chain(other):  # autovacuum may hold the horizon back for a moment
        assert one_pass().unsigned in (set(), {acme.pk})
    assert one_pass().unsigned == {acme.pk}
    assert (len(chain(acme)), len(chain(other))) == (0, 1)
    assert verify(acme).code == "key_unknown"

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portal_organisationkey SET wrapped = substr(wrapped, 1, length(wrapped) - 1)"
            " WHERE organisation_id = %s",
            [acme.pk],
        )
    assert seal().unsigned == set()
    assert (len(chain(acme)), len(chain(other))) == (1, 1)


def test_one_sealer_at_a_time(in_acme: Organisation, ada: Contact) -> None:
    choose(ada, new_purpose(in_acme), "grant")
    with sealing.reading() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('portal_seals'), hashtext('ledger'))")
        assert seal_stream(stream_named("ledger")) is None
    assert seal().rows == 1


def next_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def renumber(events: list[int], to: int) -> None:
    """As if these events had been written in another cluster, which counted otherwise."""
    with superuser() as cursor:
        cursor.execute(
            "UPDATE consent_consentevent SET transaction = %s::text::xid8 WHERE id = ANY (%s)", [str(to), events]
        )


def renumber_blocks(to: int) -> None:
    with superuser() as cursor:
        cursor.execute("UPDATE portal_sealblock SET first_transaction = %s, last_transaction = %s", [to, to])


@pytest.mark.parametrize("ahead", [8, 10_000_000])
def test_after_a_restore_into_another_cluster_nothing_is_lost_and_nothing_sealed_twice(
    in_acme: Organisation, ada: Contact, ahead: int
) -> None:
    """The old cluster had counted further, a little or by far; some events came into the dump before their seal."""
    purpose = new_purpose(in_acme)
    old = [choose(ada, purpose, "refuse") or 0 for _time in range(3)]
    seal()
    unsealed = choose(ada, purpose, "withdraw") or 0
    number = next_transaction() + ahead
    renumber(old, number)
    renumber_blocks(number)
    renumber([unsealed], number + 1)
    SealingState.objects.filter(stream="ledger").update(system="another cluster", horizon=number + 1)

    new = choose(ada, purpose, "refuse") or 0
    seal()
    assert sorted(sealed_ids(in_acme)) == sorted([*old, unsealed, new])
    # The new cluster's count passes through the numbers of the old one's events.
    for _time in range(20):
        choose(ada, purpose, "refuse")
    seal()
    seal()

    assert sorted(sealed_ids(in_acme)) == all_ids(in_acme)
    assert SealingState.objects.get(stream="ledger").epoch == 3
    assert verify(in_acme).ok


def test_the_audit_log_is_sealed_by_the_same_code(in_acme: Organisation) -> None:
    crypto.rotate(actor=Actor.system(in_acme), organisation=in_acme, purpose=KeyPurpose.SIGNING)
    crypto.rotate(actor=Actor.system(), organisation=None, purpose=KeyPurpose.SIGNING)

    assert seal("audit").seals == 2

    found = Seal.objects.get(organisation=in_acme, stream="audit")
    assert found.facts.document()["stream"] == "audit"
    assert verify(in_acme, "audit").ok
    assert verify(None, "audit").ok
