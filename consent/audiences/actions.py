"""What members do with audiences: draft, submit, decide, cancel; and how approvals end. The engine has its own actions.

An audience that has been decided is never changed again: a new try is a new audience, so that what an approver saw
is what was sent to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope, scopes_disabled

from consent.audiences import snapshots
from consent.audiences.errors import (
    AlreadyClaimedError,
    AudienceExpiredError,
    FourEyesError,
    SnapshotPendingError,
    WrongStateError,
)
from consent.audiences.models import Audience, AudienceState
from consent.audiences.rules import is_over, is_own_work, may_become, unknown_fields
from consent.audiences.snapshots import Snapshot
from consent.purposes.errors import TrackingIsNoMessageError
from consent.purposes.models import Purpose
from portal import audit
from portal.errors import FieldProblem, InvalidInputError, NotFoundError
from portal.jobs.actions import start_job
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.fields.models import Field
from subscribers.segments.compiling import compile_rule
from subscribers.segments.models import Segment


@dataclass(frozen=True)
class AudienceDraft:
    """What a new audience is made of; ``segment`` an id, ``purpose`` a key."""

    name: str
    segment: str
    purpose: str
    channel: str
    fields: Sequence[str] = field(default_factory=tuple)
    test: bool = False
    message_reference: str = ""


@transaction.atomic
def create_audience(*, actor: Actor, organisation: Organisation, draft: AudienceDraft) -> Audience:
    """Write a draft; raises ``invalid_input`` with every problem and its place."""
    actor.require(Capability.AUDIENCES_PREPARE)
    now = timezone.now()
    segment, purpose = checked(draft)
    audience = Audience.objects.create(
        organisation=organisation,
        name=draft.name.strip(),
        segment=segment,
        rule=segment.rule,
        purpose=purpose,
        channel=draft.channel,
        fields=list(dict.fromkeys(draft.fields)),
        test=draft.test,
        message_reference=draft.message_reference.strip(),
        created_by_id=actor.user_id,
        created_at=now,
    )
    note(actor, "audience.created", audience, now, test=draft.test, segment=segment.pk, purpose=purpose.key)
    return audience


def checked(draft: AudienceDraft) -> tuple[Segment, Purpose]:
    """The segment and purpose a draft names, in the scope's organisation; raises ``invalid_input``."""
    segment = None
    if draft.segment.isascii() and draft.segment.isdecimal() and len(draft.segment) < 19:
        segment = Segment.objects.filter(pk=int(draft.segment), archived_at=None).first()
    purpose = Purpose.objects.filter(key=draft.purpose).first()
    problems = [*text_problems(draft), *field_problems(draft)]
    if segment is None:
        problems.append(FieldProblem(("segment",), "unknown_segment", _("There is no such segment.")))
    if purpose is None:
        problems.append(FieldProblem(("purpose",), "unknown_purpose", _("There is no such purpose.")))
    elif purpose.is_tracking:
        problems.append(FieldProblem(("purpose",), TrackingIsNoMessageError.code, TrackingIsNoMessageError.title))
    elif draft.channel not in purpose.channels:
        detail = _("This purpose is not for this channel.")
        problems.append(FieldProblem(("channel",), "channel_not_offered", detail))
    if problems or segment is None or purpose is None:
        raise InvalidInputError(errors=problems)
    return segment, purpose


def text_problems(draft: AudienceDraft) -> list[FieldProblem]:
    problems = []
    if not draft.name.strip():
        problems.append(FieldProblem(("name",), "required", _("Give the audience a name.")))
    for loc, text in (("name", draft.name), ("message_reference", draft.message_reference)):
        if len(text) > 200:
            problems.append(FieldProblem((loc,), "too_long", _("At most 200 characters.")))
        if "\x00" in text:
            problems.append(FieldProblem((loc,), "invalid_value", _("A character here can't be stored.")))
    return problems


