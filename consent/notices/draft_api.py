"""The text of a draft over HTTP, and the register of notices."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpResponse, HttpResponseBase
from ninja import Header, Query, Router, Schema
from pydantic import ConfigDict, Field

from consent.notices import actions
from consent.notices.api import FindingOut, finding_values, line_by_key
from consent.notices.models import NoticeVersion
from consent.notices.overview import REGISTER_COLUMNS, NoticeLine, draft_values, register_row, register_rows
from consent.notices.plain import stream_schemas
from consent.notices.wagtail_models import NoticePage
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.roles import Capability
from portal.ui.csv_files import csv_response

router = Router(tags=["notices"])

WORDINGS: dict[str, Any] = {
    "items": {"anyOf": stream_schemas(NoticePage._meta.get_field("wordings").stream_block)},
}


class DraftOut(Schema):
    """`wordings` has one part a language, with the fields of the editor; empty fields are empty texts."""

    key: str
    kind: str
    state: str
    revision: str = Field(description="Also in `ETag`: send it back in `If-Match`.")
    title: str
    from_person: bool
    wordings: list[dict[str, Any]] = Field(json_schema_extra=WORDINGS)
    problems: list[FindingOut] = Field(description="What stands in the way of publishing it, with articles.")


class DraftIn(Schema):
    """The whole text: what is left out of a part is empty then. `title` and `from_person` stay when left out."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, min_length=1, max_length=200)
    from_person: bool | None = None
    wordings: list[dict[str, Any]] = Field(json_schema_extra=WORDINGS)


class RegisterLine(Schema):
    """One published wording, with the time it was shown."""

    notice: str
    kind: str
    version: int
    language: str
    title: str
    published_at: str
    ended_at: str = Field(description="Empty while it is shown.")
    approved_by: str
    sha256: str = Field(description="Of its text in UTF-8: what consent events name.")


class RegisterQuery(PageQuery):
    format: Literal["json", "csv"] = Field("json", description="Pages of JSON, or one CSV file with all of it.")


@router.get("/notices/{key}/draft", response=DraftOut)
@requires(Capability.NOTICES_VIEW)
def draft(request: ApiRequest, key: str, response: HttpResponse) -> dict[str, Any]:
    """The text that is worked on, in every language, and what it lacks."""
    return answered(line_by_key(request, key), response)


@router.put("/notices/{key}/draft", response=DraftOut)
@requires(Capability.NOTICES_EDIT)
def write_draft(
    request: ApiRequest, key: str, body: DraftIn, response: HttpResponse, if_match: Header[str] = ""
) -> dict[str, Any]:
    """Write the text anew, as a revision that the editor and its history show.

    `If-Match` names the revision you read (428 `revision_required` without it): 409 `draft_changed` when somebody has
    edited it since, 409 `notice_waiting` while the DPO has it. 422 names each part that is unknown or can't be. A text
    that lacks something is saved none the less: `problems` says what.
    """
    text = actions.DraftText(**body.model_dump())
    actions.write_draft(actor=request.actor, page=line_by_key(request, key).page, text=text, revisions=named(if_match))
    return answered(line_by_key(request, key), response)


def named(if_match: str) -> list[str]:
    """The revisions an `If-Match` names (RFC 9110, section 13.1.1); ``*`` is any."""
    return [part.strip().removeprefix("W/").strip('"') for part in if_match.split(",") if part.strip()]


def answered(line: NoticeLine, response: HttpResponse) -> dict[str, Any]:
    values = draft_values(line)
    response["ETag"] = f'"{values["revision"]}"'
    return {**values, "problems": [finding_values(each) for each in line.findings]}


@router.get("/notice-register", response=Page[RegisterLine])
@requires(Capability.NOTICES_VIEW)
def register(request: ApiRequest, wanted: Query[RegisterQuery]) -> dict[str, Any] | HttpResponseBase:
    """The register of notices: every version in every language, by whom and when it was approved, how long it was
    shown, its digest. For the whole text: `GET /notices/{key}/versions/{number}`.
    """
    if wanted.format == "csv":
        rows = [REGISTER_COLUMNS, *register_rows(request.organisation)]
        return csv_response(rows, name=f"notices-{request.organisation.slug}.csv")
    versions = NoticeVersion.objects.filter(organisation=request.organisation).defer("html", "text", "form")
    return paginate(
        versions, request, "-published_at", item=lambda row: dict(zip(REGISTER_COLUMNS, register_row(row), strict=True))
    )
