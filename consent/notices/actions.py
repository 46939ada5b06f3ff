"""Every write to notices."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import TaskState, WorkflowState

from consent.notices.deciding import decide, lock, note, submitting, tell_approvers
from consent.notices.drafting import DraftFacts, block_of, draft_wordings
from consent.notices.errors import (
    DraftChangedError,
    NoticeExistsError,
    NoticeStateError,
    NoticeWaitingError,
    RevisionRequiredError,
)
from consent.notices.kinds import NoticeKind
from consent.notices.models import NoticeVersion
from consent.notices.plain import Reader, plain_blocks
from consent.notices.publishing import ending
from consent.notices.tree import hold_the_tree, locale, notice_page, root_of
from consent.notices.wagtail_models import NoticePage
from consent.purposes.models import Purpose
from portal import audit
from portal.accounts.models import User
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class NoticeDraft:
    """What a new notice starts from; ``purposes`` are keys."""

    key: str
    title: str
    kind: str = NoticeKind.COLLECTION
    purposes: Sequence[str] = ()
    languages: Sequence[str] = ("fr", "en")
    from_person: bool = True
    source: str = ""


@transaction.atomic
def create_notice(*, actor: Actor, organisation: Organisation, draft: NoticeDraft) -> NoticePage:
    """A new notice with a text to start from in each language; raises ``notice_exists`` or ``invalid_input``."""
    actor.require(Capability.NOTICES_EDIT)
    purposes = checked(draft, organisation)
    hold_the_tree()
    root = root_of(organisation)
    if notice_page(organisation, draft.key) is not None:
        raise NoticeExistsError
    facts = DraftFacts(organisation, draft.kind, purposes, draft.from_person, draft.source)
    page = NoticePage(
        title=draft.title.strip(),
        slug=draft.key,
        kind=draft.kind,
        from_person=draft.from_person,
        wordings=draft_wordings(facts, draft.languages),
        live=False,
        locale=locale(),
        owner_id=actor.user_id,
    )
    root.add_child(instance=page)
    page.save_revision(user=user_of(actor), changed=False)
    note(actor, "notice.created", page, organisation, kind=draft.kind, purposes=[each.key for each in purposes])
    return page


def checked(draft: NoticeDraft, organisation: Organisation) -> list[Purpose]:
    """The purposes a draft names, in its order; raises ``invalid_input`` with every problem."""
    problems = []
    if not KEY.fullmatch(draft.key):
        detail = _("A small letter, then small letters, digits or hyphens; 40 at most.")
        problems.append(FieldProblem(("key",), "invalid_value", detail))
    if not draft.title.strip() or len(draft.title) > 200:
        problems.append(FieldProblem(("title",), "required", _("Give the notice a name of 200 characters at most.")))
    if draft.kind not in NoticeKind.values:
        problems.append(FieldProblem(("kind",), "invalid_value", _("There is no such kind of notice.")))
    if not draft.languages or not set(draft.languages) <= set(dict(settings.LANGUAGES)):
        problems.append(FieldProblem(("languages",), "invalid_value", _("Choose one language at least.")))
    known = {each.key: each for each in Purpose.objects.filter(organisation=organisation, key__in=draft.purposes)}
    for key in draft.purposes:
        if key not in known:
            problems.append(FieldProblem(("purposes",), "unknown_purpose", _("There is no such purpose.")))
    if problems:
        raise InvalidInputError(errors=problems)
    return [known[key] for key in draft.purposes]


@transaction.atomic
def save_draft(*, actor: Actor, page: NoticePage, wordings: Any, title: str = "") -> NoticePage:
    """Write the draft from a program, as the editor does; ``wordings`` as the StreamField takes it."""
    actor.require(Capability.NOTICES_EDIT)
    require_editable(page)
    page.title = title or page.title
    page.wordings = wordings
    page.save_revision(user=user_of(actor))
    note(actor, "notice.edited", page, page.root.organisation, revision=page.latest_revision_id)
    return page


@dataclass(frozen=True)
class DraftText:
    """The whole text of a draft as plain JSON (:mod:`consent.notices.plain`); None leaves a value as it is."""

    wordings: Sequence[Mapping[str, Any]]
    title: str | None = None
    from_person: bool | None = None


@transaction.atomic
def write_draft(*, actor: Actor, page: NoticePage, text: DraftText, revisions: Sequence[str]) -> NoticePage:
    """Write the draft from plain JSON, as a revision by this actor; nothing is written where nothing changes.

    ``revisions``: those the writer has read, one of which must be the newest (``*`` is any). Raises
    ``revision_required``, ``draft_changed``, ``notice_waiting``, and ``invalid_input`` with every problem.
    """
    actor.require(Capability.NOTICES_EDIT)
    if not revisions:
        raise RevisionRequiredError
    locked = lock(page)
    require_editable(locked)
    if not {str(locked.latest_revision_id), "*"} & set(revisions):
        raise DraftChangedError
    draft: NoticePage = locked.get_latest_revision_as_object()
    wordings = read_wordings(draft, text.wordings)
    before = (
        draft.title,
        draft.from_person,
        plain_blocks(draft.wordings.stream_block, draft.wordings.get_prep_value()),
    )
    after = (
        (text.title or "").strip() or draft.title,
        draft.from_person if text.from_person is None else text.from_person,
        plain_blocks(draft.wordings.stream_block, wordings),
    )
    if after == before:
        return draft
    draft.title, draft.from_person, draft.wordings = after[0], after[1], json.dumps(wordings)
    draft.save_revision(user=user_of(actor))
    note(actor, "notice.edited", draft, draft.root.organisation, revision=draft.latest_revision_id)
    return draft


def read_wordings(draft: NoticePage, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The raw blocks; ``invalid_input`` with every part that is unknown, too long, or written twice."""
    reader = Reader(draft.wordings.stream_block, draft.wordings.get_prep_value())
    found = reader.read(given, ("wordings",), block_of(NoticeKind(draft.kind)))
    seen: set[str] = set()
    for place, block in enumerate(found):
        language = block["value"].get("language") if isinstance(block["value"], dict) else None
        if language and language in seen:
            detail = _("Keep one text a language.")
            reader.problems.append(FieldProblem(("wordings", place, "language"), "language_twice", detail))
        seen.add(language or "")
    if reader.problems:
        raise InvalidInputError(errors=reader.problems)
    return found


