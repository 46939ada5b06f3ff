"""Verifications that somebody or the schedule asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from portal.jobs.actions import start_job
from portal.jobs.models import Job
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.seals import sql
from portal.seals.models import Verification
from portal.seals.queries import rows_sealed, running_verification, target_of
from portal.seals.streams import Stream, streams
from portal.seals.verifying import Findings, Interrupted, verify_chain

log = structlog.get_logger(__name__)


def start_verifications() -> int:
    """A job for each organisation, and one for what belongs to the host; those that still run are left alone."""
    started = 0
    for organisation in [None, *Organisation.objects.order_by("pk")]:
        actor = Actor.system(organisation, reference="schedule:verify")
        with scope(organisation=organisation) if organisation else scopes_disabled():
            started += start_verification(actor=actor, organisation=organisation) is not None
    return started


@transaction.atomic
def start_verification(*, actor: Actor, organisation: Organisation | None) -> Job | None:
    """Have the seals of one organisation verified now; None when that is being done already."""
    from portal.seals.tasks import verify

    actor.require(Capability.AUDIT_VIEW)
    target = target_of(organisation)
    with connection.cursor() as cursor:
        cursor.execute(sql.HOLD_VERIFICATIONS, {"target": target})
    if running_verification(organisation) is not None:
        return None
    return start_job(
        actor=actor,
        organisation=organisation,
        task=verify,
        target_id=target,
        expected=rows_sealed(organisation.pk if organisation else None) or None,
    )


def execute_verification(run: JobRun) -> dict[str, Any]:
    """Verify every stream of the job's organisation, or the host's own; whoever takes it over goes on from the
    checkpoint.
    """
    outcomes: dict[str, Any] = dict(run.checkpoint.get("outcomes", {}))
    for stream in streams():
        if stream.name not in outcomes:
            outcomes[stream.name] = outcome_of(verify_stream(run, stream, outcomes))
            run.save(checkpoint={"outcomes": outcomes})
    return outcomes


def verify_stream(run: JobRun, stream: Stream, outcomes: dict[str, Any]) -> Verification:
    started, interrupted = timezone.now(), None
    if run.checkpoint.get("stream") == stream.name:
        started = datetime.fromisoformat(run.checkpoint["started_at"])
        interrupted = Interrupted(run.checkpoint["number"], started, run.checkpoint.get("named", {}))
    before = sum(outcome["rows"] for outcome in outcomes.values())

    def keep_place(findings: Findings) -> None:
        place = {
            "outcomes": outcomes,
            "stream": stream.name,
            "number": findings.head.number if findings.head else 0,
            "named": findings.named,
            "started_at": started.isoformat(),
        }
        run.save(checkpoint=place, done=before + findings.rows)

    return verify_chain(stream, run.job.organisation, progress=keep_place, interrupted=interrupted)


def outcome_of(found: Verification) -> dict[str, Any]:
    if not found.ok:
        log.error(
            "verification_failed",
            stream=found.stream,
            organisation_id=found.organisation_id,
            code=found.code,
            **{f"at_{name}": value for name, value in found.details.items()},
        )
    counted = {"ok": found.ok, "rows": found.rows, "seals": found.seals, "code": found.code}
    return {**counted, "verification": found.pk}
