"""Who had still to be told where their data comes from has been told by the first message (G 14(3), I-08)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from consent.audiences.models import Audience
from consent.engine import informing
from consent.engine.tasks import mark_as_informed
from portal.jobs.models import Job
from portal.organisations.models import Organisation
from subscribers.contacts.informing import InformingCounts, card, informing_counts
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import
from tests.consent.choices import choose
from tests.consent.engine.conftest import Scene
from tests.consent.stage import engine_caller, lines_of
from tests.people import LONG_AGO, new_contact

# The hand-off reads on a connection of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 7, 1)


def due(*contacts: Contact, day: date = DAY) -> None:
    with scopes_disabled():
        Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(art14_due=day)


def sent(audience: Audience) -> list[dict[str, Any]]:
    """The engine takes the audience, sends it and says so."""
    engine = engine_caller("test" if audience.test else "live")
    engine.post(f"/audiences/{audience.pk}/claim")
    lines = lines_of(engine.get(f"/audiences/{audience.pk}/recipients"))
    assert engine.post(f"/audiences/{audience.pk}/complete", {"sent": 1, "failed": 0}).status_code == 200
    with scopes_disabled():
        waiting = list(Job.objects.filter(task=mark_as_informed.name, state="queued").values_list("pk", flat=True))
    for job_id in waiting:
        mark_as_informed(job_id)
    return lines


def told(*contacts: Contact) -> list[bool]:
    """Who has been told; of whoever has not, the day still stands."""
    for contact in contacts:
        with scopes_disabled():
            contact.refresh_from_db()
        assert (contact.art14_sent_at is None) or (contact.art14_due is None)
    return [contact.art14_sent_at is not None for contact in contacts]


def test_the_hand_off_says_who_must_be_told_and_its_completion_that_they_were(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(informing, "CHUNK", 1)
    due(scene.ada, scene.ben)
    audience = scene.audience()
    lines = {line["contact"]: line for line in sent(audience)[:-1]}
    assert lines[str(scene.ada.pk)]["art14_due"] == "2026-07-01"
    assert lines[str(scene.dora.pk)]["art14_due"] is None
    assert told(scene.ada, scene.ben, scene.dora) == [True, False, False]
    with scopes_disabled():
        assert scene.ada.art14_sent_at == Audience.objects.get(pk=audience.pk).completed_at
        assert Job.objects.get(task=mark_as_informed.name).outcome == {"informed": 1}


def test_whom_the_gate_left_out_on_the_way_has_not_been_told(scene: Scene) -> None:
    due(scene.ada, scene.dora)
    audience = scene.audience()
    choose(scene.dora, scene.newsletter, "withdraw")
    sent(audience)
    assert told(scene.ada, scene.dora) == [True, False]


def test_a_test_message_informs_nobody(scene: Scene) -> None:
    due(scene.seed)
    sent(scene.audience(test=True))
    assert told(scene.seed) == [False]


def test_nobody_is_told_twice(scene: Scene) -> None:
    due(scene.ada)
    sent(scene.audience())
    assert told(scene.ada) == [True]
    before = scene.ada.art14_sent_at
    sent(scene.audience())
    assert told(scene.ada) == [True]
    assert scene.ada.art14_sent_at == before
    with scopes_disabled():
        assert Job.objects.filter(task=mark_as_informed.name).count() == 1


def test_the_same_person_elsewhere_must_still_be_told(scene: Scene, other: Organisation) -> None:
    elsewhere = new_contact(other, "ada.martin@example.org", art14_due=DAY)
    due(scene.ada)
    sent(scene.audience())
    with scope(organisation=other):
        assert told(elsewhere) == [False]
        assert informing_counts(other).due == 1


def test_due_overdue_and_informed_are_counted(scene: Scene) -> None:
    today = timezone.now().date()
    with scope(organisation=scene.acme):
        source = Import.objects.create(
            organisation=scene.acme, file_name="x.csv", file_size=1, file_digest=b"", created_at=LONG_AGO
        )
        Contact.objects.filter(pk__in=[scene.ada.pk, scene.ben.pk, scene.seed.pk]).update(source_import=source)
        due(scene.ada, scene.dora, day=today + timedelta(days=3))
        due(scene.ben, day=today - timedelta(days=3))
        Contact.objects.filter(pk=scene.seed.pk).update(art14_sent_at=LONG_AGO)
        assert informing_counts(scene.acme) == InformingCounts(due=3, overdue=1, informed=1)
        assert informing_counts(scene.acme, source) == InformingCounts(due=2, overdue=1, informed=1)
        assert card(scene.acme) == {"due": 3, "overdue": 1}
