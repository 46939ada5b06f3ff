"""``/v``: the page that checks, the program it offers, the keys it publishes."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django_scopes import scopes_disabled

from consent.proofs import public_views, verify_proof
from portal.crypto import public_keys
from portal.crypto.models import OrganisationKey
from portal.organisations.models import Organisation

STATIC = Path(settings.BASE_DIR) / "static"


def test_the_page_needs_no_account_and_sets_no_cookie() -> None:
    for address in ("/v", "/v/"):
        response = Client().get(address)
        assert response.status_code == 200
        assert not response.cookies
    assert Client().post("/v").status_code == 405
    assert Client().get("/vv").status_code == 404


def test_its_policy_lets_nothing_out() -> None:
    policy = Client().get("/v")["Content-Security-Policy"]
    assert "connect-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_it_explains_itself_without_script_and_offers_the_program() -> None:
    page = Client().get("/v").content.decode()
    assert "<noscript>" in page
    assert 'href="/v/script"' in page
    assert "verify_proof.py proof.json" in page
    answer = Client().get("/v/script")
    assert answer.content == Path(verify_proof.__file__).read_bytes()
    assert answer["Content-Disposition"] == 'attachment; filename="verify_proof.py"'
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_says_the_sentences_of_the_program(language: str) -> None:
    page = Client().get("/v", headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}">' in page
    data = re.search(r'<script id="proof-words" type="application/json">(.*?)</script>', page)
    assert data is not None
    said = json.loads(data[1])["sentences"]
    assert {code: said[code] for code in verify_proof.SENTENCES[language]} == verify_proof.SENTENCES[language]
    other = "en" if language == "fr" else "fr"
    assert f'<html lang="{other}">' in Client().get(f"/v?language={other}").content.decode()


def test_every_sentence_has_its_french_with_the_same_values() -> None:
    for table in (verify_proof.SENTENCES, verify_proof.LABELS, verify_proof.ACTIONS, verify_proof.CHANNELS):
        assert table["en"].keys() == table["fr"].keys()
        for key, text in table["en"].items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", table["fr"][key]))


def test_everything_it_needs_is_under_thirty_kilobytes() -> None:
    """Over the wire, the arithmetic for old browsers apart."""
    files = [STATIC / "public" / name for name in ("public.css", "verify.css", "verify.js")]
    sizes = [len(gzip.compress(file.read_bytes())) for file in files]
    sizes += [len(gzip.compress(Client().get("/v").content)), len((STATIC / "portal" / "mark.svg").read_bytes())]
    assert sum(sizes) < 30_000


@pytest.mark.django_db
def test_the_keys_of_an_organisation_are_published_and_looking_makes_none(acme: Organisation) -> None:
    assert Client().get("/v/keys/acme").json() == {}
    with scopes_disabled():
        assert OrganisationKey.objects.count() == 0
    (key,) = public_keys(acme).values()
    published = Client().get("/v/keys/acme").json()
    assert list(published) == [key.key_id]
    assert published[key.key_id]["to"] is None
    assert verify_proof.trusted_keys([f"{key.key_id}={published[key.key_id]['public_key']}"], None) == {
        key.key_id: key.public_key
    }
    assert Client().get("/v/keys/nobody").status_code == 404


def test_the_page_and_the_program_know_the_same_members() -> None:
    script = (STATIC / "public" / "verify.js").read_text()
    members = re.search(r"const MEMBERS = (\[.*?\]);", script)
    seal = re.search(r"const SEAL_MEMBERS = (\[.*?\]);", script)
    assert members is not None
    assert seal is not None
    assert set(json.loads(members[1])) == verify_proof.MEMBERS
    assert set(json.loads(seal[1])) == verify_proof.SEAL_MEMBERS
    assert public_views.SCRIPT_NAME in (STATIC / "public" / "verify.js").read_text()
