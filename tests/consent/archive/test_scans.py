"""The scan behind archived evidence: under the archive's key alone, opened for a reason, gone in time (R-06, S-08)."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from consent.archive import actions
from consent.archive.files import opened_file, place_of_file
from consent.archive.models import ArchivedEvidence, ArchivedFile
from consent.archive.queries import evidence_held
from consent.archive.sweeping import sweep_files
from consent.archive.tasks import purge_archive
from consent.collection.models import EvidenceFile
from consent.collection.scans import key_context
from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.crypto import KeyPurpose, TamperedError, sealer
from portal.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_people, erase_person
from subscribers.contacts.models import Contact
from tests.consent.choices import new_purpose
from tests.consent.collection.test_reporting import PDF, kind_of, record, scan
from tests.people import actor_of, client_of
from tests.portal.seals.keeping import seal

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "Dispute 2026-7 about a newsletter"
PAGE = "/o/acme/ledger/{}/archived-evidence/"


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme)


@pytest.fixture
def nina(acme: Organisation, marketer: User, newsletter: Purpose) -> Contact:
    """She signed a paper."""
    kind_of(acme, newsletter, "paper")
    assert record(marketer, scan=scan(), reference="Box 3").status_code == 302
    with scope(organisation=acme):
        return Contact.objects.get()


@pytest.fixture
def path(acme: Organisation, nina: Contact) -> str:
    with scope(organisation=acme):
        return EvidenceFile.objects.get().file.name or ""


def erase(acme: Organisation, dpo: User, nina: Contact) -> None:
    with scope(organisation=acme):
        erase_person(actor=actor_of(dpo, acme), organisation=acme, contact_id=nina.pk)


def event_of(acme: Organisation) -> ConsentEvent:
    with scope(organisation=acme):
        return ConsentEvent.objects.get()


def test_where_nothing_is_archived_the_scan_goes_with_the_person(
    acme: Organisation, owner: User, dpo: User, nina: Contact, path: str
) -> None:
    assert default_storage.exists(path)
    with scope(organisation=acme):
        actions.set_policy(actor=actor_of(owner, acme), organisation=acme, values={"archive_days": 0})
    erase(acme, dpo, nina)
    with scope(organisation=acme):
        assert not EvidenceFile.objects.exists()
        assert not ArchivedFile.objects.exists()
    assert not default_storage.exists(path)


def test_an_erasure_that_is_rolled_back_loses_no_scan(
    acme: Organisation, owner: User, dpo: User, nina: Contact, path: str
) -> None:
    with scope(organisation=acme):
        actions.set_policy(actor=actor_of(owner, acme), organisation=acme, values={"archive_days": 0})
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        erase(acme, dpo, nina)
        raise ZeroDivisionError
    assert default_storage.exists(path)
    with scope(organisation=acme):
        assert EvidenceFile.objects.get().file.name == path


def test_an_erasure_leaves_the_scan_to_the_archives_key_alone(
    acme: Organisation, dpo: User, nina: Contact, path: str
) -> None:
    with scope(organisation=acme):
        active = bytes(EvidenceFile.objects.get().file_key)
    sealed_bytes = default_storage.open(path).read()
    erase(acme, dpo, nina)
    with scope(organisation=acme):
        assert not EvidenceFile.objects.exists()
        row = ArchivedFile.objects.get()
        document = ArchivedEvidence.objects.get()
    assert (document.file_id, row.contact_number, row.keep_until) == (row.pk, nina.pk, document.keep_until)
    assert (row.file.name, default_storage.open(path).read()) == (path, sealed_bytes)
    kept = bytes(row.file_key)
    assert kept != active
    places = (key_context(acme.pk), place_of_file(nina.pk, bytes(row.digest)))
    for context in places:
        with pytest.raises(TamperedError):
            sealer(acme).open(kept, context=context)
    with pytest.raises(TamperedError):  # nor in the place of somebody else
        sealer(acme, KeyPurpose.ARCHIVE).open(kept, context=place_of_file(nina.pk + 1, bytes(row.digest)))
    with opened_file(row) as content:
        assert content.read() == PDF


def test_the_event_the_document_and_the_scan_are_tied_by_their_digests_and_the_ledger_verifies(
    acme: Organisation, dpo: User, nina: Contact
) -> None:
    with scope(organisation=acme):
        seal()
    erase(acme, dpo, nina)
    event = event_of(acme)
    with scope(organisation=acme):
        document = ArchivedEvidence.objects.get()
        row = ArchivedFile.objects.get()
        told = actions.open_archived(actor=actor_of(dpo, acme), organisation=acme, event_id=event.pk, reason=WHY)
    assert bytes(document.digest) == bytes(event.evidence_digest or b"")
    assert told["attachment"]["sha256"] == bytes(row.digest).hex() == hashlib.sha256(PDF).hexdigest()
    out = io.StringIO()
    call_command("ledger", "verify", stdout=out)
    assert "Everything that is sealed is as it was." in out.getvalue()


def test_the_dpo_opens_the_scan_for_a_reason_that_the_audit_keeps(
    acme: Organisation, dpo: User, marketer: User, nina: Contact
) -> None:
    erase(acme, dpo, nina)
    event = event_of(acme)
    page = PAGE.format(event.pk)
    office = client_of(dpo)
    assert "application/pdf" in office.get(page).content.decode()
    shown = office.post(page, {"reason": WHY}).content.decode()
    assert f'action="{page}scan/"' in shown
    assert office.post(f"{page}scan/", {"reason": " "}).status_code == 422
    answer = office.post(f"{page}scan/", {"reason": WHY})
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == f'attachment; filename="evidence-{event.pk}.pdf"'
    assert (answer["Cache-Control"], answer["Content-Length"]) == ("no-store", str(len(PDF)))
    entries = AuditEntry.objects.filter(action="evidence.opened").order_by("pk")
    with scope(organisation=acme):
        file = ArchivedFile.objects.get()
    assert [entry.details for entry in entries] == [
        {"event": event.pk, "reason": WHY},
        {"event": event.pk, "file": file.pk, "reason": WHY},
    ]
    for person in (marketer,):
        assert client_of(person).post(f"{page}scan/", {"reason": "Curious"}).status_code == 403
        with scope(organisation=acme), pytest.raises(PermissionDeniedError):
            actions.open_archived_file(
                actor=actor_of(person, acme), organisation=acme, event_id=event.pk, reason="Curious"
            )
    assert AuditEntry.objects.filter(action="evidence.opened").count() == 2


def test_nobody_of_another_organisation_reaches_it(
    acme: Organisation, dpo: User, stranger: User, nina: Contact
) -> None:
    erase(acme, dpo, nina)
    page = PAGE.format(event_of(acme).pk)
    assert client_of(stranger).post(f"{page}scan/", {"reason": WHY}).status_code == 404


def test_a_scan_that_was_changed_is_not_given_out(acme: Organisation, dpo: User, nina: Contact) -> None:
    erase(acme, dpo, nina)
    event = event_of(acme)
    with scope(organisation=acme):
        row = ArchivedFile.objects.get()
        ArchivedFile.objects.update(digest=bytes(32))
        with pytest.raises(TamperedError):
            actions.open_archived_file(actor=actor_of(dpo, acme), organisation=acme, event_id=event.pk, reason=WHY)
        ArchivedFile.objects.update(digest=row.digest)
        with pytest.raises(InvalidInputError, match="reason_required"):
            actions.open_archived_file(actor=actor_of(dpo, acme), organisation=acme, event_id=event.pk, reason=" ")
    assert not AuditEntry.objects.filter(action="evidence.opened").exists()


def test_after_its_time_the_scan_is_gone_from_the_disk(acme: Organisation, dpo: User, nina: Contact, path: str) -> None:
    erase(acme, dpo, nina)
    event = event_of(acme)
    with scope(organisation=acme):
        end = ArchivedFile.objects.get().keep_until
        assert actions.purge_archive(now=end - timedelta(seconds=1)) == 0
        with pytest.raises(NotFoundError):
            actions.open_archived_file(
                actor=actor_of(dpo, acme), organisation=acme, event_id=event.pk, reason=WHY, now=end
            )
    assert default_storage.exists(path)
    with time_machine.travel(end, tick=False):
        purge_archive()
    assert not default_storage.exists(path)
    with scope(organisation=acme):
        assert not ArchivedFile.objects.exists()
        assert not ArchivedEvidence.objects.exists()
    assert AuditEntry.objects.get(action="evidence.purged").details == {"documents": 1, "files": 1}


def test_the_dpo_destroys_scans_wherever_they_lie(acme: Organisation, dpo: User, nina: Contact, path: str) -> None:
    erase(acme, dpo, nina)
    office = client_of(dpo)
    listing = " ".join(office.get(f"/o/acme/ledger/?contact={nina.pk}").content.decode().split())
    assert "0 in active use, 1 in the archive" in listing
    given = {"reason": "The limitation period is over", "confirmation": str(nina.pk)}
    assert office.post(f"/o/acme/ledger/contacts/{nina.pk}/evidence/destroy/", given).status_code == 302
    assert not default_storage.exists(path)
    with scope(organisation=acme):
        assert evidence_held(acme, nina.pk).files == 0
    details = AuditEntry.objects.get(action="evidence.destroyed").details
    assert (details["documents"], details["files"]) == (1, 1)


def test_the_dpo_moves_a_scan_that_is_still_in_active_use(
    acme: Organisation, dpo: User, nina: Contact, path: str
) -> None:
    with scope(organisation=acme):
        Contact.objects.filter(pk=nina.pk).delete()
    given = {"days": "30", "reason": "Dispute 7"}
    answer = client_of(dpo).post(f"/o/acme/ledger/contacts/{nina.pk}/evidence/archive/", given)
    assert answer.status_code == 302
    with scope(organisation=acme):
        row = ArchivedFile.objects.get()
        assert not EvidenceFile.objects.exists()
    assert (row.keep_until - row.archived_at).days == 30
    assert default_storage.exists(path)
    details = AuditEntry.objects.get(action="evidence.archived").details
    assert details == {"documents": 1, "files": 1, "days": 30, "reason": "Dispute 7"}


def test_a_scan_that_no_document_names_proves_nothing_and_is_destroyed(
    acme: Organisation, dpo: User, nina: Contact, path: str
) -> None:
    with scope(organisation=acme):
        EvidenceFile.objects.update(digest=bytes(32))
    erase(acme, dpo, nina)
    with scope(organisation=acme):
        assert not ArchivedFile.objects.exists()
    assert not default_storage.exists(path)


def test_a_lot_that_goes_takes_its_scans_along(acme: Organisation, nina: Contact, path: str) -> None:
    with scope(organisation=acme), transaction.atomic():
        erase_people(organisation=acme, contact_ids=[nina.pk], now=timezone.now())
    assert not default_storage.exists(path)


def test_the_key_of_the_archive_rotates_for_scans_too(acme: Organisation, dpo: User, nina: Contact) -> None:
    from portal.crypto.actions import rotate

    erase(acme, dpo, nina)
    rotate(actor=Actor.system(), organisation=acme, purpose=KeyPurpose.ARCHIVE)
    with scope(organisation=acme), opened_file(ArchivedFile.objects.get()) as content:
        assert content.read() == PDF


def test_a_large_recording_is_moved_without_being_read(
    acme: Organisation, dpo: User, marketer: User, newsletter: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind_of(acme, newsletter, "paper")
    content = b"%PDF-1.4\n" + os.urandom(3 * 1024**2)
    upload = SimpleUploadedFile("long.pdf", content, content_type="application/pdf")
    assert record(marketer, scan=upload).status_code == 302

    def refuse(*_arguments: Any) -> None:
        raise AssertionError("the bytes stay where they are")

    with scope(organisation=acme):
        contact = Contact.objects.get()
        with monkeypatch.context() as patched:
            patched.setattr("portal.uploads.sealed_reader", refuse)
            erase(acme, dpo, contact)
        with opened_file(ArchivedFile.objects.get()) as stream:
            assert stream.read() == content


def test_what_a_crash_left_on_the_disk_is_swept(acme: Organisation, dpo: User, nina: Contact, path: str) -> None:
    from django.core.files.base import ContentFile

    stray = default_storage.save("evidence-files/1-stray", ContentFile(b"sealed"))
    fresh = timezone.now()
    assert sweep_files(now=fresh) == 0  # it may be on its way
    erase(acme, dpo, nina)
    later = fresh + timedelta(days=2)
    assert sweep_files(now=later) >= 1
    assert not default_storage.exists(stray)
    assert default_storage.exists(path)