@transaction.atomic
def submit_notice(*, actor: Actor, page: NoticePage) -> NoticePage:
    """Ask the DPO to approve the draft as it stands; it can't be edited until that is decided or taken back."""
    actor.require(Capability.NOTICES_EDIT)
    locked = lock(page)
    draft = locked.get_latest_revision_as_object()
    state = locked.current_workflow_state
    if state is not None and state.status == WorkflowState.STATUS_IN_PROGRESS:
        raise NoticeStateError
    if state is None and locked.live and not locked.has_unpublished_changes:
        raise NoticeStateError
    with submitting():
        if state is not None:
            state.resume(user=user_of(actor))
        else:
            draft.get_workflow().start(draft, user_of(actor))
    note(actor, "notice.submitted", locked, locked.root.organisation, revision=locked.latest_revision_id)
    tell_approvers(locked)
    return locked


@transaction.atomic
def take_back_notice(*, actor: Actor, page: NoticePage) -> None:
    """End the wait for approval, so that the draft can be edited again."""
    actor.require(Capability.NOTICES_EDIT)
    state = waiting_state(lock(page)).workflow_state
    state.cancel(user=user_of(actor))
    note(actor, "notice.taken_back", page, page.root.organisation)


@transaction.atomic
def approve_notice(
    *, actor: Actor, page: NoticePage, revision: int | None = None, comment: str = "", now: datetime | None = None
) -> None:
    """Publish what waits and freeze it; raises ``own_notice``, ``notice_incomplete`` or ``notice_state``.

    ``revision`` is what the approver saw: another one by now is a ``notice_state``.
    """
    task_state = waiting_state(lock(page))
    if revision is not None and task_state.revision_id != revision:
        raise NoticeStateError
    decide(task_state, page, actor=actor, user=user_of(actor), approve=True, comment=comment, now=now)


@transaction.atomic
def send_back_notice(*, actor: Actor, page: NoticePage, reason: str) -> None:
    """Not like this: back to whoever wrote it, with the reason."""
    if not reason.strip():
        raise InvalidInputError.at("reason", code="required", detail=_("Say what should change."))
    task_state = waiting_state(lock(page))
    decide(task_state, page, actor=actor, user=user_of(actor), approve=False, comment=reason.strip())


@transaction.atomic
def end_notice(*, actor: Actor, page: NoticePage, now: datetime | None = None) -> None:
    """Show the notice no longer; its versions stay, and with them what people read."""
    actor.require(Capability.NOTICES_APPROVE)
    locked = lock(page)
    at = now or timezone.now()
    organisation = locked.root.organisation
    if not locked.live:
        raise NoticeStateError
    with ending(locked):
        locked.unpublish()  # nobody holds the permission that Wagtail would ask a user for
    NoticeVersion.objects.filter(organisation=organisation, notice=locked.slug, ended_at=None).update(ended_at=at)
    audit.record(
        actor=actor,
        action="notice.ended",
        target_type="notice",
        target_id=locked.slug,
        organisation=organisation,
        at=at,
    )


def require_editable(page: NoticePage) -> None:
    if page.workflow_in_progress:
        raise NoticeWaitingError


def waiting_state(page: NoticePage) -> TaskState:
    state = page.current_workflow_task_state
    if state is None or state.status != TaskState.STATUS_IN_PROGRESS:
        raise NoticeStateError
    return state


def user_of(actor: Actor) -> User | None:
    return User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
