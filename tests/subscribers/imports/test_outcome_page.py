"""Step 4: what would happen is shown with examples of each kind of row, each of which can be downloaded."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override
from django_scopes import scope

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.passport.rules import Declaration
from subscribers.suppression.actions import suppress
from tests.consent.choices import choose, new_purpose
from tests.people import LONG_AGO, client_of, new_contact
from tests.portal.api.conftest import bearer, member_token
from tests.subscribers.imports.files import imported

pytestmark = pytest.mark.django_db
PEOPLE = (
    "email;prénom;city\n"
    "ada@example.org;Ada;Köln\n"
    "ben@example.org;Ben;\n"
    "stop@example.org;Stop;\n"
    "new@gmial.com;New;Lyon\n"
    "NEW@gmial.com;New;Lyon\n"
    "info@firm.example;;\n"
    "bad;;\n"
)


@pytest.fixture
def source(acme: Organisation) -> Import:
    """A dry run of people of every kind."""
    new_contact(acme, "ada@example.org", first_name="Ava")
    new_contact(acme, "ben@example.org", first_name="Ben")
    with scope(organisation=acme):
        Field.objects.create(
            organisation=acme, key="city", label="Town", type="text", justification="x", created_at=LONG_AGO
        )
        suppress(actor=Actor.system(acme), organisation=acme, addresses=["stop@example.org"], channel="email")
        return imported(acme, PEOPLE, update_rule="overwrite", dry_run=True)


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_examples_of_each_kind_are_shown_in_words(browser: Client, source: Import) -> None:
    page = text_of(browser.get(f"/o/acme/imports/{source.pk}/"))
    for words in ("New people", "Known people with new values", "Known people, nothing new", "Repeated in the file"):
        assert words in page
    assert "<del>Ava</del>" in page
    assert "<td>Town</td>" in page
    assert "Entered by a member" in page
    assert "stop@example.org" not in page


def test_slips_are_shown_with_what_was_meant(browser: Client, source: Import) -> None:
    page = text_of(browser.get(f"/o/acme/imports/{source.pk}/"))
    assert "<del>gmial.com</del>" in page
    assert "gmail.com" in page
    assert "Addresses of a role, not of a person" in page


def test_each_kind_is_downloaded_and_noted(browser: Client, acme: Organisation, source: Import) -> None:
    answer: Any = browser.get(f"/o/acme/imports/{source.pk}/outcomes/updated.csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "first_name,Ava,Ada" in content
    assert answer["Content-Disposition"] == f'attachment; filename="import-{source.pk}-updated.csv"'
    with scope(organisation=acme):
        entry = AuditEntry.objects.get(action="import.outcome_downloaded")
    assert entry.details == {"category": "updated", "rows": 1}
    for unknown in ("would_resubscribe", "nothing"):
        assert browser.get(f"/o/acme/imports/{source.pk}/outcomes/{unknown}.csv").status_code == 404


def test_the_same_is_told_over_the_api(acme: Organisation, marketer: User, source: Import) -> None:
    api = bearer(member_token(marketer, acme))
    told = api.get(f"/api/v1/imports/{source.pk}").json()
    assert told["outcomes"] == {"created": 2, "updated": 1, "unchanged": 1, "duplicate": 1, "suppressed": 1}
    assert told["flagged_domains"]["gmial.com"]["suggestion"] == "gmail.com"
    assert "many_overwritten" in told["risks"]
    file = api.get(f"/api/v1/imports/{source.pk}/outcomes/suppressed.csv")
    assert b"stop@example.org" not in b"".join(file.streaming_content)
    assert api.get(f"/api/v1/imports/{source.pk}/outcomes/nothing.csv").status_code == 404


def test_who_said_no_is_shown_and_typed(browser: Client, acme: Organisation) -> None:
    ada = new_contact(acme, "ada@example.org")
    with scope(organisation=acme):
        choose(ada, new_purpose(acme), "refuse")
        declaration = Declaration(
            origin_kind="own_form",
            origin_name="Form",
            collected_by="Acme",
            basis="consent",
            collected_on=LONG_AGO.date(),
            consents=[{"purpose": "newsletter", "channel": "email"}],
            evidence_note="The form.",
        )
        source = imported(acme, "email\nada@example.org\n", declaration=declaration, dry_run=True)
    page = text_of(browser.get(f"/o/acme/imports/{source.pk}/"))
    assert "Said no, and the file claims they agreed" in page
    assert "1 person said no, and the file claims that they agreed" in page
    assert "Type <code>1</code>" in page


def test_why_a_row_is_rejected_is_told_in_the_reader_s_language(
    acme: Organisation, marketer: User, ada: Contact, ben: Contact
) -> None:
    """Whatever the language of the organisation; also in the file, which is sent when the request has ended."""
    content = "email,phone,age\nbad,,\nBen@example.net,+33 6 12 34 56 78,\n"
    with scope(organisation=acme):
        source = imported(acme, content)
    sentences = {
        "en": ["email: This is not an e-mail address", f"e-mail: contact {ben.pk}; phone: contact {ada.pk}."],
        "fr": ["email\u00a0: Ce n'est pas une adresse e-mail", f"téléphone\u00a0: contact {ada.pk}."],
    }
    for language, expected in sentences.items():
        browser = client_of(marketer)
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        page = html.unescape(browser.get(f"/o/acme/imports/{source.pk}/").content.decode())
        file = b"".join(browser.get(f"/o/acme/imports/{source.pk}/rejects.csv").streaming_content).decode()
        for sentence in expected:
            assert sentence in page
            assert sentence in file


def test_a_rejected_row_of_before_keeps_its_sentence(in_acme: Organisation) -> None:
    """Rows from before the reader's language counted hold it whole; an unknown one is shown as it is."""
    for code, detail in (("invalid_email", "email: Not an address."), ("identities_conflict", "Two contacts: 1, 2.")):
        assert ImportReject(code=code, detail=detail).sentence == detail
    with override("fr"):
        assert ImportReject(code="future_date", column="when").sentence.startswith("when\u00a0: Cette date")
