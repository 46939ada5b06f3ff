"""From the text the DPO approves to a proof that a stranger checks, and to a forgery that is named: the whole story."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django_scopes import scope

from consent.collection.models import CollectionPoint
from consent.ledger.models import ConsentEvent
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.collection.forms import TEXTS, delivered, link_in, press, send
from tests.consent.notices.conftest import described, fresh
from tests.people import api_of, client_of
from tests.portal.seals.keeping import seal, superuser

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "nina@mail.example"


def publish_notice(organisation: Organisation, author: User, officer: User) -> None:
    fields = {"title": "Sign-up", "key": "signup", "kind": "collection", "languages": ["en", "fr"]}
    writes, decides = client_of(author), client_of(officer)
    assert writes.post("/o/acme/notices/new/", {**fields, "purposes": ["newsletter"]}).status_code == 302
    writes.post("/o/acme/notices/signup/submit/")
    revision = fresh(organisation).latest_revision_id
    decides.post("/o/acme/notices/signup/decide/", {"decision": "approve", "revision": revision})
    assert "What we do with your data" in Client().get("/n/acme/signup?language=en").content.decode()


def publish_form(organisation: Organisation, author: User) -> CollectionPoint:
    api = api_of(author, organisation)
    choices = [{"purpose": "newsletter", "channel": "email"}]
    body = {"key": "letter", "name": "Letter", "notice": "signup", "choices": choices, "languages": ["en", "fr"]}
    assert api.post("/collection-points", {**body, "texts": TEXTS}).status_code == 201
    assert api.post("/collection-points/letter/publish").status_code == 200
    with scope(organisation=organisation):
        return CollectionPoint.objects.select_related("organisation").get(key="letter")


def check(folder: Path, proof: bytes) -> dict[str, Any]:
    """What the program in the bundle says, with nothing of ours within its reach."""
    (folder / "proof.json").write_bytes(proof)
    command = [sys.executable, "-I", "verify_proof.py", "proof.json", "--json"]
    ran = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)
    return {"exit": ran.returncode, **json.loads(ran.stdout)}


def test_a_consent_is_asked_for_given_sealed_proven_and_a_forgery_named(
    acme: Organisation, marketer: User, dpo: User, tmp_path: Path
) -> None:
    publish_notice(described(acme), marketer, dpo)
    point = publish_form(acme, marketer)
    assert {message.to[0] for message in delivered()} == {dpo.email, marketer.email}, "each is told what the other did"

    assert send(point, email=ADDRESS).status_code == 200
    (confirmation,) = delivered()
    with scope(organisation=acme):
        assert not Contact.objects.exists(), "nobody is a contact before the click"
    assert press(link_in(confirmation)).status_code == 200
    (receipt,) = delivered()
    assert receipt.to == [ADDRESS] and "/p/" in receipt.body

    with scope(organisation=acme):
        event = ConsentEvent.objects.get(action="confirm")
    officer = client_of(dpo)
    assert officer.get(f"/o/acme/ledger/{event.pk}/proof.zip").status_code == 409, "it waits for its seal"
    seal()
    call_command("ledger", "verify", stdout=io.StringIO())
    bundle = officer.get(f"/o/acme/ledger/{event.pk}/proof.zip")
    zipfile.ZipFile(io.BytesIO(bundle.content)).extractall(tmp_path)
    proof = (tmp_path / "proof.json").read_bytes()
    assert json.loads(proof)["notice"]["text"].startswith("What we do with your data")
    found = check(tmp_path, proof)
    assert (found["exit"], found["code"]) == (0, "valid")
    found = check(tmp_path, proof.replace(b'"newsletter"', b'"everything"', 1))
    assert (found["exit"], found["code"]) != (0, "valid")
    assert Client().get("/v").status_code == 200

    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET channel = 'sms' WHERE id = %s", [event.pk])
    with pytest.raises(CommandError, match=rf"acme: ledger FAILS: row_changed: seal 1; row {event.pk}\b"):
        call_command("ledger", "verify", stdout=io.StringIO())
