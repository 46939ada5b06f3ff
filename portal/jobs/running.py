"""Run a job so that its effect happens once, whatever dies.

A run takes a *lease*. Each checkpoint is written in the same transaction as the work it stands for, and only while
the lease is still ours: a worker that was thought dead and wakes up can't write a second time.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from django.db.models import F, Q
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from portal.errors import DomainError
from portal.jobs.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.organisations.models import Organisation

HEARTBEAT = timedelta(seconds=3)
SILENCE = timedelta(seconds=10)  # of a worker; the lease makes it safe to be wrong
UNTAKEN = timedelta(seconds=20)  # of a job that waits: the broker may have lost it
ATTEMPTS = 20
log = structlog.get_logger(__name__)


class LeaseLostError(Exception):
    """Another worker has taken this job over: stop, and write nothing."""


class JobCancelledError(Exception):
    """Somebody asked for the job to stop."""


class JobRun:
    """One run of a job: what it may read and how it reports."""

    def __init__(self, job: Job, lease: uuid.UUID) -> None:
        self.job = job
        self.lease = lease
        self.checkpoint: dict[str, Any] = dict(job.checkpoint)

    @property
    def organisation(self) -> Organisation:
        if self.job.organisation is None:
            message = f"{self.job} belongs to the host"
            raise LookupError(message)
        return self.job.organisation

    def save(
        self, *, checkpoint: dict[str, Any] | None = None, done: int | None = None, expected: int | None = None
    ) -> None:
        """Write progress and where to go on; call it in the transaction of the work it stands for.

        Raises LeaseLostError when another worker took over and JobCancelledError when a stop was asked for: both
        roll that transaction back.
        """
        changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
        if checkpoint is not None:
            changes["checkpoint"] = self.checkpoint = checkpoint
        if done is not None:
            changes["done"] = done
        if expected is not None:
            changes["expected"] = expected
        if not self._mine().filter(cancel_requested_at=None).update(**changes):
            if self._mine().exists():
                raise JobCancelledError
            raise LeaseLostError

    def _mine(self) -> Any:
        with scopes_disabled():
            return Job.objects.filter(pk=self.job.pk, lease=self.lease, state=JobState.RUNNING)

    def finish(self, state: JobState, *, outcome: dict[str, Any] | None = None, error_code: str = "") -> None:
        now = timezone.now()
        self._mine().update(
            state=state, outcome=outcome or {}, error_code=error_code, finished_at=now, heartbeat_at=now
        )


def run_job(
    job_id: int,
    work: Callable[[JobRun], dict[str, Any] | None],
    *,
    on_failure: Callable[[JobRun, str], None] | None = None,
    on_cancel: Callable[[JobRun], None] | None = None,
) -> None:
    """Take the job and do its work in the organisation's scope; the only door from Celery into an action.

    ``on_failure`` (with the error's code) and ``on_cancel`` let the room bring its own rows to an end.
    """
    run = take(job_id)
    if run is None:
        return
    with ExitStack() as stack:
        organisation = run.job.organisation
        stack.enter_context(scope(organisation=organisation) if organisation else nullcontext())
        stack.enter_context(heartbeat(run))
        stack.enter_context(structlog.contextvars.bound_contextvars(job=job_id, task=run.job.task))
        try:
            outcome = work(run)
        except LeaseLostError:
            log.warning("job_lease_lost")
        except JobCancelledError:
            if on_cancel:
                on_cancel(run)
            run.finish(JobState.CANCELLED)
        except (OperationalError, InterfaceError) as error:
            # The database restarts, or two writers met too often: nobody can be told so now. The heartbeat falls
            # silent, and the schedule asks for the job again.
            log.warning("job_database_lost", error=type(error).__name__)
        except Exception as error:
            code = error.code if isinstance(error, DomainError) else "internal_error"
            log.exception("job_failed", code=code)
            if on_failure:
                on_failure(run, code)
            run.finish(JobState.FAILED, error_code=code)
        else:
            run.finish(JobState.DONE, outcome=outcome)


@transaction.atomic
def take(job_id: int) -> JobRun | None:
    """Take the lease of a job that waits or whose worker fell silent; None when it is not to be had."""
    now = timezone.now()
    lease = uuid.uuid4()
    with scopes_disabled():
        taken = (
            Job.objects.filter(pk=job_id)
            .filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, heartbeat_at__lt=now - SILENCE))
            .update(state=JobState.RUNNING, lease=lease, heartbeat_at=now, attempts=F("attempts") + 1)
        )
        if not taken:
            return None
        Job.objects.filter(pk=job_id, started_at=None).update(started_at=now)
        return JobRun(Job.objects.select_related("organisation").get(pk=job_id), lease)


@contextmanager
def heartbeat(run: JobRun) -> Iterator[None]:
    """Keep saying "alive" from a thread of its own while one statement may run for long."""
    stopped = threading.Event()

    def beat() -> None:
        try:
            while not stopped.wait(HEARTBEAT.total_seconds()):
                try:
                    run._mine().update(heartbeat_at=timezone.now())
                except DatabaseError:
                    connections.close_all()  # it may be back at the next beat
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def requeue_silent_jobs() -> int:
    """Queue again the jobs whose worker fell silent or that nobody took; fail those that killed too many workers."""
    from portal.jobs.actions import enqueue

    now = timezone.now()
    with scopes_disabled():
        silent = Job.objects.filter(
            Q(state=JobState.RUNNING, heartbeat_at__lt=now - SILENCE)
            | Q(state=JobState.QUEUED, heartbeat_at__lt=now - UNTAKEN)
        )
        silent.filter(attempts__gte=ATTEMPTS).update(
            state=JobState.FAILED, error_code="too_many_attempts", finished_at=now
        )
        jobs = list(silent.order_by("pk").values("pk", "task", "queue", "state")[:500])
        # A waiting job is not asked for again at every beat: its own mark moves each time it is queued.
        Job.objects.filter(pk__in=[job["pk"] for job in jobs], state=JobState.QUEUED).update(heartbeat_at=now)
    for job in jobs:
        enqueue(job_id=job["pk"], task=job["task"], queue=job["queue"])
    return len(jobs)
