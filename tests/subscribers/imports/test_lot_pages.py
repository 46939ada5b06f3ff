"""Pages about an import that has ended: the undo, the sample, the recall."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportSample
from subscribers.imports.pages import lot_page, lot_views
from subscribers.imports.passport.rules import Declaration
from tests.people import client_of
from tests.subscribers.imports.files import imported

pytestmark = pytest.mark.django_db
PEOPLE = "email;name\nada@example.org;Ada\nben@example.org;Ben\n"
BOUGHT = Declaration(origin_kind="bought", origin_name="Listing", collected_by="Seller", basis="consent")


@pytest.fixture
def browser(owner: User) -> Client:
    return client_of(owner)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def lot(organisation: Organisation, **values: Any) -> tuple[Import, str]:
    with scope(organisation=organisation):
        source = imported(organisation, PEOPLE, **values)
    return source, f"/o/acme/imports/{source.pk}/"


def again(source: Import) -> Import:
    with scope(organisation=source.organisation):
        return Import.objects.select_related("undo_job", "delete_job").get(pk=source.pk)


def test_an_undo_is_told_in_numbers_typed_and_done(browser: Client, acme: Organisation) -> None:
    from subscribers.imports.undo.running import execute_undo

    source, page = lot(acme)
    assert "29 days left" in text_of(browser.get(page))
    told = text_of(browser.get(f"{page}undo/"))
    assert "People removed" in told
    assert "Type <code>2</code>" in told
    assert browser.post(f"{page}undo/", {"confirmation": "7"}).status_code == 422
    assert again(source).undo_job is None
    assert browser.post(f"{page}undo/", {"confirmation": "2"}).url == page
    assert "Undoing" in text_of(browser.get(page))
    job = again(source).undo_job
    assert job is not None
    run_job(job.pk, execute_undo)
    told = text_of(browser.get(page))
    assert "This import was undone." in told
    assert "Undo…" not in told
    with scope(organisation=acme):
        assert not Contact.objects.exists()
    assert browser.get(f"{page}undo/").status_code == 409
    assert b"".join(browser.get(f"{page}left.csv").streaming_content).startswith(b"contact,reason")  # type: ignore[attr-defined]


def test_an_undo_is_no_longer_offered_when_its_time_is_over(browser: Client, acme: Organisation) -> None:
    source, page = lot(acme)
    with scope(organisation=acme):
        Import.objects.update(finished_at=source.finished_at - timedelta(days=31))
    assert "The time in which this import could be undone is over" in text_of(browser.get(page))
    assert browser.get(f"{page}undo/").status_code == 409


def test_a_sample_is_checked_bit_by_bit_and_releases(browser: Client, acme: Organisation) -> None:
    source, page = lot(acme, declaration=BOUGHT)
    assert "In quarantine" in text_of(browser.get(page))
    told = text_of(browser.get(f"{page}quarantine/"))
    assert "ada@example.org" in told
    answer = browser.post(f"{page}quarantine/", {"verdict_2": "proven", "note_2": "Form of March"})
    assert answer.url == f"{page}quarantine/"
    told = text_of(browser.get(answer.url))
    assert "Form of March" in told
    assert "Rows still to be checked: 1." in told
    answer = browser.post(f"{page}quarantine/", {"verdict_2": "proven", "verdict_3": "proven"})
    assert answer.url == page
    assert again(source).state == "done"
    assert "may be written to" in text_of(browser.get(page))


def test_a_row_without_proof_is_confirmed_for_good(browser: Client, acme: Organisation) -> None:
    source, page = lot(acme, declaration=BOUGHT)
    given = {"verdict_2": "unproven"}
    answer = browser.post(f"{page}quarantine/", given)
    assert answer.status_code == 422
    assert "Confirm that this is final" in text_of(answer)
    with scope(organisation=acme):
        assert not ImportSample.objects.exclude(verdict="").exists()
    browser.post(f"{page}quarantine/", {**given, "final": "on"})
    assert again(source).state == "quarantined"
    with scope(organisation=acme):
        assert ImportSample.objects.filter(verdict="unproven").count() == 1


def test_the_dashboard_names_the_lists_that_wait_for_their_sample(browser: Client, acme: Organisation) -> None:
    assert "No bought or partner list waits" in text_of(browser.get("/o/acme/"))
    source, page = lot(acme, declaration=BOUGHT)
    told = text_of(browser.get("/o/acme/"))
    assert "1 bought or partner list waits" in told
    assert f"{page}quarantine/" in told
    with scope(organisation=acme):
        Import.objects.filter(pk=source.pk).update(frozen_at=source.finished_at)
    assert f"{page}quarantine/" not in text_of(browser.get("/o/acme/"))


def test_a_marketer_sees_the_sample_and_cannot_judge_it(acme: Organisation, marketer: User) -> None:
    _source, page = lot(acme, declaration=BOUGHT)
    browser = client_of(marketer)
    told = text_of(browser.get(f"{page}quarantine/"))
    assert "An owner or the DPO checks the sample." in told
    assert 'type="radio"' not in told
    assert browser.post(f"{page}quarantine/", {"verdict_2": "proven"}).status_code == 403


def test_a_lot_is_frozen_thawed_and_deleted(browser: Client, acme: Organisation) -> None:
    source, page = lot(acme)
    recall = f"{page}recall/"
    assert "Nobody of this lot was handed off." in text_of(browser.get(recall))
    assert browser.post(f"{recall}freeze/", {"reason": " "}).status_code == 422
    browser.post(f"{recall}freeze/", {"reason": "The seller has no proof."})
    told = text_of(browser.get(recall))
    assert "The seller has no proof." in told
    assert "2 people are erased." in told
    assert "This lot is frozen" in text_of(browser.get(page))
    browser.post(f"{recall}unfreeze/")
    assert again(source).frozen_at is None
    browser.post(f"{recall}freeze/", {"reason": "Again"})
    assert browser.post(f"{recall}inform/").url == recall
    assert browser.post(f"{recall}delete/", {"confirmation": "no"}).status_code == 422
    browser.post(f"{recall}delete/", {"confirmation": "2"})
    assert again(source).delete_job is not None
    assert "The lot is being deleted." in text_of(browser.get(recall))


def test_nothing_waits_for_a_large_lot_to_be_counted(
    browser: Client, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def counting(name: str) -> None:
        count = getattr(lot_views, name)
        monkeypatch.setattr(lot_views, name, lambda source: counted.append(name) or count(source))

    counting("undo_preview")
    counting("recall_report")
    monkeypatch.setattr(lot_page, "COUNTED_AT_ONCE", 1)
    source, page = lot(acme)
    assert "Undo the import" in text_of(browser.get(f"{page}undo/"))
    assert "Freeze the lot" in text_of(browser.get(f"{page}recall/"))
    browser.post(f"{page}recall/freeze/", {"reason": "The seller has no proof."})
    assert again(source).frozen_at is not None
    assert "Delete the lot" in text_of(browser.get(f"{page}recall/"))
    assert counted == []
    for path, told, name in (
        ("undo/", "People removed", "undo_preview"),
        ("recall/", "2 people are erased.", "recall_report"),
    ):
        asked = text_of(browser.get(f"{page}{path}", headers={"HX-Request": "true"}))
        assert told in asked
        assert "<html" not in asked
        assert told in text_of(browser.get(f"{page}{path}?counted"))
        assert counted == [name] * 2
        counted.clear()


def test_a_marketer_freezes_and_lifts_nothing(acme: Organisation, marketer: User) -> None:
    source, page = lot(acme)
    browser = client_of(marketer)
    browser.post(f"{page}recall/freeze/", {"reason": "Doubts"})
    assert again(source).frozen_at is not None
    assert browser.post(f"{page}recall/unfreeze/").status_code == 403
    assert "Lift the freeze" not in text_of(browser.get(f"{page}recall/"))


@pytest.mark.parametrize(
    "path", ["undo/", "left.csv", "quarantine/", "recall/", "recall/delete/", "outcomes/created.csv"]
)
def test_another_organisation_finds_nothing(acme: Organisation, stranger: User, path: str) -> None:
    _source, page = lot(acme)
    browser = client_of(stranger)
    assert browser.get(f"{page}{path}").status_code == 404
    assert browser.get(f"{page.replace('acme', 'other')}{path}").status_code == 404
