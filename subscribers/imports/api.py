"""Imports over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.errors import InvalidJsonError
from portal.api.pages import Page, PageQuery, paginate
from portal.api.parsing import read_json
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.roles import Capability
from subscribers.imports import queries
from subscribers.imports.actions import ReadingChoice, cancel_import, create_import, download_rejects
from subscribers.imports.models import Import
from subscribers.imports.responses import rejects_response
from subscribers.imports.rules import Declaration

router = Router(tags=["imports"])


class ConsentClaim(Schema):
    """A consent that every row of the file is said to prove."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=50)
    channel: Literal["email", "sms", "push", "phone", "post"]


class OriginIn(Schema):
    """Where the people of a file come from."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["own_form", "own_sale", "partner", "bought", "public", "migration"]
    name: str = Field(min_length=1, max_length=200)
    collected_by: str = Field(min_length=1, max_length=200)
    collected_on: date | None = None


class ImportOptions(Schema):
    """How a file is read, where it comes from, and what it is said to prove."""

    model_config = ConfigDict(extra="forbid")

    origin: OriginIn
    basis: Literal["consent", "soft_opt_in", "legitimate_interest", "contract"]
    mapping: dict[str, str | None] | None = Field(None, description="Column to target; guessed when left out.")
    consents: list[ConsentClaim] = Field([], max_length=50)
    evidence_note: str = Field("", max_length=10_000)
    occurred_at: AwareDatetime | None = None
    update: Literal["fill", "overwrite", "skip"] = "fill"
    dry_run: bool = False
    encoding: str | None = Field(None, max_length=40)
    delimiter: str | None = Field(None, max_length=4)

    def choice(self) -> ReadingChoice:
        return ReadingChoice(
            encoding=self.encoding, delimiter=self.delimiter, mapping=self.mapping, update_rule=self.update
        )

    def declaration(self) -> Declaration:
        return Declaration(
            origin_kind=self.origin.kind,
            origin_name=self.origin.name,
            collected_by=self.origin.collected_by,
            collected_on=self.origin.collected_on,
            basis=self.basis,
            consents=[claim.model_dump() for claim in self.consents],
            evidence_note=self.evidence_note,
            occurred_at=self.occurred_at,
        )


class RowCounts(Schema):
    """read = created + updated + unchanged + rejected + duplicate + suppressed, always."""

    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    duplicate: int
    suppressed: int


class OriginOut(Schema):
    kind: str
    name: str
    collected_by: str
    collected_on: date | None


class ImportOut(Schema):
    id: str
    state: str
    dry_run: bool
    file_name: str
    file_sha256: str
    encoding: str
    delimiter: str
    mapping: dict[str, str | None]
    dropped_columns: list[str]
    origin: OriginOut
    basis: str
    consents: list[dict[str, str]]
    update: str
    progress: float
    rows: RowCounts
    rejects_by_code: dict[str, int]
    stages: dict[str, dict[str, int]]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


def shown(source: Import) -> dict[str, Any]:
    return {
        "id": str(source.pk),
        "state": source.state,
        "dry_run": source.dry_run,
        "file_name": source.file_name,
        "file_sha256": bytes(source.file_digest).hex(),
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "mapping": source.mapping,
        "dropped_columns": queries.dropped(source),
        "origin": {
            "kind": source.origin_kind,
            "name": source.origin_name,
            "collected_by": source.collected_by,
            "collected_on": source.collected_on,
        },
        "basis": source.basis,
        "consents": source.consents,
        "update": source.update_rule,
        "progress": queries.progress(source),
        "rows": queries.counts(source),
        "rejects_by_code": source.rejects_by_code,
        "stages": source.stage_counts,
        "created_at": source.created_at,
        "started_at": source.started_at,
        "finished_at": source.finished_at,
        "error": source.error_code or None,
    }


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


@router.post("/imports", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def create(request: ApiRequest, file: File[UploadedFile], options: Form[str]) -> Status[dict[str, Any]]:
    """Import a CSV file. `options` is the JSON of `ImportOptions`.

    Without `origin` and `basis`, and where consents are claimed without `evidence_note` and a collection date (for the
    file or for each row): 422. Origins `partner` and `bought` end in `quarantined`. Columns that map to nothing are
    dropped and listed.
    """
    given = read_options(options)
    source = create_import(
        actor=request.actor,
        organisation=request.organisation,
        upload=file,
        choice=given.choice(),
        declaration=given.declaration(),
        dry_run=given.dry_run,
    )
    return Status(202, shown(source))


@router.get("/imports", response=Page[ImportOut])
@requires(Capability.IMPORTS_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """Imports, newest first."""
    return paginate(queries.imports(request.organisation), request, "-id", item=shown)


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


@router.post("/imports/{import_id}/cancel", response={202: ImportOut})
@requires(Capability.IMPORTS_RUN)
def cancel(request: ApiRequest, import_id: str) -> Status[dict[str, Any]]:
    """Stop an import at its next checkpoint. What is merged by then stays, and is counted."""
    source = queries.import_by_id(request.organisation, import_id)
    cancel_import(actor=request.actor, source=source)
    return Status(202, shown(queries.import_by_id(request.organisation, import_id)))
