"""Over HTTP: documents, pausing, starting after a dry run, and what is done with a lot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.portal.api.conftest import bearer, member_token
from tests.subscribers.imports.files import csv_upload
from tests.subscribers.imports.test_api import ORIGIN, PEOPLE, post, run

pytestmark = pytest.mark.django_db
BOUGHT = {**ORIGIN, "kind": "bought", "collected_by": "Seller"}


@pytest.fixture
def api(owner: User, acme: Organisation) -> Client:
    return bearer(member_token(owner, acme))


def paper(name: str = "form.pdf", content: bytes = b"%PDF-1.7") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def told(api: Client, import_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/v1/imports/{import_id}").json()
    return found


def send(api: Client, import_id: str, what: str, body: Any = None) -> Any:
    return api.post(f"/api/v1/imports/{import_id}/{what}", json.dumps(body or {}), content_type="application/json")


def test_a_bought_list_without_its_passport_is_taken_with_warnings(api: Client) -> None:
    answer = post(api, origin=BOUGHT)
    assert answer.status_code == 202
    assert answer.json()["warnings"] == ["form_snapshot_missing", "partner_list_missing"]


def test_the_passport_comes_with_the_file(api: Client) -> None:
    options = {"origin": {**BOUGHT, "partners": "Zebre, Acme"}, "basis": "consent"}
    parts = {
        "file": csv_upload(PEOPLE),
        "options": json.dumps(options),
        "form_snapshot": paper(),
        "proofs": [paper("a.txt", b"one"), paper("b.eml", b"From: x")],
    }
    answer = api.post("/api/v1/imports", parts)
    assert answer.status_code == 202, answer.content
    assert answer.json()["warnings"] == []
    kinds = [(document["kind"], document["name"]) for document in answer.json()["documents"]]
    assert kinds == [("proof", "a.txt"), ("proof", "b.eml"), ("form_snapshot", "form.pdf")]


def test_a_document_that_is_none_refuses_the_whole(api: Client, acme: Organisation) -> None:
    options = json.dumps({"origin": ORIGIN, "basis": "consent"})
    answer = api.post("/api/v1/imports", {"file": csv_upload(PEOPLE), "options": options, "proofs": paper("x.exe")})
    assert (answer.status_code, answer.json()["code"]) == (422, "document_type")
    assert api.get("/api/v1/imports").json()["items"] == []


def test_documents_are_added_listed_taken_and_removed(api: Client) -> None:
    import_id = post(api, dry_run=True).json()["id"]
    address = f"/api/v1/imports/{import_id}/documents"
    answer = api.post(address, {"file": paper(), "kind": "partner_list"})
    assert answer.status_code == 201, answer.content
    document = answer.json()
    assert (document["kind"], document["media_type"], document["size"]) == ("partner_list", "application/pdf", 8)
    assert api.get(address).json()["items"] == [document]
    file = api.get(f"{address}/{document['id']}")
    assert b"".join(file.streaming_content) == b"%PDF-1.7"
    assert api.post(address, {"file": paper(), "kind": "rumour"}).status_code == 422
    assert api.delete(f"{address}/{document['id']}").json()["code"] == "import_started"


def test_a_dry_run_is_started_for_good(api: Client, acme: Organisation) -> None:
    import_id = post(api, dry_run=True).json()["id"]
    run(import_id, acme)
    assert send(api, import_id, "start").status_code == 202
    with scope(organisation=acme):
        assert not Contact.objects.exists()
    run_newest(import_id, acme)
    found = told(api, import_id)
    assert (found["state"], found["dry_run"], found["rows"]["created"]) == ("done", False, 1)
    assert send(api, import_id, "start").json()["code"] == "import_started"


def run_newest(import_id: str, acme: Organisation) -> None:
    from portal.jobs.models import Job
    from portal.jobs.running import run_job
    from subscribers.imports import ending, running

    with scope(organisation=acme):
        job = Job.objects.filter(target_id=import_id).latest("pk")
    run_job(job.pk, running.execute_import, on_failure=ending.fail_import, on_cancel=ending.stop_import)


def test_an_import_is_paused_and_resumed(api: Client, acme: Organisation) -> None:
    import_id = post(api).json()["id"]
    assert send(api, import_id, "pause").json()["state"] == "paused"
    assert send(api, import_id, "resume").json()["state"] == "uploaded"
    run(import_id, acme)
    assert told(api, import_id)["state"] == "done"
    assert send(api, import_id, "pause").json()["code"] == "import_ended"


def test_a_sample_is_told_and_releases(api: Client, acme: Organisation) -> None:
    import_id = post(api, origin=BOUGHT).json()["id"]
    run(import_id, acme)
    found = told(api, import_id)
    assert found["state"] == "quarantined"
    (row,) = found["sample"]
    assert (row["row"], row["verdict"], row["note"]) == (2, None, "")
    assert send(api, import_id, "release", {"checked": []}).json()["code"] == "sample_incomplete"
    checked = [{"row": 2, "verdict": "proven", "note": "Form of March"}]
    answer = send(api, import_id, "release", {"checked": checked})
    assert (answer.status_code, answer.json()["state"]) == (202, "done")
    assert answer.json()["released_at"] is not None


def test_only_who_may_release_does(acme: Organisation, marketer: User) -> None:
    theirs = bearer(member_token(marketer, acme))
    import_id = post(theirs, origin=BOUGHT).json()["id"]
    for what in ("release", "unfreeze", "delete"):
        assert send(theirs, import_id, what, {"checked": []}).status_code == 403, what


def test_an_undo_is_told_and_started(api: Client, acme: Organisation) -> None:
    import_id = post(api).json()["id"]
    run(import_id, acme)
    assert api.get(f"/api/v1/imports/{import_id}/undo").json()["contacts"] == 1
    assert told(api, import_id)["undo"]["until"] is not None
    assert send(api, import_id, "undo").status_code == 202
    assert send(api, import_id, "undo").json()["code"] == "import_undone"


def test_a_lot_is_frozen_and_thawed_and_deleted(api: Client, acme: Organisation) -> None:
    import_id = post(api).json()["id"]
    run(import_id, acme)
    assert send(api, import_id, "freeze", {}).status_code == 422
    assert send(api, import_id, "freeze", {"reason": "No proof"}).json()["frozen_at"] is not None
    assert send(api, import_id, "inform").status_code == 202
    assert send(api, import_id, "unfreeze").json()["frozen_at"] is None
    assert send(api, import_id, "inform").json()["code"] == "lot_not_frozen"
    assert send(api, import_id, "delete").json()["code"] == "lot_not_frozen"


def test_the_same_key_undoes_once(api: Client, acme: Organisation) -> None:
    import_id = post(api).json()["id"]
    run(import_id, acme)
    headers = {"Idempotency-Key": "undo-1"}
    first = api.post(f"/api/v1/imports/{import_id}/undo", headers=headers)
    second = api.post(f"/api/v1/imports/{import_id}/undo", headers=headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second["Idempotency-Replayed"] == "true"


def test_the_description_tells_what_the_options_hold() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    body = described["paths"]["/api/v1/imports"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    options = body["properties"]["options"]["contentSchema"]["properties"]
    assert {"origin", "basis", "header", "part", "date_order", "reject_flags", "cleared"} <= set(options)
    assert {"file", "form_snapshot", "partner_list", "proofs"} <= set(body["properties"])
