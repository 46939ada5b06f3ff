"""Consents over HTTP: recorded one by one or line by line, listed, and the gate asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, Evidence
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose, status_of
from tests.consent.collection.forms import new_notice
from tests.portal.api.conftest import bearer, member_token

pytestmark = pytest.mark.django_db

GRANT = {
    "contact": {"email": "Ada.Martin@EXAMPLE.org"},
    "purpose": "newsletter",
    "channel": "email",
    "action": "grant",
    "occurred_at": "2026-01-02T03:04:05Z",
    "source": "checkout",
    "notice": "n-3",
    "evidence": {"text": "I want the newsletter.", "ip": "192.0.2.1"},
}


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def client(integrator: User, acme: Organisation) -> Client:
    return bearer(member_token(integrator, acme))


def post(client: Client, body: Any) -> Any:
    return client.post("/api/v1/consents", body, content_type="application/json")


def test_recording_one_consent_takes_few_statements_and_one_transaction(
    client: Client, newsletter: Purpose, ada: Contact
) -> None:
    post(client, GRANT)  # keys and the token's use are read once
    with CaptureQueriesContext(connection) as captured:
        assert post(client, GRANT).status_code == 201
    statements = [query["sql"] for query in captured]
    ours = [sql for sql in statements if not sql.startswith(("SAVEPOINT", "RELEASE"))]
    assert len(ours) <= 8, "\n".join(sql[:150] for sql in ours)
    writing = [place for place, sql in enumerate(statements) if "INSERT INTO" in sql]
    assert len(writing) == 2, "evidence, event and state in one statement, and the audit entry"
    between = statements[writing[0] : writing[1]]
    assert not any(sql.startswith("RELEASE") for sql in between), "both in one transaction"


def test_a_grant_is_recorded_with_its_evidence(client: Client, newsletter: Purpose, ada: Contact) -> None:
    response = post(client, GRANT)
    assert response.status_code == 201, response.content
    event = ConsentEvent.objects.get()
    assert response.json() == {
        "id": str(event.pk),
        "contact": str(ada.pk),
        "purpose": "newsletter",
        "channel": "email",
        "action": "grant",
        "basis": "consent",
        "occurred_at": "2026-01-02T03:04:05Z",
        "recorded_at": response.json()["recorded_at"],
        "source": "checkout",
        "via": "api",
        "notice": "n-3",
        "sealed": False,
    }
    document = open_evidence(Evidence.objects.get(pk=event.evidence_id))
    assert document["ip"] == "192.0.2.1"
    assert document["entered_by"].startswith("token:")
    assert status_of(ada, newsletter) == "granted"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"evidence": None}, "evidence_required"),
        ({"evidence": {}}, "evidence_required"),
        ({"evidence": {"n": 2**70}}, "invalid_evidence"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "future_date"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "invalid_date"),
        ({"occurred_at": "1899-12-31T23:59:59Z"}, "invalid_date"),
        ({"purpose": "nothing"}, "unknown_purpose"),
        ({"channel": "post"}, "channel_not_offered"),
        ({"contact": {"email": "nobody@example.org"}}, "unknown_contact"),
        ({"contact": {"email": "not an address"}}, "unknown_contact"),
        ({"contact": {"id": "999999999"}}, "unknown_contact"),
        ({"contact": {}}, "invalid_input"),
        ({"contact": {"email": "a@example.org", "id": "1"}}, "invalid_input"),
        ({"occurred_at": "2026-01-02T03:04:05"}, "invalid_input"),
        ({"action": "expire"}, "invalid_input"),
        ({"channel": "fax"}, "invalid_input"),
        ({"surprise": 1}, "invalid_input"),
    ],
)
def test_what_is_not_right_is_refused_with_its_code(
    client: Client, newsletter: Purpose, ada: Contact, change: dict[str, Any], code: str
) -> None:
    response = post(client, {**GRANT, **change})
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert response.json()["errors"][0]["loc"]
    assert not ConsentEvent.objects.exists()


def test_nobody_agreed_to_a_notice_before_it_was_published(
    client: Client, newsletter: Purpose, ada: Contact, acme: Organisation
) -> None:
    shown = new_notice(acme, "fr")  # on 10 January
    for name in ("signup", "signup/1", "signup/1/fr"):
        response = post(client, {**GRANT, "notice": name})
        assert (response.status_code, response.json()["code"]) == (422, "before_notice")
    assert not ConsentEvent.objects.exists()
    response = post(client, {**GRANT, "notice": "signup/1/fr", "occurred_at": "2026-01-11T00:00:00Z"})
    assert response.status_code == 201
    assert bytes(ConsentEvent.objects.get().notice_digest or b"") == shown.digest


def test_a_notice_of_another_organisation_is_only_a_name(
    client: Client, newsletter: Purpose, ada: Contact, other: Organisation
) -> None:
    new_notice(other, "fr")
    assert post(client, {**GRANT, "notice": "signup/1/fr"}).status_code == 201
    assert ConsentEvent.objects.get().notice_digest is None


def test_another_organisations_contact_is_unknown(client: Client, newsletter: Purpose, ada_elsewhere: Contact) -> None:
    response = post(client, {**GRANT, "contact": {"id": str(ada_elsewhere.pk)}})
    assert response.json()["code"] == "unknown_contact"


def test_many_are_answered_line_by_line(
    client: Client, newsletter: Purpose, ada: Contact, ben: Contact, cleo: Contact
) -> None:
    lines = [
        GRANT,
        {**GRANT, "contact": {"external_id": "C-1001"}, "action": "withdraw", "occurred_at": "2026-01-03T00:00:00Z"},
        "nonsense",
        {**GRANT, "contact": {"phone": "06 98 76 54 32"}, "channel": "sms"},
        {**GRANT, "contact": {"id": str(ben.pk)}, "evidence": None},
        {**GRANT, "contact": {"email": "nobody@example.org"}},
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    response = client.post("/api/v1/consents", body, content_type="application/x-ndjson")
    assert response.status_code == 200
    answers = [json.loads(line) for line in b"".join(response).splitlines()]  # type: ignore[call-overload]
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4, 5, 6]
    assert [answer.get("code") for answer in answers] == [
        None,
        None,
        "invalid_json",
        None,
        "evidence_required",
        "unknown_contact",
    ]
    assert (status_of(ada, newsletter), status_of(cleo, newsletter, "sms")) == ("withdrawn", "granted")
    assert AuditEntry.objects.get(action="consents.recorded").details["count"] == 3


def test_the_events_come_newest_first_in_pages(
    client: Client, newsletter: Purpose, ada: Contact, ben: Contact, ada_elsewhere: Contact, other: Organisation
) -> None:
    for action in ("grant", "withdraw", "grant"):
        choose(ada, newsletter, action)
    choose(ben, newsletter, "refuse")
    choose(ada_elsewhere, new_purpose(other), "grant")
    first = client.get("/api/v1/consents", {"contact": ada.pk, "purpose": "newsletter", "limit": 2}).json()
    second = client.get("/api/v1/consents", {"contact": ada.pk, "limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["action"] for item in first["items"] + second["items"]] == ["grant", "withdraw", "grant"]
    assert second["next_cursor"] is None
    assert len(client.get("/api/v1/consents").json()["items"]) == 4
    assert client.get("/api/v1/consents", {"contact": "x"}).json()["items"] == []
    assert client.get("/api/v1/consents", {"purpose": "nothing"}).status_code == 422


def test_the_gate_answers_with_every_reason(client: Client, newsletter: Purpose, ada: Contact, cleo: Contact) -> None:
    event_id = choose(ada, newsletter, "grant")
    query = {"purpose": "newsletter", "channel": "email"}
    answer = client.get(f"/api/v1/contacts/{ada.pk}/contactability", query).json()
    assert answer == {"allowed": True, "reasons": [], "evidence": [str(event_id)]}
    answer = client.get(f"/api/v1/contacts/{cleo.pk}/contactability", query).json()
    assert answer == {"allowed": False, "reasons": ["no_consent", "unreachable"], "evidence": []}


def test_the_gate_is_silent_about_other_organisations(
    client: Client, newsletter: Purpose, ada_elsewhere: Contact
) -> None:
    url = f"/api/v1/contacts/{ada_elsewhere.pk}/contactability"
    assert client.get(url, {"purpose": "newsletter", "channel": "email"}).status_code == 404


def test_a_contact_carries_its_consents(client: Client, newsletter: Purpose, ada: Contact) -> None:
    choose(ada, newsletter, "grant")
    found = client.get(f"/api/v1/contacts/{ada.pk}").json()["consents"]
    assert [(item["purpose"], item["channel"], item["status"], item["expires_at"]) for item in found] == [
        ("newsletter", "email", "granted", None)
    ]


def test_a_token_that_may_only_look_records_nothing(
    acme: Organisation, integrator: User, newsletter: Purpose, ada: Contact
) -> None:
    looking = bearer(member_token(integrator, acme, Capability.CONSENTS_VIEW))
    assert post(looking, GRANT).status_code == 403
    assert looking.get("/api/v1/consents").status_code == 200
