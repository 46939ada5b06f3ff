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
