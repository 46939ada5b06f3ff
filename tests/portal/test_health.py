"""What probes and Prometheus get."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal import health
from portal.accounts.models import User
from portal.api.actions import issue_host_token
from portal.organisations.actors import Actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = "portal.health_urls"


def test_a_process_that_answers_is_up() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    assert Client().post("/healthz").status_code == 405


def test_a_process_with_all_it_needs_is_ready() -> None:
    response = Client().get("/readyz")

    assert response.status_code == 200, response.content
    names = {"database", "migrations", "broker", "valkey", "sealer"}
    assert response.json()["checks"] == dict.fromkeys(names, "ok")


def test_a_process_without_its_broker_says_why_it_is_not_ready(settings: Settings) -> None:
    settings.ACCORD = replace(settings.ACCORD, broker_url="redis://127.0.0.1:1/0", valkey_url="redis://127.0.0.1:1/0")

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "unready"
    assert response.json()["checks"]["broker"] == "the broker does not answer"
    assert response.json()["checks"]["valkey"] == "Valkey does not answer"


def test_a_room_adds_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "checks", dict(health.checks))
    health.register_check("clock", lambda: "the clock is 10 minutes behind")

    assert Client().get("/readyz").status_code == 503


def test_metrics_are_for_those_with_a_token(settings: Settings) -> None:
    assert Client().get("/metrics").status_code == 401
    settings.ACCORD = replace(settings.ACCORD, metrics_token="scrape-me")
    assert Client(headers={"Authorization": "Bearer wrong"}).get("/metrics").status_code == 401

    response = Client(headers={"Authorization": "Bearer scrape-me"}).get("/metrics")
    assert response.status_code == 200
    assert b"accord_database_horizon_seconds" in response.content
    assert b"accord_rate_limits_unavailable_total" in response.content


def test_a_host_operator_reads_metrics() -> None:
    operator = User.objects.create_user("op@host.example", is_host_operator=True)
    token = issue_host_token(actor=Actor.system(), user=operator, name="x").secret

    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/metrics").status_code == 200
