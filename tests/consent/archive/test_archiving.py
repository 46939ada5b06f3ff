"""The archive of evidence: apart, under its own key, opened for a reason, emptied in time (R-06, C-15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scope

from consent.archive import actions
from consent.archive.models import ArchivedEvidence
from consent.archive.tasks import purge_archive
from consent.ledger.models import ConsentEvent, Evidence
from consent.ledger.queries import evidence_of
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.crypto import KeyPurpose, TamperedError, sealer
from portal.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from portal.personal_data.registry import sources
from subscribers.contacts.models import Contact
from tests.consent.choices import NOW, choose, new_purpose
from tests.people import actor_of

pytestmark = pytest.mark.django_db
WHY = "Dispute 2026-7 about a newsletter"


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def event_id(ada: Contact, newsletter: Purpose) -> int:
    event_id = choose(ada, newsletter, "grant")
    assert event_id is not None
    return event_id


def event(event_id: int) -> ConsentEvent:
    return ConsentEvent.objects.get(pk=event_id)


def test_archived_evidence_has_left_the_ledger_and_another_key_opens_it(
    acme: Organisation, dpo: User, ada: Contact, ben: Contact, newsletter: Purpose, event_id: int
) -> None:
    other = choose(ben, newsletter, "grant")
    assert other is not None
    moved = actions.archive_evidence(
        actor=actor_of(dpo, acme), organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW
    )
    assert moved == 1
    assert evidence_of(event(event_id)) is None
    assert evidence_of(event(other)) is not None
    row = ArchivedEvidence.objects.get()
    assert bytes(row.digest) == bytes(event(event_id).evidence_digest or b"")
    assert (row.keep_until - NOW).days == 1826
    for purpose in (KeyPurpose.DATA, KeyPurpose.ARCHIVE):
        for context in (actions.place_of(bytes(row.digest)), actions.context_of(bytes(row.digest))):
            if (purpose, context) == (KeyPurpose.ARCHIVE, actions.place_of(bytes(row.digest))):
                continue
            with pytest.raises(TamperedError):
                sealer(acme, purpose).open(bytes(row.payload), context=context)


def test_the_dpo_opens_it_for_a_reason_that_the_audit_keeps(
    acme: Organisation, dpo: User, marketer: User, ada: Contact, event_id: int
) -> None:
    actor = actor_of(dpo, acme)
    actions.archive_evidence(actor=actor, organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW)
    found = actions.open_archived(actor=actor, organisation=acme, event_id=event_id, reason="The CNIL asked", now=NOW)
    assert found["text"] == "I want the newsletter."
    entry = AuditEntry.objects.get(action="evidence.opened")
    assert entry.details == {"event": event_id, "reason": "The CNIL asked"}
    with pytest.raises(InvalidInputError, match="reason_required"):
        actions.open_archived(actor=actor, organisation=acme, event_id=event_id, reason="  ", now=NOW)
    with pytest.raises(PermissionDeniedError):
        actions.open_archived(
            actor=actor_of(marketer, acme), organisation=acme, event_id=event_id, reason="Curious", now=NOW
        )
    assert AuditEntry.objects.filter(action="evidence.opened").count() == 1


def test_nobody_opens_the_archive_of_another_organisation(
    acme: Organisation, other: Organisation, stranger: User, dpo: User, ada: Contact, event_id: int
) -> None:
    actions.archive_evidence(actor=actor_of(dpo, acme), organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW)
    with scope(organisation=other), pytest.raises(NotFoundError):
        actions.open_archived(
            actor=actor_of(stranger, other), organisation=other, event_id=event_id, reason=WHY, now=NOW
        )


def test_what_was_kept_long_enough_is_destroyed(acme: Organisation, dpo: User, ada: Contact, event_id: int) -> None:
    actor = actor_of(dpo, acme)
    actions.archive_evidence(actor=actor, organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW)
    end = ArchivedEvidence.objects.get().keep_until
    assert actions.purge_archive(now=end - timedelta(seconds=1)) == 0
    with pytest.raises(NotFoundError):
        actions.open_archived(actor=actor, organisation=acme, event_id=event_id, reason=WHY, now=end)
    assert actions.purge_archive(now=end) == 1
    assert not ArchivedEvidence.objects.exists()
    assert AuditEntry.objects.get(action="evidence.purged").details == {"documents": 1, "files": 0}
    purge_archive()


def test_evidence_is_destroyed_wherever_it_lies_and_the_events_stay(
    acme: Organisation, dpo: User, ada: Contact, newsletter: Purpose, event_id: int
) -> None:
    actor = actor_of(dpo, acme)
    actions.archive_evidence(actor=actor, organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW)
    choose(ada, newsletter, "grant", channel="sms")
    assert actions.destroy_evidence(actor=actor, organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW) == 2
    assert not Evidence.objects.exists()
    assert not ArchivedEvidence.objects.exists()
    assert ConsentEvent.objects.filter(evidence_digest__isnull=False).count() == 2


def test_an_erasure_archives_the_evidence_unless_the_organisation_decided_to_destroy_it(
    acme: Organisation, owner: User, dpo: User, ada: Contact, ben: Contact, newsletter: Purpose, event_id: int
) -> None:
    choose(ben, newsletter, "grant")
    erase_person(actor=actor_of(dpo, acme), organisation=acme, contact_id=ada.pk, now=NOW)
    assert ArchivedEvidence.objects.get().contact_number == ada.pk
    actions.set_policy(actor=actor_of(owner, acme), organisation=acme, values={"archive_days": 0})
    assert AuditEntry.objects.get(action="organisation.proofs").details == {"changed": {"archive_days": 0}}
    erase_person(actor=actor_of(dpo, acme), organisation=acme, contact_id=ben.pk, now=NOW)
    assert ArchivedEvidence.objects.count() == 1
    assert not Evidence.objects.exists()


def test_who_asks_for_a_copy_is_told_of_the_archive(
    in_acme: Organisation, dpo: User, ada: Contact, event_id: int
) -> None:
    actions.archive_evidence(actor=actor_of(dpo, in_acme), organisation=in_acme, contact_id=ada.pk, reason=WHY, now=NOW)
    (source,) = [source for source in sources() if source.name == "consent"]
    assert source.collected(in_acme, ada.pk)["archived"][0]["reason"] == WHY


def test_the_keys_of_the_archive_rotate_like_the_others(
    acme: Organisation, dpo: User, ada: Contact, event_id: int
) -> None:
    from portal.crypto.actions import rotate
    from portal.organisations.actors import Actor

    actor = actor_of(dpo, acme)
    actions.archive_evidence(actor=actor, organisation=acme, contact_id=ada.pk, reason=WHY, now=NOW)
    rotate(actor=Actor.system(), organisation=acme, purpose=KeyPurpose.ARCHIVE)
    assert actions.open_archived(actor=actor, organisation=acme, event_id=event_id, reason=WHY, now=NOW)["text"]
