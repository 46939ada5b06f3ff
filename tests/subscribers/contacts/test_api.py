from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import User
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.suppression.actions import suppress
from tests.people import LONG_AGO, Api, api_of, new_contact


@pytest.fixture
def api(integrator: User, acme: Organisation) -> Api:
    return api_of(integrator, acme)


def test_a_contact_is_created_then_updated(api: Api, in_acme: Organisation) -> None:
    Field.objects.create(
        organisation=in_acme, key="points", label="Points", type="number", justification="x", created_at=LONG_AGO
    )
    body = {"email": "Zoe@Example.org", "first_name": "Zoé", "tags": ["new"], "attributes": {"points": 3}}
    made = api.post("/contacts", body)
    assert made.status_code == 201, made.content
    assert made.json() | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "email": "Zoe@Example.org",
        "phone": None,
        "external_id": None,
        "first_name": "Zoé",
        "last_name": "",
        "language": "",
        "country": "",
        "tags": ["new"],
        "attributes": {"points": 3},
        "origin": "api",
        "seed": False,
        "restricted": False,
        "created_at": "",
        "updated_at": "",
        "last_seen_at": None,
        "art14_due": None,
        "art14_sent_at": None,
        "provenance": {
            name: {"source": "api", "import": None, "name": ""}
            for name in ("email", "first_name", "tags", "attributes.points")
        },
        "consents": [],
    }
    again = api.post("/contacts", {"email": "zoe@example.org", "seed": True})
    assert (again.status_code, again.json()["id"], again.json()["seed"]) == (200, made.json()["id"], True)


def test_a_contact_is_found_by_each_identity_and_by_search(
    api: Api, ada: Contact, ben: Contact, ada_elsewhere: Contact
) -> None:
    for query in ("email=ADA.martin%40example.org", "phone=%2B33612345678", "external_id=C-1001", "q=mart"):
        answer = api.get(f"/contacts?{query}").json()
        assert [item["id"] for item in answer["items"]] == [str(ada.pk)], query
        assert answer["next_cursor"] is None
    assert api.get("/contacts?email=nobody%40example.org").json()["items"] == []


def test_all_contacts_come_in_pages_newest_first(api: Api, acme: Organisation) -> None:
    made = [str(new_contact(acme, f"p{number}@example.org").pk) for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/contacts?limit=2&cursor={cursor}").json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


def test_a_change_touches_what_is_sent(api: Api, ada: Contact) -> None:
    answer = api.patch(f"/contacts/{ada.pk}", {"first_name": "Adèle", "phone": None}).json()
    assert (answer["first_name"], answer["phone"], answer["last_name"]) == ("Adèle", None, "Martin")


@pytest.mark.parametrize(
    ("body", "status", "code", "loc"),
    [
        ({"email": "nobody"}, 422, "invalid_input", ["email"]),
        ({"first_name": "Nobody"}, 422, "invalid_input", []),
        ({"email": "x@example.org", "attributes": {"shoe": 1}}, 422, "invalid_input", ["attributes", "shoe"]),
        ({"email": "x@example.org", "password": "y"}, 422, "invalid_input", ["password"]),
        ({"email": "zoe@example.org"}, 409, "suppressed", ["email"]),
        ({"email": "ben@example.net", "external_id": "C-1001"}, 409, "identities_conflict", None),
    ],
)
def test_what_is_refused_has_a_code_and_a_place(
    api: Api,
    in_acme: Organisation,
    ada: Contact,
    ben: Contact,
    body: dict[str, Any],
    status: int,
    code: str,
    loc: list[str] | None,
) -> None:
    suppress(actor=Actor.system(in_acme), organisation=in_acme, addresses=["zoe@example.org"], channel="email")
    answer = api.post("/contacts", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if loc is not None:
        assert answer.json()["errors"][0]["loc"] == loc
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("path", ["/contacts/{}", "/contacts/{}/timeline"])
def test_another_organisations_contact_is_not_there(api: Api, ada_elsewhere: Contact, path: str) -> None:
    for wrong in (ada_elsewhere.pk, "x", 10**30):
        answer = api.get(path.format(wrong))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_timeline_tells_where_somebody_comes_from_and_who_edited_them(
    api: Api, ada: Contact, integrator: User
) -> None:
    api.patch(f"/contacts/{ada.pk}", {"first_name": "Adèle"})
    api.patch(f"/contacts/{ada.pk}", {"tags": ["x"]})
    seen, cursor = [], ""
    while cursor is not None:
        query = f"&cursor={cursor}" if cursor else ""
        page = api.get(f"/contacts/{ada.pk}/timeline?limit=1{query}").json()
        seen += page["items"]
        cursor = page["next_cursor"]
    assert [(item["kind"], item["details"].get("changed")) for item in seen] == [
        ("edit", ["tags"]),
        ("edit", ["first_name"]),
        ("created", None),
    ]
    assert api.get(f"/contacts/{ada.pk}/timeline?cursor=nonsense").json()["code"] == "invalid_cursor"


def test_a_viewer_reads_and_does_not_write(viewer: User, acme: Organisation, ada: Contact) -> None:
    api = api_of(viewer, acme)
    assert api.get(f"/contacts/{ada.pk}").status_code == 200
    assert api.patch(f"/contacts/{ada.pk}", {"first_name": "X"}).json()["code"] == "insufficient_scope"
