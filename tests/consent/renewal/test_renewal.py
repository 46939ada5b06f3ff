"""Consents end, become due for renewal, and people are not asked again at once (C-10 to C-12)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from consent.ledger.models import ConsentEvent, ConsentState
from consent.purposes.actions import update_purpose
from consent.purposes.models import Purpose
from consent.renewal import expiry
from consent.renewal.queries import may_be_asked, standings_of
from consent.renewal.tasks import expire_consents
from portal.accounts.models import User
from portal.celery import app
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from tests.consent.choices import choose, new_purpose, state_of, status_of
from tests.people import actor_of, api_of, client_of, new_contact

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme, valid_for_days=100, renew_before_days=30)


def expire(organisation: Organisation, now: datetime) -> int:
    """What the schedule and the worker do: how many were written."""
    assert expiry.start_expiries(now=now) == 1
    job = Job.objects.get(task=expire_consents.name)
    run_job(job.pk, expiry.execute_expiry)
    job.refresh_from_db()
    return job.outcome["expired"]


def test_what_has_run_out_is_written_into_the_ledger(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact, now: datetime
) -> None:
    """C-11: with the date on which it ended, not that on which somebody looked."""
    choose(ada, newsletter, "grant", now=now - 101 * DAY)
    choose(ben, newsletter, "grant", now=now - 99 * DAY)
    assert expire(in_acme, now) == 1
    event = ConsentEvent.objects.get(action="expire")
    assert (event.contact_id, event.source, event.occurred_at) == (ada.pk, "system", now - DAY)
    assert (status_of(ada, newsletter), status_of(ben, newsletter)) == ("expired", "granted")
    assert expiry.start_expiries(now=now) == 0


def test_pauses_and_pending_sign_ups_run_out_too_and_a_no_stays(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact, now: datetime
) -> None:
    cleo = new_contact(in_acme, "cleo@example.org")
    for contact in (ada, ben, cleo):
        choose(contact, newsletter, "grant", now=now - 101 * DAY)
    choose(ada, newsletter, "pause", now=now - 50 * DAY)
    choose(ben, newsletter, "withdraw", now=now - 50 * DAY)
    ConsentState.objects.filter(contact=cleo).update(status="unconfirmed")
    assert expire(in_acme, now) == 2
    found = [status_of(contact, newsletter) for contact in (ada, ben, cleo)]
    assert found == ["expired", "withdrawn", "expired"]


def test_a_worker_that_dies_goes_on_where_it_was(
    in_acme: Organisation, newsletter: Purpose, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "CHUNK", 1)
    monkeypatch.setattr("consent.renewal.writing.CHUNK", 1)
    for number in range(3):
        contact = new_contact(in_acme, f"c{number}@example.org")
        for channel in ("email", "sms"):
            choose(contact, newsletter, "grant", channel=channel, now=now - 101 * DAY)
    assert expire(in_acme, now) == 6
    assert ConsentEvent.objects.filter(action="expire").count() == 6


def test_other_organisations_are_left_alone(in_acme: Organisation, other: Organisation, now: datetime) -> None:
    theirs = new_purpose(other, valid_for_days=1)
    person = new_contact(other, "x@example.org")
    choose(person, theirs, "grant", now=now - 2 * DAY)
    assert expiry.start_expiries(now=now) == 1
    with scope(organisation=other):
        assert Job.objects.get(task=expire_consents.name).organisation == other


def test_it_is_looked_for_every_day() -> None:
    assert "consent.renewal.tasks.start_expiries" in {entry["task"] for entry in app.conf.beat_schedule.values()}


def due(organisation: Organisation, purpose: Purpose, now: datetime) -> int:
    return standings_of(organisation, now=now).due.get((purpose.pk, "email"), 0)


def consent_of(api: object, contact: Contact) -> dict[str, object]:
    (found,) = api.get(f"/contacts/{contact.pk}").json()["consents"]  # type: ignore[attr-defined]
    return found


def test_a_consent_near_its_end_is_due_for_renewal_everywhere(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact, owner: User, now: datetime
) -> None:
    choose(ada, newsletter, "grant", now=now - 71 * DAY)
    choose(ben, newsletter, "grant", now=now - 69 * DAY)
    api = api_of(owner, in_acme)
    assert (consent_of(api, ada)["renewal_due"], consent_of(api, ben)["renewal_due"]) == (True, False)
    assert due(in_acme, newsletter, now) == 1
    preview = api.post(
        "/segments/preview", {"rule": {"field": "consent.newsletter.email.renewal", "op": "eq", "value": "due"}}
    ).json()
    assert (preview["count"], preview["sample"][0]["id"]) == (1, str(ada.pk))
    browser = client_of(owner)
    assert "To be renewed" in browser.get(f"/o/acme/contacts/{ada.pk}/").content.decode()
    assert "To be renewed" not in browser.get(f"/o/acme/contacts/{ben.pk}/").content.decode()


def test_a_material_change_makes_earlier_agreements_due_and_a_new_one_settles_it(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact, owner: User, now: datetime
) -> None:
    """C-10."""
    for contact in (ada, ben):
        choose(contact, newsletter, "grant", now=now - 2 * DAY)
    choose(ben, newsletter, "pause", now=now - DAY)
    actor = actor_of(owner, in_acme)
    update_purpose(actor=actor, purpose=newsletter, changes={"recipients": ["Print House"]}, now=now - DAY / 2)
    newsletter.refresh_from_db()
    assert due(in_acme, newsletter, now) == 2
    choose(ben, newsletter, "resume", now=now - DAY / 4)
    assert due(in_acme, newsletter, now) == 2  # the words agreed to are still the old ones
    choose(ada, newsletter, "grant", now=now)
    assert due(in_acme, newsletter, now) == 1
    assert consent_of(api_of(owner, in_acme), ada)["renewal_due"] is False


def test_an_agreement_without_a_version_goes_by_its_date(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, owner: User, now: datetime
) -> None:
    """An import's states name no version."""
    choose(ada, newsletter, "grant", now=now - 2 * DAY)
    ConsentState.objects.update(purpose_version=None)
    assert due(in_acme, newsletter, now) == 0
    actor = actor_of(owner, in_acme)
    update_purpose(actor=actor, purpose=newsletter, changes={"recipients": ["Print House"]}, now=now - DAY)
    assert due(in_acme, newsletter, now) == 1


