"""What probes and Prometheus ask: is the process up, can it work, how does it go."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection
from kombu.exceptions import KombuError
from prometheus_client import REGISTRY, CollectorRegistry, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from portal.api.authentication import authenticated
from portal.api.errors import UnauthenticatedError
from portal.api.models import TokenKind
from portal.api.problems import problem_response
from portal.api.rates import valkey
from portal.seals.queries import horizon_seconds, sealer_check, seconds_since_pass

log = structlog.get_logger(__name__)

Check = Callable[[], str]
"""Gives an empty text when all is well, else the reason."""

_migrated = False


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; asks nothing of any server."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when this process can do its work, else 503 with the reason of each check that fails."""
    found = {name: check() for name, check in checks.items()}
    reasons = {name: reason for name, reason in found.items() if reason}
    answer = {
        "status": "unready" if reasons else "ready",
        "checks": {name: reason or "ok" for name, reason in found.items()},
    }
    if reasons:
        log.warning("not_ready", **reasons)
    return JsonResponse(answer, status=503 if reasons else 200)


def database_check() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "the database does not answer"
    return ""


def sealed_check() -> str:
    """The sealer's lag; nothing while the database does not answer, which has a reason of its own."""
    try:
        return sealer_check()
    except DatabaseError:
        return ""


def migrations_check() -> str:
    """Kept once true: a process never comes to run with fewer migrations than it has seen."""
    global _migrated
    if _migrated:
        return ""
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return "the database does not answer"
    if missing:
        return f"{missing} migrations are not applied: run `manage.py migrate`"
    _migrated = True
    return ""


def broker_check() -> str:
    try:
        with Connection(settings.ACCORD.broker_url, connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OSError, KombuError, redis.RedisError):
        return "the broker does not answer"
    return ""


def cache_check() -> str:
    try:
        valkey(settings.ACCORD.valkey_url).ping()
    except redis.RedisError:
        return "Valkey does not answer"
    return ""


checks: dict[str, Check] = {
    "database": database_check,
    "migrations": migrations_check,
    "broker": broker_check,
    "valkey": cache_check,
    "sealer": sealed_check,
}


def register_check(name: str, check: Check) -> None:
    """Add a reason not to be ready: for rooms above."""
    checks[name] = check


class DatabaseCollector:
    """Gauges read at each scrape: the same from whichever process answers."""

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the database, which may not be there yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("accord_jobs", "Jobs that have not ended", labels=["queue", "state"])
        horizon = GaugeMetricFamily("accord_database_horizon_seconds", "Age of the oldest transaction that is writing")
        sealer = GaugeMetricFamily("accord_sealer_seconds", "Time since the sealer's last pass", labels=["stream"])
        try:
            for queue, state, number in job_counts():
                jobs.add_metric([queue, state], number)
            horizon.add_metric([], horizon_seconds())
            for stream, seconds in seconds_since_pass().items():
                sealer.add_metric([stream], seconds)
        except DatabaseError:
            log.warning("metrics.database_unavailable")
        yield jobs
        yield horizon
        yield sealer


def job_counts() -> list[tuple[str, str, int]]:
    """Jobs by queue and state; relies on the partial index ``jobs_alive``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queue, state, count(*) FROM portal_job WHERE state IN ('queued', 'running') GROUP BY 1, 2"
        )
        return list(cursor.fetchall())


REGISTRY.register(DatabaseCollector())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; with ``ACCORD_METRICS_TOKEN`` or a host operator's token as bearer.

    With ``PROMETHEUS_MULTIPROC_DIR`` set the counters of all processes are added up.
    """
    try:
        check_metrics_token(request)
    except UnauthenticatedError as error:
        return problem_response(error)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry()), content_type=content_type)


def check_metrics_token(request: HttpRequest) -> None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    expected = settings.ACCORD.metrics_token.encode()
    if not (expected and hmac.compare_digest(given, expected)):
        authenticated(request, frozenset({TokenKind.HOST}))


def registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    joined = CollectorRegistry()
    multiprocess.MultiProcessCollector(joined)
    joined.register(DatabaseCollector())
    return joined
