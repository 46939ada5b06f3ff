"""Imports over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile
from pydantic import ValidationError

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.errors import InvalidJsonError
from portal.api.pages import Page, PageQuery, paginate
from portal.api.parsing import read_json
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.roles import Capability
from subscribers.imports import queries
from subscribers.imports.actions import (
    cancel_import,
    create_import,
    download_outcome,
    download_rejects,
    pause_import,
    resume_import,
    start_import,
)
from subscribers.imports.api_shapes import ImportOptions, ImportOut, ImportSummary, shown, summary
from subscribers.imports.models import DocumentKind, Import
from subscribers.imports.pages.responses import outcome_response, rejects_response

router = Router(tags=["imports"])
NONE: list[UploadedFile] = []


def options_in_openapi() -> dict[str, Any]:
    """The part `options` of the form is text in the description; this adds what its JSON holds."""
    schema = ImportOptions.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    options = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    body = {"properties": {"options": options}, "$defs": definitions}
    return {"requestBody": {"content": {"multipart/form-data": {"schema": body}}}}


def read_options(text: str) -> ImportOptions:
    """The part `options` of the form; InvalidInputError with the place of each problem in it."""
    try:
        return ImportOptions.model_validate(read_json(text))
    except InvalidInputError as error:
        problems = [replace(problem, loc=("options", *problem.loc)) for problem in error.errors]
        raise InvalidInputError(_("The options of the import are not right."), errors=problems) from None
    except InvalidJsonError:
        raise InvalidInputError.at("options", code="invalid_json", detail=InvalidJsonError.title) from None
    except ValidationError as error:
        problems = [
            FieldProblem(("options", *problem["loc"]), str(problem["type"]), str(problem["msg"]))
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidInputError(_("The options of the import are not right."), errors=problems) from None


@router.post("/imports", response={202: ImportOut}, openapi_extra=options_in_openapi())
@requires(Capability.IMPORTS_RUN)
def create(
    request: ApiRequest,
    file: File[UploadedFile],
    options: Form[str],
    form_snapshot: File[UploadedFile | None] = None,
    partner_list: File[UploadedFile | None] = None,
    proofs: File[list[UploadedFile]] = NONE,
) -> Status[dict[str, Any]]:
    """Import a file: CSV or other text with delimiters, Excel, OpenDocument, JSON, NDJSON, vCard, or one of these in a
    ZIP or GZIP. `options` is the JSON of `ImportOptions`; all but `origin` and `basis` may be left out.

    Without `origin` and `basis`, and where consents are claimed without `evidence_note` and a collection date (for the
    file or for each row): 422. Origins `partner` and `bought` end in `quarantined`; send the form as people saw it as
    `form_snapshot` and the list of partners as `partner_list` (or as text in `origin.partners`): what is missing is
    told in `warnings`. Columns that map to nothing are dropped and listed. Columns that look like special-category
    data are mapped only with a reason in `cleared`.

    With `collection_point`, each consent names the notice that was shown there on its date, in its language: a file
    dated before the first one is refused (`before_notice`), and so is a claim that the point does not ask for
    (`purpose_not_asked`); rows with dates of their own are rejected by the same codes.
    """
    given = read_options(options)
    attached = [(DocumentKind.PROOF, proof) for proof in proofs]
    attached += [
        (kind, upload)
        for kind, upload in ((DocumentKind.FORM_SNAPSHOT, form_snapshot), (DocumentKind.PARTNER_LIST, partner_list))
        if upload is not None
    ]
    source = create_import(
        actor=request.actor,
        organisation=request.organisation,
        upload=file,
        choice=given.choice(),
        declaration=given.declaration(),
        documents=attached,
        dry_run=given.dry_run,
    )
    return Status(202, shown(source))


@router.get("/imports", response=Page[ImportSummary])
@requires(Capability.IMPORTS_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """Imports, newest first."""
    return paginate(queries.imports(request.organisation), request, "-id", item=summary)


@router.get("/imports/{import_id}", response=ImportOut)
@requires(Capability.IMPORTS_VIEW)
def detail(request: ApiRequest, import_id: str) -> dict[str, Any]:
    return shown(queries.import_by_id(request.organisation, import_id))


@router.get("/imports/{import_id}/rejects.csv", response={200: None})
@requires(Capability.IMPORTS_RUN)
def rejects(request: ApiRequest, import_id: str) -> StreamingHttpResponse:
    """The rejected rows: their cells, then `line`, `code` and `detail`. Safe to open in a spreadsheet."""
    source = queries.import_by_id(request.organisation, import_id)
    return rejects_response(source, download_rejects(actor=request.actor, source=source))


@router.get("/imports/{import_id}/outcomes/{category}.csv", response={200: None})
@requires(Capability.IMPORTS_RUN)
def outcome(request: ApiRequest, import_id: str, category: str) -> StreamingHttpResponse:
    """What a dry run says of the rows of one kind: `created`, `updated` (with old and new values), `unchanged`,
    `duplicate`, `suppressed` (lines only) or `would_resubscribe`."""
    source = queries.import_by_id(request.organisation, import_id)
    return outcome_response(source, category, download_outcome(actor=request.actor, source=source, category=category))


@router.post("/imports/{import_id}/start", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def start(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Import for good what was tried in a dry run. Its counts begin anew."""
    source = queries.import_by_id(request.organisation, import_id)
    start_import(actor=request.actor, source=source, dry_run=False)
    return accepted(request, source)


@router.post("/imports/{import_id}/cancel", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def cancel(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Stop an import at its next checkpoint. What is merged by then stays, and is counted."""
    source = queries.import_by_id(request.organisation, import_id)
    cancel_import(actor=request.actor, source=source)
    return accepted(request, source)


@router.post("/imports/{import_id}/pause", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def pause(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Have an import rest after its next checkpoint, until it is resumed."""
    source = queries.import_by_id(request.organisation, import_id)
    pause_import(actor=request.actor, source=source)
    return accepted(request, source)


@router.post("/imports/{import_id}/resume", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def resume(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Let a paused import go on where it stopped."""
    source = queries.import_by_id(request.organisation, import_id)
    resume_import(actor=request.actor, source=source)
    return accepted(request, source)


def accepted(request: ApiRequest, source: Import) -> Status[dict[str, Any]]:
    """The import as it is after what was asked of it."""
    return Status(202, shown(queries.import_by_id(request.organisation, source.pk)))
