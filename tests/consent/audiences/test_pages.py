"""The pages of audiences, in a browser without script."""

from __future__ import annotations

import pytest
from django.test import Client

from consent.audiences.models import Audience
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from tests.consent.choices import choose, new_purpose
from tests.consent.stage import new_audience, new_segment, submitted
from tests.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def everybody(in_acme: Organisation) -> Segment:
    return new_segment(in_acme)


@pytest.fixture
def waiting(
    in_acme: Organisation, marketer: User, newsletter: Purpose, everybody: Segment, ada: Contact, ben: Contact
) -> Audience:
    choose(ada, newsletter, "grant")
    return submitted(marketer, new_audience(marketer, in_acme, everybody, newsletter))


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_a_marketer_drafts_and_submits(
    in_acme: Organisation, marketer: User, newsletter: Purpose, everybody: Segment, ada: Contact
) -> None:
    client = client_of(marketer)
    assert "New audience" in text_of(client, "/o/acme/audiences/new/")
    sent = {"name": "Spring", "segment": everybody.pk, "purpose": "newsletter", "channel": "email"}
    response = client.post("/o/acme/audiences/new/", {**sent, "fields_needed": ["first_name"]})
    audience = Audience.objects.get()
    assert response["Location"] == f"/o/acme/audiences/{audience.pk}/"
    client.post(f"/o/acme/audiences/{audience.pk}/submit/")
    page = text_of(client, f"/o/acme/audiences/{audience.pk}/")
    assert "No consent" in page
    assert "somebody else decides" not in page
    assert "Your decision" not in page


def test_a_form_with_a_mistake_comes_back_with_it(
    in_acme: Organisation, marketer: User, newsletter: Purpose, everybody: Segment
) -> None:
    sent = {"name": "Spring", "segment": everybody.pk, "purpose": "newsletter", "channel": "post"}
    response = client_of(marketer).post("/o/acme/audiences/new/", sent)
    assert response.status_code == 422
    assert "not for this channel" in response.content.decode()


def test_an_approver_sees_the_funnel_and_decides(waiting: Audience, approver: User) -> None:
    client = client_of(approver)
    page = text_of(client, f"/o/acme/audiences/{waiting.pk}/")
    assert "Your decision" in page
    assert "No consent" in page
    response = client.post(f"/o/acme/audiences/{waiting.pk}/decide/", {"decision": "approve", "reason": ""})
    assert response.status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == "approved"


def test_a_rejection_without_a_reason_is_asked_for_one(waiting: Audience, approver: User) -> None:
    response = client_of(approver).post(f"/o/acme/audiences/{waiting.pk}/decide/", {"decision": "reject"})
    assert response.status_code == 422
    assert "Say why" in response.content.decode()


def test_cancelling_asks_first(waiting: Audience, marketer: User) -> None:
    client = client_of(marketer)
    path = f"/o/acme/audiences/{waiting.pk}/cancel/"
    assert "Cancel this audience?" in text_of(client, path)
    assert client.post(path).status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"


def test_the_list_and_the_dashboard_show_what_waits(waiting: Audience, approver: User) -> None:
    client = client_of(approver)
    assert "Spring" in text_of(client, "/o/acme/audiences/?state=submitted")
    assert "Spring" not in text_of(client, "/o/acme/audiences/?state=draft")
    assert "Waiting for approval" in text_of(client, "/o/acme/")


def test_a_stranger_gets_404(waiting: Audience, stranger: User) -> None:
    assert client_of(stranger).get(f"/o/acme/audiences/{waiting.pk}/").status_code == 404
    assert client_of(stranger).get(f"/o/other/audiences/{waiting.pk}/").status_code == 404
