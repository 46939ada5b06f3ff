"""``GET /consents/rates``."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from tests.consent.choices import new_purpose
from tests.consent.rates.test_page import counted, new_point
from tests.people import api_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(acme: Organisation) -> Purpose:
    purpose, point = new_purpose(acme), new_point(acme)
    counted(purpose, date(2026, 6, 1), "grant", 3, collection_point_id=point.pk)
    counted(purpose, date(2026, 6, 2), "refuse", 1)
    counted(purpose, date(2026, 6, 9), "withdraw", 1)
    counted(purpose, date(2026, 6, 9), "withdraw", 5, source_kind="import")
    return purpose


def ask(user: User, organisation: Organisation, query: str) -> Any:
    return api_of(user, organisation).get(f"/consents/rates?{query}")


def test_it_answers_by_step_by_purpose_and_by_collection_point(
    acme: Organisation, viewer: User, letter: Purpose
) -> None:
    found = ask(viewer, acme, "from=2026-06-01&to=2026-06-14&by=week").json()
    assert (found["from"], found["to"], found["by"]) == ("2026-06-01", "2026-06-14", "week")
    assert found["total"] == {
        "agreements": 3,
        "refusals": 1,
        "unanswered": 0,
        "withdrawals": 1,
        "objections": 0,
        "rate": 75.0,
        "withdrawal_rate": 33.3,
        "imported": 0,
        "imported_stops": 5,
    }
    assert [(item["start"], item["rate"]) for item in found["items"]] == [("2026-06-01", 75.0), ("2026-06-08", None)]
    assert [(item["purpose"], item["channel"], item["rate"]) for item in found["by_purpose"]] == [
        ("newsletter", "email", 75.0)
    ]
    assert [(item["collection_point"], item["rate"]) for item in found["by_collection_point"]] == [
        (None, 0.0),
        ("footer", 100.0),
    ]


def test_it_is_narrowed(acme: Organisation, viewer: User, letter: Purpose) -> None:
    days = "from=2026-06-01&to=2026-06-14&by=day"
    assert ask(viewer, acme, f"{days}&collection_point=footer").json()["total"]["rate"] == 100.0
    assert ask(viewer, acme, f"{days}&collection_point=-").json()["total"]["rate"] == 0.0
    assert ask(viewer, acme, f"{days}&channel=sms").json()["total"]["rate"] is None
    found = ask(viewer, acme, f"{days}&purpose=newsletter").json()
    assert (found["total"]["rate"], len(found["items"])) == (75.0, 14)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-06-02&to=2026-06-01", "invalid_period"),
        ("from=2000-01-01&to=2026-01-01", "invalid_period"),
        ("from=0001-01-01&to=0001-01-02", "invalid_period"),
        ("to=0001-01-02", "invalid_period"),
        ("purpose=none", "unknown_purpose"),
        ("collection_point=none", "unknown_collection_point"),
    ],
)
def test_it_says_what_is_wrong(acme: Organisation, viewer: User, letter: Purpose, query: str, code: str) -> None:
    response = ask(viewer, acme, query)
    assert response.status_code == 422
    assert [problem["code"] for problem in response.json()["errors"]] == [code]


@pytest.mark.parametrize("query", ["by=hour", "from=x", "channel=pigeon"])
def test_it_refuses_what_is_no_value(acme: Organisation, viewer: User, query: str) -> None:
    assert ask(viewer, acme, query).status_code == 422


def test_another_organisation_sees_nothing_of_it(other: Organisation, stranger: User, letter: Purpose) -> None:
    found = ask(stranger, other, "from=2026-06-01&to=2026-06-14").json()
    assert (found["total"]["agreements"], found["by_purpose"]) == (0, [])
