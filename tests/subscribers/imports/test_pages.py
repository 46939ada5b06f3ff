"""The pages of imports: a file, its columns, its origin, the dry run, the import."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.models import Import
from tests.people import client_of
from tests.subscribers.imports.files import csv_upload, imported

PEOPLE = "courriel;prénom;pointure\nada@example.org;Ada;38\nbad;Ben;\n"
ORIGIN = {"kind": "own_form", "name": "Newsletter form", "collected_by": "Acme", "basis": "consent"}


@pytest.fixture
def browser(marketer: User) -> Client:
    return client_of(marketer)


def newest(organisation: Organisation) -> Import:
    with scope(organisation=organisation):
        return Import.objects.select_related("job").latest("pk")


def run(source: Import) -> None:
    assert source.job_id is not None
    run_job(source.job_id, running.execute_import, on_failure=running.fail_import, on_cancel=running.stop_import)


@pytest.mark.django_db
def test_a_file_goes_through_its_steps(browser: Client, acme: Organisation) -> None:
    answer = browser.post("/o/acme/imports/new/", {"file": csv_upload(PEOPLE)})
    source = newest(acme)
    base = f"/o/acme/imports/{source.pk}/"
    assert answer.url == f"{base}reading/"
    page = browser.get(answer.url).content.decode()
    assert "ada@example.org" in page
    assert '<option value="first_name" selected>' in page

    form = {"encoding": "utf-8", "delimiter": ";", "update_rule": "fill", "column_0": "email", "column_1": "last_name"}
    answer = browser.post(f"{base}reading/", form)
    assert answer.url == f"{base}origin/"
    assert "Newsletter" not in browser.get(answer.url).content.decode().split("<form")[-1].split("value=")[0]

    answer = browser.post(answer.url, {**ORIGIN, "kind": ""})
    assert answer.status_code == 200
    answer = browser.post(f"{base}origin/", ORIGIN)
    assert answer.url == base
    assert "hx-get" in browser.get(base).content.decode()
    assert "<html" not in browser.get(base, headers={"HX-Request": "true"}).content.decode()

    run(newest(acme))
    page = browser.get(base).content.decode()
    assert "This was a dry run" in page
    assert "invalid_email" in page
    with scope(organisation=acme):
        assert not Contact.objects.exists()

    browser.post(f"{base}start/")
    run(newest(acme))
    page = browser.get(base).content.decode()
    assert "This was a dry run" not in page
    assert "pointure" in page
    with scope(organisation=acme):
        assert Contact.objects.get().last_name == "Ada"
    rejects = browser.get(f"{base}rejects.csv")
    assert b"bad" in b"".join(rejects.streaming_content)
    assert "people.csv" in browser.get("/o/acme/imports/").content.decode()


@pytest.mark.django_db
def test_a_file_read_wrongly_is_read_again(browser: Client, acme: Organisation) -> None:
    browser.post("/o/acme/imports/new/", {"file": csv_upload("email;city\na@x.example;Łódź\n".encode("cp1250"))})
    source = newest(acme)
    form = {"encoding": "cp1250", "delimiter": ";", "update_rule": "fill", "anew": "1"}
    answer = browser.post(f"/o/acme/imports/{source.pk}/reading/", form)
    assert answer.url.endswith("/reading/")
    assert "Łódź" in browser.get(answer.url).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 x", b"city\nLyon\n"])
def test_a_file_that_cannot_be_read_is_told_on_the_form(browser: Client, acme: Organisation, content: bytes) -> None:
    answer = browser.post("/o/acme/imports/new/", {"file": csv_upload(content)})
    assert answer.status_code == 200
    with scope(organisation=acme):
        assert not Import.objects.exists()


@pytest.mark.django_db
def test_columns_that_name_nobody_are_told_on_the_form(browser: Client, acme: Organisation) -> None:
    browser.post("/o/acme/imports/new/", {"file": csv_upload("city;zip\nLyon;69000\n")})
    source = newest(acme)
    form = {"encoding": "utf-8", "delimiter": ";", "update_rule": "fill"}
    answer = browser.post(f"/o/acme/imports/{source.pk}/reading/", form)
    assert "No column holds" in answer.content.decode()


@pytest.mark.django_db
def test_an_import_that_has_run_cannot_be_started_again(browser: Client, acme: Organisation) -> None:
    with scope(organisation=acme):
        source = imported(acme, PEOPLE)
    assert browser.post(f"/o/acme/imports/{source.pk}/start/").status_code == 409
    for page in ("reading", "origin"):
        assert browser.get(f"/o/acme/imports/{source.pk}/{page}/").status_code == 409


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["", "reading/", "origin/", "rejects.csv"])
def test_another_organisation_finds_nothing(acme: Organisation, stranger: User, page: str) -> None:
    with scope(organisation=acme):
        source = imported(acme, PEOPLE)
    browser = client_of(stranger)
    assert browser.get(f"/o/acme/imports/{source.pk}/{page}").status_code == 404
    assert browser.get(f"/o/other/imports/{source.pk}/{page}").status_code == 404


@pytest.mark.django_db
def test_a_viewer_sees_counts_and_no_rows_to_take(acme: Organisation, viewer: User) -> None:
    with scope(organisation=acme):
        source = imported(acme, PEOPLE)
    browser = client_of(viewer)
    page: Any = browser.get(f"/o/acme/imports/{source.pk}/")
    assert page.status_code == 200
    assert "rejects.csv" not in page.content.decode()
    assert browser.get(f"/o/acme/imports/{source.pk}/rejects.csv").status_code == 403
    assert browser.get("/o/acme/imports/new/").status_code == 403
