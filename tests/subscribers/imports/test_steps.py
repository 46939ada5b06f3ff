"""The four steps in detail: pasted rows, fields made in place, the passport of a bought list, the typed word."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.imports.models import Import, ImportDocument, SavedMapping
from tests.people import client_of, new_contact
from tests.subscribers.imports.files import csv_upload, imported
from tests.subscribers.imports.test_pages import ORIGIN, newest, run

pytestmark = pytest.mark.django_db
PEOPLE = "courriel;prénom;pointure\nada@example.org;Ada;38\nben@example.org;Ben;41\n"
READING = {"encoding": "utf-8", "delimiter": ";", "update_rule": "fill", "column_0": "email", "column_1": "first_name"}
BOUGHT = {**ORIGIN, "kind": "bought", "collected_by": "Seller", "partners": "Zebre\nAcme SAS"}
NEW_FIELD = {"new-label": "Shoe size", "new-key": "shoe", "new-type": "number", "new-justification": "Shoes that fit."}


def pdf() -> SimpleUploadedFile:
    return SimpleUploadedFile("form.pdf", b"%PDF-1.7")


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


@pytest.fixture
def uploaded(browser: Client, acme: Organisation) -> str:
    """The address of an import that has just been uploaded."""
    browser.post("/o/acme/imports/new/", {"file": csv_upload(PEOPLE)})
    return f"/o/acme/imports/{newest(acme).pk}/"


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_rows_can_be_pasted(browser: Client, acme: Organisation) -> None:
    answer = browser.post("/o/acme/imports/new/", {"pasted": "email\tname\nada@example.org\tAda\n"})
    source = newest(acme)
    assert answer.url == f"/o/acme/imports/{source.pk}/reading/"
    assert (source.delimiter, source.columns) == ("\t", ["email", "name"])


def test_nothing_chosen_is_told(browser: Client) -> None:
    assert "Choose a file, or paste some rows." in text_of(browser.post("/o/acme/imports/new/", {"pasted": " "}))


def test_a_field_is_declared_in_place_and_keeps_what_was_chosen(
    browser: Client, acme: Organisation, uploaded: str
) -> None:
    chosen = {**READING, "column_1": "last_name", "update_rule": "skip", "column_2": "new"}
    page = text_of(browser.post(f"{uploaded}reading/", chosen))
    assert 'name="new-key" value="pointure"' in page
    assert '<option value="number" selected>' in page
    page = text_of(browser.post(f"{uploaded}reading/", {**chosen, **NEW_FIELD, "create_field": "2"}))
    assert '<option value="attributes.shoe" selected>' in page
    assert '<option value="last_name" selected>' in page
    with scope(organisation=acme):
        assert Field.objects.get().justification == "Shoes that fit."


def test_a_field_without_a_reason_is_refused_in_place(browser: Client, acme: Organisation, uploaded: str) -> None:
    given = {**READING, **NEW_FIELD, "new-justification": " ", "create_field": "2"}
    page = text_of(browser.post(f"{uploaded}reading/", given))
    assert 'aria-invalid="true"' in page
    assert 'name="new-key" value="shoe"' in page
    with scope(organisation=acme):
        assert not Field.objects.exists()


def test_a_column_number_that_is_none_opens_nothing(browser: Client, uploaded: str) -> None:
    for number in ("99", "none", "-1", "²"):
        answer = browser.post(f"{uploaded}reading/", {**READING, "field_for": number})
        assert answer.status_code == 200
        assert "new-key" not in text_of(answer)


def test_a_bought_list_needs_the_form_and_the_partners(browser: Client, acme: Organisation, uploaded: str) -> None:
    answer = browser.post(f"{uploaded}origin/", {**BOUGHT, "partners": ""})
    page = text_of(answer)
    assert "There is no picture of the form" in page
    assert "The list of partners that these people saw is missing" in page
    assert newest(acme).job_id is None
    answer = browser.post(f"{uploaded}origin/", {**BOUGHT, "form_snapshot": pdf()})
    assert answer.url == uploaded
    with scope(organisation=acme):
        assert ImportDocument.objects.get().kind == "form_snapshot"
    assert newest(acme).warnings == []


def test_a_document_stays_attached_when_something_else_is_missing(
    browser: Client, acme: Organisation, uploaded: str
) -> None:
    answer = browser.post(f"{uploaded}origin/", {**BOUGHT, "basis": "consent", "partners": "", "form_snapshot": pdf()})
    assert "form.pdf" in text_of(answer)
    assert "There is no picture of the form" not in text_of(answer)
    with scope(organisation=acme):
        document = ImportDocument.objects.get()
    browser.post(f"{uploaded}documents/{document.pk}/remove/")
    with scope(organisation=acme):
        assert not ImportDocument.objects.exists()


def test_several_proofs_come_at_once_and_a_wrong_one_is_told(
    browser: Client, acme: Organisation, uploaded: str
) -> None:
    proofs = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.exe", b"two")]
    page = text_of(browser.post(f"{uploaded}origin/", {**ORIGIN, "proofs": proofs}))
    assert "Send documents as PDF" in page
    with scope(organisation=acme):
        assert [document.name for document in ImportDocument.objects.all()] == ["a.txt"]


def test_our_name_missing_in_the_list_is_said_before_the_import(
    browser: Client, acme: Organisation, uploaded: str
) -> None:
    browser.post(f"{uploaded}origin/", {**BOUGHT, "partners": "Zebre, Yack", "form_snapshot": pdf()})
    run(newest(acme))
    assert "was not found in the list of partners" in text_of(browser.get(uploaded))


def test_a_risky_import_is_typed(browser: Client, acme: Organisation, uploaded: str) -> None:
    browser.post(f"{uploaded}origin/", {**BOUGHT, "form_snapshot": pdf()})
    run(newest(acme))
    page = text_of(browser.get(uploaded))
    assert "Somebody else collected these people" in page
    assert f'action="{uploaded}start/"' in page
    assert "Type <code>2</code>" in text_of(browser.get(f"{uploaded}start/"))
    assert browser.post(f"{uploaded}start/").status_code == 422
    assert browser.post(f"{uploaded}start/", {"confirmation": "3"}).status_code == 422
    assert newest(acme).dry_run is True
    assert browser.post(f"{uploaded}start/", {"confirmation": "2"}).url == uploaded
    run(newest(acme))
    assert newest(acme).state == "quarantined"


def test_an_import_without_risk_asks_nothing(browser: Client, acme: Organisation, uploaded: str) -> None:
    browser.post(f"{uploaded}origin/", ORIGIN)
    run(newest(acme))
    assert "Type <code>" not in text_of(browser.get(uploaded))
    assert browser.post(f"{uploaded}start/").url == uploaded


def test_overwriting_a_tenth_of_all_is_a_risk(browser: Client, acme: Organisation, uploaded: str) -> None:
    new_contact(acme, "ada@example.org", first_name="Ava")
    browser.post(f"{uploaded}reading/", {**READING, "update_rule": "overwrite"})
    browser.post(f"{uploaded}origin/", ORIGIN)
    run(newest(acme))
    assert "The values of 1 known person are overwritten" in text_of(browser.get(uploaded))


def test_a_known_file_is_recognised_and_forgotten(browser: Client, acme: Organisation) -> None:
    with scope(organisation=acme):
        imported(acme, PEOPLE, mapping={"courriel": "email", "prénom": "last_name", "pointure": None})
        saved = SavedMapping.objects.get()
    browser.post("/o/acme/imports/new/", {"file": csv_upload(PEOPLE)})
    source = newest(acme)
    assert source.mapping["prénom"] == "last_name"
    page = text_of(browser.get(f"/o/acme/imports/{source.pk}/reading/"))
    assert "You have imported such a file before" in page
    assert "as last time" in page
    page = text_of(browser.get(f"/o/acme/imports/{source.pk}/origin/"))
    assert '<option value="own_form" selected>' in page
    assert "Newsletter form" in text_of(browser.get("/o/acme/imports/mappings/"))
    browser.post(f"/o/acme/imports/mappings/{saved.pk}/forget/")
    with scope(organisation=acme):
        assert not SavedMapping.objects.exists()


def test_an_import_is_paused_and_resumed(browser: Client, acme: Organisation, uploaded: str) -> None:
    browser.post(f"{uploaded}origin/", ORIGIN)
    browser.post(f"{uploaded}pause/")
    page = text_of(browser.get(uploaded))
    assert "Resume" in page
    assert newest(acme).job.state == "paused"
    browser.post(f"{uploaded}resume/")
    assert newest(acme).job.state == "queued"
    assert "Pause" in text_of(browser.get(uploaded))
    with scope(organisation=acme):
        actions = set(AuditEntry.objects.filter(organisation=acme).values_list("action", flat=True))
    assert {"import.paused", "import.resumed"} <= actions


def test_an_ended_import_is_not_paused(browser: Client, acme: Organisation) -> None:
    with scope(organisation=acme):
        source = imported(acme, PEOPLE)
    assert browser.post(f"/o/acme/imports/{source.pk}/pause/").status_code == 409


def test_a_document_is_saved_and_never_shown(browser: Client, acme: Organisation, uploaded: str) -> None:
    page = SimpleUploadedFile("saved page.html", b"<script>alert(1)</script>")
    browser.post(f"{uploaded}origin/", {**ORIGIN, "proofs": page})
    with scope(organisation=acme):
        document = ImportDocument.objects.get()
    answer = browser.get(f"{uploaded}documents/{document.pk}/")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="saved page.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_nobody_is_imported_by_a_dry_run(browser: Client, acme: Organisation, uploaded: str) -> None:
    browser.post(f"{uploaded}origin/", ORIGIN)
    run(newest(acme))
    with scope(organisation=acme):
        assert not Contact.objects.exists()
        assert Import.objects.get().dry_run


def test_an_export_of_mailchimp_is_recognised_and_its_kind_asked(browser: Client, acme: Organisation) -> None:
    content = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID\nada@example.org,Ada,2,,1,x\n"
    browser.post("/o/acme/imports/new/", {"file": csv_upload(content)})
    source = newest(acme)
    address = f"/o/acme/imports/{source.pk}/reading/"
    page = text_of(browser.get(address))
    assert "This is an export of Mailchimp" in page
    assert "this one does not say which" in page
    given = {"preset": "mailchimp_unsubscribed", "update_rule": "fill", "column_0": "email"}
    browser.post(address, given)
    source = newest(acme)
    assert (source.preset, "preset" in source.doubts) == ("mailchimp_unsubscribed", False)
    assert "is never written to here" in text_of(browser.get(address))


def test_a_column_of_known_name_says_so_and_one_by_its_values_too(browser: Client, acme: Organisation) -> None:
    browser.post("/o/acme/imports/new/", {"file": csv_upload("contact;prénom\nada@example.org;Ada\n" * 1)})
    page = text_of(browser.get(f"/o/acme/imports/{newest(acme).pk}/reading/"))
    assert "by its values" in page
    assert "by its name" in page


def test_a_sensitive_column_is_stopped_with_a_way_out(browser: Client, acme: Organisation) -> None:
    browser.post("/o/acme/imports/new/", {"file": csv_upload("email;religion\nada@example.org;Jedi\n")})
    source = newest(acme)
    address = f"/o/acme/imports/{source.pk}/reading/"
    assert "This column looks sensitive" in text_of(browser.get(address))
    given = {"encoding": "utf-8", "delimiter": ";", "update_rule": "fill", "column_0": "email", "column_1": "tags"}
    answer = browser.post(address, given)
    assert answer.status_code == 200
    assert 'id="id_column_1_error"' in text_of(answer)
    answer = browser.post(address, {**given, "cleared_1": "The name of a film club."})
    assert answer.url.endswith("/origin/")
    assert newest(acme).cleared == {"religion": "The name of a film club."}


def test_the_order_of_dates_is_asked_once(browser: Client, acme: Organisation) -> None:
    content = "email;date d'inscription\nada@example.org;03/04/2026\nben@example.org;05/06/2026\n"
    browser.post("/o/acme/imports/new/", {"file": csv_upload(content)})
    source = newest(acme)
    address = f"/o/acme/imports/{source.pk}/reading/"
    assert "The dates can be read in two ways" in text_of(browser.get(address))
    given = {"encoding": "utf-8", "delimiter": ";", "update_rule": "fill", "column_0": "email"}
    assert "say which comes first" in text_of(browser.post(address, {**given, "date_order": ""}))
    assert browser.post(address, {**given, "date_order": "mdy"}).url.endswith("/origin/")
    assert (newest(acme).date_order, newest(acme).doubts) == ("mdy", [])
    assert "The dates can be read in two ways" not in text_of(browser.get(address))
