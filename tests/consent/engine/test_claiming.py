"""Which audiences an engine sees, and taking one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scopes_disabled

from consent.audiences.models import Audience
from portal.organisations.models import Organisation
from tests.consent.engine.conftest import Scene
from tests.consent.stage import engine_caller, new_audience

pytestmark = pytest.mark.django_db


def test_an_engine_sees_what_is_approved_and_nothing_before(scene: Scene) -> None:
    new_audience(scene.marketer, scene.acme, scene.everybody, scene.newsletter, name="A draft")
    audience = scene.audience(message_reference="m-1")
    (item,) = engine_caller().get("/audiences?state=approved").json()["items"]
    assert item["id"] == str(audience.pk)
    assert (item["organisation"], item["purpose"], item["channel"]) == ("acme", "newsletter", "email")
    assert (item["message_reference"], item["count"], item["test"]) == ("m-1", 3, False)


def test_a_test_credential_sees_test_audiences_only(scene: Scene) -> None:
    live, test = scene.audience(), scene.audience(test=True)
    engine, tester = engine_caller("live"), engine_caller("test")
    assert [item["id"] for item in engine.get("/audiences").json()["items"]] == [str(live.pk)]
    assert [item["id"] for item in tester.get("/audiences").json()["items"]] == [str(test.pk)]
    assert tester.post(f"/audiences/{live.pk}/claim").status_code == 404
    assert engine.post(f"/audiences/{test.pk}/claim").status_code == 404
    assert tester.get(f"/audiences/{live.pk}/recipients").status_code == 404


def test_a_credential_bound_to_others_finds_nothing(scene: Scene, other: Organisation) -> None:
    audience = scene.audience()
    bound = engine_caller("live", other)
    assert bound.get("/audiences").json()["items"] == []
    assert bound.post(f"/audiences/{audience.pk}/claim").status_code == 404
    body = {"organisation": "acme", "purpose": "newsletter", "channel": "email", "contacts": []}
    assert bound.post("/check", body).status_code == 404


def test_an_audience_is_claimed_once(scene: Scene) -> None:
    audience = scene.audience()
    first, second = engine_caller(), engine_caller()
    assert first.post(f"/audiences/{audience.pk}/claim").status_code == 200
    for engine in (first, second):
        again = engine.post(f"/audiences/{audience.pk}/claim")
        assert (again.status_code, again.json()["code"]) == (409, "already_claimed")
    assert second.get("/audiences").json()["items"] == []
    assert [item["id"] for item in first.get("/audiences?state=claimed").json()["items"]] == [str(audience.pk)]


def test_an_expired_audience_is_gone(scene: Scene) -> None:
    audience = scene.audience()
    engine = engine_caller()
    with scopes_disabled():
        Audience.objects.filter(pk=audience.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert engine.get("/audiences").json()["items"] == []
    response = engine.post(f"/audiences/{audience.pk}/claim")
    assert (response.status_code, response.json()["code"]) == (410, "audience_expired")
    response = engine.get(f"/audiences/{audience.pk}/recipients")
    assert (response.status_code, response.json()["code"]) == (410, "audience_expired")


def test_a_draft_can_not_be_claimed(scene: Scene) -> None:
    draft = new_audience(scene.marketer, scene.acme, scene.everybody, scene.newsletter)
    response = engine_caller().post(f"/audiences/{draft.pk}/claim")
    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")


def test_recipients_are_for_the_one_who_claimed(scene: Scene) -> None:
    audience = scene.audience()
    response = engine_caller().get(f"/audiences/{audience.pk}/recipients")
    assert (response.status_code, response.json()["code"]) == (409, "not_claimed")


def test_completing_takes_the_engines_own_count_once(scene: Scene) -> None:
    audience = scene.audience()
    engine = engine_caller()
    report = {"sent": 2, "failed": 1}
    assert engine.post(f"/audiences/{audience.pk}/complete", report).status_code == 409
    engine.post(f"/audiences/{audience.pk}/claim")
    assert engine_caller().post(f"/audiences/{audience.pk}/complete", report).json()["code"] == "not_claimed"
    for _time in range(2):
        response = engine.post(f"/audiences/{audience.pk}/complete", report)
        assert response.json() == {"id": str(audience.pk), "state": "completed", "sent": 2, "failed": 1}
    other_report = engine.post(f"/audiences/{audience.pk}/complete", {"sent": 3, "failed": 0})
    assert other_report.json()["code"] == "wrong_state"
    with scopes_disabled():
        assert Audience.objects.get(pk=audience.pk).completed == report


def test_unknown_ids_are_not_found(scene: Scene) -> None:
    engine = engine_caller()
    for unknown in ("987654", "x", "9" * 30, "-1"):
        assert engine.post(f"/audiences/{unknown}/claim").status_code == 404
