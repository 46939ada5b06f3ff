"""What pages, API and register say of notices: draft, version and check of each, in a fixed number of reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wagtail.models import Revision, TaskState, WorkflowState

from consent.notices.blocks import wording_of
from consent.notices.file_blocks import files_read_once
from consent.notices.kinds import NoticeKind
from consent.notices.lint import Finding, lint
from consent.notices.models import NoticeVersion
from consent.notices.plain import plain_blocks
from consent.notices.publishing import known_purposes
from consent.notices.queries import VersionLine, version_lines
from consent.notices.structure import Notice
from consent.notices.tree import root_of
from consent.notices.wagtail_models import NoticePage
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation

DRAFT, AWAITING, SENT_BACK, LIVE, ENDED = "draft", "awaiting_dpo", "sent_back", "published", "ended"


@dataclass(frozen=True)
class NoticeLine:
    """One notice as a list shows it; ``state`` is where the text that is worked on stands."""

    page: NoticePage
    draft: Notice
    state: str
    findings: tuple[Finding, ...]
    versions: tuple[VersionLine, ...]
    title: str

    @property
    def key(self) -> str:
        return self.page.slug

    @property
    def kind_label(self) -> str:
        return str(NoticeKind(self.page.kind).label)

    @property
    def live(self) -> VersionLine | None:
        return next((version for version in self.versions if version.ended_at is None), None)

    @property
    def changed(self) -> bool:
        """A draft that is not what is live."""
        return self.page.has_unpublished_changes or not self.page.live

    @property
    def languages(self) -> list[str]:
        return self.live.languages if self.live else [wording.language for wording in self.draft.wordings]


def draft_of(page: NoticePage) -> tuple[str, Notice]:
    """Title and plain values of the newest draft, from the revision's own content: no query a page."""
    revision: Revision | None = page.latest_revision
    if revision is None:
        return page.title, page.structure
    content = revision.content
    wordings = NoticePage._meta.get_field("wordings").to_python(content.get("wordings") or "[]")
    notice = Notice(
        key=page.slug,
        kind=content.get("kind", page.kind),
        from_person=content.get("from_person", True),
        wordings=tuple(wording_of(child.value) for child in wordings),
    )
    return content.get("title", page.title), notice


def draft_values(line: NoticeLine) -> dict[str, Any]:
    """The text that is worked on, as plain JSON."""
    draft = line.page.get_latest_revision_as_object()
    wordings = draft.wordings
    return {
        "key": line.key,
        "kind": line.page.kind,
        "state": line.state,
        "revision": str(line.page.latest_revision_id or ""),
        "title": draft.title,
        "from_person": draft.from_person,
        "wordings": plain_blocks(wordings.stream_block, wordings.get_prep_value()),
    }


def notice_lines(organisation: Organisation, *, key: str = "") -> list[NoticeLine]:
    """All notices of the organisation by key, or the one with ``key``."""
    pages = NoticePage.objects.child_of(root_of(organisation)).select_related("latest_revision").order_by("slug")
    if key:
        pages = pages.filter(slug=key)
    found = list(pages)
    rows = NoticeVersion.objects.filter(organisation=organisation, notice__in=[page.slug for page in found])
    versions = list(rows.order_by("-number", "language"))
    statuses = workflow_statuses(found)
    known = known_purposes(organisation)
    lines = []
    with files_read_once():
        drafts = [draft_of(page) for page in found]
    for page, (title, draft) in zip(found, drafts, strict=True):
        own = version_lines([version for version in versions if version.notice == page.slug])
        state = state_of(page, statuses.get(page.pk, ""), own)
        lines.append(NoticeLine(page, draft, state, tuple(lint(draft, known)), tuple(own), title))
    return lines


def workflow_statuses(pages: Sequence[NoticePage]) -> dict[int, str]:
    active = WorkflowState.objects.active().filter(object_id__in=[str(page.pk) for page in pages])
    return {int(object_id): status for object_id, status in active.values_list("object_id", "status")}


def state_of(page: NoticePage, workflow: str, versions: Sequence[VersionLine]) -> str:
    if workflow == WorkflowState.STATUS_IN_PROGRESS:
        return AWAITING
    if workflow == WorkflowState.STATUS_NEEDS_CHANGES:
        return SENT_BACK
    if page.live:
        return DRAFT if page.has_unpublished_changes else LIVE
    ended_at = versions[0].ended_at if versions else None
    edited = ended_at is None or page.latest_revision is None or page.latest_revision.created_at > ended_at
    return DRAFT if edited else ENDED


def waiting_task(page: NoticePage) -> TaskState | None:
    state = page.current_workflow_task_state
    return state if state is not None and state.status == TaskState.STATUS_IN_PROGRESS else None


def last_reason(page: NoticePage) -> str:
    """Why it was sent back."""
    state = page.current_workflow_state
    if state is None or state.status != WorkflowState.STATUS_NEEDS_CHANGES or state.current_task_state is None:
        return ""
    return str(state.current_task_state.comment)


def waiting_card(organisation: Organisation) -> dict[str, Any]:
    """The dashboard's card: what waits for the DPO."""
    pages = NoticePage.objects.filter(path__startswith=root_path(organisation), depth=3)
    states = WorkflowState.objects.filter(
        status=WorkflowState.STATUS_IN_PROGRESS,
        object_id__in=[str(pk) for pk in pages.values_list("pk", flat=True)],
    )
    waiting = states.order_by("created_at").values_list("object_id", flat=True)[:6]
    by_id = {str(page.pk): page for page in pages.filter(pk__in=[int(pk) for pk in waiting])}
    return {"waiting": [by_id[pk] for pk in waiting if pk in by_id][:5], "more": len(waiting) > 5}


def root_path(organisation: Organisation) -> str:
    return str(root_of(organisation).path)


def history_of(organisation: Organisation, key: str) -> list[AuditEntry]:
    """What was done about a notice, newest first."""
    entries = AuditEntry.objects.filter(organisation=organisation, target_type="notice", target_id=key)
    return list(entries.select_related("user").order_by("-id")[:50])


# Where a notice is shown: collection points sign up here, and whatever else shows one.

UseFinder = Callable[[Organisation, str], list[tuple[str, str]]]
_uses: list[UseFinder] = []


def register_notice_use(finder: UseFinder) -> None:
    """``finder(organisation, key)`` gives (name, address) of each place that shows the notice."""
    if finder not in _uses:
        _uses.append(finder)


def uses_of(organisation: Organisation, key: str) -> list[tuple[str, str]]:
    return [use for finder in _uses for use in finder(organisation, key)]


# The register (N-10)

REGISTER_COLUMNS = (
    "notice",
    "kind",
    "version",
    "language",
    "title",
    "published_at",
    "ended_at",
    "approved_by",
    "sha256",
)


def register_rows(organisation: Organisation) -> Iterator[tuple[Any, ...]]:
    """Every published wording with its digest and the time it was live."""
    rows = NoticeVersion.objects.filter(organisation=organisation).order_by("notice", "-number", "language")
    yield from map(register_row, rows.defer("html", "text", "form"))


def register_row(row: NoticeVersion) -> tuple[Any, ...]:
    """The values of :data:`REGISTER_COLUMNS`."""
    return (
        row.notice,
        row.kind,
        row.number,
        row.language,
        row.title,
        moment(row.published_at),
        moment(row.ended_at),
        row.published_by,
        bytes(row.digest).hex(),
    )


def moment(at: datetime | None) -> str:
    return at.isoformat().replace("+00:00", "Z") if at else ""
