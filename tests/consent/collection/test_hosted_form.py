"""The sign-up form at its own address: read, filled in, sent; with and without script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from consent.collection.actions import close_point, update_point
from consent.collection.models import CollectionPoint, FormVersion, SignUp
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.mail.models import OutgoingMail
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.suppression.actions import suppress
from tests.consent.choices import choose, new_purpose, status_of
from tests.consent.collection.forms import delivered, link_in, new_notice, new_point, opened, path_of, press, send

pytestmark = pytest.mark.django_db


def nothing_is_recorded() -> bool:
    with scopes_disabled():
        return not (SignUp.objects.exists() or OutgoingMail.objects.exists() or ConsentEvent.objects.exists())


def test_the_form_shows_who_asks_what_for_and_the_notice_with_every_box_empty(point: CollectionPoint) -> None:
    response = Client(headers={"Accept-Language": "fr"}).get(path_of(point))
    page = response.content.decode()
    assert response.status_code == 200
    assert "Notre lettre" in page
    assert "Acme" in page
    assert "Acme est responsable du traitement." in page
    assert "retirer" in page  # that agreeing can be taken back is said before the choice (C-06)
    assert 'name="choice" value="newsletter-email"' in page
    assert "checked" not in page
    assert not response.cookies
    assert "script-src" not in response["Content-Security-Policy"]


def test_reading_the_form_changes_nothing(point: CollectionPoint) -> None:
    for method in ("get", "head"):
        assert getattr(Client(), method)(path_of(point)).status_code == 200
    assert nothing_is_recorded()


def test_a_sign_up_makes_no_contact_and_keeps_no_address_in_the_clear(
    point: CollectionPoint, acme: Organisation
) -> None:
    response = send(point)
    assert response.status_code == 200
    assert "Look into your mailbox" in response.content.decode()
    with scope(organisation=acme):
        sign_up = SignUp.objects.get()
        assert not Contact.objects.exists()
    assert sign_up.state == "waiting"
    assert b"nina" not in bytes(sign_up.payload or b"")
    assert (sign_up.expires_at - sign_up.created_at) == timedelta(days=7)


def test_the_answer_is_the_same_whoever_has_the_address(
    point: CollectionPoint, acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    choose(ada, newsletter, "grant")
    choose(ben, newsletter, "object")
    with scope(organisation=acme):
        suppress(actor=Actor.system(acme), organisation=acme, addresses=["sam@mail.example"], channel="email")
    addresses = [ada.email, ben.email, "sam@mail.example", "new@mail.example"]
    answers = [send(point, email=address) for address in addresses]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert [message.to for message in delivered()] == [[address] for address in addresses]


def test_a_mailbox_is_not_filled_by_others(point: CollectionPoint) -> None:
    answers = [send(point) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert len(delivered()) == 3


def test_without_script_the_form_waits_ten_seconds_and_keeps_what_was_written(
    point: CollectionPoint, acme: Organisation
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fields = opened(point, solve=False)
        refused = send(point, fields=fields)
        page = refused.content.decode()
        assert refused.status_code == 422
        assert "wait ten seconds" in page
        assert 'value="nina@mail.example"' in page
        assert 'value="newsletter-email" checked' in page
        assert nothing_is_recorded()
        from tests.consent.collection.forms import hidden

        again = {name: hidden(page, name) for name in ("token", "lang", "ticket")}
        assert send(point, fields=again).status_code == 422
        assert nothing_is_recorded()
        clock.shift(10)
        assert send(point, fields=again).status_code == 200
    with scope(organisation=acme):
        assert SignUp.objects.count() == 1


def test_a_ticket_of_patience_counts_once(point: CollectionPoint, acme: Organisation) -> None:
    from tests.consent.collection.forms import hidden

    with time_machine.travel(timezone.now(), tick=False) as clock:
        page = send(point, fields=opened(point, solve=False)).content.decode()
        fields = {name: hidden(page, name) for name in ("token", "lang", "ticket")}
        clock.shift(10)
        assert send(point, fields=fields).status_code == 200
        assert send(point, fields=fields, email="other@mail.example").status_code == 409
    with scope(organisation=acme):
        assert SignUp.objects.count() == 1


def test_a_solved_challenge_counts_once_and_a_double_click_does_no_harm(
    point: CollectionPoint, acme: Organisation
) -> None:
    fields = opened(point)
    assert send(point, fields=fields).status_code == 200
    assert send(point, fields=fields).status_code == 200
    assert send(point, fields=fields, email="other@mail.example").status_code == 409
    with scope(organisation=acme):
        assert SignUp.objects.count() == 1


@pytest.mark.parametrize("altcha", ["", "nonsense", "e30=", "W10="])
def test_without_the_calculation_nothing_is_recorded(point: CollectionPoint, altcha: str) -> None:
    assert send(point, fields={**opened(point, solve=False), "altcha": altcha}).status_code == 422
    assert nothing_is_recorded()


def test_a_challenge_of_another_form_does_not_count(point: CollectionPoint, acme: Organisation) -> None:
    other = new_point(acme, new_purpose(acme, "other"), key="other")
    fields = {**opened(point), "altcha": opened(other)["altcha"]}
    assert send(point, fields=fields).status_code == 422
    assert nothing_is_recorded()


def test_who_fills_in_the_hidden_field_is_thanked_and_forgotten(point: CollectionPoint) -> None:
    response = send(point, website="https://robot.example")
    assert response.content == send(point, email="else@mail.example").content
    with scopes_disabled():
        assert SignUp.objects.count() == 1


def test_a_form_that_changed_meanwhile_is_shown_anew_with_what_was_written(
    point: CollectionPoint, acme: Organisation, newsletter: Purpose
) -> None:
    fields = opened(point)
    with scope(organisation=acme):
        Purpose.objects.filter(pk=newsletter.pk).update(description="Every day.")
    response = send(point, fields=fields)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Every day." in page
    assert 'value="nina@mail.example"' in page
    assert "checked" not in page
    assert nothing_is_recorded()
    with scope(organisation=acme):
        assert FormVersion.objects.count() == 2


def test_a_new_version_of_the_notice_makes_a_new_version_of_the_form(
    point: CollectionPoint, acme: Organisation
) -> None:
    new_notice(acme, "en", number=2, text="Acme is the controller, and Bolt sends for it.")
    page = Client(headers={"Accept-Language": "en"}).get(path_of(point)).content.decode()
    assert "Bolt sends for it" in page
    with scope(organisation=acme):
        assert FormVersion.objects.count() == 2


def test_a_page_open_for_more_than_a_day_is_shown_anew(point: CollectionPoint) -> None:
    fields = opened(point)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert send(point, fields=fields).status_code == 409
    assert nothing_is_recorded()


def test_a_form_pasted_into_a_page_leads_to_ours_with_the_address_kept_and_nothing_chosen(
    point: CollectionPoint,
) -> None:
    response = send(point, fields={})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="nina@mail.example"' in page
    assert "Acme is the controller." in page
    assert "checked" not in page
    assert nothing_is_recorded()


def test_what_another_site_sends_in_our_name_is_shown_on_our_page_first(point: CollectionPoint) -> None:
    values = {**opened(point), "email": "nina@mail.example", "choice": ["newsletter-email"]}
    response = Client(headers={"Sec-Fetch-Site": "cross-site"}).post(path_of(point), values)
    assert response.status_code == 422
    assert "checked" not in response.content.decode()
    assert nothing_is_recorded()


def test_the_same_address_over_and_over_is_recorded_a_few_times_only(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(acme, newsletter, double_opt_in=False)
    assert {send(point).status_code for _ in range(5)} == {200}
    with scope(organisation=acme):
        assert ConsentEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": ""}, "This is needed."),
        ({"email": "nobody"}, "This is not an e-mail address."),
        ({"choice": []}, "Choose at least one thing."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(point: CollectionPoint, given: dict[str, Any], said: str) -> None:
    response = send(point, **given)
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert re.search(r'<a href="#f-(email|choices)">(E-mail address|What do you agree to\?)</a>', page)
    assert nothing_is_recorded()


def test_a_choice_the_form_does_not_offer_is_refused_kindly(point: CollectionPoint, acme: Organisation) -> None:
    new_purpose(acme, "secret")
    response = send(point, choice=["secret-email"])
    assert response.status_code == 422
    assert 'value="nina@mail.example"' in response.content.decode()
    assert nothing_is_recorded()


def test_a_closed_form_says_so(point: CollectionPoint, acme: Organisation) -> None:
    fields = opened(point)
    with scope(organisation=acme):
        close_point(actor=Actor.system(acme), point=point)
    assert Client().get(path_of(point)).status_code == 410
    assert send(point, fields=fields).status_code == 410
    assert nothing_is_recorded()


def test_a_draft_is_not_to_be_found(acme: Organisation, newsletter: Purpose) -> None:
    draft = new_point(acme, newsletter, publish=False)
    assert Client().get(path_of(draft)).status_code == 404


def test_what_is_edited_shows_only_once_it_is_published(point: CollectionPoint, acme: Organisation) -> None:
    with scope(organisation=acme):
        update_point(actor=Actor.system(acme), point=point, changes={"texts": {"en": {"title": "Half-baked"}}})
    assert "Half-baked" not in Client().get(path_of(point)).content.decode()


def test_only_allowed_sites_may_frame_the_form(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(acme, newsletter, origins=["https://www.acme.example"])
    policy = Client().get(path_of(point))["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://www.acme.example" in policy


def test_without_double_opt_in_the_agreement_is_recorded_at_once(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(acme, newsletter, double_opt_in=False)
    assert send(point).status_code == 200
    with scope(organisation=acme):
        contact = Contact.objects.get(email_key="nina@mail.example")
        event = ConsentEvent.objects.get()
    assert status_of(contact, newsletter) == "granted"
    assert (event.action, event.collection_point_id, event.notice_version) == ("grant", point.pk, "signup/1/en")
    assert delivered() == []


def test_without_double_opt_in_who_has_said_no_must_still_confirm(
    acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    choose(ada, newsletter, "withdraw")
    point = new_point(acme, newsletter, double_opt_in=False)
    assert send(point, email=ada.email).content == send(point, email="new@mail.example").content
    assert status_of(ada, newsletter) == "withdrawn"
    (message,) = delivered()
    press(link_in(message))
    assert status_of(ada, newsletter) == "granted"


def test_a_no_is_kept_for_whom_we_know_and_enters_nobody(acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    point = new_point(acme, newsletter, asking="yes_no")
    said = {"choice": [], "answer.newsletter-email": "no"}
    assert send(point, email=ada.email, **said).status_code == 200
    assert send(point, email="new@mail.example", **said).status_code == 200
    assert status_of(ada, newsletter) == "refused"
    with scope(organisation=acme):
        assert Contact.objects.count() == 1
    assert delivered() == []


def test_a_no_of_somebody_else_ends_no_agreement(acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    choose(ada, newsletter, "grant")
    point = new_point(acme, newsletter, asking="yes_no")
    send(point, email=ada.email, choice=[], **{"answer.newsletter-email": "no"})
    assert status_of(ada, newsletter) == "granted"


def test_a_phone_is_asked_for_sms_and_says_so(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(
        acme,
        newsletter,
        choices=[{"purpose": "newsletter", "channel": "email"}, {"purpose": "newsletter", "channel": "sms"}],
        fields=[{"name": "phone", "justification": "To send you text messages."}],
        double_opt_in=False,
    )
    chosen = {"choice": ["newsletter-sms"]}
    assert "we need your number" in send(point, **chosen).content.decode()
    assert send(point, phone="06 12 34 56 78", **chosen).status_code == 200
    with scope(organisation=acme):
        contact = Contact.objects.get()
    assert contact.phone == "+33612345678"
    assert status_of(contact, newsletter, "sms") == "granted"
    assert status_of(contact, newsletter) is None


def test_the_words_the_dpo_approved_are_shown_where_they_name_the_right_channel(acme: Organisation) -> None:
    mail_only, both = new_purpose(acme, "mail", channels=["email"]), new_purpose(acme, "both")
    choices = [{"purpose": "mail", "text": "Write to me."}, {"purpose": "both", "text": "By e-mail and SMS."}]
    new_notice(acme, "en", form={"summary": "Acme asks, and you may stop at any time.", "choices": choices})
    point = new_point(acme, mail_only, both, languages=["en"])
    page = Client(headers={"Accept-Language": "en"}).get(path_of(point)).content.decode()
    assert "Acme asks, and you may stop at any time." in page
    assert "Write to me." in page
    assert "By e-mail and SMS." not in page
    assert "I want to receive “Both” by e-mail." in page


def test_each_purpose_speaks_the_language_of_the_form_and_says_what_is_special(acme: Organisation) -> None:
    texts = {"fr": {"name": "La lettre", "description": "Un mardi sur deux."}}
    letter = new_purpose(acme, "letter", texts=texts)
    opens = new_purpose(acme, "opens", kind="tracking")
    health = new_purpose(acme, "health", special_category=True, explicit_wording="Y compris mes allergies.")
    point = new_point(acme, letter, opens, health)
    page = Client(headers={"Accept-Language": "fr"}).get(path_of(point)).content.decode()
    assert "« La lettre »".replace(" ", "\u00a0") in page.replace(" ", "\u00a0")
    assert "Un mardi sur deux." in page
    assert "Y compris mes allergies." in page
    assert "Je souhaite recevoir «\u00a0Opens" not in page


def test_evidence_says_what_was_shown_when_and_from_where(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(acme, newsletter, double_opt_in=False)
    send(point, lang="fr")
    with scope(organisation=acme):
        event = ConsentEvent.objects.select_related("evidence").get()
        version = FormVersion.objects.get()
    assert event.evidence is not None
    proof = open_evidence(event.evidence)
    assert proof["form_digest"] == bytes(version.digest).hex()
    assert bytes(event.notice_digest or b"").hex() == proof["notice_digest"]
    assert proof["notice"] == "signup/1/fr"
    assert "Newsletter" in proof["text"]
    assert (proof["language"], proof["preselected"], proof["ip"]) == ("fr", "nothing", "127.0.0.1")
    assert proof["url"] == "https://acme.example/blog"
    assert proof["served_at"] <= proof["submitted_at"]


def test_an_answer_that_broke_on_our_side_can_be_sent_again(
    point: CollectionPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = opened(point)
    with monkeypatch.context() as broken:
        broken.setattr("consent.collection.signing_up.ask_to_confirm", lambda **_values: 1 / 0)
        assert send(point, fields=fields).status_code == 500
    assert send(point, fields=fields).status_code == 200
    assert [message.to for message in delivered()] == [["nina@mail.example"]]
