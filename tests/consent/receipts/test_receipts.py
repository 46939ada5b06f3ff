"""Receipts: whoever chooses on a page is told what was recorded, once, with no advertising."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from consent.archive.actions import set_policy
from consent.links import LinkTarget, make_token, read_token
from consent.purposes.models import Purpose
from consent.receipts.actions import queue_receipt, send_receipt
from portal.accounts.models import User
from portal.mail.actions import send_queued_mail
from portal.mail.models import OutgoingMail
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.models import Contact
from subscribers.suppression.actions import suppress
from tests.consent.choices import choose, new_purpose, status_of
from tests.papers import objects_of
from tests.people import actor_of

pytestmark = pytest.mark.django_db
Committed = Callable[..., Any]


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme, description="Every second Tuesday.")


@pytest.fixture
def token(ada: Contact, newsletter: Purpose) -> str:
    choose(ada, newsletter, "grant")
    return make_token(LinkTarget(ada.organisation_id, ada.pk, newsletter.pk, "email"))


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Committed:
    """``with committed(): …``: what is done then is committed, and what follows from it happens."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def sent() -> list[Any]:
    """Every message that was queued, sent."""
    for queued in OutgoingMail.objects.filter(state="queued").order_by("pk"):
        send_queued_mail(mail_id=queued.pk)
    return mail.outbox


def test_one_save_is_one_receipt_in_the_persons_language(
    token: str, ada: Contact, newsletter: Purpose, committed: Committed
) -> None:
    offers = new_purpose(ada.organisation, "offers", channels=["email"])
    with committed():
        Client().post(f"/p/{token}", {"choice": [f"{offers.pk}-email", f"{newsletter.pk}-sms"], "save": "1"})
    (message,) = sent()
    assert message.to == ["Ada.Martin@example.org"]
    assert "Reçu" in message.subject
    for part in (message.body, str(message.alternatives[0][0])):
        assert "Every second Tuesday." in part
        for page in "pw":
            assert re.search(rf"{re.escape(settings.ACCORD.base_url)}/{page}/[A-Za-z0-9_-]{{48}}", part)
    assert message.body.count("\n* ") == 3  # two agreed to, one left
    assert "<" not in message.body, "plain text is plain"
    assert message.body.count("http") == message.body.count(settings.ACCORD.base_url)  # our own pages and nothing else


def test_a_link_that_came_by_e_mail_confirms_no_phone(
    ada: Contact, in_acme: Organisation, token: str, committed: Committed
) -> None:
    careful = new_purpose(in_acme, "careful", channels=["sms"], double_opt_in=True)
    with committed():
        Client().post(f"/p/{token}", {"choice": [f"{careful.pk}-sms"], "save": "1"})
    (message,) = sent()
    (path,) = re.findall(r"/p/([A-Za-z0-9_-]{48})", message.body)
    assert read_token(path).channel == "email"
    assert status_of(ada, careful, "sms") == "unconfirmed"


def test_the_links_of_a_receipt_lead_to_the_persons_own_pages(
    token: str, ada: Contact, newsletter: Purpose, committed: Committed
) -> None:
    with committed():
        Client().post(f"/p/{token}", {"stop": "all"})
    (message,) = sent()
    for path in re.findall(r"/[pw]/[A-Za-z0-9_-]{48}", message.body):
        assert Client().get(path).status_code == 200


def test_stopping_on_the_page_is_receipted_and_one_click_in_a_mail_program_is_not(
    token: str, committed: Committed
) -> None:
    with committed():
        Client().post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    assert sent() == []
    with committed():
        Client().post(f"/p/{token}", {"choice": []})
    assert sent() == []  # nothing was left to turn off


def test_leaving_by_the_pages_button_is_receipted(token: str, committed: Committed) -> None:
    with committed():
        Client().post(f"/u/{token}")
    (message,) = sent()
    assert "Newsletter" in message.body


def test_nothing_changed_is_nothing_to_receipt(token: str, newsletter: Purpose, committed: Committed) -> None:
    with committed():
        Client().post(f"/p/{token}", {"choice": [f"{newsletter.pk}-email"], "save": "1"})
    assert sent() == []


