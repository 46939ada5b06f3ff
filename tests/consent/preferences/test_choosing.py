"""The preference page, and "Why do I get this?"."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.links import LinkTarget, make_token
from consent.purposes.actions import Materiality, update_purpose
from consent.purposes.models import Purpose
from portal.audit.models import AuditEntry
from portal.organisations.actors import Actor
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import
from tests.consent.choices import choose, new_purpose, status_of

pytestmark = pytest.mark.django_db


def page_of(path: str) -> str:
    response = Client().get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_switches_show_where_the_person_stands(token: str, newsletter: Purpose, offers: Purpose) -> None:
    hidden = new_purpose(newsletter.organisation, "hidden", public=False)
    page = page_of(f"/p/{token}")
    assert f'value="{newsletter.pk}-email" checked' in page
    assert f'value="{newsletter.pk}-sms">' in page
    assert f'value="{offers.pk}-email" checked' in page  # no consent needed, no objection made
    assert f'value="{hidden.pk}-email"' not in page
    assert "artin" not in page


def test_turning_one_off_withdraws_it(token: str, subscribed: Contact, newsletter: Purpose, offers: Purpose) -> None:
    response = Client(enforce_csrf_checks=True).post(f"/p/{token}", {"choice": [f"{offers.pk}-email"], "save": "1"})
    assert response.status_code == 200
    assert status_of(subscribed, newsletter) == "withdrawn"
    assert status_of(subscribed, offers) is None


def test_turning_one_on_is_a_grant_with_the_text_that_was_shown(
    token: str, subscribed: Contact, newsletter: Purpose
) -> None:
    Client().post(f"/p/{token}", {"choice": [f"{newsletter.pk}-email", f"{newsletter.pk}-sms"]})
    assert status_of(subscribed, newsletter, "sms") == "granted"
    with scope(organisation=subscribed.organisation):
        event = ConsentEvent.objects.select_related("evidence").latest("id")
    assert (event.action, event.source, event.channel) == ("grant", "link", "sms")
    assert event.evidence is not None
    proof = open_evidence(event.evidence)
    assert "Newsletter" in proof["text"]
    assert "Every second Tuesday." in proof["text"]
    assert AuditEntry.objects.filter(action="consent.granted", actor_kind="link").count() == 1


def test_saving_without_a_change_records_nothing(token: str, subscribed: Contact, newsletter: Purpose) -> None:
    Client().post(f"/p/{token}", {"choice": [f"{newsletter.pk}-email"]})
    with scope(organisation=subscribed.organisation):
        assert ConsentEvent.objects.count() == 1


def test_a_purpose_with_double_opt_in_is_confirmed_by_the_link_to_that_address_only(
    subscribed: Contact, newsletter: Purpose
) -> None:
    careful = new_purpose(newsletter.organisation, "careful", double_opt_in=True)
    token = make_token(LinkTarget(newsletter.organisation_id, subscribed.pk, newsletter.pk, "email"))
    chosen = [f"{newsletter.pk}-email", f"{careful.pk}-email", f"{careful.pk}-sms"]
    Client().post(f"/p/{token}", {"choice": chosen})
    assert status_of(subscribed, careful) == "granted"
    assert status_of(subscribed, careful, "sms") == "unconfirmed"


def test_one_button_stops_everything_on_every_channel(
    token: str, subscribed: Contact, newsletter: Purpose, offers: Purpose
) -> None:
    choose(subscribed, newsletter, "grant", channel="sms")
    Client().post(f"/p/{token}", {"choice": [f"{newsletter.pk}-email"], "stop": "all"})
    assert status_of(subscribed, newsletter) == "withdrawn"
    assert status_of(subscribed, newsletter, "sms") == "withdrawn"
    assert status_of(subscribed, offers) == "objected"


def test_a_choice_that_is_not_offered_does_nothing(token: str, subscribed: Contact, newsletter: Purpose) -> None:
    hidden = new_purpose(newsletter.organisation, "hidden", public=False)
    chosen = [f"{newsletter.pk}-email", f"{hidden.pk}-email", "1", "x-y", f"{newsletter.pk}-pigeon"]
    assert Client().post(f"/p/{token}", {"choice": chosen}).status_code == 200
    assert status_of(subscribed, hidden) is None


def test_why_says_where_the_address_comes_from(token: str, subscribed: Contact) -> None:
    with scope(organisation=subscribed.organisation):
        file = Import.objects.create(
            organisation=subscribed.organisation,
            file="imports/x.csv",
            file_name="x.csv",
            file_size=1,
            file_digest=b"x",
            origin_name="Salon du livre",
            collected_by="Acme Events",
            collected_on=date(2026, 2, 3),
            created_at=timezone.now(),
        )
        Contact.objects.filter(pk=subscribed.pk).update(source_import=file, origin="partner", language="en")
    page = page_of(f"/w/{token}")
    assert "Salon du livre" in page
    assert "Acme Events" in page
    assert "A partner" in page
    assert "Feb" in page
    assert "Consent" in page
    assert f'action="/u/{token}"' in page
    assert "artin" not in page


def test_the_page_is_only_read(token: str) -> None:
    assert Client().post(f"/w/{token}").status_code == 405


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("--a\r\n", "multipart/form-data; boundary="),
        ("&".join(f"choice{number}=x" for number in range(2001)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_nobody_could_have_sent_is_refused(
    token: str, subscribed: Contact, newsletter: Purpose, body: str, content_type: str
) -> None:
    response = Client().generic("POST", f"/p/{token}", body, content_type)
    assert response.status_code == 400
    assert "<h1" in response.content.decode()
    assert status_of(subscribed, newsletter) == "granted"


def test_nobody_agrees_to_words_that_changed_behind_the_page(
    token: str, subscribed: Contact, newsletter: Purpose, offers: Purpose
) -> None:
    """C-06: the text kept as evidence is the one that was on the page."""
    subscribed.language = "en"
    subscribed.save()
    shown = re.findall(r'name="shown" value="([^"]+)"', page_of(f"/p/{token}"))
    with scope(organisation=subscribed.organisation):
        update_purpose(
            actor=Actor.system(subscribed.organisation),
            purpose=newsletter,
            changes={"description": "Every day, with partners."},
            materiality=Materiality(answer=True, reason="Partners are new."),
        )
    switches = [f"{newsletter.pk}-email", f"{newsletter.pk}-sms"]
    sent = {"choice": switches, "renewed": switches[:1], "shown": shown, "save": "1"}
    answer = Client().post(f"/p/{token}", sent).content.decode()
    assert "was reworded while this page was open" in answer
    assert status_of(subscribed, newsletter, "sms") is None
    assert status_of(subscribed, newsletter) == "granted"
    assert status_of(subscribed, offers) == "objected"  # its switch was off: a no is never held back
    sent["shown"] = re.findall(r'name="shown" value="([^"]+)"', answer)
    Client().post(f"/p/{token}", sent)
    assert status_of(subscribed, newsletter, "sms") == "granted"
