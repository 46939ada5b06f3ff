"""What a purpose said stays as it was: versions, what is material, and the page that shows them side by side."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import rfc8785
from django.db import IntegrityError, transaction

from consent.models import PurposeVersion
from consent.purposes.actions import Materiality, PurposeValues, create_purpose, update_purpose
from consent.purposes.errors import MaterialAnswerRequiredError, ReasonRequiredError
from consent.purposes.models import Purpose
from consent.purposes.pages import compared
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.people import actor_of, api_of, client_of

pytestmark = pytest.mark.django_db
VALUES = PurposeValues(name="Newsletter", basis="consent", channels=["email"], description="Each month.")


@pytest.fixture
def newsletter(in_acme: Organisation, dpo: User) -> Purpose:
    return create_purpose(actor=actor_of(dpo, in_acme), key="newsletter", values=VALUES)


def versions() -> list[PurposeVersion]:
    return list(PurposeVersion.objects.order_by("number"))


def test_the_first_version_is_kept_with_its_digest(newsletter: Purpose, dpo: User) -> None:
    (first,) = versions()
    assert (first.number, first.values["name"], first.values["channels"]) == (1, "Newsletter", ["email"])
    assert bytes(first.digest) == hashlib.sha256(rfc8785.dumps(first.values)).digest()
    assert first.created_by == actor_of(dpo, newsletter.organisation).reference


def test_a_change_makes_a_version_and_the_earlier_one_stays(newsletter: Purpose, dpo: User) -> None:
    actor = actor_of(dpo, newsletter.organisation)
    update_purpose(actor=actor, purpose=newsletter, changes={"description": "Each week."})
    newsletter.refresh_from_db()
    assert newsletter.version == 2
    assert [version.values["description"] for version in versions()] == ["Each month.", "Each week."]


def test_how_accord_goes_about_it_is_no_new_version(newsletter: Purpose, dpo: User) -> None:
    changes = {"public": False, "renew_before_days": 30, "ask_again_after_days": 90}
    update_purpose(actor=actor_of(dpo, newsletter.organisation), purpose=newsletter, changes=changes)
    assert len(versions()) == 1


def test_a_purpose_older_than_versions_gets_the_one_it_had(in_acme: Organisation, dpo: User) -> None:
    update_purpose(actor=actor_of(dpo, in_acme), purpose=new_purpose(in_acme), changes={"name": "News"})
    assert [(version.number, version.values["name"]) for version in versions()] == [(1, "Newsletter"), (2, "News")]


@pytest.mark.parametrize("change", [lambda v: v.save(), lambda v: v.delete()])
def test_the_database_lets_nobody_change_a_version(newsletter: Purpose, change: Any) -> None:
    (first,) = versions()
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        change(first)


def test_events_name_the_version_they_were_recorded_under(newsletter: Purpose, dpo: User, ada: Contact) -> None:
    from consent.models import ConsentEvent, ConsentState

    update_purpose(actor=actor_of(dpo, newsletter.organisation), purpose=newsletter, changes={"name": "News"})
    choose(ada, newsletter, "grant")
    assert ConsentEvent.objects.get().purpose_version == 2
    assert ConsentState.objects.get().purpose_version == 2


@pytest.mark.parametrize(
    ("changes", "material"),
    [
        ({"description": "Each month, and more."}, False),
        ({"recipients": ["Print House"]}, True),
        ({"data_categories": ["purchases"]}, True),
        ({"valid_for_days": 90}, False),
    ],
)
def test_new_data_and_recipients_are_material_by_themselves(
    newsletter: Purpose, dpo: User, changes: dict[str, Any], material: bool
) -> None:
    """C-10."""
    update_purpose(actor=actor_of(dpo, newsletter.organisation), purpose=newsletter, changes=changes)
    newsletter.refresh_from_db()
    assert versions()[-1].material is material
    assert (newsletter.material_version, newsletter.material_at is not None) == ((2, True) if material else (1, False))


def test_a_no_against_the_rule_of_thumb_needs_its_reason(newsletter: Purpose, dpo: User, ada: Contact) -> None:
    choose(ada, newsletter, "grant")
    actor = actor_of(dpo, newsletter.organisation)
    changes = {"recipients": ["Print House"]}
    with pytest.raises(ReasonRequiredError):
        update_purpose(actor=actor, purpose=newsletter, changes=changes, materiality=Materiality(False))
    said = Materiality(False, "It had been named in the notice all along.")
    update_purpose(actor=actor, purpose=newsletter, changes=changes, materiality=said)
    assert (versions()[-1].material, versions()[-1].reason) == (False, said.reason)


def test_the_page_asks_whether_it_is_material_once_people_have_chosen(
    newsletter: Purpose, dpo: User, ada: Contact
) -> None:
    browser = client_of(dpo)
    url = "/o/acme/purposes/newsletter/edit/"
    form = {"name": "News", "basis": "consent", "channels": ["email"], "ask_again_after_days": "182", "public": "on"}
    assert browser.post(url, form).status_code == 302
    choose(ada, newsletter, "grant")
    form = {**form, "name": "The news"}
    refused = browser.post(url, form)
    assert refused.status_code == 422
    assert str(MaterialAnswerRequiredError.title) in refused.content.decode()
    assert browser.post(url, {**form, "material": "no"}).status_code == 422
    assert browser.post(url, {**form, "material": "no", "material_reason": "Only shorter."}).status_code == 302
    assert versions()[-1].reason == "Only shorter."


def test_the_page_shows_two_versions_side_by_side(newsletter: Purpose, dpo: User) -> None:
    update_purpose(
        actor=actor_of(dpo, newsletter.organisation), purpose=newsletter, changes={"description": "Each week."}
    )
    page = client_of(dpo).get("/o/acme/purposes/newsletter/versions/").content.decode()
    assert "Each <del>month</del>." in page
    assert "Each <ins>week</ins>." in page
    page = client_of(dpo).get("/o/acme/purposes/newsletter/versions/?from=1&to=1").content.decode()
    assert "<ins>" not in page


def test_only_the_words_that_differ_are_marked() -> None:
    before, after = compared("Our news each month", "Our news each week")
    assert [(word.text, word.mark) for word in before] == [("Our news each ", ""), ("month", "del")]
    assert [(word.text, word.mark) for word in after] == [("Our news each ", ""), ("week", "ins")]


def test_the_api_lists_versions_newest_first(newsletter: Purpose, owner: User) -> None:
    api = api_of(owner, newsletter.organisation)
    changed = api.patch("/purposes/newsletter", {"recipients": ["Print House"], "material": True}).json()
    assert (changed["version"], changed["recipients"]) == (2, ["Print House"])
    found = api.get("/purposes/newsletter/versions").json()["items"]
    assert [(item["number"], item["material"]) for item in found] == [(2, True), (1, False)]
    assert found[0]["digest"] == bytes(versions()[-1].digest).hex()
