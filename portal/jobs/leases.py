"""Who works on a job: a *lease*, taken by a worker and lost when it falls silent.

Each checkpoint is written in the same transaction as the work it stands for, and only while the lease is still ours:
a worker that was thought dead and wakes up can't write a second time.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.jobs import sql
from portal.jobs.models import SILENCE, Job, JobState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from portal.organisations.models import Organisation

HEARTBEAT = timedelta(seconds=3)
TURN = timedelta(minutes=5)  # how long a job works while other organisations wait for their first
PATIENCE = timedelta(seconds=5)  # a job that waits for less will be taken by a worker that is free
LOOK_EVERY = 2.0  # seconds between two looks at who waits


class LeaseLostError(Exception):
    """Another worker has taken this job over: stop, and write nothing."""


class JobCancelledError(Exception):
    """Somebody asked for the job to stop."""


class JobPausedError(Exception):
    """Somebody asked for the job to pause; it goes on from its last checkpoint when it is resumed."""


class JobYieldedError(Exception):
    """Another organisation has waited long enough: it is its turn, and this job goes back to the queue."""


class JobRun:
    """One run of a job: what it may read and how it reports."""

    def __init__(self, job: Job, lease: uuid.UUID) -> None:
        self.job = job
        self.lease = lease
        self.checkpoint: dict[str, Any] = dict(job.checkpoint)
        self._working_since: datetime | None = None
        self._look_at = 0.0

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

        Raises LeaseLostError when another worker took over, JobCancelledError or JobPausedError when that was asked
        for, and JobYieldedError when it is another organisation's turn: each rolls that transaction back.
        """
        now = timezone.now()
        changes: dict[str, Any] = {"heartbeat_at": now}
        if checkpoint is not None:
            self._yield_if_due(now)
            changes |= {"checkpoint": checkpoint, "vain_attempts": 0}
        if done is not None:
            changes["done"] = done
        if expected is not None:
            changes["expected"] = expected
        if not self._mine().filter(cancel_requested_at=None, pause_requested_at=None).update(**changes):
            self.require_leave()
        if checkpoint is not None:
            self.checkpoint = checkpoint

    def require_leave(self) -> None:
        """Raise what stands against going on: LeaseLostError, JobCancelledError, JobPausedError."""
        job = self._mine().only("cancel_requested_at", "pause_requested_at").first()
        if job is None:
            raise LeaseLostError
        if job.cancel_requested_at:
            raise JobCancelledError
        if job.pause_requested_at:
            raise JobPausedError

    def wait_in(self, queue: str) -> None:
        """Go on in this queue: there may turn out to be more to do, or less, than when the job was started.

        Raises JobYieldedError when it is another one than now.
        """
        if queue != self.job.queue:
            self.job.queue = queue
            raise JobYieldedError

    def complete(self, outcome: dict[str, Any], *, done: int, expected: int) -> None:
        """End the job in the transaction that ends its work, so that neither is done twice.

        It is too late then to cancel or pause. Raises LeaseLostError.
        """
        self._mine().update(done=done, expected=expected)
        if not self.finish(JobState.DONE, outcome=outcome):
            raise LeaseLostError

    def finish(self, state: JobState, *, outcome: dict[str, Any] | None = None, error_code: str = "") -> bool:
        """End the job if it is still ours; whether it was."""
        now = timezone.now()
        changes = {"outcome": outcome or {}, "error_code": error_code, "finished_at": now, "heartbeat_at": now}
        return bool(self._mine().update(state=state, **changes))

    def set_down(self, state: JobState) -> bool:
        """Let go of a job that is to go on later, from its last checkpoint."""
        now = timezone.now()
        asked = {"pause_requested_at": None} if state == JobState.PAUSED else {}
        queue = self.job.queue
        return bool(
            self._mine().update(
                state=state, queue=queue, lease=None, waiting_since=now, heartbeat_at=now, vain_attempts=0, **asked
            )
        )

    def _mine(self) -> Any:
        with scopes_disabled():
            return Job.objects.filter(pk=self.job.pk, lease=self.lease, state=JobState.RUNNING)

    def _yield_if_due(self, now: datetime) -> None:
        """A turn begins with the first checkpoint, so that each one gets further however long reading takes."""
        if self._working_since is None:
            self._working_since = now
        elif time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            if gives_way(self.job, now, turn_is_over=now - self._working_since > TURN):
                raise JobYieldedError


def take(job_id: int) -> JobRun | None:
    """Take the lease of a job that waits or whose worker fell silent; None when it is not to be had."""
    return _take(sql.TAKE_THIS, id=job_id)


@transaction.atomic
def take_next(queue: str) -> JobRun | None:
    """Take the job of this queue whose turn it is; None when none waits. See ``portal/jobs/sql.py``."""
    with connection.cursor() as cursor:
        cursor.execute(sql.CHOOSE_ALONE, {"queue": queue})
    return _take(sql.TAKE_NEXT, queue=queue)


def _take(statement: str, **which: str | int) -> JobRun | None:
    now = timezone.now()
    lease = uuid.uuid4()
    with connection.cursor() as cursor, scopes_disabled():
        cursor.execute(statement, {"now": now, "silent": now - SILENCE, "lease": lease, **which})
        taken = cursor.fetchone()
        return JobRun(Job.objects.select_related("organisation").get(pk=taken[0]), lease) if taken else None


def gives_way(job: Job, now: datetime, *, turn_is_over: bool) -> bool:
    """Whether another organisation goes first: it has two jobs fewer running, or one fewer after a full turn."""
    parameters: dict[str, Any] = {
        "id": job.pk,
        "queue": job.queue,
        "organisation_id": job.organisation_id,
        "silent": now - SILENCE,
        "patience": now - PATIENCE,
        "lead": 1 if turn_is_over else 2,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.GIVES_WAY, parameters)
        return bool(cursor.fetchone()[0])


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
