"""The first import of a new client, before the database has been analysed again.

PostgreSQL lists the organisations it has met, and expects no rows of any other. Where a statement shows it which one
it is, it then compares everybody with everybody: half an hour was not enough for 285,000 people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope

from consent.audiences.models import Audience
from consent.audiences.snapshots import read_snapshot
from consent.gate import check
from consent.ledger.orphans import orphans
from consent.ledger.states import rebuild_states
from consent.purposes.models import Purpose
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import
from subscribers.imports.recall.queries import recall_report
from subscribers.imports.undo.queries import undo_preview
from subscribers.segments.queries import count_segment
from tests.consent.choices import new_purpose
from tests.people import new_organisation
from tests.subscribers.imports.files import OUR_FORM, imported

PEOPLE = 1500
LARGE = ("subscribers_contact", "consent_consentstate", "consent_consentevent", "consent_evidence")
AGREED = {"field": "consent.newsletter.email", "op": "eq", "value": "granted"}
CLAIM = replace(
    OUR_FORM, consents=({"purpose": "newsletter", "channel": "email"},), collected_on=date(2026, 2, 3),
    evidence_note="Box on the checkout page, not ticked.",
)  # fmt: skip


def lot(slug: str) -> Import:
    organisation = new_organisation(slug)
    rows = [f"p{number}@x.example,{number % 90},192.0.2.{number % 250}" for number in range(PEOPLE)]
    with scope(organisation=organisation):
        new_purpose(organisation)
        return imported(
            organisation,
            "email,last name,ip\n" + "\n".join(rows) + "\n",
            declaration=CLAIM,
            mapping={"email": "email", "last name": "last_name", "ip": "consent.ip"},
        )


@contextmanager
def comparisons_counted(statements: list[tuple[int, str]]) -> Iterator[None]:
    """Every statement about a large table is run once more to see how many rows its joins looked at in vain."""
    busy = False

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal busy
        if not busy and any(table in sql for table in LARGE) and sql.lstrip().startswith("SELECT"):
            busy = True
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
                statements.append((in_vain(cursor.fetchone()[0][0]["Plan"]), sql))
            busy = False
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield


def in_vain(node: dict[str, Any]) -> int:
    here = int(node.get("Rows Removed by Join Filter", 0) * node.get("Actual Loops", 1))
    return here + sum(in_vain(child) for child in node.get("Plans", ()))


def everything_about(source: Import) -> None:
    organisation, now = source.organisation, timezone.now()
    with scope(organisation=organisation):
        purpose = Purpose.objects.get()
        assert orphans(organisation.pk, {}) == []
        assert rebuild_states(organisation, write=False).differing == 0
        assert undo_preview(source).contacts == PEOPLE
        assert recall_report(source).erased == PEOPLE
        assert count_segment(AGREED, organisation=organisation, now=now) == PEOPLE
        assert count_segment({"not": AGREED}, organisation=organisation, now=now) == 0
        audience = Audience(organisation=organisation, purpose=purpose, channel="email", rule={"not": {"not": AGREED}})
        assert len(read_snapshot(audience, now=now).ids) == PEOPLE
        ids = list(Contact.objects.values_list("pk", flat=True))
        assert len(check(organisation, purpose, "email", ids, now=now).allowed) == PEOPLE


@pytest.mark.django_db
def test_nothing_compares_everybody_of_a_new_client_with_everybody() -> None:
    lot("first")
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(LARGE)}")
    late = lot("late")
    seen: list[tuple[int, str]] = []
    with comparisons_counted(seen):
        everything_about(late)
    assert len(seen) > 8
    assert [(count, sql) for count, sql in seen if count > 5 * PEOPLE] == []
