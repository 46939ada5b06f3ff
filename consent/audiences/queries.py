"""Reads of audiences."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.audiences.actions import expire_audience
from consent.audiences.models import Audience, AudienceState
from consent.audiences.rules import ATTRIBUTE, is_over
from consent.purposes.rules import needs_agreement
from portal.audit.models import AuditEntry
from portal.errors import NotFoundError
from portal.jobs.models import Job
from portal.organisations.models import Organisation
from portal.ui.components import FunnelDrop, FunnelStep, TimelineEntry
from portal.ui.statuses import LOOKS
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.segments.models import Segment

RELATED = ("organisation", "segment", "purpose", "created_by", "submitted_by", "decided_by")


def audiences(organisation: Organisation) -> QuerySet[Audience]:
    """All of them without their snapshots, which are megabytes."""
    return Audience.objects.filter(organisation=organisation).select_related(*RELATED).defer("snapshot")


def find_audience(organisation: Organisation, audience_id: str | int) -> Audience:
    """One audience, with an approval that has run out noted as such; raises ``not_found``."""
    text = str(audience_id)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFoundError
    audience = audiences(organisation).filter(pk=int(text)).first()
    if audience is None:
        raise NotFoundError
    now = timezone.now()
    if audience.state == AudienceState.APPROVED and is_over(audience.expires_at, now):
        expire_audience(audience=audience, now=now)
        audience.state = AudienceState.EXPIRED
    return audience


DONE = {
    "audience.created": (gettext_lazy("Drafted"), "edit", ""),
    "audience.submitted": (gettext_lazy("Submitted for approval"), "send", ""),
    "audience.reopened": (gettext_lazy("Back to draft: counting did not end"), "arrow-back-up", "warning"),
    "audience.approved": (gettext_lazy("Approved"), "rubber-stamp", "success"),
    "audience.rejected": (gettext_lazy("Rejected"), "x", "danger"),
    "audience.cancelled": (gettext_lazy("Cancelled"), "ban", "warning"),
    "audience.claimed": (gettext_lazy("Claimed by the engine"), "hand-stop", ""),
    "audience.handed_off": (gettext_lazy("Handed to the engine"), "package", "success"),
    "audience.completed": (gettext_lazy("Completed by the engine"), "check", "success"),
    "audience.expired": (gettext_lazy("Expired"), "hourglass", "warning"),
}


def history(audience: Audience) -> list[TimelineEntry]:
    """What was done to it and by whom, newest first. Index: audit_by_target."""
    entries = (
        AuditEntry.objects.filter(
            organisation_id=audience.organisation_id, target_type="audience", target_id=str(audience.pk)
        )
        .select_related("user")
        .order_by("-id")[:50]
    )
    return [shown_entry(entry) for entry in entries]


def shown_entry(entry: AuditEntry) -> TimelineEntry:
    title, icon, tone = DONE.get(entry.action, (entry.action, "point", ""))
    actor = str(entry.user) if entry.user else str(entry.get_actor_kind_display())
    return TimelineEntry(at=entry.at, title=title, icon=icon, tone=tone, actor=actor)


def snapshot_job(audience: Audience) -> Job | None:
    """The job that takes the snapshot of a large audience, while there is none."""
    if audience.state != AudienceState.SUBMITTED or audience.snapshot_at is not None:
        return None
    return (
        Job.objects.filter(
            organisation_id=audience.organisation_id,
            task="consent.audiences.tasks.take_snapshot",
            target_id=str(audience.pk),
        )
        .order_by("-id")
        .first()
    )


# The gate's reasons by what they say, in its order: each person is counted once, under the first that holds.
NOT_TO_BE_TOUCHED = ("suppressed", "restricted", "under_age")
NOT_AGREED = ("no_consent", "refused", "withdrawn", "objected", "unconfirmed", "expired", "paused")
NOT_STOPPED = ("objected", "withdrawn", "refused", "paused")


def funnel_steps(audience: Audience) -> list[FunnelStep]:
    """The segment, then who is left after each question of the gate, with a bar for each reason that took people out.

    The first reason of a question is shown when it took nobody, too: the approver sees that it was asked.
    """
    counts = audience.counts
    if not counts:
        return []
    left, excluded = counts["segment"], dict(counts["excluded"])
    steps = [FunnelStep(_("Seed contacts in the segment") if audience.test else _("In the segment"), left)]
    for label, reasons in questions(audience):
        drops = [drop(code, excluded.pop(code, 0)) for code in reasons if code == reasons[0] or code in excluded]
        left -= sum(each.count for each in drops)
        steps.append(FunnelStep(label, left, drops))
    last = [drop("unreachable", excluded.pop("unreachable", 0)), *(drop(*pair) for pair in excluded.items())]
    steps.append(FunnelStep(_("May be written to"), counts["allowed"], last))
    if audience.handed_off:
        skipped = [drop(code, count) for code, count in sorted(audience.handed_off["skipped"].items())]
        steps.append(FunnelStep(_("Handed to the engine"), audience.handed_off["sent"], skipped))
    return steps


def questions(audience: Audience) -> list[tuple[str, tuple[str, ...]]]:
    """What the gate asks before the address: what they are called who pass, and the reasons of those who don't."""
    if needs_agreement(audience.purpose, audience.channel, now=timezone.now()):
        return [(_("Not suppressed"), NOT_TO_BE_TOUCHED), (_("Agreed"), NOT_AGREED)]
    return [(_("Not suppressed"), NOT_TO_BE_TOUCHED), (_("Did not object"), NOT_STOPPED)]


def drop(code: str, count: int) -> FunnelDrop:
    return FunnelDrop(code, LOOKS[code].label if code in LOOKS else code, count)


def field_labels(audience: Audience) -> list[str]:
    """The fields the engine gets, as people call them."""
    declared = dict(Field.objects.filter(organisation_id=audience.organisation_id).values_list("key", "label"))
    return [
        declared.get(name.removeprefix(ATTRIBUTE), name)
        if name.startswith(ATTRIBUTE)
        else str(Contact._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        for name in audience.fields
    ]


def audiences_using(segment: Segment) -> list[str]:
    """Names of the audiences that still need this segment: it can't be archived under them."""
    open_ones = Audience.objects.filter(
        organisation_id=segment.organisation_id,
        segment=segment,
        state__in=[AudienceState.DRAFT, AudienceState.SUBMITTED],
    )
    return list(open_ones.order_by("pk").values_list("name", flat=True)[:20])


def waiting_card(organisation: Organisation) -> dict[str, Any]:
    """The dashboard's card: what waits for an approver, oldest first."""
    waiting = audiences(organisation).filter(state=AudienceState.SUBMITTED).order_by("submitted_at", "pk")[:6]
    return {"waiting": list(waiting[:5]), "more": len(waiting) > 5}
