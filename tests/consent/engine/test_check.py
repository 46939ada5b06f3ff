"""May I write to these now?"""

from __future__ import annotations

import pytest

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.engine.conftest import Scene
from tests.consent.stage import engine_caller

pytestmark = pytest.mark.django_db


def asked(*contacts: object, **values: object) -> dict[str, object]:
    return {
        "organisation": "acme",
        "purpose": "newsletter",
        "channel": "email",
        "contacts": list(contacts),
        **values,
    }


def test_each_id_gets_its_answer(scene: Scene, ada_elsewhere: Contact) -> None:
    ids = [str(scene.ada.pk), str(scene.ben.pk), str(ada_elsewhere.pk), "x", "9" * 25]
    found = engine_caller().post("/check", asked(*ids)).json()
    assert found == {
        "allowed": [str(scene.ada.pk)],
        "denied": {
            str(scene.ben.pk): "withdrawn",
            str(ada_elsewhere.pk): "not_found",
            "x": "not_found",
            "9" * 25: "not_found",
        },
    }


def test_a_test_credential_learns_of_seed_contacts_only(scene: Scene) -> None:
    found = engine_caller("test").post("/check", asked(scene.ada.pk, scene.seed.pk)).json()
    assert found == {"allowed": [str(scene.seed.pk)], "denied": {str(scene.ada.pk): "not_found"}}


def test_ten_thousand_are_taken_and_one_more_is_refused(scene: Scene) -> None:
    engine = engine_caller()
    assert engine.post("/check", asked(*range(1, 10_001))).status_code == 200
    assert engine.post("/check", asked(*range(1, 10_002))).status_code == 422


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"organisation": "nobody"}, 404, "not_found"),
        ({"purpose": "nothing"}, 422, "unknown_purpose"),
        ({"channel": "post"}, 422, "channel_not_offered"),
        ({"channel": "pigeon"}, 422, "channel_not_offered"),
    ],
)
def test_what_is_unknown_is_said(scene: Scene, values: dict[str, object], status: int, code: str) -> None:
    response = engine_caller().post("/check", asked(1, **values))
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_bound_credential_asks_about_its_own_only(scene: Scene, other: Organisation) -> None:
    assert engine_caller("live", other).post("/check", asked(scene.ada.pk)).status_code == 404
    assert engine_caller("live", scene.acme).post("/check", asked(scene.ada.pk)).status_code == 200