def test_an_organisation_may_send_none(token: str, acme: Organisation, owner: User, committed: Committed) -> None:
    set_policy(actor=actor_of(owner, acme), organisation=acme, values={"receipts": False})
    with committed():
        Client().post(f"/u/{token}")
    assert sent() == []


def test_a_suppressed_address_gets_none(token: str, acme: Organisation, ada: Contact, committed: Committed) -> None:
    suppress(
        actor=Actor.system(acme),
        organisation=acme,
        channel="email",
        reason="complaint",
        addresses=["ada.martin@example.org"],
    )
    with committed():
        Client().post(f"/u/{token}")
    assert sent() == []


def test_nobody_fills_a_mailbox_by_turning_a_switch(ada: Contact, newsletter: Purpose, in_acme: Organisation) -> None:
    event = choose(ada, newsletter, "grant")
    assert event is not None
    assert [queue_receipt(in_acme.pk, ada.pk, [event]) for _number in range(8)].count(True) == 6


def test_a_receipt_speaks_of_no_other_person(
    ada: Contact, ben: Contact, cleo: Contact, newsletter: Purpose, in_acme: Organisation, committed: Committed
) -> None:
    other = choose(ben, newsletter, "grant")
    phone_only = choose(cleo, newsletter, "grant", channel="sms")
    assert other is not None
    assert phone_only is not None
    with committed():
        send_receipt(organisation=in_acme, contact_id=ada.pk, event_ids=[other])
        send_receipt(organisation=in_acme, contact_id=cleo.pk, event_ids=[phone_only])
    assert sent() == []


def test_a_mail_that_cannot_be_written_undoes_no_choice(
    token: str, ada: Contact, newsletter: Purpose, committed: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_values: Any) -> None:
        raise RuntimeError("no template")

    monkeypatch.setattr("consent.receipts.actions.queue_mail", broken)
    with committed():
        assert Client().post(f"/u/{token}").status_code == 200
    assert status_of(ada, newsletter) == "withdrawn"


# On screen and as a file


def test_the_receipt_is_there_without_an_account_and_shows_no_address(token: str, ada: Contact) -> None:
    assert f"/p/{token}/receipt" in Client().get(f"/p/{token}").content.decode()
    response = Client().get(f"/p/{token}/receipt")
    page = response.content.decode()
    assert response.status_code == 200
    assert not response.cookies
    assert "I want the newsletter." in page
    assert "Newsletter" in page
    assert "a•••@e•••.org" in page.lower()
    assert "artin" not in page
    assert Client().post(f"/p/{token}/receipt").status_code == 405
    assert Client().get(f"/p/{'A' * 48}/receipt").status_code == 404


@pytest.mark.pango
def test_the_receipt_as_a_pdf(token: str, ada: Contact, newsletter: Purpose) -> None:
    response = Client().get(f"/p/{token}/receipt.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert b"/Lang (fr)" in objects_of(response.content)
    codes = [Client().get(f"/p/{token}/receipt.pdf").status_code for _number in range(10)]
    assert 429 in codes


def test_what_a_member_noted_is_not_on_the_persons_paper(ada: Contact, newsletter: Purpose) -> None:
    choose(ada, newsletter, "grant", source="staff", evidence={"text": "Sounded unsure, called twice."})
    token = make_token(LinkTarget(ada.organisation_id, ada.pk, newsletter.pk, "email"))
    page = Client().get(f"/p/{token}/receipt").content.decode()
    assert "Newsletter" in page
    assert "unsure" not in page


def test_someone_who_is_gone_has_no_receipt(token: str, ada: Contact) -> None:
    ada.delete()
    assert Client().get(f"/p/{token}/receipt").status_code == 200
    assert Client().get(f"/p/{token}/receipt.pdf").status_code == 404


def test_the_dpo_and_the_owner_decide(owner: User, dpo: User, marketer: User, acme: Organisation) -> None:
    allowed = {user.name: actor_of(user, acme).may(Capability.EVIDENCE_ARCHIVE) for user in (owner, dpo, marketer)}
    assert allowed == {"Owner": True, "Dpo": True, "Marketer": False}
