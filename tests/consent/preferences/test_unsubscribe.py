"""One click, or a page that asks: W-01 to W-06."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from django_scopes import scope

from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.links import LinkKind, LinkTarget, make_token
from consent.purposes.models import Purpose
from portal.api.rates import FAILURE_RATE
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose, status_of

pytestmark = pytest.mark.django_db

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    '--xyz\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xyz--\r\n',
    "multipart/form-data; boundary=xyz",
)


def events_of(contact: Contact) -> list[ConsentEvent]:
    with scope(organisation=contact.organisation):
        return list(ConsentEvent.objects.select_related("evidence").filter(contact=contact).order_by("id"))


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("door", ["u", "p", "w"])
def test_looking_changes_nothing(token: str, subscribed: Contact, newsletter: Purpose, method: str, door: str) -> None:
    response = getattr(Client(), method)(f"/{door}/{token}")
    assert response.status_code == 200
    assert status_of(subscribed, newsletter) == "granted"
    assert len(events_of(subscribed)) == 1
    assert not response.cookies


@pytest.mark.parametrize(("body", "content_type"), [(ONE_CLICK, FORM), MULTIPART])
def test_one_click_withdraws_in_both_encodings(
    token: str, subscribed: Contact, newsletter: Purpose, body: str, content_type: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.generic("POST", f"/u/{token}", body, content_type, headers={"User-Agent": "Mail/1"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    assert not response.cookies
    assert status_of(subscribed, newsletter) == "withdrawn"
    event = events_of(subscribed)[-1]
    assert (event.action, event.source) == ("withdraw", "one_click")
    assert event.evidence is not None
    proof = open_evidence(event.evidence)
    assert (proof["door"], proof["user_agent"], proof["ip"]) == ("one_click", "Mail/1", "127.0.0.1")
    assert proof["received_at"]


def test_the_slash_some_programs_add_is_no_redirect(token: str, subscribed: Contact, newsletter: Purpose) -> None:
    assert Client().post(f"/u/{token}/", ONE_CLICK, content_type=FORM).status_code == 200
    assert status_of(subscribed, newsletter) == "withdrawn"


def test_a_second_click_is_fine_and_says_nothing_new(token: str, subscribed: Contact) -> None:
    for _time in range(3):
        assert Client().post(f"/u/{token}", ONE_CLICK, content_type=FORM).status_code == 200
    assert len(events_of(subscribed)) == 2


def test_the_effect_is_for_that_purpose_and_channel_alone(
    token: str, subscribed: Contact, newsletter: Purpose, acme: object
) -> None:
    magazine = new_purpose(newsletter.organisation, "magazine")
    choose(subscribed, magazine, "grant")
    choose(subscribed, newsletter, "grant", channel="sms")
    Client().post(f"/u/{token}", ONE_CLICK, content_type=FORM)
    assert status_of(subscribed, newsletter) == "withdrawn"
    assert status_of(subscribed, newsletter, "sms") == "granted"
    assert status_of(subscribed, magazine) == "granted"


def test_a_person_presses_the_button_and_reads_what_still_comes(
    token: str, subscribed: Contact, newsletter: Purpose
) -> None:
    choose(subscribed, new_purpose(newsletter.organisation, "magazine"), "grant")
    response = Client(enforce_csrf_checks=True).post(f"/u/{token}", {})
    assert response.status_code == 200
    page = response.content.decode()
    assert "Magazine" in page
    assert status_of(subscribed, newsletter) == "withdrawn"
    assert events_of(subscribed)[-1].source == "link"


def test_leaving_a_purpose_without_consent_is_an_objection(
    subscribed: Contact, offers: Purpose, token_for: Callable[[Contact, Purpose], str]
) -> None:
    Client().post(f"/u/{token_for(subscribed, offers)}", ONE_CLICK, content_type=FORM)
    assert status_of(subscribed, offers) == "objected"


def test_a_link_to_all_stops_all_of_its_channel(subscribed: Contact, newsletter: Purpose, offers: Purpose) -> None:
    token = make_token(LinkTarget(newsletter.organisation_id, subscribed.pk, 0, "email"))
    assert Client().get(f"/u/{token}").status_code == 200
    Client().post(f"/u/{token}", ONE_CLICK, content_type=FORM)
    assert status_of(subscribed, newsletter) == "withdrawn"
    assert status_of(subscribed, offers) == "objected"


def test_the_page_speaks_the_persons_language_and_shows_no_address(token: str, subscribed: Contact) -> None:
    page = Client(headers={"Accept-Language": "de"}).get(f"/u/{token}").content.decode()
    assert '<html lang="fr"' in page
    assert "Acme" in page
    assert "Newsletter" in page
    assert "artin" not in page
    assert "@example.org" not in page


def test_somebody_erased_gets_the_same_answer(token: str, subscribed: Contact) -> None:
    with scope(organisation=subscribed.organisation):
        subscribed.delete()
    assert Client().post(f"/u/{token}", ONE_CLICK, content_type=FORM).status_code == 200
    for door in ("u", "p", "w"):
        assert Client().get(f"/{door}/{token}").status_code == 200


@pytest.mark.parametrize("door", ["u", "p", "w"])
@pytest.mark.parametrize("wrong", ["x", "A" * 48, "<script>", "a b"])
def test_a_link_that_is_not_ours_is_a_kind_404(db: None, door: str, wrong: str) -> None:
    response = Client().get(f"/{door}/{wrong}")
    assert response.status_code == 404
    assert "invalid_link" in response.content.decode()
    assert "<script>" not in response.content.decode()


def test_one_letter_changed_is_refused(token: str, subscribed: Contact, newsletter: Purpose) -> None:
    changed = ("B" if token[-1] != "B" else "C").join((token[:-1], ""))
    assert Client().post(f"/u/{changed}", ONE_CLICK, content_type=FORM).status_code == 404
    assert status_of(subscribed, newsletter) == "granted"


def test_a_link_for_confirming_does_not_unsubscribe(subscribed: Contact, newsletter: Purpose) -> None:
    target = LinkTarget(newsletter.organisation_id, subscribed.pk, newsletter.pk, "email", LinkKind.CONFIRM)
    assert Client().post(f"/u/{make_token(target)}", ONE_CLICK, content_type=FORM).status_code == 404
    assert status_of(subscribed, newsletter) == "granted"


def test_guessing_is_slowed_down_and_true_links_never_are(token: str) -> None:
    client = Client()
    statuses = {client.get("/u/guess").status_code for _time in range(FAILURE_RATE.count + 5)}
    assert statuses == {404, 429}
    assert client.post(f"/u/{token}", ONE_CLICK, content_type=FORM).status_code == 200


def test_nothing_lets_the_token_out(token: str) -> None:
    response = Client().get(f"/u/{token}")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "default-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(token: str, subscribed: Contact, newsletter: Purpose, method: str) -> None:
    response = getattr(Client(), method)(f"/u/{token}")
    assert response.status_code == 405
    assert "POST" in response["Allow"]
    assert status_of(subscribed, newsletter) == "granted"


def test_a_huge_body_is_refused_before_it_is_read(token: str) -> None:
    response = Client().post(f"/u/{token}", "x" * 70_000, content_type=FORM)
    assert response.status_code == 413


@pytest.mark.django_db(transaction=True)  # the organisation's keys stay in the process once they are committed
def test_one_click_costs_one_statement(
    token: str, subscribed: Contact, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    Client().post(f"/u/{token}", ONE_CLICK, content_type=FORM)
    with django_assert_num_queries(1):
        Client().post(f"/u/{token}", ONE_CLICK, content_type=FORM)
