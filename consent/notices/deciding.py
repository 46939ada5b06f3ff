"""Submitting and deciding, as the workflow calls it from either door: our pages and API, or Wagtail's editor.

Four eyes: whoever wrote or submitted a draft doesn't approve it. Where nobody else in the organisation could, its DPO
may, and the audit entry says ``alone``.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Revision, TaskState, WorkflowState

from consent.notices.errors import NoticeIncompleteError, NoticeStateError, OwnNoticeError
from consent.notices.notifying import tell
from consent.notices.publishing import deciding, findings_of, set_for
from consent.notices.queries import last_published_at
from consent.notices.rules import Eyes, eyes_on
from consent.notices.tree import active_members
from consent.notices.wagtail_models import NoticePage
from portal import audit
from portal.errors import NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability, Role

_submitting: ContextVar[bool] = ContextVar("submitting", default=False)


def submitting() -> Any:
    """While our own action submits, and writes the audit entry itself."""
    return set_for(_submitting, True)


def member_actor(user: Any, organisation: Organisation) -> Actor:
    """Who a signed-in person is in this organisation; nobody's user is Accord itself (a command, the demo)."""
    if user is None:
        return Actor.system(organisation)
    membership = membership_in(user.pk, organisation)
    if membership is None:
        raise NotFoundError
    return Actor.member(membership)


def membership_in(user_id: int, organisation: Organisation) -> Membership | None:
    return next((each for each in active_members(organisation) if each.user_id == user_id), None)


def authors_of(page: NoticePage) -> set[int]:
    """Everybody who saved the draft since it was last published, and who submitted it."""
    revisions = Revision.objects.for_instance(page)
    published_at = last_published_at(page.root.organisation_id, page.slug)
    if published_at is not None:
        revisions = revisions.filter(created_at__gt=published_at)
    authors = set(revisions.exclude(user=None).values_list("user_id", flat=True))
    state = page.current_workflow_state
    if state is not None and state.requested_by_id:
        authors.add(state.requested_by_id)
    return authors


def eyes_of(page: NoticePage, user_id: int | None, organisation: Organisation) -> Eyes:
    """Whether this person may approve this draft."""
    members = active_members(organisation)
    approvers = {each.user_id for each in members if Capability.NOTICES_APPROVE in each.capabilities}
    officers = {each.user_id for each in members if Role.DPO in each.roles}
    return eyes_on(user_id, authors=authors_of(page), approvers=approvers, officers=officers)


def require_eyes(page: NoticePage, actor: Actor, organisation: Organisation) -> Eyes:
    eyes = eyes_of(page, actor.user_id, organisation)
    if eyes == Eyes.OWN and actor.user_id is not None:
        raise OwnNoticeError
    return eyes


def note(actor: Actor, action: str, page: NoticePage, organisation: Organisation, **details: Any) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="notice",
        target_id=page.slug,
        organisation=organisation,
        details=details,
    )


def note_submission(page: NoticePage, user: Any) -> None:
    """The editor's own button leads to the same audit entry as our action."""
    if _submitting.get():
        return
    organisation = page.root.organisation
    actor = member_actor(user, organisation)
    actor.require(Capability.NOTICES_EDIT)
    note(actor, "notice.edited", page, organisation, revision=page.latest_revision_id)
    note(actor, "notice.submitted", page, organisation, revision=page.latest_revision_id)
    tell_approvers(page)


def tell_approvers(page: NoticePage) -> None:
    """Write to everybody who may approve this draft."""
    organisation = page.root.organisation
    members = active_members(organisation)
    able = [each for each in members if each.user.is_active and Capability.NOTICES_APPROVE in each.capabilities]
    readers = [each for each in able if eyes_of(page, each.user_id, organisation) != Eyes.OWN]
    tell(readers, "notice_waiting", page, organisation)


def tell_author(state: WorkflowState, page: NoticePage, *, approved: bool, comment: str) -> None:
    """Write back to whoever submitted, if that is a member still."""
    organisation = page.root.organisation
    member = membership_in(state.requested_by_id, organisation) if state.requested_by_id else None
    if member is not None and member.user.is_active:
        tell([member], "notice_decided", page, organisation, approved=approved, comment=comment)


@transaction.atomic
def decide_in_wagtail(task_state: TaskState, user: Any, action: str, *, comment: str) -> None:
    """What the editor's buttons do; the same as our own page, and one at a time with it."""
    page = lock(task_state.revision.content_object.specific)
    if page.current_workflow_task_state != task_state:
        raise NoticeStateError
    actor = member_actor(user, page.root.organisation)
    decide(task_state, page, actor=actor, user=user, approve=action == "approve", comment=comment)


def lock(page: NoticePage) -> NoticePage:
    """One decision or writer at a time, with the page as the one before left it.

    Read again once the lock is ours: the draft's revision stands in Wagtail's own row of the page, and what came with
    the locked one is as old as the moment at which the wait began.
    """
    if NoticePage.objects.select_for_update(of=("self",)).filter(pk=page.pk).first() is None:
        raise NotFoundError
    return NoticePage.objects.get(pk=page.pk)


def decide(
    task_state: TaskState,
    page: NoticePage,
    *,
    actor: Actor,
    user: Any,
    approve: bool,
    comment: str,
    now: datetime | None = None,
) -> None:
    """Approve (which publishes) or send back; the caller holds the transaction."""
    organisation = page.root.organisation
    actor.require(Capability.NOTICES_APPROVE)
    revision = task_state.revision_id
    if not approve:
        task_state.reject(user=user, comment=comment)
        note(actor, "notice.rejected", page, organisation, revision=revision, reason=comment)
        tell_author(task_state.workflow_state, page, approved=False, comment=comment)
        return
    alone = require_eyes(page, actor, organisation) == Eyes.ALONE
    findings = findings_of(task_state.revision.as_object().structure, organisation)
    if findings:
        raise NoticeIncompleteError(findings)
    note(actor, "notice.approved", page, organisation, revision=revision, alone=alone)
    with deciding(actor, now or timezone.now()):
        task_state.approve(user=user, comment=comment)
    tell_author(task_state.workflow_state, page, approved=True, comment=comment)


def actions_for(page: NoticePage, user: Any) -> list[tuple[str, Any, bool]]:
    """The buttons Wagtail shows this person; no approval while the linter has something to say."""
    organisation = page.root.organisation
    membership = membership_in(user.pk, organisation)
    if membership is None or Capability.NOTICES_APPROVE not in membership.capabilities:
        return []
    actions: list[tuple[str, Any, bool]] = [("reject", _("Send back"), True)]
    draft = page.get_latest_revision_as_object()
    if eyes_of(page, user.pk, organisation) != Eyes.OWN and not findings_of(draft.structure, organisation):
        actions.append(("approve", _("Approve and publish"), False))
    return actions