def field_problems(draft: AudienceDraft) -> list[FieldProblem]:
    """A message gets declared fields only: nothing else about a person leaves by this door (I-10)."""
    declared = set(Field.objects.values_list("key", flat=True))
    detail = _("Neither a field of contacts nor a declared one (attributes.<key>).")
    return [
        FieldProblem(("fields", position), "unknown_field", detail)
        for position, _name in unknown_fields(draft.fields, declared)
    ]


def submit_audience(*, actor: Actor, audience: Audience) -> Audience:
    """Freeze the rule, take the snapshot and ask for approval.

    Where the organisation is small enough the snapshot is there when this returns; else a job takes it, and until
    then nobody can approve (``snapshot_pending``). Raises ``wrong_state`` and, as the segment does, ``invalid_rule``.
    """
    actor.require(Capability.AUDIENCES_PREPARE)
    now = timezone.now()
    expect(audience, AudienceState.SUBMITTED)
    audience.rule = audience.segment.rule
    compile_rule(audience.rule, organisation=audience.organisation, now=now)
    snapshot = None
    if snapshots.fits_in_a_request(audience.organisation_id):
        snapshot = snapshots.read_snapshot(audience, now=now)  # before the transaction: writing ones stay short
    with transaction.atomic():
        kept = locked(audience)
        expect(kept, AudienceState.SUBMITTED)
        kept.rule = audience.rule
        kept.state = AudienceState.SUBMITTED
        kept.submitted_by_id, kept.submitted_at = actor.user_id, now
        if snapshot is not None:
            put_snapshot(kept, snapshot, now)
        kept.save()
        note(actor, "audience.submitted", kept, now, **kept.counts)
        if snapshot is None:
            start_snapshot(actor, kept)
    return kept


def start_snapshot(actor: Actor, audience: Audience) -> None:
    from consent.audiences.tasks import take_snapshot

    start_job(actor=actor, organisation=audience.organisation, task=take_snapshot, target_id=audience.pk)


def execute_snapshot(run: JobRun) -> dict[str, Any]:
    """The job behind a large submission; running it twice gives the same, so it needs no checkpoint."""
    now = timezone.now()
    audience = Audience.objects.select_related("organisation", "purpose").get(pk=int(run.job.target_id))
    if audience.state != AudienceState.SUBMITTED or audience.snapshot is not None:
        return audience.counts
    snapshot = snapshots.read_snapshot(
        audience, now=now, progress=lambda done, expected: run.save(done=done, expected=expected)
    )
    with transaction.atomic():
        run.save()
        kept = locked(audience)
        if kept.state == AudienceState.SUBMITTED:
            put_snapshot(kept, snapshot, now)
            kept.save(update_fields=["snapshot", "snapshot_at", "counts"])
    return snapshot.counts


@transaction.atomic
def reopen_audience(*, actor: Actor, audience_id: int) -> None:
    """Back to draft when the job for its snapshot failed or was cancelled: somebody can submit it again."""
    now = timezone.now()
    audience = Audience.objects.select_for_update().filter(pk=audience_id, state=AudienceState.SUBMITTED).first()
    if audience is None or audience.snapshot is not None:
        return
    audience.state, audience.submitted_by_id, audience.submitted_at = AudienceState.DRAFT, None, None
    audience.save(update_fields=["state", "submitted_by", "submitted_at"])
    note(actor, "audience.reopened", audience, now)


def put_snapshot(audience: Audience, snapshot: Snapshot, now: datetime) -> None:
    audience.snapshot = snapshots.stored(snapshot)
    audience.snapshot_at = now
    audience.counts = snapshot.counts


@transaction.atomic
def approve_audience(*, actor: Actor, audience: Audience, comment: str = "") -> Audience:
    """Let the engine have it for ``audience_valid_hours``.

    Raises ``four_eyes``, ``permission_denied``, ``wrong_state``, ``snapshot_pending``.
    """
    now = timezone.now()
    kept = to_decide(actor, audience, AudienceState.APPROVED)
    if kept.snapshot is None:
        raise SnapshotPendingError
    kept.expires_at = now + timedelta(hours=settings.ACCORD.audience_valid_hours)
    return decided(actor, kept, AudienceState.APPROVED, comment, now)


