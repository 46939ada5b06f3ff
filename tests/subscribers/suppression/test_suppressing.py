from __future__ import annotations

import hashlib

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.crypto.actions import rotate
from portal.crypto.keyring import KeyPurpose
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.suppression.actions import remove_suppression, suppress, suppress_entries
from subscribers.suppression.matching import suppressed_among
from subscribers.suppression.models import Suppression
from subscribers.suppression.recording import Entry
from tests.people import actor_of


@pytest.fixture
def actor(marketer: User, acme: Organisation) -> Actor:
    return actor_of(marketer, acme)


def test_it_keeps_a_keyed_hash_and_no_address(in_acme: Organisation, actor: Actor) -> None:
    suppress(actor=actor, organisation=in_acme, addresses=["Zoe@Example.org"], channel="email", reason="objection")
    row = Suppression.objects.get()
    assert row.hash_type == "keyed" and len(row.digest) == 32
    assert bytes(row.digest) != hashlib.sha256(b"zoe@example.org").digest()
    assert Contact.objects.count() == 0
    assert AuditEntry.objects.get(action="suppression.added").details == {
        "created": 1,
        "by_reason": {"objection": 1},
    }


def test_an_address_is_known_however_it_is_written(in_acme: Organisation, actor: Actor) -> None:
    suppress(actor=actor, organisation=in_acme, addresses=["Zoe@Example.org"], channel="email")
    assert suppressed_among(in_acme, "email_key", ["zoe@example.org", "joe@example.org"]) == {"zoe@example.org"}


def test_the_same_address_twice_is_one_entry(in_acme: Organisation, actor: Actor) -> None:
    first = suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org"], channel="email")
    again = suppress(
        actor=actor, organisation=in_acme, addresses=["ZOE@example.org", "zoe@EXAMPLE.org"], channel="email"
    )
    assert [*first, *first] == again


def test_another_organisation_does_not_see_it(in_acme: Organisation, actor: Actor, other: Organisation) -> None:
    suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org"], channel="email")
    assert suppressed_among(other, "email_key", ["zoe@example.org"]) == set()


def test_it_is_tied_to_the_contact_that_has_the_address(
    in_acme: Organisation, actor: Actor, ada: Contact, ben: Contact
) -> None:
    suppress(actor=actor, organisation=in_acme, addresses=["ada.martin@example.org"], channel="email")
    suppress(actor=actor, organisation=in_acme, addresses=["06 12 34 56 78"], channel="sms")
    assert set(Suppression.objects.values_list("channel", "contact")) == {("email", ada.pk), ("sms", ada.pk)}


@pytest.mark.parametrize("hash_type", ["sha256", "md5"])
def test_a_list_of_plain_hashes_ties_known_contacts_and_refuses_unknown_ones(
    in_acme: Organisation, actor: Actor, ada: Contact, ben: Contact, hash_type: str
) -> None:
    hashes = [hashlib.new(hash_type, text).hexdigest() for text in (b"ben@example.net", b"zoe@example.org")]
    entries = [Entry(channel="email", reason="imported", hash=text, hash_type=hash_type) for text in hashes]
    outcomes = suppress_entries(actor=actor, organisation=in_acme, entries=entries)
    assert [outcome.created for outcome in outcomes] == [True, True]
    assert sorted(Suppression.objects.values_list("contact", flat=True), key=str) == sorted([ben.pk, None], key=str)
    assert suppressed_among(in_acme, "email_key", ["zoe@example.org", "yan@example.org"]) == {"zoe@example.org"}


def test_an_entry_of_an_earlier_key_still_counts_and_is_not_doubled(in_acme: Organisation, actor: Actor) -> None:
    first = suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org"], channel="email")
    rotate(actor=Actor.system(in_acme), organisation=in_acme, purpose=KeyPurpose.SUPPRESSION)
    from portal.crypto.keyring import forget_keys

    forget_keys()
    assert suppressed_among(in_acme, "email_key", ["zoe@example.org"]) == {"zoe@example.org"}
    assert suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org"], channel="email") == first


def test_wrong_entries_are_told_one_by_one(in_acme: Organisation, actor: Actor) -> None:
    entries = [
        Entry(channel="email", address="nobody"),
        Entry(channel="sms", address="12"),
        Entry(channel="email", hash="abc", hash_type="sha256"),
        Entry(channel="post", address="1 High Street"),
        Entry(channel="email"),
        Entry(channel="email", address="zoe@example.org"),
    ]
    outcomes = suppress_entries(actor=actor, organisation=in_acme, entries=entries)
    assert [outcome.problem.code if outcome.problem else "" for outcome in outcomes] == [
        "invalid_email",
        "invalid_phone",
        "invalid_value",
        "invalid_channel",
        "required",
        "",
    ]


def test_one_wrong_address_among_several_suppresses_none(in_acme: Organisation, actor: Actor) -> None:
    with pytest.raises(InvalidInputError):
        suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org", "nobody"], channel="email")
    assert not Suppression.objects.exists()


def test_a_viewer_may_not(in_acme: Organisation, viewer: User) -> None:
    with pytest.raises(PermissionDeniedError):
        suppress(actor=actor_of(viewer, in_acme), organisation=in_acme, addresses=["zoe@example.org"], channel="email")


def test_taking_an_entry_off_is_audited(in_acme: Organisation, actor: Actor) -> None:
    suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org"], channel="email", reason="bounce")
    remove_suppression(actor=actor, suppression=Suppression.objects.get())
    assert suppressed_among(in_acme, "email_key", ["zoe@example.org"]) == set()
    entry = AuditEntry.objects.get(action="suppression.removed")
    assert entry.details == {"reason": "bounce", "channel": "email"}
