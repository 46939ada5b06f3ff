"""``manage.py provision``: a client's start in one JSON object."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from portal.organisations.models import Organisation

pytestmark = pytest.mark.django_db


def provision(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("provision", *arguments, stdout=out)
    made: dict[str, Any] = json.loads(out.getvalue())
    return made


def test_it_prints_people_and_credentials_that_work() -> None:
    made = provision("acme", "--name", "Acme", "--owner", "boss@acme.example")
    assert set(made["members"]) == {"owner", "marketer", "approver", "dpo", "integrator"}
    assert made["members"]["owner"]["email"] == "boss@acme.example"
    assert made["members"]["dpo"]["email"] == "dpo@acme.example"
    for member in made["members"].values():
        bearer = {"Authorization": f"Bearer {member['token']}"}
        assert Client().get("/api/v1/purposes", headers=bearer).status_code == 200
    for mode in ("live", "test"):
        bearer = {"Authorization": f"Bearer {made['engine'][mode]}"}
        assert Client().get("/api/engine/v1/audiences?state=approved", headers=bearer).status_code == 200
    bearer = {"Authorization": f"Bearer {made['host']['token']}"}
    assert Client().get("/api/host/v1/organisations", headers=bearer).json()["items"][0]["slug"] == "acme"


def test_its_passwords_open_the_sign_in_page() -> None:
    member = provision("acme", "--name", "Acme")["members"]["approver"]
    visitor = Client()
    visitor.post("/accounts/login/", {"login": member["email"], "password": member["password"]})
    assert visitor.get("/o/acme/").status_code == 200


def test_a_second_call_finds_the_same_people_and_prints_fresh_tokens() -> None:
    first, second = provision("acme", "--name", "Acme"), provision("acme")
    assert Organisation.objects.count() == 1
    emails = [[member["email"] for member in made["members"].values()] for made in (first, second)]
    assert emails[0] == emails[1]
    assert first["engine"]["live"] != second["engine"]["live"]


def test_in_production_nobody_gets_a_password(settings: Any) -> None:
    from dataclasses import replace

    settings.ACCORD = replace(settings.ACCORD, profile="production")
    made = provision("acme", "--name", "Acme")
    assert all("password" not in member for member in made["members"].values())
    assert "password" not in made["host"]
