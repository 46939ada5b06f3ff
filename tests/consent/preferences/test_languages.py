"""Purposes speak the reader's language, and the evidence keeps the words that were read."""

from __future__ import annotations

import pytest
from django.test import Client
from django_scopes import scope

from consent.ledger.evidence import open_evidence
from consent.models import ConsentEvent, Evidence, Purpose
from subscribers.contacts.models import Contact
from tests.consent.choices import FACTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_french(newsletter: Purpose) -> Purpose:
    newsletter.texts = {"fr": {"name": "La lettre", "description": "Un mardi sur deux."}}
    newsletter.save()
    return newsletter


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "La lettre"), ("fr-be", "La lettre"), ("en", "Newsletter"), ("", "Newsletter")],
)
def test_the_switches_speak_the_readers_language(
    in_french: Purpose, subscribed: Contact, token: str, language: str, words: str
) -> None:
    subscribed.language = language
    subscribed.save()
    page = Client().get(f"/p/{token}").content.decode()
    assert f"<legend>{words}</legend>" in page
    assert ("Un mardi sur deux." in page) == (words == "La lettre")
    assert words in Client().get(f"/u/{token}").content.decode()
    assert words in Client().get(f"/w/{token}").content.decode()


def test_the_evidence_holds_the_words_that_were_read(in_french: Purpose, subscribed: Contact, token: str) -> None:
    subscribed.language = "fr"
    subscribed.save()
    Client().post(f"/p/{token}", {"choice": [f"{in_french.pk}-email", f"{in_french.pk}-sms"]})
    with scope(organisation=subscribed.organisation):
        event = ConsentEvent.objects.get(channel="sms")
        document = open_evidence(Evidence.objects.get(pk=event.evidence_id))
    assert "La lettre" in document["text"]
    assert "Un mardi sur deux." in document["text"]


def test_soft_opt_in_without_its_facts_shows_as_off(
    newsletter: Purpose, offers: Purpose, subscribed: Contact, token: str
) -> None:
    offers.basis = "soft_opt_in"
    offers.save()
    assert f'value="{offers.pk}-email">' in Client().get(f"/p/{token}").content.decode()
    offers.soft_opt_in = FACTS
    offers.save()
    assert f'value="{offers.pk}-email" checked' in Client().get(f"/p/{token}").content.decode()


def test_special_categories_are_agreed_to_in_their_explicit_words(
    newsletter: Purpose, subscribed: Contact, token: str
) -> None:
    """C-14."""
    newsletter.special_category, newsletter.explicit_wording = True, "Use what I said about my allergies."
    newsletter.save()
    subscribed.language = "en"
    subscribed.save()
    assert "by SMS. Use what I said about my allergies.</span>" in Client().get(f"/p/{token}").content.decode()
    Client().post(f"/p/{token}", {"choice": [f"{newsletter.pk}-email", f"{newsletter.pk}-sms"]})
    with scope(organisation=subscribed.organisation):
        event = ConsentEvent.objects.get(channel="sms")
        document = open_evidence(Evidence.objects.get(pk=event.evidence_id))
    assert "Use what I said about my allergies." in document["text"]
