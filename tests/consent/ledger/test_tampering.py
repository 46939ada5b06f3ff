"""A superuser changes the past behind every guard: the verification finds it, and names it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, connection, transaction

from consent.purposes.models import Purpose
from portal.crypto import signing
from portal.crypto.keyring import forget_keys
from portal.organisations.models import Organisation
from portal.seals import sealing
from portal.seals.models import Seal, Verification
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.portal.seals.keeping import seal, superuser, verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 4)
    monkeypatch.setattr(sealing, "SEAL_ROWS", 8)
    monkeypatch.setattr("portal.seals.verifying.BLOCK_ROWS", 4)


@pytest.fixture
def purpose(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def events(in_acme: Organisation, ada: Contact, purpose: Purpose) -> Iterator[list[int]]:
    """Twenty events in three seals of two blocks."""
    found = [choose(ada, purpose, "refuse") or 0 for _time in range(20)]
    seal()
    assert verify(in_acme).ok
    yield found


def finding(organisation: Organisation, stream: str = "ledger") -> tuple[str, int, list[int]]:
    found = verify(organisation, stream)
    assert not found.ok
    return found.code, found.details["seal"], [int(row) for row in found.details["rows"]]


@pytest.mark.parametrize(
    "change",
    [
        "action = 'grant'",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 day'",
        "contact_id = contact_id + 1",
        "channel = 'sms'",
        "basis = 'contract'",
        "source = 'import'",
        "source_reference = 'x'",
        "notice_version = 'signup/1/fr'",
        "evidence_digest = sha256('another')",
        "notice_digest = sha256('another')",
        "collection_point_id = 7",
        "purpose_version = 2",
        "actor = 'parent'",
        "paused_until = now()",
        "organisation_id = organisation_id + 1",
        "purpose_id = purpose_id + 1",
    ],
)
def test_a_row_that_was_changed_is_named(in_acme: Organisation, events: list[int], change: str) -> None:
    with superuser() as cursor:
        cursor.execute(f"UPDATE consent_consentevent SET {change} WHERE id = %s", [events[9]])
    assert finding(in_acme) == ("row_changed", 2, [events[9]])


def test_a_row_that_was_deleted_is_named(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute("DELETE FROM consent_consentevent WHERE id = %s", [events[17]])
    assert finding(in_acme) == ("row_deleted", 3, [events[17]])


@pytest.mark.parametrize("transaction", ["transaction", "'4611686018427387904'"])
def test_a_row_that_was_slipped_in_is_named(
    in_acme: Organisation, ada: Contact, events: list[int], transaction: str
) -> None:
    """Among the sealed ones, or under a number so high that no sealer would ever come to it."""
    with superuser() as cursor:
        cursor.execute(
            "INSERT INTO consent_consentevent (organisation_id, contact_id, purpose_id, channel, action, basis,"
            " occurred_at, recorded_at, source, transaction)"
            " SELECT organisation_id, contact_id, purpose_id, channel, 'grant', basis, occurred_at, recorded_at,"
            f" source, {transaction}::xid8 FROM consent_consentevent WHERE id = %s RETURNING id",
            [events[3]],
        )
        slipped = cursor.fetchone()[0]
    assert finding(in_acme) == ("row_inserted", 0, [slipped])


def test_a_row_that_was_put_elsewhere_is_named(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute(
            "UPDATE consent_consentevent SET transaction = (SELECT transaction FROM consent_consentevent WHERE id = %s)"
            " WHERE id = %s",
            [events[0], events[2]],
        )
        cursor.execute(
            "UPDATE consent_consentevent SET transaction = (SELECT transaction FROM consent_consentevent WHERE id = %s)"
            " WHERE id = %s",
            [events[5], events[1]],
        )
    code, number, rows = finding(in_acme)
    assert (code, number) == ("row_moved", 1)
    assert rows


@pytest.mark.parametrize(("row", "to"), [(0, 5), (19, 0), (19, None)])
def test_a_row_at_the_edge_of_a_seal_that_was_put_elsewhere_is_named(
    in_acme: Organisation, events: list[int], row: int, to: int | None
) -> None:
    """Nothing in its own seal lies on the other side of it."""
    with superuser() as cursor:
        cursor.execute(
            "UPDATE consent_consentevent SET transaction = COALESCE("
            "(SELECT transaction FROM consent_consentevent WHERE id = %s), pg_current_xact_id()) WHERE id = %s",
            [events[to] if to is not None else None, events[row]],
        )
    code, _number, rows = finding(in_acme)
    assert code == "row_moved"
    assert events[row] in rows or row == 0


def test_two_rows_that_changed_places_are_named(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET occurred_at = '2026-05-01Z' WHERE id = %s", [events[4]])
        cursor.execute("UPDATE consent_consentevent SET id = -1 WHERE id = %s", [events[4]])
        cursor.execute("UPDATE consent_consentevent SET id = %s WHERE id = %s", [events[4], events[5]])
        cursor.execute("UPDATE consent_consentevent SET id = %s WHERE id = -1", [events[5]])
    code, number, rows = finding(in_acme)
    assert (code, number) == ("row_changed", 1)
    assert events[5] in rows


@pytest.mark.parametrize(
    "change",
    ["count = count + 1", "signed_at = signed_at - interval '1 day'", "slug = 'other'", "root = sha256('another')"],
)
def test_a_seal_that_was_changed_is_named(in_acme: Organisation, events: list[int], change: str) -> None:
    with superuser() as cursor:
        cursor.execute(f"UPDATE portal_seal SET {change} WHERE stream = 'ledger' AND number = 2")
    assert finding(in_acme)[:2] == ("seal_changed", 2)


def test_a_seal_that_was_written_anew_does_not_have_the_signature(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        found = Seal.objects.get(organisation=in_acme, stream="ledger", number=3)
        found.signed_at = found.signed_at.replace(year=2020)
        cursor.execute(
            "UPDATE portal_seal SET signed_at = %s, hash = %s WHERE id = %s",
            [found.signed_at, found.facts.hash(), found.pk],
        )
    assert finding(in_acme)[:2] == ("signature_invalid", 3)


def test_a_chain_that_was_signed_anew_with_a_key_of_somebody_else_is_found(
    in_acme: Organisation, purpose: Purpose, events: list[int]
) -> None:
    """The superuser puts their public key in the place of ours, and signs all seals again."""
    theirs = Ed25519PrivateKey.generate()
    public = theirs.public_key().public_bytes_raw()
    with superuser() as cursor:
        cursor.execute("UPDATE portal_organisationkey SET public_key = %s WHERE purpose = 'signing'", [public])
        previous = None
        for found in Seal.objects.filter(organisation=in_acme, stream="ledger").order_by("number"):
            found.previous, found.key_id = previous, signing.public_key_id(public)
            previous = found.facts.hash()
            cursor.execute(
                "UPDATE portal_seal SET previous = %s, key_id = %s, hash = %s, signature = %s WHERE id = %s",
                [found.previous, found.key_id, previous, theirs.sign(previous), found.pk],
            )
        cursor.execute("DELETE FROM portal_verification")
    forget_keys()
    assert finding(in_acme)[:2] == ("key_unknown", 1)


def test_a_seal_that_was_taken_out_is_missed(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute("DELETE FROM portal_seal WHERE stream = 'ledger' AND number = 2")
    assert finding(in_acme)[:2] == ("seal_missing", 2)


def test_the_newest_seal_cannot_be_cut_off_once_it_was_verified(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute("DELETE FROM portal_seal WHERE stream = 'ledger' AND number = 3")
    assert finding(in_acme)[:2] == ("truncated", 3)


@pytest.mark.parametrize(
    "change",
    [
        "leaves = overlay(leaves PLACING sha256('another') FROM 33)",
        "ids = ids[2:2] || ids[1:1] || ids[3:]",
        "ids = ids[2:]",
        "root = sha256('another')",
        "number = 5",
    ],
)
def test_a_block_that_was_changed_is_named(in_acme: Organisation, events: list[int], change: str) -> None:
    with superuser() as cursor:
        cursor.execute(
            f"UPDATE portal_sealblock SET {change} WHERE number = 1 AND seal_id ="
            " (SELECT id FROM portal_seal WHERE stream = 'ledger' AND number = 2)"
        )
    code, number, _rows = finding(in_acme)
    assert (code, number) in {("block_changed", 2), ("row_changed", 2)}


def test_a_block_that_was_taken_out_is_missed(in_acme: Organisation, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute(
            "DELETE FROM portal_sealblock WHERE number = 1 AND seal_id ="
            " (SELECT id FROM portal_seal WHERE stream = 'ledger' AND number = 2)"
        )
    assert finding(in_acme)[:2] == ("block_missing", 2)


def test_a_state_that_no_event_stands_behind_is_found(in_acme: Organisation, ben: Contact, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute(
            "INSERT INTO consent_consentstate (organisation_id, contact_id, purpose_id, channel, status, since,"
            " event_id) SELECT organisation_id, %s, purpose_id, channel, 'granted', occurred_at, id"
            " FROM consent_consentevent WHERE id = %s",
            [ben.pk, events[0]],
        )
    assert finding(in_acme)[0] == "state_without_event"


def test_evidence_that_was_exchanged_is_found(in_acme: Organisation, ada: Contact, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute("UPDATE consent_evidence SET digest = sha256('another') WHERE contact_id = %s", [ada.pk])
    assert finding(in_acme)[0] == "evidence_changed"


def test_what_a_purpose_was_called_is_part_of_what_was_sealed(
    in_acme: Organisation, purpose: Purpose, events: list[int]
) -> None:
    with superuser() as cursor:
        cursor.execute("UPDATE consent_purpose SET key = 'other' WHERE id = %s", [purpose.pk])
    assert finding(in_acme)[:2] == ("row_changed", 1)


def test_an_entry_of_the_audit_log_that_was_changed_is_named(in_acme: Organisation, events: list[int]) -> None:
    from portal import audit
    from portal.organisations.actors import Actor

    audit.record(actor=Actor.system(in_acme), action="test.done", details={"people": 3, "ratio": 0.5})
    seal("audit")
    assert verify(in_acme, "audit").ok
    with superuser() as cursor:
        cursor.execute(
            """UPDATE portal_auditentry SET details = '{"people": 4, "ratio": 0.5}'"""
            " WHERE action = 'test.done' RETURNING id"
        )
        (changed,) = cursor.fetchone()
    assert finding(in_acme, "audit") == ("row_changed", 1, [changed])


def test_an_address_can_go_from_the_audit_log_and_its_seal_still_holds(in_acme: Organisation) -> None:
    from portal import audit
    from portal.organisations.actors import Actor

    audit.record(actor=Actor.link(in_acme, reference="contact:1", ip="192.0.2.7"), action="test.done")
    seal("audit")
    with superuser() as cursor:
        cursor.execute("UPDATE portal_auditentry SET ip = NULL")
    assert verify(in_acme, "audit").ok


@pytest.mark.parametrize("table", ["portal_seal", "portal_sealblock", "portal_verification", "consent_consentevent"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_what_needs_no_superuser(events: list[int], table: str, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match="append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))
    assert Verification.objects.filter(ok=True).exists()
