"""Notices over HTTP: begun, submitted, decided and ended; what is live, what was shown before, what a draft lacks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from consent.notices import actions
from consent.notices.frozen_files import with_host
from consent.notices.lint import Finding
from consent.notices.models import NoticeVersion
from consent.notices.overview import NoticeLine, notice_lines
from consent.notices.queries import VersionLine
from consent.notices.tree import root_of
from consent.notices.wagtail_models import NoticePage
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.errors import NotFoundError
from portal.organisations.links import absolute
from portal.organisations.roles import Capability

router = Router(tags=["notices"])


class NoticeIn(Schema):
    """What a notice starts from; its text is drafted from the organisation and its purposes, edited in the portal."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=1, max_length=200)
    kind: Literal["collection", "privacy_policy", "legal_notice", "cookies"] = "collection"
    purposes: list[str] = Field(default_factory=list, description="Keys of the purposes it explains.")
    languages: list[str] = Field(default_factory=lambda: ["fr", "en"], min_length=1)
    from_person: bool = Field(True, description="False when the data comes from elsewhere (art. 14): name the source.")
    source: str = Field("", max_length=500)


class Approval(Schema):
    model_config = ConfigDict(extra="forbid")

    revision: str = Field(pattern=r"^[0-9]{1,18}$", description="`draft_revision` of the text you read.")
    comment: str = Field("", max_length=1000)


class SentBack(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1000)


class NoticeOut(Schema):
    """`state` is where the draft stands: draft, awaiting_dpo, sent_back, published, ended; `version` what is live."""

    key: str
    title: str
    kind: str
    state: str
    version: int | None
    languages: list[str]
    published_at: datetime | None
    findings: int
    url: str | None


class FindingOut(Schema):
    code: str
    article: str
    language: str
    subject: str
    detail: str


class VersionOut(Schema):
    number: int
    languages: list[str]
    published_at: datetime
    ended_at: datetime | None


class WordingOut(Schema):
    """`digest` is the SHA-256 of `text` in UTF-8: what consent events name."""

    language: str
    title: str
    text: str
    html: str
    digest: str
    form: dict[str, Any] | None


class NoticeDetailOut(NoticeOut):
    draft_revision: str | None = Field(description="Which text waits or is being written.")
    problems: list[FindingOut]
    versions: list[VersionOut]
    live: list[WordingOut]


class NoticeVersionOut(VersionOut):
    key: str
    kind: str
    published_by: str
    wordings: list[WordingOut]


