"""What each basis demands, where purposes stand to each other, and what is carried from one to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from consent.gate import check
from consent.models import ConsentEvent, Purpose
from consent.purposes.actions import PurposeValues, create_purpose, update_purpose
from consent.purposes.ages import age_limit, country_age
from consent.purposes.errors import (
    ExplicitConsentRequiredError,
    InvalidParentError,
    ReasonRequiredError,
    SoftOptInFactsRequiredError,
    TrackingExistsError,
    TrackingNeedsConsentError,
)
from consent.purposes.rules import shortcomings
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import BALANCE, FACTS, NOW, choose, new_purpose, status_of
from tests.people import Api, actor_of, api_of, client_of, new_contact

pytestmark = pytest.mark.django_db
SOFT = PurposeValues(name="Offers", basis="soft_opt_in", channels=["email"])
LEAST = {"key": "offers", "name": "Offers", "basis": "soft_opt_in", "channels": ["email"]}


@pytest.fixture
def api(owner: User, in_acme: Organisation) -> Api:
    return api_of(owner, in_acme)


def test_the_least_body_of_the_contract_is_taken_and_told_what_it_lacks(api: Api) -> None:
    created = api.post("/purposes", LEAST)
    assert created.status_code == 201
    body = created.json()
    assert body["missing"] == [f"soft_opt_in.{name}" for name in list(FACTS)[:5]]
    assert {found["code"] for found in body["warnings"]} == {"soft_opt_in_facts_required", "retention_required"}
    assert (body["kind"], body["texts"], body["soft_opt_in"]) == (
        "message",
        {"en": {"name": "Offers", "description": ""}},
        None,
    )


def test_facts_that_are_sent_must_all_be_there(api: Api) -> None:
    """B-03."""
    facts = {**FACTS, "sale": " ", "same_legal_person": False}
    refused = api.post("/purposes", {**LEAST, "soft_opt_in": facts})
    assert (refused.status_code, refused.json()["code"]) == (422, "soft_opt_in_facts_required")
    assert [problem["loc"] for problem in refused.json()["errors"]] == [
        ["soft_opt_in", "sale"],
        ["soft_opt_in", "same_legal_person"],
    ]
    complete = api.post("/purposes", {**LEAST, "soft_opt_in": FACTS})
    assert (complete.status_code, complete.json()["missing"], complete.json()["soft_opt_in"]) == (201, [], FACTS)


def test_the_page_refuses_soft_opt_in_without_its_facts(in_acme: Organisation, dpo: User) -> None:
    form = {**LEAST, "ask_again_after_days": "182"}
    browser = client_of(dpo)
    refused = browser.post("/o/acme/purposes/new/", form)
    assert refused.status_code == 422
    assert "On which sale or service it was collected." in refused.content.decode()
    facts = {name: "on" if value is True else value for name, value in FACTS.items() if value}
    assert browser.post("/o/acme/purposes/new/", {**form, **facts}).status_code == 302
    assert Purpose.objects.get().soft_opt_in == FACTS


def test_a_free_account_as_a_sale_needs_a_written_reason(api: Api) -> None:
    """B-04."""
    refused = api.post("/purposes", {**LEAST, "soft_opt_in": {**FACTS, "free_accounts": True}})
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_required")


def test_the_balance_of_interests_is_demanded_and_grows_old(in_acme: Organisation, api: Api) -> None:
    """B-05, B-06."""
    body = {**LEAST, "basis": "legitimate_interest"}
    assert api.post("/purposes", body).json()["missing"] == ["balance.date", "balance.author", "balance.summary"]
    changed = api.patch("/purposes/offers", {"balance": {"date": "2026-05-04", "author": "Ada", "document": "LIA-7"}})
    assert (changed.status_code, changed.json()["missing"]) == (200, [])
    assert changed.json()["balance"]["document"] == "LIA-7"
    offers = Purpose.objects.get()
    codes = {
        day: {found.code for found in shortcomings(offers, today=day)} for day in (date(2027, 5, 4), date(2027, 5, 5))
    }
    assert "balance_old" not in codes[date(2027, 5, 4)]
    assert {"balance_old", "profession_note_required"} <= codes[date(2027, 5, 5)]


def test_a_balance_of_tomorrow_is_refused(api: Api) -> None:
    balance = {**BALANCE, "date": "2999-01-01"}
    refused = api.post("/purposes", {**LEAST, "basis": "legitimate_interest", "balance": balance})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["balance", "date"])


def test_a_legal_obligation_is_a_basis(api: Api) -> None:
    """B-01."""
    created = api.post("/purposes", {**LEAST, "basis": "legal_obligation"})
    assert (created.status_code, created.json()["basis"]) == (201, "legal_obligation")


def test_calls_to_consumers_are_warned_of(api: Api) -> None:
    """B-08."""
    created = api.post("/purposes", {**LEAST, "channels": ["phone"], "soft_opt_in": FACTS})
    assert "phone_needs_consent" in {found["code"] for found in created.json()["warnings"]}


def test_special_categories_need_explicit_consent(in_acme: Organisation, dpo: User) -> None:
    """C-14."""
    actor = actor_of(dpo, in_acme)
    health = replace(SOFT, special_category=True, explicit_wording="Use what I said about my allergies.")
    with pytest.raises(ExplicitConsentRequiredError):
        create_purpose(actor=actor, key="health", values=health)
    with pytest.raises(ExplicitConsentRequiredError):
        create_purpose(actor=actor, key="health", values=replace(health, basis="consent", explicit_wording=" "))
    assert create_purpose(actor=actor, key="health", values=replace(health, basis="consent")).special_category


def test_a_purpose_is_shown_below_another_on_one_level_only(in_acme: Organisation, dpo: User) -> None:
    actor = actor_of(dpo, in_acme)
    top, child = new_purpose(in_acme, "news"), new_purpose(in_acme, "sport")
    update_purpose(actor=actor, purpose=child, changes={"parent": "news"})
    for purpose, parent in ((top, "news"), (top, "sport"), (new_purpose(in_acme, "cycling"), "sport"), (child, "none")):
        with pytest.raises(InvalidParentError):
            update_purpose(actor=actor, purpose=purpose, changes={"parent": parent})
    page = client_of(dpo).get("/o/acme/purposes/").content.decode()
    assert page.index(">News<") < page.index(">Sport<")
    assert "below News" in page


def test_there_is_one_tracking_purpose_and_it_stands_on_consent(in_acme: Organisation, dpo: User) -> None:
    """B-09."""
    actor = actor_of(dpo, in_acme)
    tracking = replace(SOFT, name="Opens", kind="tracking", basis="consent")
    with pytest.raises(TrackingNeedsConsentError):
        create_purpose(actor=actor, key="opens", values=replace(tracking, basis="soft_opt_in", soft_opt_in=FACTS))
    create_purpose(actor=actor, key="opens", values=tracking)
    with pytest.raises(TrackingExistsError):
        create_purpose(actor=actor, key="clicks", values=tracking)


def test_who_said_no_to_what_it_replaces_has_objected_from_the_start(
    in_acme: Organisation, dpo: User, ada: Contact, ben: Contact
) -> None:
    """B-14: on another basis nobody is written to who had left."""
    newsletter = new_purpose(in_acme)
    cleo, dora = new_contact(in_acme, "cleo@example.org"), new_contact(in_acme, "dora@example.org")
    for contact, action in ((ada, "withdraw"), (ben, "refuse"), (cleo, "object"), (dora, "grant")):
        choose(contact, newsletter, action)
    choose(dora, newsletter, "withdraw", channel="sms")
    actor = actor_of(dpo, in_acme)
    values = replace(SOFT, soft_opt_in=FACTS)
    with pytest.raises(ReasonRequiredError):
        create_purpose(actor=actor, key="offers", values=values, replaces="newsletter")
    offers = create_purpose(
        actor=actor, key="offers", values=values, replaces="newsletter", replaces_reason="We sell now.", now=NOW
    )
    everybody = [ada.pk, ben.pk, cleo.pk, dora.pk]
    assert check(in_acme, offers, "email", everybody, now=NOW).allowed == [dora.pk]
    assert {status_of(contact, offers) for contact in (ada, ben, cleo)} == {"objected"}
    carried = ConsentEvent.objects.filter(purpose=offers)
    assert {(event.action, event.source, event.source_reference) for event in carried} == {
        ("object", "system", "purpose:newsletter")
    }
    assert status_of(ada, newsletter) == "withdrawn"


def test_more_than_a_chunk_is_carried_over(
    in_acme: Organisation, dpo: User, ada: Contact, ben: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent.renewal.writing.CHUNK", 1)
    newsletter = new_purpose(in_acme)
    for contact in (ada, ben):
        for channel in ("email", "sms"):
            choose(contact, newsletter, "withdraw", channel=channel)
    values = replace(SOFT, channels=["email", "sms"], soft_opt_in=FACTS)
    offers = create_purpose(
        actor=actor_of(dpo, in_acme), key="offers", values=values, replaces="newsletter", replaces_reason="We sell now."
    )
    assert ConsentEvent.objects.filter(purpose=offers, action="object").count() == 4


def test_the_page_of_a_purpose_says_what_is_missing(in_acme: Organisation, viewer: User) -> None:
    new_purpose(in_acme, "offers", basis="soft_opt_in", soft_opt_in={**FACTS, "sale": ""})
    browser = client_of(viewer)
    assert "Facts are missing" in browser.get("/o/acme/purposes/").content.decode()
    page = browser.get("/o/acme/purposes/offers/").content.decode()
    assert "On which sale or service it was collected." in page
    assert "/edit/" not in page


def test_an_error_of_the_page_names_soft_opt_in(in_acme: Organisation, dpo: User) -> None:
    with pytest.raises(SoftOptInFactsRequiredError) as refused:
        create_purpose(actor=actor_of(dpo, in_acme), key="offers", values=SOFT, complete=True)
    assert {problem.loc[0] for problem in refused.value.errors} == {"soft_opt_in"}


@pytest.mark.parametrize(
    ("country", "values", "age"),
    [
        ("FR", {}, 15),
        ("fr", {}, 15),
        ("BE", {}, 13),
        ("DE", {}, 16),
        ("XX", {}, 16),
        ("FR", {"basis": "contract"}, 0),
        ("FR", {"basis": "contract", "age_limit": 18}, 18),
        ("FR", {"age_limit": 0}, 0),
    ],
)
def test_the_age_is_the_purposes_own_or_that_of_the_country(country: str, values: dict[str, Any], age: int) -> None:
    """K-01."""
    purpose: Any = SimpleNamespace(**{"basis": "consent", "age_limit": None, **values})
    assert age_limit(country, purpose) == age


@pytest.mark.parametrize(("country", "age"), [("DK", 15), ("LI", 16), ("NO", 13), ("CY", 14), ("SI", 15), ("US", 16)])
def test_the_age_of_a_country_is_that_of_its_law(country: str, age: int) -> None:
    """Those that changed, or that are easily taken for another's."""
    assert country_age(country) == age


def test_article_8_leaves_no_country_outside_13_to_16() -> None:
    from consent.purposes.ages import AGES

    assert {country_age(code) for code in AGES} <= {13, 14, 15, 16}
