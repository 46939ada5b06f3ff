"""The ledger's pages, and consents on a person's page."""

from __future__ import annotations

import pytest
from django.test import Client

from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose, status_of
from tests.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def marketing(marketer: User) -> Client:
    return client_of(marketer)


def test_the_ledger_lists_and_filters(marketing: Client, newsletter: Purpose, ada: Contact, ben: Contact) -> None:
    choose(ada, newsletter, "grant")
    choose(ben, newsletter, "withdraw", channel="sms")
    page = marketing.get("/o/acme/ledger/").content.decode()
    assert f"#{ada.pk}" in page
    assert f"#{ben.pk}" in page
    page = marketing.get("/o/acme/ledger/?action=withdraw&purpose=newsletter&channel=sms&source=form").content.decode()
    assert f"#{ada.pk}<" not in page
    assert f"#{ben.pk}<" in page


def test_an_event_shows_its_decrypted_evidence(marketing: Client, newsletter: Purpose, ada: Contact) -> None:
    event_id = choose(ada, newsletter, "grant")
    page = marketing.get(f"/o/acme/ledger/{event_id}/").content.decode()
    assert "I want the newsletter." in page
    assert "Ada Martin" in page


def test_an_event_outlives_its_person(
    marketing: Client, in_acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    from portal.personal_data.registry import sources

    event_id = choose(ada, newsletter, "grant")
    (source,) = [source for source in sources() if source.name == "consent"]
    held = source.collected(in_acme, ada.pk)
    assert held["events"][0]["evidence"]["text"] == "I want the newsletter."
    assert source.erased(in_acme, ada.pk, now=ada.created_at) == 2
    Contact.objects.filter(pk=ada.pk).delete()
    page = marketing.get(f"/o/acme/ledger/{event_id}/").content.decode()
    assert "erased" in page
    assert "I want the newsletter." not in page
    assert source.collected(in_acme, ada.pk)["events"][0]["evidence"] is None


def test_strangers_find_nothing(stranger: User, newsletter: Purpose, ada: Contact) -> None:
    event_id = choose(ada, newsletter, "grant")
    assert client_of(stranger).get(f"/o/acme/ledger/{event_id}/").status_code == 404
    assert client_of(stranger).get(f"/o/other/ledger/{event_id}/").status_code == 404


def test_a_members_note_becomes_evidence(marketing: Client, newsletter: Purpose, ada: Contact) -> None:
    url = f"/o/acme/ledger/contacts/{ada.pk}/choice/"
    assert "newsletter:sms" in marketing.get(url).content.decode()
    given = {"topic": "newsletter:email", "action": "grant", "occurred_at": "2026-01-02T03:04"}
    refused = marketing.post(url, given)
    assert refused.status_code == 422
    assert "needs its evidence" in refused.content.decode()
    response = marketing.post(url, {**given, "evidence": "Signed the card at the fair."})
    assert response["Location"] == f"/o/acme/contacts/{ada.pk}/"
    assert ConsentEvent.objects.get().source == "staff"
    assert status_of(ada, newsletter) == "granted"


def test_a_person_is_stopped_from_their_page(marketing: Client, newsletter: Purpose, ada: Contact) -> None:
    choose(ada, newsletter, "grant")
    page = marketing.get(f"/o/acme/contacts/{ada.pk}/").content.decode()
    url = f"/o/acme/ledger/contacts/{ada.pk}/newsletter/email/withdraw/"
    assert url in page
    assert "Stop writing" in marketing.get(url).content.decode()
    assert status_of(ada, newsletter) == "granted"
    marketing.post(url)
    assert status_of(ada, newsletter) == "withdrawn"
    page = marketing.get(f"/o/acme/contacts/{ada.pk}/").content.decode()
    assert "Withdrew: Newsletter by e-mail" in page


def test_a_viewer_sees_and_may_not_record(viewer: User, newsletter: Purpose, ada: Contact) -> None:
    client = client_of(viewer)
    page = client.get(f"/o/acme/contacts/{ada.pk}/").content.decode()
    assert "No consent" in page
    assert "/choice/" not in page
    assert client.get(f"/o/acme/ledger/contacts/{ada.pk}/choice/").status_code == 403


def test_the_list_shows_who_is_erased_and_leads_nowhere_with_it(
    marketing: Client, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    choose(ada, newsletter, "grant")
    choose(ben, newsletter, "grant")
    Contact.objects.filter(pk=ada.pk).delete()
    page = marketing.get("/o/acme/ledger/").content.decode()
    assert f"#{ada.pk}, erased" in page
    assert f"/o/acme/contacts/{ada.pk}/" not in page
    assert f'/o/acme/contacts/{ben.pk}/">#{ben.pk}<' in page


def test_somebody_of_another_organisation_is_no_link(
    marketing: Client, newsletter: Purpose, ada: Contact, ada_elsewhere: Contact
) -> None:
    """Events name ids without a foreign key: one that leads elsewhere leads nowhere from here."""
    event = ConsentEvent.objects.get(pk=choose(ada, newsletter, "grant"))
    ConsentEvent.objects.bulk_create(
        [
            ConsentEvent(
                organisation=event.organisation,
                contact_id=ada_elsewhere.pk,
                purpose=newsletter,
                channel="email",
                action="grant",
                basis="consent",
                occurred_at=event.occurred_at,
                recorded_at=event.recorded_at,
                source="form",
            )
        ]
    )
    assert f"/contacts/{ada_elsewhere.pk}/" not in marketing.get("/o/acme/ledger/").content.decode()
