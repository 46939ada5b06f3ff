"""Proofs leave the house as a file, a page and a bundle; who took one is known."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from consent.archive.actions import archive_evidence
from consent.proofs.bundle import bundle
from consent.proofs.documents import truncated_ip
from consent.proofs.verify_proof import parsed, trusted_keys, verified
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.crypto.actions import rotate
from portal.crypto.models import KeyPurpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.proofs.made import made_proof
from tests.consent.proofs.test_verify_proof import ISOLATED
from tests.papers import objects_of, pages_of
from tests.people import actor_of, api_of, client_of
from tests.portal.seals.keeping import seal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.pango]
EVIDENCE = {
    "form": "Newsletter",
    "text": "I want the newsletter.",
    "ip": "203.0.113.77",
    "user_agent": "Mozilla/5.0",
    "email": "ada.martin@example.org",
}


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def sealed(ada: Contact, newsletter: Purpose) -> int:
    event_id = choose(ada, newsletter, "grant", evidence=EVIDENCE)
    assert event_id is not None
    seal()
    return event_id


def files_in(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


# From the portal


def test_the_dpo_hands_over_a_bundle_that_checks_itself(dpo: User, ada: Contact, sealed: int, tmp_path: Path) -> None:
    answer = client_of(dpo).get(f"/o/acme/ledger/{sealed}/proof.zip")
    assert answer["Content-Type"] == "application/zip"
    files = files_in(answer.content)
    assert list(files) == ["README.txt", "verify_proof.py", "proof.json", "proof.pdf"]
    assert b"python -m venv v" in files["README.txt"]
    assert "COMMENT VÉRIFIER" in files["README.txt"].decode()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    program = str(tmp_path / "verify_proof.py")
    done = subprocess.run(
        [sys.executable, "-I", "-c", ISOLATED, program, str(tmp_path / "proof.json")], capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"Contact {ada.pk} of acme agreed to “newsletter” by e-mail." in done.stdout.decode()
    assert "I want the newsletter." in done.stdout.decode()
    entry = AuditEntry.objects.get(action="proof.exported")
    assert (entry.target_id, entry.details) == (str(ada.pk), {"events": [sealed], "format": "zip"})


def test_the_page_for_people_is_one_tagged_sheet(dpo: User, sealed: int) -> None:
    content = client_of(dpo).get(f"/o/acme/ledger/{sealed}/proof.pdf").content
    inside = objects_of(content)
    assert pages_of(content) == 1
    assert b"/Lang (en)" in inside
    assert b"pdfuaid" in inside
    assert b"/StructTreeRoot" in inside
    assert b"/Alt (QR code of" in inside


def test_it_speaks_the_readers_language(dpo: User, sealed: int) -> None:
    french = client_of(dpo).get(f"/o/acme/ledger/{sealed}/proof.pdf", headers={"Accept-Language": "fr"}).content
    assert b"/Lang (fr)" in objects_of(french)


def test_an_address_is_cut_short_on_the_page() -> None:
    assert truncated_ip("203.0.113.77") == "203.0.113.0/24"
    assert truncated_ip("2001:db8:1:2:3::4") == "2001:db8:1::/48"
    assert truncated_ip("unknown") == "unknown"


def test_the_file_holds_against_the_keys_we_publish(acme: Organisation, owner: User, sealed: int) -> None:
    raw = client_of(owner).get(f"/o/acme/ledger/{sealed}/proof.json").content
    published = Client().get("/v/keys/acme").json()
    trusted = trusted_keys([f"{key_id}={key['public_key']}" for key_id, key in published.items()], None)
    assert verified(parsed(raw), trusted)["key"] == "given"


def test_proofs_hold_through_later_seals_and_another_key(
    acme: Organisation, owner: User, ada: Contact, newsletter: Purpose, sealed: int
) -> None:
    rotate(actor=Actor.system(acme), organisation=acme, purpose=KeyPurpose.SIGNING)
    for action in ("withdraw", "grant"):
        choose(ada, newsletter, action)
        seal()
    found = verified(parsed(client_of(owner).get(f"/o/acme/ledger/{sealed}/proof.json").content))
    assert found["later_seals"] == 2


def test_others_see_that_there_is_a_proof_and_cannot_take_it(marketer: User, dpo: User, sealed: int) -> None:
    page = client_of(marketer).get(f"/o/acme/ledger/{sealed}/").content.decode()
    assert "There is a proof." in page
    assert "proof.zip" not in page
    for kind in ("json", "pdf", "zip"):
        assert client_of(marketer).get(f"/o/acme/ledger/{sealed}/proof.{kind}").status_code == 403
    assert f"/ledger/{sealed}/proof.zip" in client_of(dpo).get(f"/o/acme/ledger/{sealed}/").content.decode()


def test_an_event_that_waits_says_so(dpo: User, ada: Contact, newsletter: Purpose) -> None:
    waiting = choose(ada, newsletter, "grant")
    page = client_of(dpo).get(f"/o/acme/ledger/{waiting}/").content.decode()
    assert "once it is sealed" in page
    assert client_of(dpo).get(f"/o/acme/ledger/{waiting}/proof.zip").status_code == 409


def test_archived_evidence_is_opened_on_its_event_for_a_reason(
    acme: Organisation, dpo: User, marketer: User, ada: Contact, sealed: int
) -> None:
    archive_evidence(actor=actor_of(dpo, acme), organisation=acme, contact_id=ada.pk, reason="Dispute 7")
    client, address = client_of(dpo), f"/o/acme/ledger/{sealed}/archived-evidence/"
    page = client.get(f"/o/acme/ledger/{sealed}/").content.decode()
    assert "in the archive until" in page
    assert address in page
    assert "203.0.113.77" not in client.get(address).content.decode()
    assert client.post(address, {"reason": " "}).status_code == 422
    opened = client.post(address, {"reason": "The CNIL asked"})
    assert "203.0.113.77" in opened.content.decode()
    assert "no-store" in opened["Cache-Control"]
    assert AuditEntry.objects.get(action="evidence.opened").details["reason"] == "The CNIL asked"
    assert client_of(marketer).get(address).status_code == 403
    proof = parsed(client.get(f"/o/acme/ledger/{sealed}/proof.json").content)
    assert verified(proof)["evidence"] == "absent"


def test_the_organisation_decides_on_the_archive_and_the_receipts(
    in_acme: Organisation, dpo: User, marketer: User
) -> None:
    from consent.archive.queries import policy_of

    client, address = client_of(dpo), "/o/acme/ledger/proof-policy/"
    assert 'value="1826"' in client.get(address).content.decode()
    assert client.post(address, {"archive_days": "-1"}).status_code == 422
    given = {"archive_days": "365", "archive_reason": "Civil Code 2224"}
    assert client.post(address, given).status_code == 302
    policy = policy_of(in_acme)
    assert (policy.archive_days, policy.archive_reason, policy.receipts) == (365, "Civil Code 2224", False)
    changed = AuditEntry.objects.get(action="organisation.proofs").details["changed"]
    assert set(changed) == {"archive_days", "archive_reason", "receipts"}
    assert client_of(marketer).get(address).status_code == 403


# Over HTTP


def test_one_call_proves_all_that_is_in_force(
    acme: Organisation, dpo: User, ada: Contact, newsletter: Purpose, sealed: int
) -> None:
    """C-01: who, when, to what, how; and the yes with its confirmation."""
    careful = new_purpose(acme, "careful", double_opt_in=True)
    left = new_purpose(acme, "left")
    grant, confirm = (choose(ada, careful, action) for action in ("grant", "confirm"))
    for action in ("grant", "withdraw"):
        choose(ada, left, action)
    choose(ada, newsletter, "grant", channel="sms")
    choose(ada, newsletter, "withdraw", channel="sms")
    again = choose(ada, newsletter, "grant", channel="sms")
    seal()
    answer = api_of(dpo, acme).get(f"/contacts/{ada.pk}/proofs")
    assert answer.status_code == 200, answer.content
    items = answer.json()["items"]
    assert [int(item["event"]["id"]) for item in items] == [sealed, grant, confirm, again]
    for item in items:
        assert verified(item)["event"]["contact"] == str(ada.pk)
    entry = AuditEntry.objects.get(action="proof.exported")
    assert entry.details == {"events": [sealed, grant, confirm, again], "format": "json"}


def test_the_pack_is_one_zip_with_a_folder_for_each(acme: Organisation, dpo: User, ada: Contact, sealed: int) -> None:
    for answer in (
        api_of(dpo, acme).get(f"/contacts/{ada.pk}/proofs?format=zip"),
        client_of(dpo).get(f"/o/acme/ledger/contacts/{ada.pk}/proofs.zip"),
    ):
        folder = f"newsletter-email/{sealed}-grant/"
        files = files_in(answer.content)
        assert list(files) == ["README.txt", "verify_proof.py", f"{folder}proof.json", f"{folder}proof.pdf"]
        assert f"verify_proof.py {folder}proof.json" in files["README.txt"].decode()
    assert "proofs.zip" in client_of(dpo).get(f"/o/acme/contacts/{ada.pk}/").content.decode()


def test_it_says_that_there_is_no_proof(
    acme: Organisation, dpo: User, ada: Contact, ben: Contact, newsletter: Purpose, sealed: int
) -> None:
    api = api_of(dpo, acme)
    answer = api.get(f"/contacts/{ben.pk}/proofs")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_proof")
    choose(ada, newsletter, "withdraw")
    answer = api.get(f"/contacts/{ada.pk}/proofs")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_proof")
    assert api.get("/contacts/987654321/proofs").json()["code"] == "not_found"
    choose(ada, newsletter, "grant")
    assert api.get(f"/contacts/{ada.pk}/proofs").json()["code"] == "not_sealed_yet"


def test_another_organisation_finds_nothing(other: Organisation, stranger: User, ada: Contact, sealed: int) -> None:
    api = api_of(stranger, other)
    assert api.get(f"/contacts/{ada.pk}/proofs").status_code == 404
    assert client_of(stranger).get(f"/o/acme/ledger/{sealed}/proof.zip").status_code == 404
    assert client_of(stranger).get(f"/o/other/ledger/{sealed}/proof.zip").status_code == 404


@pytest.mark.parametrize(("kind", "media_type"), [("pdf", "application/pdf"), ("zip", "application/zip")])
def test_the_api_gives_the_page_and_the_bundle_too(
    acme: Organisation, dpo: User, sealed: int, kind: str, media_type: str
) -> None:
    api = api_of(dpo, acme)
    answer = api.get(f"/consents/{sealed}/proof?format={kind}")
    assert (answer.status_code, answer["Content-Type"]) == (200, media_type)
    assert api.get(f"/consents/{sealed}/proof?format=exe").status_code == 422
    assert verified(json.loads(api.get(f"/consents/{sealed}/proof").content))


# The bundle itself


def test_the_same_proof_gives_the_same_bytes_with_attachments_in_order() -> None:
    proof = made_proof()
    given: dict[str, Any] = {"attachments": {"b.png": b"2", "a.pdf": b"1"}}
    first, second = (bundle([("", proof, b"%PDF")], **given) for _time in range(2))
    assert first == second
    assert list(files_in(first))[-2:] == ["evidence/a.pdf", "evidence/b.png"]


def test_a_long_text_is_set_smaller_and_then_takes_a_second_sheet(in_acme: Organisation) -> None:
    from consent.proofs.documents import proof_pdf

    new_purpose(in_acme)
    pages = []
    for words in (10, 500, 6000):
        proof = made_proof()
        proof["notice"]["text"] = "word " * words
        pages.append(pages_of(proof_pdf(proof, organisation=in_acme)))
    assert pages[:2] == [1, 1]
    assert pages[2] > 1
