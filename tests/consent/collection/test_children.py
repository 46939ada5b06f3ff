"""Children on paper, in a call and through a client's system: child and parent agree, or nothing is (K-01 to K-03)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from consent.collection.models import CollectionPoint, EvidenceFile, SignUp
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.links import LinkTarget, make_token
from consent.proofs.building import proof_of
from consent.proofs.documents import facts
from consent.proofs.verify_proof import verified
from consent.purposes.models import Purpose
from consent.receipts.queries import standing_receipt
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import new_purpose, status_of
from tests.consent.collection.forms import PUBLISHED, delivered, link_in, press
from tests.consent.collection.test_reporting import kind_of, scan, sign_up, stored_papers, typed
from tests.people import Api, actor_of, api_of, client_of
from tests.portal.seals.keeping import seal

pytestmark = pytest.mark.django_db
PAGE = "/o/acme/collection-points/desk/record/"
AGREED = {"check": "called_back", "how": "Called back."}
HOW = "Her mother signed beside her; the name is that of the account."


def for_children(acme: Organisation, newsletter: Purpose, kind: str, **values: Any) -> CollectionPoint:
    return kind_of(acme, newsletter, kind, age_question=True, **values)


def child(**values: Any) -> dict[str, Any]:
    """What a member types for a child whose mother signed on the same sheet."""
    given = typed()
    return {
        **given,
        "age": "under",
        "parent_name": "Claire Morel",
        "parent_check": "same_sheet",
        "parent_how": HOW,
        "parent_agreed_at": given["occurred_at"],
        "scan": scan(),
        **values,
    }


def parent(**values: Any) -> dict[str, Any]:
    """What a system tells of a parent."""
    return {
        "name": "Claire Morel",
        "phone": "06 12 34 56 78",
        "check": "called_back",
        "how": "Called back at the number of the account.",
        "agreed_at": timezone.now().isoformat(),
        "reference": "call 4711",
        **values,
    }


def record(user: User, values: dict[str, Any]) -> Any:
    return client_of(user).post(PAGE, values)


def events_of(acme: Organisation) -> list[ConsentEvent]:
    with scope(organisation=acme):
        return list(ConsentEvent.objects.select_related("evidence", "purpose").order_by("id"))


def proof_behind(event: ConsentEvent) -> dict[str, Any]:
    """Without its salt, which is another in each."""
    assert event.evidence is not None
    return {name: value for name, value in open_evidence(event.evidence).items() if name != "salt"}


def nothing_is_kept(acme: Organisation, before: set[str]) -> bool:
    with scope(organisation=acme):
        kept = Contact.objects.exists() or EvidenceFile.objects.exists() or SignUp.objects.exists()
    return not kept and not events_of(acme) and stored_papers() == before


# On paper and in a call, typed in by a member


def test_both_signatures_of_one_sheet_are_recorded_together(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    for_children(acme, newsletter, "paper")
    assert "Under 15" in client_of(marketer).get(PAGE).content.decode()
    assert record(marketer, child()).status_code == 302
    member = actor_of(marketer, acme).reference
    own, parents = events_of(acme)
    assert [(event.action, event.source, event.actor) for event in (own, parents)] == [
        ("grant", "staff", member),
        ("grant", "staff", "parent"),
    ]
    proof = proof_behind(own)
    assert proof_behind(parents) == proof
    assert (proof["age"], proof["entered_by"]) == ("under the limit", member)
    told = proof["parental"]
    assert (told["name"], told["authority_check"], told["what_was_done"]) == ("Claire Morel", "same_sheet", HOW)
    assert (told["age_limit"], told["entered_by"]) == ("15", member)
    assert told["pair"]
    assert parents.occurred_at.isoformat() == told["agreed_at"]
    with scope(organisation=acme):
        assert status_of(Contact.objects.get(), newsletter) == "granted"
        entry = AuditEntry.objects.get(action="consent.granted")
    assert entry.details["with_parent"] is True
    assert "Morel" not in str(entry.details)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"parent_check": "", "parent_how": "", "parent_agreed_at": "", "parent_name": ""}, "authority agrees as well"),
        ({"parent_check": ""}, "how the parent&#x27;s authority was checked"),
        ({"parent_how": " "}, "how the parent&#x27;s authority was checked"),
        ({"parent_agreed_at": ""}, "how the parent&#x27;s authority was checked"),
        ({"parent_agreed_at": "2999-01-01T10:00"}, "Nobody has chosen in the future"),
        ({"parent_agreed_at": "2020-01-01T10:00"}, "before the form and its notice"),
        ({"parent_check": "same_call"}, "same_call"),
        ({"parent_address": "nobody@"}, "parent_address_error"),
        ({"age": ""}, "age_error"),
    ],
)
def test_without_the_parents_agreement_nothing_is_granted(
    marketer: User, acme: Organisation, newsletter: Purpose, missing: dict[str, str], told: str
) -> None:
    for_children(acme, newsletter, "paper")
    before = stored_papers()
    answer = record(marketer, child(**missing))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert nothing_is_kept(acme, before)


def test_somebody_old_enough_signs_alone(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    for_children(acme, newsletter, "paper")
    assert record(marketer, child(age="over")).status_code == 302  # what was typed of a parent is hidden then
    (own,) = events_of(acme)
    proof = proof_behind(own)
    assert proof["age"] == "15 or older, as declared"
    assert "parental" not in proof


def test_the_preview_shows_what_the_paper_has_to_ask(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    for_children(acme, newsletter, "paper")
    page = client_of(marketer).get("/o/acme/collection-points/desk/preview/?lang=en").content.decode()
    assert "Name and signature of a parent or guardian" in page
    assert 'name="parent"' not in page


def test_a_call_asks_as_a_call_does(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    for_children(acme, newsletter, "phone")
    page = client_of(marketer).get(PAGE).content.decode()
    assert "same_call" in page
    assert "same_sheet" not in page
    given = child(parent_check="called_back", parent_address="06 12 34 56 78", reference="call 4711")
    del given["scan"]
    assert record(marketer, given).status_code == 302
    assert proof_behind(events_of(acme)[1])["parental"]["address"] == "+33612345678"


def test_a_point_without_the_question_asks_no_member_for_an_age(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    kind_of(acme, newsletter, "paper")
    assert 'name="age"' not in client_of(marketer).get(PAGE).content.decode()
    assert record(marketer, child()).status_code == 302
    assert len(events_of(acme)) == 1


def test_a_parent_of_whom_there_is_only_an_address_is_asked_as_by_a_form(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    for_children(acme, newsletter, "paper")
    asked = child(parent_check="ask", parent_address="mum@home.example", parent_how="", parent_agreed_at="")
    assert record(marketer, asked).status_code == 302
    messages = delivered()
    assert [message.to for message in messages] == [["nina@mail.example"], ["mum@home.example"]]
    press(link_in(messages[1]))
    assert events_of(acme) == []
    press(link_in(messages[0]))
    member = actor_of(marketer, acme).reference
    events = events_of(acme)
    assert [(event.action, event.actor) for event in events] == [
        ("grant", member),
        ("grant", "parent"),
        ("confirm", ""),
    ]
    told = proof_behind(events[1])["parental"]
    assert (told["address"], told["name"]) == ("mum@home.example", "Claire Morel")
    assert told["confirmed_at"]
    with scope(organisation=acme):
        assert EvidenceFile.objects.get().contact_id == Contact.objects.get().pk


@pytest.mark.parametrize(
    "values",
    [
        {"parent_address": ""},
        {"parent_address": "06 12 34 56 78"},
        {"parent_address": "Nina@mail.example"},
        {"parent_address": "mum@home.example", "email": "", "phone": "06 11 22 33 44"},
    ],
)
def test_nobody_is_asked_where_one_of_the_two_has_no_address_of_their_own(
    marketer: User, acme: Organisation, newsletter: Purpose, values: dict[str, str]
) -> None:
    for_children(acme, newsletter, "paper")
    before = stored_papers()
    assert record(marketer, child(parent_check="ask", **values)).status_code == 422
    assert delivered() == []
    assert nothing_is_kept(acme, before)


def test_with_double_opt_in_the_child_confirms_what_the_parent_has_signed(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    for_children(acme, newsletter, "paper", double_opt_in=True)
    assert record(marketer, child()).status_code == 302
    (message,) = delivered()
    assert message.to == ["nina@mail.example"]
    assert "a déjà fait" in Client().get(link_in(message)).content.decode()
    press(link_in(message))
    events = events_of(acme)
    assert [event.action for event in events] == ["grant", "grant", "confirm"]
    assert proof_behind(events[1])["parental"]["what_was_done"] == HOW
    with scope(organisation=acme):
        assert not SignUp.objects.exclude(payload=None).exists()


@pytest.mark.django_db(transaction=True)
def test_the_proof_the_page_and_the_receipt_name_both(
    marketer: User, dpo: User, acme: Organisation, newsletter: Purpose
) -> None:
    for_children(acme, newsletter, "paper")
    record(marketer, child())
    own, parents = events_of(acme)
    with scope(organisation=acme):
        seal()
        proof = proof_of(parents)
        assert verified(proof)["evidence"] == "present"
        assert proof["event"]["actor"] == "parent"
        said = dict(facts(acme, proof["event"], [entry["document"] for entry in proof["evidence"]]))
        receipt = standing_receipt(acme.pk, own.contact_id, token="x" * 48)
    assert "a holder of parental authority" in said.values()
    assert receipt is not None
    assert [entry.with_parent for entry in receipt.entries] == [True]
    page = client_of(dpo).get(f"/o/acme/ledger/{parents.pk}/").content.decode()
    assert "a holder of parental authority" in page
    assert "(a holder of parental authority)" in client_of(dpo).get(f"/o/acme/ledger/{own.pk}/").content.decode()
    person = client_of(dpo).get(f"/o/acme/contacts/{own.contact_id}/").content.decode()
    assert person.count("a holder of parental authority") == 1
    assert "agreed as a child" in person
    token = make_token(LinkTarget(acme.pk, own.contact_id, own.purpose_id, "email"))
    assert "accord de l&#x27;enfant" in Client().get(f"/p/{token}/receipt").content.decode().replace("'", "&#x27;")


# Through a client's system


@pytest.fixture
def shop(integrator: User, acme: Organisation, newsletter: Purpose) -> Api:
    for_children(acme, newsletter, "api")
    return api_of(integrator, acme)


def test_a_shop_reports_child_and_parent(shop: Api, acme: Organisation, integrator: User) -> None:
    answer = sign_up(shop, age={"under_limit": True}, parent=parent())
    assert answer.status_code == 201, answer.content
    own, parents = events_of(acme)
    assert answer.json()["events"] == [str(own.pk), str(parents.pk)]
    assert (parents.actor, parents.source) == ("parent", "api")
    told = proof_behind(parents)["parental"]
    assert (told["authority_check"], told["reference"], told["address"]) == (
        "called_back",
        "call 4711",
        "+33612345678",
    )


@pytest.mark.parametrize(
    ("born", "status"),
    [(-10, 422), (-15, 422), (-16, 201), (-40, 201)],  # of the year alone the birthday may be still to come
)
def test_a_year_of_birth_says_under_until_it_is_certain(shop: Api, acme: Organisation, born: int, status: int) -> None:
    answer = sign_up(shop, age={"birth_year": timezone.now().year + born})
    assert answer.status_code == status
    if status == 201:
        assert proof_behind(events_of(acme)[0])["age"] == "15 or older, as declared"
    else:
        assert answer.json()["code"] == "parent_required"


@pytest.mark.parametrize(
    ("values", "code", "loc"),
    [
        ({}, "age_required", ["age"]),
        ({"age": {"under_limit": True}}, "parent_required", ["parent"]),
        ({"age": {"under_limit": True}, "parent": {}}, "parent_required", ["parent"]),
        ({"age": {"under_limit": True}, "parent": {"name": "C"}}, "parent_address_required", ["parent", "email"]),
        ({"age": {"under_limit": False}, "parent": {"name": "C"}}, "parent_not_needed", ["parent"]),
        ({"parent": {"name": "C"}}, "age_required", ["age"]),
        (
            {"age": {"under_limit": True}, "parent": {"check": "called_back", "how": "Called."}},
            "parent_check_required",
            ["parent", "agreed_at"],
        ),
        (
            {"age": {"under_limit": True}, "parent": {"email": "mum@home.example", "how": "Called."}},
            "parent_check_required",
            ["parent", "check"],
        ),
        (
            {"age": {"under_limit": True}, "parent": {"email": "nina@mail.example"}},
            "same_address",
            ["parent", "email"],
        ),
        ({"age": {"under_limit": True}, "parent": {"check": "guess"}}, "invalid_input", None),
        ({"age": {"under_limit": True}, "parent": {"name": "\ud800"}}, "invalid_input", None),
        ({"age": {"under_limit": True}, "parent": {"email": "nobody"}}, "invalid_input", ["parent", "email"]),
        ({"age": {"under_limit": True}, "parent": {"phone": "12"}}, "invalid_input", ["parent", "phone"]),
        ({"age": {}}, "invalid_input", None),
        ({"age": {"under_limit": True, "birth_year": 2015}}, "invalid_input", None),
        ({"age": {"birth_year": 2999}}, "future_date", ["age", "birth_year"]),
    ],
)
def test_what_is_missing_of_a_child_or_a_parent_is_named(
    shop: Api, acme: Organisation, values: dict[str, Any], code: str, loc: list[str] | None
) -> None:
    answer = sign_up(shop, **values)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    if loc is not None:
        assert answer.json()["errors"][0]["loc"] == loc
    assert delivered() == []
    assert nothing_is_kept(acme, stored_papers())


@pytest.mark.parametrize(
    ("at", "code"),
    [(timedelta(minutes=5), "future_date"), (PUBLISHED - timezone.now() - timedelta(days=1), "before_notice")],
)
def test_a_parent_agrees_neither_in_the_future_nor_before_the_notice(
    shop: Api, acme: Organisation, at: timedelta, code: str
) -> None:
    agreed = (timezone.now() + at).isoformat()
    answer = sign_up(shop, age={"under_limit": True}, parent=parent(agreed_at=agreed))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["loc"] == ["parent", "agreed_at"]
    assert events_of(acme) == []


def test_a_shop_that_knows_only_the_parents_mailbox_lets_both_confirm(shop: Api, acme: Organisation) -> None:
    answer = sign_up(shop, age={"under_limit": True}, parent={"email": "mum@home.example"})
    assert answer.json() == {"state": "waiting", "contact": None, "events": []}
    for message in delivered():
        press(link_in(message))
    assert [event.actor for event in events_of(acme)][1:] == ["parent", ""]


def test_saying_no_needs_neither_age_nor_parent(shop: Api, acme: Organisation, newsletter: Purpose) -> None:
    answer = sign_up(shop, consents=[{"purpose": "newsletter", "channel": "email", "action": "refuse"}])
    assert answer.status_code == 201
    with scope(organisation=acme):
        assert status_of(Contact.objects.get(), newsletter) == "refused"


@pytest.mark.parametrize("values", [{"age": {"under_limit": False}}, {"parent": {"name": "C"}}])
def test_where_nobody_asks_for_an_age_none_is_kept(
    integrator: User, acme: Organisation, newsletter: Purpose, values: dict[str, Any]
) -> None:
    kind_of(acme, newsletter, "api")
    answer = sign_up(api_of(integrator, acme), **values)
    assert (answer.status_code, answer.json()["code"]) == (422, "age_not_asked")


def test_what_is_reported_is_not_typed_in_by_whoever_finds_the_address(acme: Organisation, newsletter: Purpose) -> None:
    """With a page of its own, anybody could name a parent who has agreed to nothing."""
    for_children(acme, newsletter, "paper")
    for path in ("/s/acme/desk", "/s/acme/desk/challenge", "/s/acme/desk/fragment"):
        assert Client().get(path).status_code == 404
    body = {"email": "nina@mail.example", "choices": ["newsletter-email"], "age": "under", "parent": "x@home.example"}
    assert Client().post("/s/acme/desk", body, content_type="application/json").status_code == 404


# Straight to the ledger


def choice_of(**values: Any) -> dict[str, Any]:
    return {
        "contact": {"email": "ada.martin@example.org"},
        "purpose": "newsletter",
        "channel": "email",
        "action": "grant",
        "evidence": {"text": "I want it."},
        **values,
    }


def test_a_choice_for_the_ledger_brings_the_parents_own(
    integrator: User, acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    api = api_of(integrator, acme)
    answer = api.post("/consents", choice_of(age={"under_limit": True}, parent=parent()))
    assert answer.status_code == 201, answer.content
    own, parents = events_of(acme)
    assert (answer.json()["id"], answer.json()["parent_event"]) == (str(own.pk), str(parents.pk))
    assert (own.actor, parents.actor) == ("", "parent")
    assert proof_behind(own) == proof_behind(parents)
    assert proof_behind(own)["parental"]["what_was_done"] == "Called back at the number of the account."


def test_many_choices_at_once_bring_theirs_and_each_refusal_is_told_on_its_line(
    integrator: User, acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    api = api_of(integrator, acme)
    lines = [
        choice_of(age={"under_limit": True}),
        choice_of(age={"under_limit": True}, parent=parent()),
        choice_of(contact={"id": str(ben.pk)}, age={"under_limit": False}),
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    headers = {"Authorization": f"Bearer {api.token}"}
    answer = Client().post("/api/v1/consents", body, content_type="application/x-ndjson", headers=headers)
    said = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]
    own, bens, parents = events_of(acme)
    assert parents.actor == "parent"
    assert said[0]["code"] == "parent_required"
    assert said[1] == {"line": 2, "id": str(own.pk), "parent_event": str(parents.pk)}
    assert said[2] == {"line": 3, "id": str(bens.pk)}
    assert bens.contact_id == ben.pk


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"age": {"under_limit": True}}, "parent_required"),
        ({"age": {"under_limit": True}, "parent": {"email": "mum@home.example"}}, "parent_check_required"),
        (
            {"age": {"under_limit": True}, "parent": {**AGREED, "agreed_at": "0001-01-01T00:00:00+14:00"}},
            "invalid_date",
        ),
        ({"age": {"under_limit": True}, "parent": {**AGREED, "agreed_at": "2999-01-01T00:00:00Z"}}, "future_date"),
        ({"age": {"under_limit": True}, "action": "withdraw"}, "invalid_input"),
        ({"age": {"under_limit": True}, "purpose": "receipts"}, "age_not_asked"),
    ],
)
def test_a_choice_for_the_ledger_lacks_nothing_of_a_child(
    integrator: User, acme: Organisation, newsletter: Purpose, ada: Contact, values: dict[str, Any], code: str
) -> None:
    new_purpose(acme, "receipts", age_limit=0)
    answer = api_of(integrator, acme).post("/consents", choice_of(**values))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert events_of(acme) == []
