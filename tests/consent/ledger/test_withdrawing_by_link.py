"""One click on "unsubscribe": one round trip, with its proof (W-03, W-04)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from consent.ledger import sql
from consent.ledger.actions import withdraw_by_link
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, Evidence
from consent.purposes.models import Purpose
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import NOW, choose, new_purpose, status_of
from tests.people import new_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


def click(contact: Contact, purpose: Purpose | None, **values: Any) -> list[int]:
    values = {
        "organisation_id": contact.organisation_id,
        "contact_id": contact.pk,
        "purpose_id": purpose.pk if purpose else None,
        "channel": "email",
        "evidence": {"link": "v1"},
        "ip": "203.0.113.9",
        "user_agent": "Mail/1.0",
        "now": NOW,
        **values,
    }
    return withdraw_by_link(**values)


def test_it_withdraws_in_one_round_trip(
    ada: Contact, newsletter: Purpose, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # the keys are kept in the process from now on
        choose(ada, newsletter, "grant")
    with CaptureQueriesContext(connection) as queries:
        assert len(click(ada, newsletter)) == 1
    assert len(queries) == 1
    assert status_of(ada, newsletter) == "withdrawn"


def test_the_statement_is_short_enough_to_be_kept_by_the_driver() -> None:
    """Above 4096 bytes psycopg takes it apart anew for each click, which is a tenth of the door's time."""
    assert len(sql.STOP) <= 4096


def test_it_keeps_the_proof_and_says_so_in_the_audit(ada: Contact, newsletter: Purpose) -> None:
    (event_id,) = click(ada, newsletter)
    event = ConsentEvent.objects.get(pk=event_id)
    document = open_evidence(Evidence.objects.get(pk=event.evidence_id))
    assert (event.action, event.source, event.occurred_at) == ("withdraw", "one_click", NOW)
    assert (document["ip"], document["user_agent"], document["link"]) == ("203.0.113.9", "Mail/1.0", "v1")
    entry = AuditEntry.objects.get(action="consent.withdrawn")
    assert (entry.actor_kind, entry.target_id, entry.ip) == ("link", str(ada.pk), None)
    assert entry.details["event"] == event_id


def test_a_second_click_records_nothing(ada: Contact, newsletter: Purpose) -> None:
    click(ada, newsletter)
    assert click(ada, newsletter) == []
    entries = AuditEntry.objects.filter(action="consent.withdrawn")
    assert ConsentEvent.objects.count() == entries.count() == Evidence.objects.count() == 1


def test_leaving_a_purpose_without_consent_is_an_objection(in_acme: Organisation, ada: Contact) -> None:
    """G 21(2)."""
    purpose = new_purpose(in_acme, "offers", basis="legitimate_interest")
    click(ada, purpose)
    assert status_of(ada, purpose) == "objected"


def test_one_click_can_stop_everything_on_the_channel(in_acme: Organisation, ada: Contact, newsletter: Purpose) -> None:
    """W-07."""
    offers = new_purpose(in_acme, "offers", basis="soft_opt_in", channels=["email"])
    calls = new_purpose(in_acme, "calls", channels=["phone"])
    choose(ada, newsletter, "grant")
    choose(ada, newsletter, "grant", channel="sms")
    assert len(click(ada, None)) == 2
    assert (status_of(ada, newsletter), status_of(ada, offers)) == ("withdrawn", "objected")
    assert (status_of(ada, newsletter, "sms"), status_of(ada, calls)) == ("granted", None)


def test_a_person_who_is_gone_leaves_no_trace(ada: Contact, newsletter: Purpose) -> None:
    assert click(ada, newsletter, contact_id=ada.pk + 1000) == []
    assert not ConsentEvent.objects.exists()


def test_a_link_of_another_organisation_reaches_nobody_here(
    ada: Contact, newsletter: Purpose, other: Organisation
) -> None:
    assert click(ada, newsletter, organisation_id=other.pk) == []
    assert status_of(ada, newsletter) is None


def test_two_clicks_at_once_are_one_withdrawal(transactional_db: None, acme: Organisation) -> None:
    person, purpose = new_contact(acme, "ada@example.org"), new_purpose(acme)
    with scope(organisation=acme):
        choose(person, purpose, "grant")
    start = Barrier(4)

    def click_at_once(_number: int) -> list[int]:
        try:
            start.wait()
            return click(person, purpose)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = [event_id for events in pool.map(click_at_once, range(4)) for event_id in events]
    assert len(found) == 1
    with scope(organisation=acme):
        assert ConsentEvent.objects.filter(action="withdraw").count() == 1
        assert status_of(person, purpose) == "withdrawn"
