"""Agreements that end soon, or rest on earlier words, are renewed from the preference page by an act of the person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from consent.ledger.evidence import open_evidence
from consent.models import ConsentEvent, Evidence, Purpose
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, state_of, status_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ending(newsletter: Purpose, subscribed: Contact) -> Purpose:
    """Ada's agreement to the newsletter ends in twenty days."""
    newsletter.valid_for_days, newsletter.renew_before_days = 100, 30
    newsletter.save()
    subscribed.language = "en"
    subscribed.save()
    choose(subscribed, newsletter, "grant", now=timezone.now() - 80 * DAY)
    return newsletter


def renewed(token: str, purpose: Purpose, **more: object) -> int:
    """Send the page with the switch on, and the box below it; how many agreements the ledger has then."""
    answer = Client().post(f"/p/{token}", {"choice": [f"{purpose.pk}-email"], "save": "1", **more})
    assert answer.status_code == 200
    with scope(organisation=purpose.organisation):
        return ConsentEvent.objects.filter(action="grant", source="link").count()


def test_the_box_is_there_and_not_ticked(ending: Purpose, token: str) -> None:
    page = Client().get(f"/p/{token}").content.decode()
    assert f'name="renewed" value="{ending.pk}-email">' in page
    assert "Your agreement ends on" in page


def test_nobody_renews_by_leaving_a_switch_as_it_was(ending: Purpose, subscribed: Contact, token: str) -> None:
    assert renewed(token, ending) == 0
    assert status_of(subscribed, ending) == "granted"


def test_renewing_is_an_agreement_with_its_words(ending: Purpose, subscribed: Contact, token: str) -> None:
    before = state_of(subscribed, ending)
    assert renewed(token, ending, renewed=[f"{ending.pk}-email"]) == 1
    after = state_of(subscribed, ending)
    assert before and after and before.expires_at and after.expires_at
    assert after.expires_at > before.expires_at + 79 * DAY
    with scope(organisation=ending.organisation):
        event = ConsentEvent.objects.get(source="link")
        text = open_evidence(Evidence.objects.get(pk=event.evidence_id))["text"]
    assert text.startswith("I still want to receive “Newsletter” by e-mail.")
    assert "renewed" not in Client().get(f"/p/{token}").content.decode()


def test_earlier_words_are_agreed_to_anew(ending: Purpose, subscribed: Contact, token: str) -> None:
    newsletter = ending
    newsletter.material_version = newsletter.version = 2
    newsletter.save()
    assert "has changed since" in Client().get(f"/p/{token}").content.decode()
    assert renewed(token, newsletter, renewed=[f"{newsletter.pk}-email"]) == 1
    state = state_of(subscribed, newsletter)
    assert state is not None
    assert state.purpose_version == 2


def test_what_is_not_due_cannot_be_renewed(newsletter: Purpose, subscribed: Contact, token: str) -> None:
    assert renewed(token, newsletter, renewed=[f"{newsletter.pk}-email"]) == 0


def test_turning_it_off_wins_over_the_box(ending: Purpose, subscribed: Contact, token: str) -> None:
    Client().post(f"/p/{token}", {"renewed": [f"{ending.pk}-email"], "save": "1"})
    assert status_of(subscribed, ending) == "withdrawn"
