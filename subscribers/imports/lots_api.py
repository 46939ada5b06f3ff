"""Over HTTP what is done with an import that has ended, and the documents of its passport."""

from __future__ import annotations

from typing import Any, Literal

from django.http import StreamingHttpResponse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import ConfigDict, Field

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.organisations.roles import Capability
from subscribers.imports import queries
from subscribers.imports.api import accepted
from subscribers.imports.api_shapes import DocumentOut, ImportOut, shown_document
from subscribers.imports.pages.responses import document_response
from subscribers.imports.passport import documents
from subscribers.imports.quarantine.actions import release_import
from subscribers.imports.recall.actions import delete_lot, freeze_import, inform_of_recall, unfreeze_import
from subscribers.imports.undo.actions import undo_import
from subscribers.imports.undo.queries import undo_preview

router = Router(tags=["imports"])


class VerdictIn(Schema):
    model_config = ConfigDict(extra="forbid")

    row: int = Field(description="The line, as in `sample`.")
    verdict: Literal["proven", "unproven"]
    note: str = Field("", max_length=2000)


class ReleaseIn(Schema):
    model_config = ConfigDict(extra="forbid")

    checked: list[VerdictIn] = Field([], max_length=10_000)


class FreezeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000)


class UndoPreviewOut(Schema):
    """What an undo would do now, and what it would leave, by reason."""

    contacts: int
    values: int
    consents: int
    left: dict[str, int]


class DocumentsOut(Schema):
    items: list[DocumentOut]


@router.get("/imports/{import_id}/undo", response=UndoPreviewOut)
@requires(Capability.IMPORTS_RUN)
def preview(request: ApiRequest, import_id: str) -> Any:
    """What an undo would do, in numbers. Nothing is changed."""
    return undo_preview(queries.import_by_id(request.organisation, import_id))


@router.post("/imports/{import_id}/undo", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def undo(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Remove what this import created and nobody has touched since, restore what it overwrote, and revert its consents
    in the ledger. The state is `undone` when the job has ended."""
    source = queries.import_by_id(request.organisation, import_id)
    undo_import(actor=request.actor, source=source)
    return accepted(request, source)


@router.post("/imports/{import_id}/release", response={202: ImportOut})
@requires(Capability.IMPORTS_RELEASE)
def release(request: ApiRequest, import_id: str, given: ReleaseIn) -> Status[dict[str, Any]]:
    """The verdicts on the sample of an import in quarantine, all at once or in parts: `sample_incomplete` while some
    are missing, `unproven_sample` for good once a row is unproven."""
    source = queries.import_by_id(request.organisation, import_id)
    checked = [verdict.model_dump() for verdict in given.checked]
    release_import(actor=request.actor, source=source, checked=checked)
    return accepted(request, source)


@router.post("/imports/{import_id}/freeze", response={202: ImportOut})
@requires(Capability.IMPORTS_VIEW)
def freeze(request: ApiRequest, import_id: str, given: FreezeIn) -> Status[dict[str, Any]]:
    """Recall a lot: from now on nobody of it is written to. Needs `imports.run` or `imports.release` besides."""
    source = queries.import_by_id(request.organisation, import_id)
    freeze_import(actor=request.actor, source=source, reason=given.reason)
    return accepted(request, source)


@router.post("/imports/{import_id}/unfreeze", response={202: ImportOut})
@requires(Capability.IMPORTS_RELEASE)
def unfreeze(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Let a frozen lot be written to again."""
    source = queries.import_by_id(request.organisation, import_id)
    unfreeze_import(actor=request.actor, source=source)
    return accepted(request, source)


@router.post("/imports/{import_id}/inform", response={202: ImportOut})
@requires(Capability.IMPORTS_RELEASE)
def inform(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Tell the owners and the DPO by e-mail which lot is frozen, how many people and where they were handed off."""
    source = queries.import_by_id(request.organisation, import_id)
    inform_of_recall(actor=request.actor, source=source)
    return accepted(request, source)


@router.post("/imports/{import_id}/delete", response={202: ImportOut})
@requires(Capability.IMPORTS_RELEASE)
def delete(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Erase the people of a frozen lot, except who agreed elsewhere, and take its consents back."""
    source = queries.import_by_id(request.organisation, import_id)
    delete_lot(actor=request.actor, source=source)
    return accepted(request, source)


@router.get("/imports/{import_id}/documents", response=DocumentsOut)
@requires(Capability.IMPORTS_VIEW)
def document_list(request: ApiRequest, import_id: str) -> dict[str, Any]:
    source = queries.import_by_id(request.organisation, import_id)
    return {"items": [shown_document(document) for document in documents.documents_of(source)]}


@router.post("/imports/{import_id}/documents", response={201: DocumentOut})
@requires(Capability.IMPORTS_RUN)
def document_add(
    request: ApiRequest,
    import_id: str,
    file: File[UploadedFile],
    kind: Form[Literal["form_snapshot", "partner_list", "proof"]] = "proof",
) -> Status[dict[str, Any]]:
    """Attach a document to the passport of an import: PDF, picture, text, CSV, e-mail or saved page. Kept encrypted."""
    source = queries.import_by_id(request.organisation, import_id)
    document = documents.add_document(actor=request.actor, source=source, kind=kind, upload=file)
    return Status(201, shown_document(document))


@router.get("/imports/{import_id}/documents/{document_id}", response={200: None})
@requires(Capability.IMPORTS_VIEW)
def document_file(request: ApiRequest, import_id: str, document_id: int) -> StreamingHttpResponse:
    """The document as it came; for those who import and those who check proofs."""
    source = queries.import_by_id(request.organisation, import_id)
    found = documents.download_document(actor=request.actor, source=source, document_id=document_id)
    return document_response(*found)


@router.delete("/imports/{import_id}/documents/{document_id}", response={204: None})
@requires(Capability.IMPORTS_RUN)
def document_remove(request: ApiRequest, import_id: str, document_id: int) -> Status[None]:
    """Take a document away again; once the import has started it stays."""
    source = queries.import_by_id(request.organisation, import_id)
    documents.remove_document(actor=request.actor, source=source, document_id=document_id)
    return Status(204, None)
