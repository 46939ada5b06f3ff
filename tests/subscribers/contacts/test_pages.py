from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from portal.ui.csv_files import safe_cell
from subscribers.contacts.models import Contact, TagName
from subscribers.fields.models import Field
from tests.people import LONG_AGO, client_of, new_contact

LIST = "/o/acme/contacts/"


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


def test_the_list_shows_our_people_and_nobody_elses(
    browser: Client, ada: Contact, ben: Contact, ada_elsewhere: Contact
) -> None:
    page = browser.get(LIST)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Ada Martin" in text and "Ben Schmidt" in text
    assert text.count("Ada Martin") == 1


@pytest.mark.parametrize(
    "query", ["q=martin", "q=0612345678", "q=C-1001", "q=ada.m", "country=FR&language=fr", "origin=own_form&country=FR"]
)
def test_search_and_filters_are_kept_in_the_address(browser: Client, ada: Contact, ben: Contact, query: str) -> None:
    text = browser.get(f"{LIST}?{query}").content.decode()
    assert "Ada Martin" in text and "Ben Schmidt" not in text


def test_a_tag_can_be_filtered_by(browser: Client, acme: Organisation, ada: Contact, ben: Contact) -> None:
    with scopes_disabled():
        TagName.objects.create(organisation=acme, name="vip")
    text = browser.get(f"{LIST}?tag=vip").content.decode()
    assert "Ada Martin" in text and "Ben Schmidt" not in text


@pytest.mark.parametrize("sort", ["id", "-id", "name_key", "-name_key", "email_key", "-email_key"])
def test_pages_go_through_everybody_once_in_any_order(browser: Client, acme: Organisation, sort: str) -> None:
    people = {
        new_contact(acme, f"p{number}@example.org", last_name=name).pk
        for number, name in enumerate(["Zed", "abel", "", "Ézé", "Abel"] * 12)
    }
    seen: list[int] = []
    url = f"{LIST}?sort={sort}&size=25"
    while url:
        listing = browser.get(url).context["listing"]
        seen += [row.pk for row in listing.rows]
        url = listing.next_url
    assert len(seen) == len(people) and set(seen) == people


def test_the_list_keeps_its_query_count(browser: Client, acme: Organisation, ada: Contact) -> None:
    browser.get(LIST)
    with CaptureQueriesContext(connection) as few:
        browser.get(LIST)
    for number in range(60):
        new_contact(acme, f"p{number}@example.org")
    with CaptureQueriesContext(connection) as many:
        browser.get(LIST)
    assert len(few) == len(many)


def test_an_empty_list_says_what_to_do(browser: Client, acme: Organisation) -> None:
    assert "No contacts yet" in browser.get(LIST).content.decode()


def test_one_person_is_shown_with_everything(browser: Client, acme: Organisation, ada: Contact) -> None:
    with scopes_disabled():
        Field.objects.create(
            organisation=acme, key="points", label="Points", type="number", justification="x", created_at=LONG_AGO
        )
        Contact.objects.filter(pk=ada.pk).update(attributes={"points": 31337})
    text = browser.get(f"{LIST}{ada.pk}/").content.decode()
    for expected in ("Ada Martin", "Ada.Martin@example.org", "+33612345678", "C-1001", "31337", "Timeline"):
        assert expected in text, expected


def test_a_person_of_another_organisation_is_not_there(
    browser: Client, acme: Organisation, ada_elsewhere: Contact
) -> None:
    assert browser.get(f"{LIST}{ada_elsewhere.pk}/").status_code == 404


def test_a_member_enters_a_person_by_hand(browser: Client, acme: Organisation) -> None:
    answer = browser.post(f"{LIST}new/", {"email": "Zoe@Example.org", "first_name": "Zoé", "tags": "a, b"})
    with scopes_disabled():
        made = Contact.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"{LIST}{made.pk}/"
    assert (made.origin, made.tags) == ("staff", ["a", "b"])


def test_what_is_wrong_is_told_at_its_field(browser: Client, acme: Organisation) -> None:
    with scopes_disabled():
        Field.objects.create(
            organisation=acme, key="points", label="Points", type="number", justification="x", created_at=LONG_AGO
        )
    answer = browser.post(f"{LIST}new/", {"email": "nobody", "attributes.points": "many"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"email", "attributes.points"}


def test_a_person_is_edited(browser: Client, ada: Contact) -> None:
    form = browser.get(f"{LIST}{ada.pk}/edit/").context["form"]
    given = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    answer = browser.post(f"{LIST}{ada.pk}/edit/", {**given, "first_name": "Adèle", "phone": ""})
    assert answer.status_code == 302
    with scopes_disabled():
        ada.refresh_from_db()
    assert (ada.first_name, ada.phone, ada.external_id, ada.tags) == ("Adèle", None, "C-1001", ["vip"])


def test_a_seed_is_made_by_a_button(browser: Client, ada: Contact) -> None:
    assert browser.get(f"{LIST}{ada.pk}/seed/").status_code == 405
    browser.post(f"{LIST}{ada.pk}/seed/", {"seed": "1"})
    with scopes_disabled():
        assert Contact.objects.get(pk=ada.pk).seed
    assert "Ada Martin" in browser.get(f"{LIST}?seed=1").content.decode()


def test_a_download_is_safe_complete_and_audited(
    dpo: User, acme: Organisation, ada: Contact, ben: Contact, ada_elsewhere: Contact
) -> None:
    new_contact(acme, "evil@example.org", first_name="=HYPERLINK(1)", last_name="@x")
    answer = client_of(dpo).get(f"{LIST}contacts.csv?country=&q=")
    text = b"".join(answer).decode()
    lines = text.removeprefix("\ufeff").splitlines()
    assert len(lines) == 4
    assert "'=HYPERLINK(1)" in text and "'@x" in text and ",+33612345678," in text
    assert answer["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    assert AuditEntry.objects.get(action="contact.exported").user_id == dpo.pk


def test_a_marketer_may_look_but_not_download_everybody(browser: Client, ada: Contact) -> None:
    assert browser.get(f"{LIST}contacts.csv").status_code == 403
    assert "contacts.csv" not in browser.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("value", "cell"),
    [("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-2", "-2"), ("+336", "+336"), (" @a", "' @a"), (None, ""), (3.5, "3.5")],
)
def test_a_cell_is_never_a_formula(value: Any, cell: str) -> None:
    assert safe_cell(value) == cell
