"""``manage.py ledger``: what an operator runs, and what an auditor asks for."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consent.ledger.models import ConsentState
from portal.organisations.models import Organisation
from portal.seals.models import Verification
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.portal.seals.keeping import superuser

pytestmark = pytest.mark.django_db(transaction=True)


def ledger(*words: str) -> str:
    out = StringIO()
    call_command("ledger", *words, stdout=out)
    return out.getvalue()


def test_it_seals_and_verifies_everything(acme: Organisation, other: Organisation, ada: Contact) -> None:
    choose(ada, new_purpose(acme), "grant")

    assert "ledger: 1 sealed in 1 seals" in ledger("seal")
    told = ledger("verify")

    assert "acme: ledger holds: 1 in 1 seals" in told
    assert "Everything that is sealed is as it was." in told
    assert Verification.objects.filter(organisation=acme, stream="ledger", ok=True, rows=1).exists()


def test_it_ends_with_an_error_that_names_the_seal_and_the_row(in_acme: Organisation, ada: Contact) -> None:
    changed = choose(ada, new_purpose(in_acme), "grant")
    ledger("seal")
    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET channel = 'sms' WHERE id = %s", [changed])

    with pytest.raises(CommandError, match=f"acme: ledger FAILS: row_changed: seal 1; row {changed}"):
        ledger("verify", "--organisation", "acme")


def test_it_looks_at_one_organisation_alone_when_told_so(
    acme: Organisation, other: Organisation, ada: Contact, ada_elsewhere: Contact
) -> None:
    choose(ada, new_purpose(acme), "grant")
    changed = choose(ada_elsewhere, new_purpose(other), "grant")
    ledger("seal")
    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET channel = 'sms' WHERE id = %s", [changed])

    assert "is as it was" in ledger("verify", "--organisation", "acme")
    with pytest.raises(CommandError, match="no organisation"):
        ledger("verify", "--organisation", "nobody")


def test_rebuilding_puts_a_state_right_that_somebody_changed(in_acme: Organisation, ada: Contact, ben: Contact) -> None:
    purpose = new_purpose(in_acme)
    choose(ada, purpose, "withdraw")
    choose(ben, purpose, "grant")
    ConsentState.objects.filter(contact=ada).update(status="granted")
    ConsentState.objects.filter(contact=ben).delete()

    with pytest.raises(CommandError, match="2 states"):
        ledger("rebuild", "--check")
    assert ConsentState.objects.get(contact=ada).status == "granted"
    told = ledger("rebuild", "--organisation", "acme")

    assert "acme: 2 states, 2 put right" in told
    assert "granted, should be withdrawn" in told
    assert ConsentState.objects.get(contact=ada).status == "withdrawn"
    assert ConsentState.objects.get(contact=ben).status == "granted"
    assert "acme: 2 states, 0 differ" in ledger("rebuild", "--check")


def test_rebuilding_takes_away_a_state_that_nobody_stands_behind(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme)
    ConsentState.objects.create(
        organisation=in_acme,
        contact=ada,
        purpose=purpose,
        channel="email",
        status="granted",
        since=purpose.created_at,
        event_id=1,
    )
    assert "1 put right" in ledger("rebuild")
    assert not ConsentState.objects.filter(contact=ada).exists()
