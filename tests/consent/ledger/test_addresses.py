"""A new address is not a confirmed one, whoever changed it; the old proof stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, Evidence
from consent.purposes.models import Purpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.actions import save_contact, update_contact
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import
from tests.consent.choices import NOW, choose, new_purpose, state_of, status_of
from tests.subscribers.imports.files import imported

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=30)


@pytest.fixture
def confirmed(in_acme: Organisation, ada: Contact) -> Purpose:
    """Ada agreed by e-mail and SMS and confirmed both."""
    purpose = new_purpose(in_acme, double_opt_in=True, valid_for_days=1000)
    for channel in ("email", "sms"):
        choose(ada, purpose, "grant", channel=channel)
        choose(ada, purpose, "confirm", channel=channel)
        assert status_of(ada, purpose, channel) == "granted"
    return purpose


def edited(organisation: Organisation, ada: Contact, **values: Any) -> None:
    update_contact(
        actor=Actor.system(organisation), organisation=organisation, contact_id=ada.pk, values=values, now=LATER
    )


def test_another_address_asks_for_another_confirmation(in_acme: Organisation, ada: Contact, confirmed: Purpose) -> None:
    before = state_of(ada, confirmed)
    assert before is not None
    proofs = Evidence.objects.count()
    edited(in_acme, ada, email="ada@new.example")
    assert status_of(ada, confirmed) == "unconfirmed"
    assert status_of(ada, confirmed, "sms") == "granted"
    reset = ConsentEvent.objects.latest("id")
    assert (reset.action, reset.source, reset.source_reference, reset.occurred_at) == (
        "reset", "system", "system", LATER,
    )  # fmt: skip
    assert Evidence.objects.count() == proofs + 1
    document = open_evidence(Evidence.objects.get(pk=reset.evidence_id))
    assert (document["kind"], document["confirmed_by_event"]) == ("address_changed", str(before.event_id))


def test_a_confirmation_after_it_counts_and_one_before_does_not(
    in_acme: Organisation, ada: Contact, confirmed: Purpose
) -> None:
    edited(in_acme, ada, email="ada@new.example")
    choose(ada, confirmed, "confirm", occurred_at=LATER - timedelta(hours=1), now=LATER + timedelta(hours=1))
    assert status_of(ada, confirmed) == "unconfirmed"
    choose(ada, confirmed, "confirm", now=LATER + timedelta(hours=1))
    assert status_of(ada, confirmed) == "granted"


def test_a_paused_person_confirms_too_and_a_no_stays(in_acme: Organisation, ada: Contact, confirmed: Purpose) -> None:
    choose(ada, confirmed, "pause")
    choose(ada, confirmed, "withdraw", channel="sms")
    edited(in_acme, ada, email="ada@new.example", phone="+33698765432")
    assert status_of(ada, confirmed) == "unconfirmed"
    assert status_of(ada, confirmed, "sms") == "withdrawn"


def test_where_nobody_confirms_nothing_changes(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme)
    choose(ada, purpose, "grant")
    edited(in_acme, ada, email="ada@new.example")
    assert status_of(ada, purpose) == "granted"


def test_other_letters_of_the_same_address_are_no_change(
    in_acme: Organisation, ada: Contact, confirmed: Purpose
) -> None:
    edited(in_acme, ada, email="ADA.MARTIN@example.org", first_name="Adèle")
    assert status_of(ada, confirmed) == "granted"


def test_the_api_resets_too(in_acme: Organisation, ada: Contact, confirmed: Purpose) -> None:
    save_contact(
        actor=Actor.system(in_acme),
        organisation=in_acme,
        values={"external_id": ada.external_id, "email": "ada@new.example"},
    )
    assert status_of(ada, confirmed) == "unconfirmed"


def overwrite(organisation: Organisation, content: str, **choice: Any) -> Import:
    return imported(organisation, content, **{"update_rule": "overwrite", **choice})


def test_a_file_that_overwrites_addresses_resets_in_one_go(
    in_acme: Organisation, ada: Contact, ben: Contact, confirmed: Purpose
) -> None:
    choose(ben, confirmed, "grant")
    choose(ben, confirmed, "confirm")
    Contact.objects.filter(pk=ben.pk).update(external_id="B-1")
    content = f"external id,email,first name\n{ada.external_id},ada@new.example,Ada\nB-1,BEN@example.net,Benjamin\n"
    source = overwrite(in_acme, content)
    assert source.rows_updated == 2
    assert status_of(ada, confirmed) == "unconfirmed"
    assert status_of(ada, confirmed, "sms") == "granted"
    assert status_of(ben, confirmed) == "granted"
    assert ConsentEvent.objects.latest("id").source_reference == f"import:{source.pk}"


def test_a_file_that_fills_moves_no_address(in_acme: Organisation, ada: Contact, confirmed: Purpose) -> None:
    overwrite(in_acme, f"external id,email\n{ada.external_id},ada@new.example\n", update_rule="fill")
    assert status_of(ada, confirmed) == "granted"
