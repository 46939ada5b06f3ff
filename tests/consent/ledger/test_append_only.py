"""The past can't be rewritten: the database itself refuses (C-01)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_consentevent SET action = 'grant'",
        "DELETE FROM consent_consentevent",
        "TRUNCATE consent_consentevent",
    ],
)
def test_an_event_stays_as_it_was_written(in_acme: Organisation, ada: Contact, statement: str) -> None:
    choose(ada, new_purpose(in_acme), "withdraw")
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "table",
    [
        "consent_consentevent",
        "consent_purposeversion",
        "consent_noticeversion",
        "consent_formversion",
        "portal_auditentry",
        "portal_seal",
        "portal_sealblock",
        "portal_verification",
    ],
)
def test_no_table_of_the_past_can_be_changed_emptied_or_thinned_out(db: None, table: str) -> None:
    update, delete, truncate = 16, 8, 32  # bits of pg_trigger.tgtype
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bit_or(tgtype) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE tgrelid = %s::regclass AND tgenabled IN ('O', 'A') AND proname IN ('accord_append_only',"
            " 'accord_end_once')",
            [table],
        )
        (found,) = cursor.fetchone()
    assert all((found or 0) & event for event in (update, delete, truncate))
