"""Work that is watched while its server goes away and comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, Route, expect

from portal.jobs.actions import start_job
from portal.jobs.models import Job, JobState
from portal.jobs.tasks import requeue_silent
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

LOST = "The server does not answer. This page waits and goes on by itself; the work is not lost."


@pytest.mark.parametrize("answer", ["none", "503"])
def test_progress_stays_and_says_that_it_waits(
    signed_in: Callable[[str], Page],
    assert_accessible: Callable[[Page], None],
    complaints: list[str],
    acme: Organisation,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    monkeypatch.setattr("portal.jobs.actions.enqueue", lambda **_arguments: None)  # no worker listens here
    with scope(organisation=acme):
        job = start_job(actor=Actor.system(acme), organisation=acme, task=requeue_silent, target_id=1, expected=2000)
        Job.objects.update(state=JobState.RUNNING, heartbeat_at=timezone.now(), started_at=timezone.now(), done=500)
    page = signed_in("owner")
    page.goto(f"/o/acme/jobs/{job.pk}/")
    expect(page.get_by_text("500 / 2,000")).to_be_visible()
    expect(page.get_by_text(LOST)).to_be_hidden()

    def refuse(route: Route) -> None:
        route.abort() if answer == "none" else route.fulfill(status=503, body="<h1>gone</h1>")

    page.route("**/jobs/*/", refuse)
    expect(page.get_by_text(LOST)).to_be_visible(timeout=10_000)
    expect(page.get_by_text("500 / 2,000")).to_be_visible()
    expect(page.get_by_text("gone")).to_be_hidden()
    page.unroute("**/jobs/*/")
    with scope(organisation=acme):
        Job.objects.update(done=1500, heartbeat_at=timezone.now())
    expect(page.get_by_text("1,500 / 2,000")).to_be_visible(timeout=10_000)
    expect(page.get_by_text(LOST)).to_be_hidden()
    assert_accessible(page)
    with scope(organisation=acme):
        Job.objects.update(state=JobState.CANCELLED)
    expect(page.get_by_text("Cancelled")).to_be_visible(timeout=10_000)
    del complaints[:]
