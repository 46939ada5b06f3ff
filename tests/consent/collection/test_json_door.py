"""What other sites use: the JSON door, the challenge, the script and the fragment it inserts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled

from consent.collection.models import CollectionPoint, SignUp
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.collection.forms import delivered, link_in, new_point, path_of, press, solution_of

pytestmark = pytest.mark.django_db
SITE = "https://www.acme.example"


@pytest.fixture
def site(acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    return new_point(acme, newsletter, origins=[SITE])


def challenge_of(point: CollectionPoint, origin: str = SITE) -> dict[str, Any]:
    answer: dict[str, Any] = Client(headers={"Origin": origin}).get(f"{path_of(point)}/challenge").json()
    return answer


def body_for(point: CollectionPoint, **given: Any) -> dict[str, Any]:
    challenge = challenge_of(point)
    choices = [{"purpose": "newsletter", "channel": "email"}]
    asked = {"email": "nina@mail.example", "choices": choices}
    return {**asked, "altcha": solution_of(challenge), "token": challenge["token"], **given}


def post(point: CollectionPoint, body: Any, origin: str = SITE) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return Client(headers={"Origin": origin} if origin else {}).post(
        path_of(point), text, content_type="application/json"
    )


def refusal(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    with scopes_disabled():
        assert not SignUp.objects.exists()
    return answer.status_code, answer.json()["code"]


def test_a_site_of_the_client_sends_and_the_owner_of_the_mailbox_confirms(
    site: CollectionPoint, acme: Organisation
) -> None:
    answer = post(site, body_for(site, page="https://www.acme.example/blog"))
    assert answer.status_code == 202
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert answer.json()["state"] == "accepted"
    assert not answer.cookies
    press(link_in(delivered()[0]))
    with scope(organisation=acme):
        event = ConsentEvent.objects.select_related("evidence").latest("id")
    assert event.evidence is not None
    proof = open_evidence(event.evidence)
    assert (proof["door"], proof["origin"], proof["url"]) == ("json", SITE, "https://www.acme.example/blog")


def test_the_answer_is_the_same_whoever_has_the_address(
    site: CollectionPoint, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    choose(ada, newsletter, "grant")
    choose(ben, newsletter, "object")
    answers = [post(site, body_for(site, email=email)) for email in (ada.email, ben.email, "new@mail.example")]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1


def test_a_site_that_is_not_allowed_is_refused(site: CollectionPoint) -> None:
    answer = post(site, body_for(site), origin="https://evil.example")
    assert refusal(answer) == (403, "wrong_origin")
    assert "Access-Control-Allow-Origin" not in answer
    for path in ("/challenge", "/fragment"):
        response = Client(headers={"Origin": "https://evil.example"}).get(path_of(site) + path)
        assert response.status_code == 403


def test_browsers_may_ask_first(site: CollectionPoint) -> None:
    allowed = Client(headers={"Origin": SITE, "Access-Control-Request-Method": "POST"}).options(path_of(site))
    assert allowed.status_code == 204
    assert allowed["Access-Control-Allow-Origin"] == SITE
    assert "POST" in allowed["Access-Control-Allow-Methods"]
    assert "Content-Type" in allowed["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in allowed
    assert Client(headers={"Origin": "https://evil.example"}).options(path_of(site)).status_code == 403


@pytest.mark.parametrize("altcha", [None, "", "nonsense"])
def test_no_proof_of_work(site: CollectionPoint, altcha: str | None) -> None:
    assert refusal(post(site, body_for(site, altcha=altcha))) == (422, "proof_of_work_required")


def test_neither_calculation_nor_note(site: CollectionPoint) -> None:
    body = {"email": "nina@mail.example", "choices": ["newsletter-email"]}
    assert refusal(post(site, body)) == (422, "proof_of_work_required")


def test_a_calculation_counts_once(site: CollectionPoint) -> None:
    body = body_for(site)
    assert post(site, body).status_code == 202
    assert post(site, body).status_code == 202
    assert post(site, {**body, "email": "other@mail.example"}).json()["code"] == "already_sent"
    assert len(delivered()) == 1


def test_an_unknown_purpose(site: CollectionPoint, acme: Organisation) -> None:
    new_purpose(acme, "secret")
    body = body_for(site, choices=[{"purpose": "secret", "channel": "email"}])
    assert refusal(post(site, body)) == (422, "unknown_purpose")


@pytest.mark.parametrize("stale", [{"form_version": 7}, {"token": "x.y"}, {"token": ""}])
def test_a_stale_form(site: CollectionPoint, stale: dict[str, Any]) -> None:
    assert refusal(post(site, body_for(site, **stale))) == (409, "stale_form")


def test_the_version_can_be_named_instead_of_the_note(site: CollectionPoint) -> None:
    assert post(site, body_for(site, token="", form_version=1)).status_code == 202


@pytest.mark.parametrize(
    ("body", "expected"),
    [("{", (400, "invalid_json")), ("[]", (400, "invalid_json")), ('{"email": 3}', (422, "proof_of_work_required"))],
)
def test_nonsense(site: CollectionPoint, body: str, expected: tuple[int, str]) -> None:
    assert refusal(post(site, body)) == expected


def test_a_wrong_address_is_named(site: CollectionPoint) -> None:
    answer = post(site, body_for(site, email="nobody"))
    assert refusal(answer) == (422, "invalid_input")
    assert answer.json()["errors"][0]["loc"] == ["email"]
    assert answer.json()["errors"][0]["code"] == "invalid_email"


def test_a_form_that_is_not_there(acme: Organisation) -> None:
    answer = Client().post("/s/acme/nothing", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_script_and_the_form_it_inserts_come_from_us_alone(site: CollectionPoint) -> None:
    script = Client().get(f"{path_of(site)}/embed.js")
    assert script["Content-Type"].startswith("text/javascript")
    text = script.content.decode()
    assert "cookie" not in text.replace("No cookie", "")
    assert "http://" not in text
    assert len(script.content) < 12_000
    answer = Client(headers={"Origin": SITE}).get(f"{path_of(site)}/fragment?lang=fr")
    page = answer.content.decode()
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert page.strip().startswith("<form")
    assert "Acme est responsable du traitement." in page
    assert "checked" not in page


def test_the_challenge_tells_what_the_form_shows(site: CollectionPoint) -> None:
    said = challenge_of(site)
    assert said["algorithm"] == "SHA-256"
    assert said["form_version"] == 1
    assert said["form"]["choices"][0]["purpose"] == "newsletter"
