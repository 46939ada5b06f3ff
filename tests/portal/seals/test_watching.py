"""Whoever runs Accord hears of a sealer that is behind, and the night verifies by itself."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from django_scopes import scopes_disabled

from portal import audit
from portal.accounts.models import User
from portal.celery import app
from portal.jobs.models import Job
from portal.jobs.running import run_next
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.seals import tasks
from portal.seals.models import Seal, SealingState, Verification
from portal.seals.queries import LAG, sealer_check, seconds_since_pass
from tests.portal.seals.keeping import seal

pytestmark = pytest.mark.django_db(transaction=True)
EARLIER = timezone.now() - LAG - timedelta(minutes=2)


def write(organisation: Organisation, *, at: object = None) -> None:
    audit.record(actor=Actor.system(organisation), action="test.done", at=at or timezone.now())  # type: ignore[arg-type]


def passed(at: object) -> None:
    SealingState.objects.filter(stream="audit").update(passed_at=at)


def test_a_new_installation_is_ready(acme: Organisation) -> None:
    assert sealer_check() == ""
    write(acme)
    assert sealer_check() == ""


def test_rows_that_nobody_has_sealed_for_ten_minutes_are_a_reason(acme: Organisation, client: Client) -> None:
    write(acme, at=EARLIER)
    assert sealer_check() == "audit: rows wait for their first seal"
    assert client.get("/readyz").status_code == 503
    seal("audit")
    assert sealer_check() == ""
    assert client.get("/readyz").status_code == 200

    passed(EARLIER)
    assert sealer_check() == "", "nothing was written since"
    write(acme, at=EARLIER)
    assert sealer_check() == "audit: the sealer ended its last pass 12 minutes ago"


def test_a_transaction_that_writes_for_long_is_named_as_the_reason(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal("audit")
    write(acme, at=EARLIER)
    monkeypatch.setattr("portal.seals.queries.horizon_seconds", lambda: LAG.total_seconds() + 1)
    assert "holds up the seals" in sealer_check()


def test_prometheus_sees_how_long_ago_the_last_pass_was(acme: Organisation, settings: object, client: Client) -> None:
    seal("audit")
    assert 0 <= seconds_since_pass()["audit"] < 60
    from dataclasses import replace

    settings.ACCORD = replace(settings.ACCORD, metrics_token="scrape-me")  # type: ignore[attr-defined]
    found = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).content.decode()
    assert 'accord_sealer_seconds{stream="audit"}' in found


def test_the_schedule_seals_every_minute_and_verifies_every_night(
    acme: Organisation, other: Organisation, owner: User
) -> None:
    plan = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert plan["portal.seals.tasks.seal"] == 60.0
    assert "portal.seals.tasks.verify_nightly" in plan
    for organisation in (acme, other):
        write(organisation)
    tasks.seal()
    assert Seal.objects.filter(stream="audit").count() == 2

    tasks.verify_nightly()
    tasks.verify_nightly()  # what waits already is not asked for again

    with scopes_disabled():
        jobs = list(Job.objects.all())
    assert sorted(job.target_id for job in jobs) == sorted(["seals:host", f"seals:{acme.pk}", f"seals:{other.pk}"])
    for job in jobs:
        run_next(job.queue)
    with scopes_disabled():
        assert {job.state for job in Job.objects.all()} == {"done"}
    assert Verification.objects.filter(stream="audit", ok=True).count() == 3
    assert Verification.objects.get(stream="audit", organisation=acme).rows == 1


def test_a_chain_of_many_small_seals_is_read_some_at_a_time(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.portal.seals.keeping import superuser, verify

    for _time in range(5):
        write(acme)
        seal("audit")
    monkeypatch.setattr("portal.seals.verifying.SEALS_READ", 2)
    assert verify(acme, "audit").seals == 5
    with superuser() as cursor:
        cursor.execute(
            "UPDATE portal_auditentry SET action = 'x' WHERE id = (SELECT max(first) FROM portal_seal WHERE number = 4)"
        )
    found = verify(acme, "audit")
    assert (found.code, found.details["seal"], found.seals) == ("row_changed", 4, 3)


def test_a_writer_that_is_killed_leaves_nothing_to_wait_for(acme: Organisation) -> None:
    """Its transaction is rolled back, and its number never comes."""

    def dying() -> None:
        with transaction.atomic():
            write(acme)
            transaction.set_rollback(True)
        connections.close_all()

    thread = threading.Thread(target=dying)
    thread.start()
    thread.join(30)
    write(acme)
    assert seal("audit").rows == 1
