"""Run a job so that its effect happens once, whatever dies. Who may work on it is in `leases`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django_scopes import scope, scopes_disabled

from portal.disk import disk_is_full
from portal.jobs.errors import code_of
from portal.jobs.leases import (
    JobCancelledError,
    JobPausedError,
    JobRun,
    JobYieldedError,
    LeaseLostError,
    heartbeat,
    take,
    take_next,
)
from portal.jobs.models import Job, JobState

__all__ = ["JobRun", "LeaseLostError", "run_job", "run_next"]

log = structlog.get_logger(__name__)
_in_hand: ContextVar[JobRun | None] = ContextVar("run_in_hand", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """What a room does with its own rows when its job ends otherwise than by finishing, or pauses."""

    failure: Callable[[JobRun, str], None] | None = None
    cancel: Callable[[JobRun], None] | None = None
    pause: Callable[[JobRun], None] | None = None


def run_job(
    job_id: int,
    work: Callable[[JobRun], dict[str, Any] | None],
    *,
    on_failure: Callable[[JobRun, str], None] | None = None,
    on_cancel: Callable[[JobRun], None] | None = None,
    on_pause: Callable[[JobRun], None] | None = None,
) -> None:
    """Take the job and do its work in the organisation's scope; the only door from Celery into an action.

    ``on_failure`` (with the error's code), ``on_cancel`` and ``on_pause`` let the room change its own rows, each in
    the transaction that changes the job.
    """
    run = _taken(job_id)
    if run is None:
        return
    with ExitStack() as stack:
        organisation = run.job.organisation
        stack.enter_context(scope(organisation=organisation) if organisation else nullcontext())
        stack.enter_context(heartbeat(run))
        stack.enter_context(structlog.contextvars.bound_contextvars(job=job_id, task=run.job.task))
        endings = Endings(failure=on_failure, cancel=on_cancel, pause=on_pause)
        try:
            _work(run, work, endings)
        except LeaseLostError:
            log.warning("job_lease_lost")
        except (OperationalError, InterfaceError) as error:
            # The database restarts, or two writers met too often: nobody can be told so now. The heartbeat falls
            # silent, and the schedule asks for the job again.
            log.warning("job_database_lost", error=type(error).__name__)


def _taken(job_id: int) -> JobRun | None:
    """The run that `run_next` has taken for this task, or a new one."""
    run = _in_hand.get()
    _in_hand.set(None)
    return run if run is not None and run.job.pk == job_id else take(job_id)


def _work(run: JobRun, work: Callable[[JobRun], dict[str, Any] | None], endings: Endings) -> None:
    try:
        run.require_leave()  # somebody may have asked while its worker was dead
        outcome = work(run)
    except JobCancelledError:
        _end(run, JobState.CANCELLED, endings.cancel)
    except JobPausedError:
        _pause(run, endings.pause)
    except JobYieldedError:
        _give_way(run)
    except LeaseLostError:
        raise
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) and not disk_is_full(error):
            raise
        _fail(run, code_of(error), endings.failure)
    else:
        run.finish(JobState.DONE, outcome=outcome)


def _fail(run: JobRun, code: str, failed: Callable[[JobRun, str], None] | None) -> None:
    log.exception("job_failed", code=code)
    if not connection.in_atomic_block:
        connection.close()  # the error may have come in the middle of a statement, as that of a time limit does
    _end(run, JobState.FAILED, (lambda run: failed(run, code)) if failed else None, error_code=code)


@transaction.atomic
def _end(run: JobRun, state: JobState, told: Callable[[JobRun], None] | None, error_code: str = "") -> None:
    if run.finish(state, error_code=error_code) and told:
        told(run)


@transaction.atomic
def _pause(run: JobRun, told: Callable[[JobRun], None] | None) -> None:
    if run.set_down(JobState.PAUSED) and told:
        told(run)


@transaction.atomic
def _give_way(run: JobRun) -> None:
    from portal.jobs.actions import enqueue

    log.info("job_gave_way")
    if run.set_down(JobState.QUEUED):
        transaction.on_commit(lambda: enqueue(queue=run.job.queue), robust=True)


def run_next(queue: str) -> None:
    """Do the job of this queue whose turn it is, if one waits; then ask for the next.

    A message in the broker is only a ticket: which job it stands for is decided when a worker is free.
    """
    from portal.celery import app
    from portal.jobs.actions import enqueue

    run = take_next(queue)
    if run is None:
        return
    _in_hand.set(run)
    try:
        app.tasks[run.job.task](run.job.pk)
    finally:
        _in_hand.set(None)
        with suppress(OperationalError, InterfaceError), scopes_disabled():
            if Job.objects.filter(queue=queue, state=JobState.QUEUED).exists():
                enqueue(queue=queue)
