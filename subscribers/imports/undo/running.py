"""What a worker does when an import is undone: consents, values, contacts, each window by window, exactly once."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from portal import audit
from portal.jobs.models import Job, JobState
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from portal.personal_data.actions import erase_people
from subscribers.imports.afterwards import LEFT, Sweep, Window, all_afterwards
from subscribers.imports.models import Import, ImportState
from subscribers.imports.notifying import tell_end
from subscribers.imports.sweeping import Counts, swept, total
from subscribers.imports.undo import sql
from subscribers.imports.undo.touching import Touches, touches_of
from subscribers.imports.undo.values import restore_values


def execute_undo(run: JobRun) -> dict[str, Any]:
    """Revert, restore, remove; then the import is ``undone``. Answers what was done, and what was left and why."""
    source = Import.objects.select_related("organisation").get(pk=run.job.target_id)
    touches = touches_of(source)
    sweeps = [
        *(afterwards.revert for afterwards in all_afterwards()),
        Sweep(name="values", bounds=changed_bounds, work=restore_values),
        Sweep(name="contacts", bounds=created_bounds, work=lambda cursor, window: remove(cursor, window, touches)),
    ]
    return ended_undo(run, source, swept(run, source, sweeps))


def bounds_by(statement: str, source: Import) -> tuple[int, int] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organisation": source.organisation_id, "import": source.pk})
        low, high = cursor.fetchone()
    return (low, high) if low is not None else None


def changed_bounds(source: Import) -> tuple[int, int] | None:
    return bounds_by(sql.CHANGE_BOUNDS, source)


def created_bounds(source: Import) -> tuple[int, int] | None:
    return bounds_by(sql.CREATED_BOUNDS, source)


def remove(cursor: Any, window: Window, touches: Touches) -> Counts:
    """Remove the contacts that the import created and nobody has touched since."""
    statement = sql.created(touches.touches, what="c.id, c.reason", lock=sql.LOCK)
    cursor.execute(statement, touches.parameters(window))
    found = cursor.fetchall()
    untouched = [contact_id for contact_id, reason in found if reason is None]
    if untouched:
        erase_people(organisation=window.source.organisation, contact_ids=untouched, now=window.now)
    return total([{"contacts": len(untouched)}, *({f"{LEFT}{reason}": 1} for _id, reason in found if reason)])


@transaction.atomic
def ended_undo(run: JobRun, source: Import, counted: dict[str, Counts]) -> dict[str, Any]:
    now = timezone.now()
    outcome = outcome_of(source, total([source.undo_counts.get("before", {}), *counted.values()]))
    source.state, source.undone_at, source.undo_counts = ImportState.UNDONE, now, outcome
    source.save(update_fields=["state", "undone_at", "undo_counts"])
    actor = Actor.system(run.organisation, reference=f"job:{run.job.pk}")
    audit.record(actor=actor, action="import.undone", target=source, details=outcome, at=now)
    tell_end(source, run.job)
    run.complete(outcome, done=run.job.expected or 0, expected=run.job.expected or 0)
    return outcome


def outcome_of(source: Import, counts: Counts) -> dict[str, Any]:
    """``{"contacts", "values", "consents", "consents_restored", "left": {reason: n}}``: what page and API tell."""
    left = {name.removeprefix(LEFT): count for name, count in counts.items() if name.startswith(LEFT) and count}
    opt_outs = max(source.stage_counts.get("opt_outs", {}).values(), default=0)
    return {
        "contacts": counts.get("contacts", 0),
        "values": counts.get("values", 0),
        "consents": counts.get("reverted", 0),
        "consents_restored": counts.get("restored", 0),
        "left": dict(sorted(left.items())) | ({"opt_outs": opt_outs} if opt_outs else {}),
    }


def keep_counts(job: Job) -> None:
    """The undo stopped on its way: what it did until then is remembered for the one that goes on."""
    source = Import.objects.get(pk=job.target_id)
    counted = total(job.checkpoint.get("counts", {}).values())
    done = {name: count for name, count in counted.items() if not name.startswith(LEFT)}
    source.undo_counts = {"before": total([source.undo_counts.get("before", {}), done])}
    source.save(update_fields=["undo_counts"])


def follow_job(job: Job) -> None:
    """The undo was cancelled, or given up, while no worker had it (`portal.jobs.watching`)."""
    if job.state in (JobState.CANCELLED, JobState.FAILED):
        keep_counts(job)
