"""Imports over HTTP."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.models import Import
from tests.portal.api.conftest import bearer, member_token
from tests.subscribers.imports.files import csv_upload, imported

pytestmark = pytest.mark.django_db
ORIGIN = {"kind": "own_form", "name": "Newsletter form", "collected_by": "Acme", "collected_on": "2025-11-01"}
PEOPLE = "email;prénom;pointure\nada@example.org;Ada;38\nbad;=1+1;\n"


@pytest.fixture
def api(marketer: User, acme: Organisation) -> Client:
    return bearer(member_token(marketer, acme))


def post(api: Client, content: str | bytes = PEOPLE, **options: Any) -> Any:
    given = {"origin": ORIGIN, "basis": "consent", **options}
    return api.post("/api/v1/imports", {"file": csv_upload(content), "options": json.dumps(given)})


def run(import_id: str, organisation: Organisation) -> None:
    with scope(organisation=organisation):
        job = Job.objects.get(target_id=import_id)
    run_job(job.pk, running.execute_import, on_failure=running.fail_import, on_cancel=running.stop_import)


def test_a_file_is_taken_and_told_about(api: Client, acme: Organisation) -> None:
    answer = post(api)
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["state"], told["encoding"], told["delimiter"]) == ("uploaded", "utf-8", ";")
    assert told["mapping"] == {"email": "email", "prénom": "first_name", "pointure": None}
    assert told["dropped_columns"] == ["pointure"]
    run(told["id"], acme)
    told = api.get(f"/api/v1/imports/{told['id']}").json()
    assert (told["state"], told["progress"], told["error"]) == ("done", 1.0, None)
    assert told["rows"] == {
        "read": 2, "created": 1, "updated": 0, "unchanged": 0, "rejected": 1, "duplicate": 0, "suppressed": 0,
    }  # fmt: skip
    assert told["rejects_by_code"] == {"invalid_email": 1}
    assert api.get("/api/v1/imports").json()["items"][0]["id"] == told["id"]


def test_rejected_rows_come_back_as_a_harmless_file(api: Client, acme: Organisation) -> None:
    import_id = post(api).json()["id"]
    run(import_id, acme)
    answer = api.get(f"/api/v1/imports/{import_id}/rejects.csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(content))) == [
        {
            "email": "bad", "prénom": "'=1+1", "pointure": "", "line": "3", "code": "invalid_email",
            "detail": "email: This is not an e-mail address: write it as ada@example.org.",
        }
    ]  # fmt: skip
    with scope(organisation=acme):
        assert AuditEntry.objects.filter(action="import.rejects_downloaded").count() == 1


@pytest.mark.parametrize(
    ("options", "loc"),
    [
        ({"origin": None}, ["options", "origin"]),
        ({"origin": {**ORIGIN, "kind": "found"}}, ["options", "origin", "kind"]),
        ({"basis": None}, ["options", "basis"]),
        ({"mapping": {"email": "shoe"}}, ["options", "mapping", "email"]),
        ({"unknown": 1}, ["options", "unknown"]),
        ({"origin": {**ORIGIN, "collected_on": "0001-01-01"}}, ["options", "origin", "collected_on"]),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, ["options", "occurred_at"]),
        ({"encoding": "a\x00"}, ["options", "encoding"]),
        ({"consents": [{"purpose": "news", "channel": "email"}]}, ["options", "evidence_note"]),
    ],
)
def test_options_that_lack_something_are_refused_with_the_place(
    api: Client, options: dict[str, Any], loc: list[str]
) -> None:
    answer = post(api, **options)
    assert answer.status_code == 422
    assert loc in [problem["loc"] for problem in answer.json()["errors"]]


def test_options_that_are_no_json_are_refused(api: Client) -> None:
    answer = api.post("/api/v1/imports", {"file": csv_upload(PEOPLE), "options": "{"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7\n" + bytes(100), "binary_file"),
        (b"PK\x03\x04" + bytes(100), "broken_file"),
        (b"", "empty_file"),
        (b"city\nLyon\n", "no_identity_column"),
        (b",".join(b"c%d" % number for number in range(5000)), "too_many_columns"),
    ],
)
def test_files_that_cannot_be_read_get_a_code_and_leave_nothing(
    api: Client, acme: Organisation, content: bytes, code: str
) -> None:
    answer = post(api, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    with scope(organisation=acme):
        assert not Import.objects.exists()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "0001-01-01", "1899-12-30"])
def test_a_row_dated_before_its_time_is_rejected(api: Client, acme: Organisation, moment: str) -> None:
    content = f"email;date\nada@example.org;{moment}\n"
    import_id = post(api, content, mapping={"email": "email", "date": "consent.occurred_at"}).json()["id"]
    run(import_id, acme)
    told = api.get(f"/api/v1/imports/{import_id}").json()
    assert (told["state"], told["rejects_by_code"]) == ("done", {"invalid_date": 1})


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_that_cannot_be_read_is_a_problem(api: Client, kind: str) -> None:
    answer = api.generic("POST", "/api/v1/imports", b"--a\r\n", content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_file_over_the_limit_is_refused(api: Client, settings: Any) -> None:
    import dataclasses

    settings.ACCORD = dataclasses.replace(settings.ACCORD, upload_limit=10)
    assert post(api).status_code == 413


def test_another_organisation_sees_nothing(api: Client, other: Organisation, stranger: User) -> None:
    import_id = post(api).json()["id"]
    theirs = bearer(member_token(stranger, other))
    for path in (f"/api/v1/imports/{import_id}", f"/api/v1/imports/{import_id}/rejects.csv"):
        assert theirs.get(path).status_code == 404
    assert theirs.post(f"/api/v1/imports/{import_id}/cancel").status_code == 404
    assert theirs.get("/api/v1/imports").json()["items"] == []
    assert api.get("/api/v1/imports/x").status_code == 404


def test_a_token_without_the_scope_may_not(marketer: User, acme: Organisation) -> None:
    seeing = bearer(member_token(marketer, acme, Capability.IMPORTS_VIEW))
    assert post(seeing).status_code == 403
    assert seeing.get("/api/v1/imports").status_code == 200


def test_an_import_that_waits_is_cancelled_at_once(api: Client, acme: Organisation) -> None:
    import_id = post(api).json()["id"]
    assert api.post(f"/api/v1/imports/{import_id}/cancel").json()["state"] == "cancelled"
    assert api.post(f"/api/v1/imports/{import_id}/cancel").status_code == 409
    run(import_id, acme)
    with scope(organisation=acme):
        assert not Contact.objects.exists()


def test_an_import_that_runs_is_cancelled_at_its_next_checkpoint(
    api: Client, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK_ROWS", 10)
    monkeypatch.setattr(running, "BLOCK_BYTES", 200)
    content = "email\n" + "".join(f"p{number}@x.example\n" for number in range(100))
    import_id = post(api, content).json()["id"]
    taken: list[int] = []
    take = running.Merger.take

    def cancel_after_three(merger: running.Merger, chunk: Any) -> None:
        if len(taken) == 3:
            api.post(f"/api/v1/imports/{import_id}/cancel")
        taken.append(chunk.read)
        take(merger, chunk)

    monkeypatch.setattr(running.Merger, "take", cancel_after_three)
    run(import_id, acme)
    told = api.get(f"/api/v1/imports/{import_id}").json()
    assert told["state"] == "cancelled"
    assert told["rows"]["created"] == told["rows"]["read"] == sum(taken[:3])
    with scope(organisation=acme):
        assert Contact.objects.count() == sum(taken[:3])


def test_a_dry_run_tells_and_changes_nothing(api: Client, acme: Organisation) -> None:
    import_id = post(api, dry_run=True).json()["id"]
    run(import_id, acme)
    told = api.get(f"/api/v1/imports/{import_id}").json()
    assert (told["dry_run"], told["rows"]["created"]) == (True, 1)
    with scope(organisation=acme):
        assert not Contact.objects.exists()


def test_the_list_asks_the_same_queries_for_one_and_for_many(
    api: Client, acme: Organisation, django_assert_max_num_queries: Any
) -> None:
    with scope(organisation=acme):
        for number in range(5):
            imported(acme, f"email\np{number}@x.example\n")
    with django_assert_max_num_queries(6):
        assert len(api.get("/api/v1/imports").json()["items"]) == 5
