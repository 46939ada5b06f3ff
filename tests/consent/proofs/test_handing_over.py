"""Proofs leave the house as a file, a page and a bundle; who took one is known."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from django_scopes import scope

from consent.archive.actions import archive_evidence
from consent.notices.actions import approve_notice, submit_notice
from consent.notices.queries import live_version
from consent.proofs import attachments
from consent.proofs.bundle import bundle
from consent.proofs.documents import evidence_lines, path_text, proof_pdf
from consent.proofs.labels import truncated_ip
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
from tests.consent.notices.conftest import described, fresh, written
from tests.consent.notices.files import own_picture, shown_picture, with_files
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
    nested = {"ip": "203.0.113.77", "double_opt_in": {"ip": "203.0.113.78"}, "seen": [{"ip": "203.0.113.79"}]}
    assert "203.0.113.7" not in str(list(evidence_lines(nested)))
    assert "203.0.113.0/24" in str(list(evidence_lines(nested)))


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


def test_the_scans_that_evidence_names_come_with_it_and_no_others(
    acme: Organisation, dpo: User, ada: Contact, newsletter: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, asked = b"%PDF-1.7 a signed card", []

    def read(organisation: Organisation, digest: bytes) -> bytes | None:
        asked.append((organisation.slug, digest))
        return scan

    monkeypatch.setattr(attachments, "_readers", {})
    attachments.register_attachments("collection", read)
    named = {"sha256": hashlib.sha256(scan).hexdigest(), "media_type": "application/pdf"}
    forged = {"sha256": hashlib.sha256(b"another").hexdigest(), "media_type": "application/pdf"}
    events = [
        choose(ada, newsletter, "grant", channel=channel, evidence={"kind": "paper", "attachment": attachment})
        for channel, attachment in (("email", named), ("sms", forged))
    ]
    seal()
    own, other = (files_in(client_of(dpo).get(f"/o/acme/ledger/{event}/proof.zip").content) for event in events)
    assert own[f"evidence/{named['sha256'][:16]}.pdf"] == scan
    assert not [name for name in other if name.startswith("evidence/")]
    assert {slug for slug, _digest in asked} == {"acme"}


def test_the_files_that_the_notice_showed_come_with_it_and_the_text_names_them(
    acme: Organisation, marketer: User, dpo: User, ada: Contact
) -> None:
    described(acme)
    written(acme, marketer)
    team = own_picture(marketer)
    with_files(acme, marketer, fresh(acme), pictures=[shown_picture(team)])
    with scope(organisation=acme):
        submit_notice(actor=actor_of(marketer, acme), page=fresh(acme))
        approve_notice(actor=actor_of(dpo, acme), page=fresh(acme))
    version = live_version(acme.pk, "signup", "en")
    assert version is not None
    shown = {"notice_version": version.label, "notice_digest": bytes(version.digest), "now": version.published_at}
    with scope(organisation=acme):
        newsletter = Purpose.objects.get(key="newsletter")
    event = choose(ada, newsletter, "grant", **shown)
    seal()
    files = files_in(client_of(dpo).get(f"/o/acme/ledger/{event}/proof.zip").content)
    (name,) = [name for name in files if name.startswith("notice/")]
    digest = hashlib.sha256(files[name]).hexdigest()
    assert name == f"notice/{digest}-team.png"
    assert f"SHA-256 {digest})" in verified(json.loads(files["proof.json"]))["text"]


def test_the_same_proof_gives_the_same_bytes_with_attachments_in_order() -> None:
    proof = made_proof()
    given: dict[str, Any] = {"attachments": {"b.png": b"2", "a.pdf": b"1"}}
    first, second = (bundle([("", proof, b"%PDF")], **given) for _time in range(2))
    assert first == second
    assert list(files_in(first))[-2:] == ["evidence/a.pdf", "evidence/b.png"]


# The sheet


PARAGRAPH = (
    "We use your address to send you the letter of the workshop, once or twice a month. You can stop at any time, with "
    "one click and without a reason, and your data is then erased."
)
SHOWN = {
    "method": "form",
    "form": "newsletter",
    "form_digest": "ab" * 32,
    "language": "fr",
    "text": "I want the newsletter.",
    "preselected": "nothing",
    "served_at": "2026-11-26T09:58:00+00:00",
    "ip": "203.0.113.77",
    "double_opt_in": {"mail": "12", "confirmed_at": "2026-11-26T10:03:20+00:00"},
    "shop_code": "x1",
    "salt": "00112233445566778899aabbccddeeff",
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_notice_of_25_paragraphs_stays_on_one_sheet_and_a_giant_one_takes_an_annex(
    in_acme: Organisation, language: str
) -> None:
    new_purpose(in_acme)
    pages = []
    for count in (1, 25, 150):
        proof = made_proof()
        proof["evidence"][0]["document"] = SHOWN
        proof["notice"]["text"] = "\n\n".join([PARAGRAPH] * count)
        with override(language):
            pages.append(pages_of(proof_pdf(proof, organisation=in_acme)))
    assert pages[:2] == [1, 1]
    assert pages[2] > 1


def test_the_sheet_says_that_the_text_is_in_the_annex(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    from weasyprint import Document

    new_purpose(in_acme)
    written: list[Any] = []
    monkeypatch.setattr(Document, "write_pdf", lambda document, **_options: written.append(document))
    proof = made_proof()
    proof["notice"]["text"] = "\n\n".join([PARAGRAPH] * 150)
    proof_pdf(proof, organisation=in_acme)
    first, second = (words_on(page) for page in written[-1].pages[:2])
    assert "all of it stands in the annex" in first
    assert "letter of the workshop" not in first
    assert "letter of the workshop" in second
    proof["notice"]["text"] = PARAGRAPH
    proof_pdf(proof, organisation=in_acme)
    (only,) = written[-1].pages
    assert "annex" not in words_on(only)
    assert words_on(only).index("How it is sealed") < words_on(only).index("letter of the workshop")


def words_on(page: Any) -> str:
    boxes = page._page_box.descendants()
    return " ".join(" ".join(box.text for box in boxes if hasattr(box, "text")).split())


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            {
                "How we know": "Form",
                "Form": "newsletter",
                "Fingerprint of the form": "abababababababab…",
                "Language": "French",
                "Ticked in advance": "nothing",
                "Form shown on": "26 Nov 2026, 10:58",
                "IP address (shortened)": "203.0.113.0/24",
                "Confirmation by e-mail": "Message no.: 12 · Confirmed on: 26 Nov 2026, 11:03",
                "shop code": "x1",
            },
        ),
        (
            "fr",
            {
                "Comment nous le savons": "Formulaire",
                "Formulaire": "newsletter",
                "Empreinte du formulaire": "abababababababab…",
                "Langue": "français",
                "Coché d'avance": "rien",
                "Formulaire affiché le": "26 nov. 2026 à 10:58",
                "Adresse IP (abrégée)": "203.0.113.0/24",
                "Confirmation par e-mail": "Message n°\xa0: 12 · Confirmé le\xa0: 26 nov. 2026 à 11:03",
                "shop code": "x1",
            },
        ),
    ],
)
def test_evidence_is_told_in_the_readers_words(language: str, expected: dict[str, str]) -> None:
    with override(language), timezone.override("Europe/Paris"):
        assert dict(evidence_lines(SHOWN)) == expected


def test_the_declaration_of_a_file_is_told_in_words_too() -> None:
    origin = {"kind": "own_form", "name": "Site", "collected_by": "Acme", "collected_on": "2026-01-02"}
    declared = {"kind": "import", "origin": origin, "consents": [{"purpose": "newsletter", "channel": "email"}]}
    with override("fr"):
        assert dict(evidence_lines(declared)) == {
            "Nature": "import d'un fichier",
            "Origine": "Nature\xa0: Notre propre formulaire · Nom\xa0: Site · Collecté par\xa0: Acme · "
            "Collecté le\xa0: 2 janv. 2026",
            "Accords déclarés": "Finalité\xa0: newsletter · Canal\xa0: e-mail",
        }


def test_the_sheet_does_not_say_twice_what_the_event_says(in_acme: Organisation) -> None:
    event = {"source": "form", "purpose": "newsletter", "purpose_version": 2}
    document = {"method": "form", "purpose": "newsletter", "purpose_version": "1"}
    assert list(evidence_lines(document, event)) == [("Version of the purpose", "1")]


@pytest.mark.parametrize(
    ("steps", "count", "english", "french"),
    [
        (0, 1, "no step: the event is alone", "aucune étape"),
        (1, 2, "1 step to the root of 2 events", "1 étape jusqu'à la racine de 2 événements"),
        (10, 1000, "10 steps to the root of 1,000 events", "10 étapes jusqu'à la racine de 1\u202f000 événements"),
    ],
)
def test_a_path_counts_its_steps_as_one_would_say_it(steps: int, count: int, english: str, french: str) -> None:
    for language, expected in (("en", english), ("fr", french)):
        with override(language):
            assert path_text(steps, count).startswith(expected)
