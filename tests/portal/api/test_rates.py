"""Rate limits: counted by token, told in headers, open when Valkey is away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal.api import doors, rates
from portal.api.errors import RateLimitedError
from portal.api.rates import Rate, limit
from tests.portal.api.test_doors import problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


def test_above_the_rate_the_door_says_when_to_come_back(owner_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "MEMBER_RATE", Rate(3, 3600))

    answers = [owner_client.get("/api/v1/whoami") for _n in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    problem(answers[3], 429, "rate_limited")
    assert 0 < int(answers[3]["Retry-After"]) <= 3600
    assert answers[3]["RateLimit-Policy"] == "3;w=3600"


def test_many_wrong_tokens_from_one_address_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "FAILURE_RATE", Rate(2, 3600))
    client = Client(headers={"Authorization": "Bearer accord_m_wrong"})

    assert [client.get("/api/v1/whoami").status_code for _n in range(3)] == [401, 401, 429]
    assert client.get("/api/v1/whoami", REMOTE_ADDR="192.0.2.44").status_code == 401


def test_a_rate_counts_each_key_apart() -> None:
    assert limit("test:a", Rate(1, 3600)) is not None
    assert limit("test:b", Rate(1, 3600)) is not None
    with pytest.raises(RateLimitedError):
        limit("test:a", Rate(1, 3600))


def test_the_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = Rate(10, 60)
    assert [rates.hits("test:slide", rate, 600.0 + second) for second in range(5)] == [1, 2, 3, 4, 5]
    assert rates.hits("test:slide", rate, 660.0) == 6  # the five of the window before still weigh
    assert rates.hits("test:slide", rate, 690.0) == 2 + 2.5
    assert rates.hits("test:slide", rate, 900.0) == 1


def test_nothing_is_refused_while_valkey_is_away(owner_client: Client, settings: Settings) -> None:
    settings.ACCORD = replace(settings.ACCORD, valkey_url="redis://127.0.0.1:1/0")
    before = rates.UNAVAILABLE._value.get()

    response = owner_client.get("/api/v1/whoami")

    assert response.status_code == 200
    assert "RateLimit-Limit" not in response
    assert rates.UNAVAILABLE._value.get() == before + 1
    assert limit("test:x", Rate(0)) is None


def test_no_address_stands_in_the_store_in_the_clear(settings: Settings) -> None:
    limit("door:192.0.2.77", Rate(10))

    keys = rates.valkey(settings.ACCORD.valkey_url).keys("accord:rate:*")
    assert keys
    assert not any(b"192.0.2.77" in key for key in keys)