@transaction.atomic
def reject_audience(*, actor: Actor, audience: Audience, reason: str) -> Audience:
    """Say no, and why: a reason is needed. Raises ``four_eyes``, ``wrong_state``, ``invalid_input``."""
    now = timezone.now()
    kept = to_decide(actor, audience, AudienceState.REJECTED)
    if not reason.strip():
        raise InvalidInputError.at("reason", code="required", detail=_("Say why, so that it can be mended."))
    return decided(actor, kept, AudienceState.REJECTED, reason, now)


def to_decide(actor: Actor, audience: Audience, wanted: AudienceState) -> Audience:
    """The locked row, once it is sure that this actor may decide on it.

    Own work is refused as such even to somebody who could not approve anything: that is the reason to show.
    """
    kept = locked(audience)
    if is_own_work(actor.user_id, [kept.created_by_id, kept.submitted_by_id]):
        raise FourEyesError
    actor.require(Capability.AUDIENCES_APPROVE)
    expect(kept, wanted)
    return kept


def decided(actor: Actor, audience: Audience, state: AudienceState, comment: str, now: datetime) -> Audience:
    audience.state = state
    audience.decided_by_id, audience.decided_at = actor.user_id, now
    audience.decision_note = comment.strip()
    audience.save()
    note(actor, f"audience.{state.value}", audience, now, **audience.counts)
    return audience


@transaction.atomic
def cancel_audience(*, actor: Actor, audience: Audience) -> Audience:
    """Take it back; once the engine has claimed it that is too late (``already_claimed``)."""
    actor.require(Capability.AUDIENCES_PREPARE)
    now = timezone.now()
    kept = locked(audience)
    expect(kept, AudienceState.CANCELLED)
    if kept.claimed_at is not None:
        raise AlreadyClaimedError
    kept.state = AudienceState.CANCELLED
    kept.save(update_fields=["state"])
    note(actor, "audience.cancelled", kept, now)
    return kept


# Expiry


def refuse_expired(audience: Audience, now: datetime) -> None:
    """Raise ``audience_expired`` when the approval is over, whether or not the schedule has noted it yet."""
    approved = audience.state in (AudienceState.APPROVED, AudienceState.HANDED_OFF)
    if audience.state == AudienceState.EXPIRED or (approved and is_over(audience.expires_at, now)):
        raise AudienceExpiredError


@transaction.atomic
def expire_audience(*, audience: Audience, now: datetime) -> Audience:
    """Note that the approval is over, when it is."""
    kept = locked(audience)
    if kept.state == AudienceState.APPROVED and is_over(kept.expires_at, now):
        kept.state = AudienceState.EXPIRED
        kept.save(update_fields=["state"])
        note(Actor.system(kept.organisation), "audience.expired", kept, now)
    return kept


def expire_audiences(*, now: datetime) -> int:
    """Every approval that is over, in all organisations; the schedule calls it each minute."""
    with scopes_disabled():
        over = list(
            Audience.objects.filter(state=AudienceState.APPROVED, expires_at__lte=now)
            .select_related("organisation")
            .defer("snapshot")
            .order_by("pk")[:1000]
        )
    for audience in over:
        with scope(organisation=audience.organisation):
            expire_audience(audience=audience, now=now)
    return len(over)


# Shared by the actions above


def locked(audience: Audience) -> Audience:
    """The row as it is now, locked until the transaction ends."""
    kept = (
        Audience.objects.select_for_update(of=("self",))
        .select_related("organisation", "purpose", "segment")
        .filter(pk=audience.pk)
        .first()
    )
    if kept is None:
        raise NotFoundError
    return kept


def expect(audience: Audience, wanted: AudienceState) -> None:
    """Raise ``audience_expired`` or ``wrong_state`` unless the audience may take this step."""
    if not may_become(audience.state, wanted):
        raise AudienceExpiredError if audience.state == AudienceState.EXPIRED else WrongStateError


def note(actor: Actor, action: str, audience: Audience, now: datetime, **details: Any) -> None:
    audit.record(
        actor=actor, action=action, target=audience, details=details, organisation=audience.organisation, at=now
    )