def test_the_wave_becomes_a_segment_from_the_purposes_page(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, marketer: User, now: datetime
) -> None:
    choose(ada, newsletter, "grant", now=now - 80 * DAY)
    browser = client_of(marketer)
    page = browser.get("/o/acme/purposes/newsletter/").content.decode()
    assert "1 consent is due for renewal" in page
    for _twice in range(2):
        answer = browser.post("/o/acme/purposes/newsletter/renewal/", {"channel": "email"})
        segment = Segment.objects.get()
        assert answer["Location"] == f"/o/acme/segments/{segment.pk}/"
    assert segment.rule == {"all": [{"field": "consent.newsletter.email.renewal", "op": "eq", "value": "due"}]}
    assert browser.post("/o/acme/purposes/newsletter/renewal/", {"channel": "post"}).status_code == 422


def test_the_segment_has_a_name_in_french_too(in_acme: Organisation, newsletter: Purpose, marketer: User) -> None:
    browser = client_of(marketer)
    for _twice in range(2):
        answer = browser.post(
            "/o/acme/purposes/newsletter/renewal/", {"channel": "email"}, headers={"Accept-Language": "fr"}
        )
        assert answer.status_code == 302
    assert Segment.objects.get().name == "À renouveler : Newsletter par e-mail"


def test_the_end_of_an_agreement_can_be_asked_for_in_a_segment(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, owner: User, now: datetime
) -> None:
    choose(ada, newsletter, "grant", now=now - 80 * DAY)
    rule = {"field": "consent.newsletter.email.expires_at", "op": "lt", "value": (now + 21 * DAY).isoformat()}
    assert api_of(owner, in_acme).post("/segments/preview", {"rule": rule}).json()["count"] == 1


def test_silence_is_a_state_and_no_consent(in_acme: Organisation, ada: Contact, owner: User) -> None:
    """C-12."""
    new_purpose(in_acme)
    api = api_of(owner, in_acme)
    body = {"contact": {"id": str(ada.pk)}, "purpose": "newsletter", "channel": "email", "action": "ask"}
    assert api.post("/consents", body).status_code == 201
    assert consent_of(api, ada)["status"] == "unanswered"
    found = api.get(f"/contacts/{ada.pk}/contactability?purpose=newsletter&channel=email").json()
    assert found["reasons"] == ["no_consent"]
    rule = {"field": "consent.newsletter.email", "op": "eq", "value": "unanswered"}
    assert api.post("/segments/preview", {"rule": rule}).json()["count"] == 1


def test_being_asked_again_changes_no_answer(in_acme: Organisation, ada: Contact, now: datetime) -> None:
    newsletter = new_purpose(in_acme)
    for action in ("grant", "refuse", "withdraw"):
        choose(ada, newsletter, action, now=now)
        before = state_of(ada, newsletter)
        choose(ada, newsletter, "ask", now=now)
        after = state_of(ada, newsletter)
        assert before and after and (after.status, after.event_id) == (before.status, before.event_id)


def test_an_import_fills_what_was_asked_and_not_answered(in_acme: Organisation, ada: Contact, now: datetime) -> None:
    newsletter = new_purpose(in_acme)
    choose(ada, newsletter, "ask", now=now)
    assert choose(ada, newsletter, "grant", source="import", now=now, occurred_at=now - DAY) is not None
    assert status_of(ada, newsletter) == "granted"


def test_nobody_is_asked_again_within_six_months(in_acme: Organisation, ada: Contact, now: datetime) -> None:
    """C-12: 182 days unless the purpose says otherwise."""
    newsletter = new_purpose(in_acme)
    assert may_be_asked(ada.pk, newsletter, "email", now=now)
    choose(ada, newsletter, "refuse", now=now)
    assert not may_be_asked(ada.pk, newsletter, "email", now=now + 181 * DAY)
    assert may_be_asked(ada.pk, newsletter, "email", now=now + 182 * DAY)
    assert may_be_asked(ada.pk, newsletter, "sms", now=now)


def test_who_agreed_is_asked_when_due_and_who_objected_never(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact, now: datetime
) -> None:
    choose(ada, newsletter, "grant", now=now)
    choose(ben, newsletter, "object", now=now)
    assert not may_be_asked(ada.pk, newsletter, "email", now=now)
    assert may_be_asked(ada.pk, newsletter, "email", now=now + 75 * DAY)
    assert not may_be_asked(ben.pk, newsletter, "email", now=now + 999 * DAY)


def test_asked_once_and_silent_counts_as_asked(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, now: datetime
) -> None:
    choose(ada, newsletter, "ask", now=now)
    assert not may_be_asked(ada.pk, newsletter, "email", now=now + DAY)
    assert may_be_asked(ada.pk, newsletter, "email", now=now + 183 * DAY)
    with scope(organisation=in_acme):
        Purpose.objects.filter(pk=newsletter.pk).update(ask_again_after_days=1)
    newsletter.refresh_from_db()
    assert may_be_asked(ada.pk, newsletter, "email", now=now + DAY)