@router.get("/notices", response=Page[NoticeOut])
@requires(Capability.NOTICES_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """Every notice with the state of its draft and the version that is live."""
    lines = {line.page.pk: line for line in notice_lines(request.organisation)}
    pages = NoticePage.objects.child_of(root_of(request.organisation))
    return paginate(pages, request, "page_ptr_id", item=lambda row: notice_values(request, lines[row.pk]))


@router.post("/notices", response={201: NoticeDetailOut})
@requires(Capability.NOTICES_EDIT)
def create(request: ApiRequest, body: NoticeIn) -> Status[dict[str, Any]]:
    """A new notice with a text to start from in each language. It is shown once the DPO has approved it."""
    draft = actions.NoticeDraft(**body.model_dump())
    actions.create_notice(actor=request.actor, organisation=request.organisation, draft=draft)
    return Status(201, detail_values(request, body.key))


@router.get("/notices/{key}", response=NoticeDetailOut)
@requires(Capability.NOTICES_VIEW)
def detail(request: ApiRequest, key: str) -> dict[str, Any]:
    """One notice: what people read today, its versions, and what the draft lacks (`problems`, with articles)."""
    return detail_values(request, key)


@router.post("/notices/{key}/submit", response=NoticeDetailOut)
@requires(Capability.NOTICES_EDIT)
def submit(request: ApiRequest, key: str) -> dict[str, Any]:
    """Ask the DPO to approve the draft as it stands."""
    actions.submit_notice(actor=request.actor, page=line_by_key(request, key).page)
    return detail_values(request, key)


@router.post("/notices/{key}/take-back", response=NoticeDetailOut)
@requires(Capability.NOTICES_EDIT)
def take_back(request: ApiRequest, key: str) -> dict[str, Any]:
    """End the wait for approval, so that the draft can be edited again."""
    actions.take_back_notice(actor=request.actor, page=line_by_key(request, key).page)
    return detail_values(request, key)


@router.post("/notices/{key}/approve", response=NoticeDetailOut)
@requires(Capability.NOTICES_APPROVE)
def approve(request: ApiRequest, key: str, body: Approval) -> dict[str, Any]:
    """Publish what waits and keep it for ever; 403 `own_notice`, 409 `notice_state`, 422 `notice_incomplete`."""
    page = line_by_key(request, key).page
    actions.approve_notice(actor=request.actor, page=page, revision=int(body.revision), comment=body.comment)
    return detail_values(request, key)


@router.post("/notices/{key}/send-back", response=NoticeDetailOut)
@requires(Capability.NOTICES_APPROVE)
def send_back(request: ApiRequest, key: str, body: SentBack) -> dict[str, Any]:
    """Back to whoever wrote it, with the reason."""
    actions.send_back_notice(actor=request.actor, page=line_by_key(request, key).page, reason=body.reason)
    return detail_values(request, key)


@router.post("/notices/{key}/end", response=NoticeDetailOut)
@requires(Capability.NOTICES_APPROVE)
def end(request: ApiRequest, key: str) -> dict[str, Any]:
    """Show it no longer; its versions stay, and with them what people read."""
    actions.end_notice(actor=request.actor, page=line_by_key(request, key).page)
    return detail_values(request, key)


def detail_values(request: ApiRequest, key: str) -> dict[str, Any]:
    line = line_by_key(request, key)
    problems = [finding_values(each) for each in line.findings]
    live = [wording_values(each) for each in line.live.wordings] if line.live else []
    versions = [version_values(version) for version in line.versions]
    revision = line.page.latest_revision_id
    return {
        **notice_values(request, line),
        "draft_revision": str(revision) if revision else None,
        "problems": problems,
        "versions": versions,
        "live": live,
    }


def finding_values(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "article": finding.article,
        "language": finding.language,
        "subject": finding.subject,
        "detail": str(finding.sentence),
    }


@router.get("/notices/{key}/versions/{number}", response=NoticeVersionOut)
@requires(Capability.NOTICES_VIEW)
def version(request: ApiRequest, key: str, number: int) -> dict[str, Any]:
    """A version as it was shown, in every language, with the time it was live."""
    line = line_by_key(request, key)
    found = next((each for each in line.versions if each.number == number), None)
    if found is None:
        raise NotFoundError
    first = found.wordings[0]
    return {
        **version_values(found),
        "key": key,
        "kind": first.kind,
        "published_by": first.published_by,
        "wordings": [wording_values(each) for each in found.wordings],
    }


def line_by_key(request: ApiRequest, key: str) -> NoticeLine:
    found = notice_lines(request.organisation, key=key)
    if not found:
        raise NotFoundError
    return found[0]


def notice_values(request: ApiRequest, line: NoticeLine) -> dict[str, Any]:
    live = line.live
    return {
        "key": line.key,
        "title": line.title,
        "kind": line.page.kind,
        "state": line.state,
        "version": live.number if live else None,
        "languages": line.languages,
        "published_at": live.published_at if live else None,
        "findings": len(line.findings),
        "url": absolute(f"/n/{request.organisation.slug}/{line.key}") if live else None,
    }


def version_values(line: VersionLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "languages": line.languages,
        "published_at": line.published_at,
        "ended_at": line.ended_at,
    }


def wording_values(row: NoticeVersion) -> dict[str, Any]:
    return {
        "language": row.language,
        "title": row.title,
        "text": row.text,
        "html": with_host(row.html),
        "digest": bytes(row.digest).hex(),
        "form": row.form,
    }
