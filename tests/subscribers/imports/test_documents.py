"""The documents of the passport: sealed, typed, named in the proof, and asked for where somebody else collected."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from consent.import_proofs import document_of
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import NotFoundError, PermissionDeniedError
from portal.organisations.models import Organisation
from subscribers.imports.actions import declare_origin, start_import, upload_file
from subscribers.imports.models import Import, ImportDocument
from subscribers.imports.passport import documents
from subscribers.imports.passport.declaring import ImportStartedError
from subscribers.imports.passport.rules import Declaration
from subscribers.imports.passport.warnings import is_named, passport_warnings
from tests.people import actor_of
from tests.subscribers.imports.files import csv_upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]
SECRET = b"%PDF-1.7 the form as it was"
BOUGHT = Declaration(origin_kind="bought", origin_name="Listing", collected_by="Seller", basis="consent")


def paper(content: bytes = SECRET, name: str = "form.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def actor(marketer: User, acme: Organisation) -> Any:
    return actor_of(marketer, acme)


@pytest.fixture
def source(actor: Any, acme: Organisation) -> Import:
    return upload_file(actor=actor, organisation=acme, upload=csv_upload("email\nada@x.example\n"))


def test_a_document_is_kept_encrypted_and_comes_back_as_it_was(actor: Any, source: Import) -> None:
    kept = documents.add_document(actor=actor, source=source, kind="form_snapshot", upload=paper())
    stored = Path(default_storage.path(kept.file.name)).read_bytes()
    assert SECRET not in stored
    assert bytes(kept.digest) == hashlib.sha256(SECRET).digest()
    assert (kept.size, kept.media_type, kept.name) == (len(SECRET), "application/pdf", "form.pdf")
    _document, pieces = documents.download_document(actor=actor, source=source, document_id=kept.pk)
    assert b"".join(pieces) == SECRET
    assert AuditEntry.objects.filter(action="import.document_downloaded").count() == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.exe", b"MZ"),
        ("page.svg", b"<svg/>"),
        ("form.pdf", b"<html>"),
        ("form.png", b"%PDF-"),
        ("empty.txt", b""),
        ("none", b"text"),
    ],
)
def test_what_is_no_document_is_refused(actor: Any, source: Import, name: str, content: bytes) -> None:
    with pytest.raises(documents.DocumentTypeError):
        documents.add_document(actor=actor, source=source, kind="proof", upload=paper(content, name))
    assert not ImportDocument.objects.exists()


def test_a_document_over_the_limit_is_refused(actor: Any, source: Import, settings: Any) -> None:
    settings.ACCORD = dataclasses.replace(settings.ACCORD, document_limit=10)
    with pytest.raises(documents.DocumentTooLargeError):
        documents.add_document(actor=actor, source=source, kind="proof", upload=paper())


def test_an_import_holds_so_many_documents(actor: Any, source: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 1)
    documents.add_document(actor=actor, source=source, kind="proof", upload=paper())
    with pytest.raises(documents.TooManyDocumentsError):
        documents.add_document(actor=actor, source=source, kind="proof", upload=paper())


def test_the_proof_of_an_import_names_its_documents(actor: Any, source: Import) -> None:
    documents.add_document(actor=actor, source=source, kind="form_snapshot", upload=paper())
    assert document_of(source, timezone.now())["documents"] == [
        {"kind": "form_snapshot", "name": "form.pdf", "sha256": hashlib.sha256(SECRET).hexdigest()}
    ]


def test_a_document_goes_before_the_start_and_stays_after_it(
    actor: Any, source: Import, django_capture_on_commit_callbacks: Any
) -> None:
    first = documents.add_document(actor=actor, source=source, kind="proof", upload=paper())
    with django_capture_on_commit_callbacks(execute=True):
        documents.remove_document(actor=actor, source=source, document_id=first.pk)
    assert not default_storage.exists(first.file.name)
    second = documents.add_document(actor=actor, source=source, kind="proof", upload=paper())
    declare_origin(actor=actor, source=source, declaration=dataclasses.replace(BOUGHT, origin_kind="own_form"))
    start_import(actor=actor, source=source, dry_run=False)
    with pytest.raises(ImportStartedError):
        documents.remove_document(actor=actor, source=source, document_id=second.pk)
    assert documents.documents_of(source) == [second]


def test_a_bought_list_is_warned_of_what_it_lacks(actor: Any, source: Import) -> None:
    declare_origin(actor=actor, source=source, declaration=BOUGHT)
    source.refresh_from_db()
    assert source.warnings == ["form_snapshot_missing", "partner_list_missing"]
    listed = paper(b"<p>Nos partenaires : Zebre, Yack</p>", "partners.html")
    documents.add_document(actor=actor, source=source, kind="partner_list", upload=listed)
    documents.add_document(actor=actor, source=source, kind="form_snapshot", upload=paper())
    source.refresh_from_db()
    assert source.warnings == ["controller_not_named"]
    documents.add_document(actor=actor, source=source, kind="partner_list", upload=paper(b"ACME", "more.txt"))
    start_import(actor=actor, source=source, dry_run=True)
    source.refresh_from_db()
    assert source.warnings == []


def test_warnings_stand_in_the_audit_log_when_an_import_starts(actor: Any, source: Import) -> None:
    declare_origin(actor=actor, source=source, declaration=BOUGHT)
    start_import(actor=actor, source=source, dry_run=False)
    entry = AuditEntry.objects.get(action="import.started")
    assert entry.details["warnings"] == ["form_snapshot_missing", "partner_list_missing"]


def test_nobody_else_takes_a_document(actor: Any, source: Import, viewer: User, dpo: User, acme: Organisation) -> None:
    kept = documents.add_document(actor=actor, source=source, kind="proof", upload=paper())
    with pytest.raises(PermissionDeniedError):
        documents.download_document(actor=actor_of(viewer, acme), source=source, document_id=kept.pk)
    documents.download_document(actor=actor_of(dpo, acme), source=source, document_id=kept.pk)
    with pytest.raises(NotFoundError):
        documents.download_document(actor=actor, source=source, document_id=kept.pk + 1)


def test_stored_documents_that_no_row_names_are_swept_after_a_day(actor: Any, source: Import) -> None:
    kept = documents.add_document(actor=actor, source=source, kind="proof", upload=paper())
    stray = documents.sealed_document(source, paper())
    assert documents.sweep_documents(timezone.now()) == 0
    assert documents.sweep_documents(timezone.now() + timedelta(days=2)) >= 1
    assert default_storage.exists(kept.file.name)
    assert not default_storage.exists(stray.file.name)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("Acme", "Partners: ACME, Zebre", True),
        ("Atelier Lumière SAS", "atelier lumiere", True),
        ("Acme S.A.S.", "Zebre; Acme", True),
        ("Acme", "Acmeon", False),
        ("SAS", "SAS", True),
        ("Acme", "", False),
    ],
)
def test_our_name_is_found_whatever_its_accents_and_legal_form(name: str, text: str, named: bool) -> None:
    assert is_named(name, text) is named


def test_our_own_people_need_no_partner_list() -> None:
    assert passport_warnings(origin_kind="own_form", kinds=set(), partners="", controller="Acme") == []
