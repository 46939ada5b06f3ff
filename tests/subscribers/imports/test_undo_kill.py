"""A worker killed with -9 in the middle of an undo: the next one goes on, and nobody can tell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from consent.ledger.models import ConsentEvent, ConsentState
from consent.ledger.recording import Choice, record_events
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportChange
from subscribers.imports.undo.actions import undo_import
from subscribers.imports.undo.tasks import run_undo
from tests.consent.choices import EVIDENCE, NOW, new_purpose
from tests.people import LONG_AGO, new_organisation
from tests.subscribers.imports.lots import brought, fresh, undone

PEOPLE, KNOWN = 1500, 300
WORKER = """
import sys, time, django
django.setup()
from django.db import connections
connections.databases["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
from subscribers.imports import sweeping
sweeping.WINDOW = 100
one_window = sweeping.one_window
def slowly(*arguments):
    following = one_window(*arguments)
    time.sleep(0.05)
    return following
sweeping.one_window = slowly
from subscribers.imports.undo.tasks import run_undo
run_undo(int(sys.argv[2]))
"""


def imported_over(organisation: Organisation) -> Import:
    """A file about people of whom the first ones are known already; of these, each third had agreed before."""
    purpose = new_purpose(organisation)
    with scope(organisation=organisation):
        known = Contact.objects.bulk_create(
            Contact(
                organisation=organisation,
                email=f"p{number}@x.example",
                email_key=f"p{number}@x.example",
                last_name="Old",
                origin="own_form",
                created_at=LONG_AGO,
                updated_at=LONG_AGO,
            )
            for number in range(KNOWN)
        )
        choices = [
            Choice(
                contact_id=contact.pk,
                purpose_id=purpose.pk,
                channel="email",
                action="grant",
                source="form",
                occurred_at=LONG_AGO,
                evidence=EVIDENCE,
            )
            for contact in known[::3]
        ]
        record_events(organisation, choices, now=NOW)
    content = "email,last name\n" + "".join(f"p{number}@x.example,New\n" for number in range(PEOPLE))
    return brought(organisation, content, update_rule="overwrite")


def outcome(organisation: Organisation) -> dict[str, Any]:
    """All that an undo may have changed."""
    with scope(organisation=organisation):
        return {
            "contacts": sorted(Contact.objects.values_list("email_key", "last_name")),
            "states": Counter(ConsentState.objects.values_list("status", flat=True)),
            "agreed": Counter(ConsentState.objects.filter(status="granted").values_list("since", "expires_at")),
            "events": Counter(ConsentEvent.objects.values_list("action", "source")),
            "changes": ImportChange.objects.count(),
        }


def kill_in_the_middle(job: Job, after: int) -> None:
    """Start a worker and kill it once it has done more than so many ids; then let its silence be noticed."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, connection.settings_dict["NAME"], str(job.pk)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
    )
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline and worker.poll() is None:
            job.refresh_from_db()
            if job.done > after:
                break
            time.sleep(0.01)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    job.refresh_from_db()
    assert job.state == "running"
    assert after < job.done < (job.expected or 0)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.django_db(transaction=True)
def test_a_killed_undo_ends_like_an_undisturbed_one(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    calm, rough = new_organisation("calm"), new_organisation("rough")
    undisturbed = undone(imported_over(calm))
    source = imported_over(rough)
    with scope(organisation=rough):
        job = undo_import(actor=Actor.system(rough), source=source)
    with scopes_disabled():
        for after in (300, 1600, 2400):  # while consents are reverted, values restored, contacts removed
            kill_in_the_middle(job, after)
    run_undo(job.pk)
    source = fresh(source)
    assert source.state == "undone"
    assert source.undo_counts == undisturbed.undo_counts
    assert source.undo_counts["contacts"] == PEOPLE - KNOWN
    assert (source.undo_counts["values"], source.undo_counts["consents_restored"]) == (KNOWN, KNOWN / 3)
    assert outcome(rough) == outcome(calm)
    assert set(outcome(rough)["contacts"]) == {(f"p{number}@x.example", "Old") for number in range(KNOWN)}
    assert outcome(rough)["states"] == {"granted": KNOWN / 3, "none": KNOWN * 2 / 3}
