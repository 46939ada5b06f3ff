"""From a file with its proof to the engine and back out by one click: the whole job, through the API alone."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django_scopes import scopes_disabled

from portal.jobs.models import Job, JobState
from portal.jobs.running import run_job
from subscribers.imports.running import execute_import

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = """email;prénom;nom;pays;date du consentement
Ada.Martin@courriel.example;Ada;Martin;FR;2026-03-01
ben@poste.example;Ben;Schmidt;DE;2026-03-02
pas une adresse;Cleo;Marchand;FR;2026-03-03
dora@lettre.example;Dora;Petit;FR;2026-03-04
ADA.MARTIN@courriel.example;Ada;Martin;FR;2026-03-05
"""
OPTIONS = {
    "mapping": {
        "email": "email",
        "prénom": "first_name",
        "nom": "last_name",
        "pays": "country",
        "date du consentement": "consent.occurred_at",
    },
    "consents": [{"purpose": "newsletter", "channel": "email"}],
    "origin": {"kind": "own_form", "name": "Formulaire du site", "collected_by": "Acme", "collected_on": "2026-03-05"},
    "basis": "consent",
    "evidence_note": "Box left empty by default, text of 2026-01-10.",
}


@dataclass
class Program:
    """A client of the API with one token."""

    token: str
    base: str = "/api/v1"

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        arguments: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.token}"}}
        if body is not None:
            arguments |= {"data": json.dumps(body), "content_type": "application/json"}
        response = getattr(Client(), method)(self.base + path, **arguments)
        text = b"".join(response) if response.streaming else response.content
        assert response.status_code == expect, (response.status_code, text.decode())
        if "ndjson" in response["Content-Type"]:
            return [json.loads(line) for line in text.splitlines()]
        return json.loads(text) if text else None

    def get(self, path: str, *, expect: int = 200) -> Any:
        return self.call("get", path, expect=expect)

    def post(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        return self.call("post", path, {} if body is None else body, expect=expect)

    def upload(self, text: str, options: dict[str, Any], *, expect: int = 202) -> Any:
        response = Client().post(
            f"{self.base}/imports",
            {"file": SimpleUploadedFile("people.csv", text.encode(), "text/csv"), "options": json.dumps(options)},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert response.status_code == expect, response.content.decode()
        return response.json()


@pytest.fixture
def made() -> dict[str, Any]:
    out = io.StringIO()
    call_command("provision", "acme", "--name", "Acme", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def work_off_the_jobs() -> None:
    """What the worker does: every import that waits."""
    with scopes_disabled():
        waiting = list(Job.objects.filter(state=JobState.QUEUED, task__contains="imports").values_list("pk", flat=True))
    for job in waiting:
        run_job(job, execute_import)


def addresses(lines: list[dict[str, Any]]) -> list[str]:
    return sorted(line["address"] for line in lines if "address" in line)


def test_a_file_becomes_an_approved_audience_and_one_click_takes_a_person_out(made: dict[str, Any]) -> None:
    integrator = Program(made["members"]["integrator"]["token"])
    marketer = Program(made["members"]["marketer"]["token"])
    approver = Program(made["members"]["approver"]["token"])
    engine = Program(made["engine"]["live"], "/api/engine/v1")

    integrator.post(
        "/purposes",
        {"key": "newsletter", "name": "Lettre du mois", "basis": "consent", "channels": ["email"]},
        expect=201,
    )
    source = marketer.upload(PEOPLE, OPTIONS)
    work_off_the_jobs()
    read = marketer.get(f"/imports/{source['id']}")
    assert read["state"] == "done"
    assert read["rows"] == {
        "read": 5, "created": 3, "updated": 0, "unchanged": 0, "rejected": 1, "duplicate": 1, "suppressed": 0
    }  # fmt: skip
    assert read["rejects_by_code"] == {"invalid_email": 1}

    rule = {"all": [{"field": "consent.newsletter.email", "op": "eq", "value": "granted"}]}
    preview = marketer.post("/segments/preview", {"rule": rule})
    assert preview["count"] == 3
    segment = marketer.post("/segments", {"name": "Readers", "rule": rule}, expect=201)
    audience = marketer.post(
        "/audiences",
        {
            "name": "November",
            "segment": segment["id"],
            "purpose": "newsletter",
            "channel": "email",
            "fields": ["first_name"],
            "message_reference": "nov-1",
        },
        expect=201,
    )
    path = f"/audiences/{audience['id']}"
    assert marketer.post(f"{path}/submit")["state"] == "submitted"
    assert marketer.get(path)["counts"] == {"segment": 3, "allowed": 3, "excluded": {}}
    marketer.post(f"{path}/approve", expect=403)
    assert approver.post(f"{path}/approve")["state"] == "approved"

    offered = engine.get("/audiences?state=approved")["items"]
    assert [(one["id"], one["count"], one["message_reference"]) for one in offered] == [(audience["id"], 3, "nov-1")]
    engine.post(f"{path}/claim")
    engine.post(f"{path}/claim", expect=409)
    lines = engine.get(f"{path}/recipients")
    assert addresses(lines) == ["Ada.Martin@courriel.example", "ben@poste.example", "dora@lettre.example"]
    assert lines[-1] == {"end": True, "sent": 3, "skipped": {}, "next_cursor": None}

    ada = next(line for line in lines if line.get("address") == "Ada.Martin@courriel.example")
    assert ada["fields"] == {"first_name": "Ada"}
    assert ada["tracking"] is False
    assert ada["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    header = re.fullmatch(r"<(https?://[^>]+)>", ada["headers"]["List-Unsubscribe"])
    assert header
    door = urlsplit(header.group(1)).path
    question = {"purpose": "newsletter", "channel": "email", "organisation": "acme", "contacts": [ada["contact"]]}
    Client().get(door)
    assert engine.post("/check", question) == {"allowed": [ada["contact"]], "denied": {}}, "a GET changes nothing"

    for _twice in range(2):
        answer = Client(enforce_csrf_checks=True).post(door, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert engine.post("/check", question) == {"allowed": [], "denied": {ada["contact"]: "withdrawn"}}
    lines = engine.get(f"{path}/recipients")
    assert addresses(lines) == ["ben@poste.example", "dora@lettre.example"]
    assert lines[-1]["skipped"] == {"withdrawn": 1}
    assert engine.post(f"{path}/complete", {"sent": 2, "failed": 0})["state"] == "completed"

    person = marketer.get("/contacts?email=ada.martin@courriel.example")["items"][0]
    consent = [(one["purpose"], one["channel"], one["status"]) for one in person["consents"]]
    assert consent == [("newsletter", "email", "withdrawn")]
    why = marketer.get(f"/contacts/{person['id']}/contactability?purpose=newsletter&channel=email")
    assert (why["allowed"], why["reasons"]) == (False, ["withdrawn"])

    marketer.upload(PEOPLE, OPTIONS)
    work_off_the_jobs()
    person = marketer.get(f"/contacts/{person['id']}")
    assert person["consents"][0]["status"] == "withdrawn", "no import brings anybody back (I-06)"
