"""States recreated from events, and compared with those kept; people by some thousand, each lot in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from consent.ledger.models import Action, EventSource, Status
from consent.ledger.rebuilding import Stood, Word, stood
from consent.ledger.rules import Standing
from consent.ledger.terms import TermsOf, terms_of
from portal.organisations.models import Organisation
from subscribers.imports.passport.rules import QUARANTINED_ORIGINS

PEOPLE_AT_ONCE = 2000
SHOWN = 10

Place = tuple[int, int, str]

# The next lot of people who have events or states. Indexes: events_by_contact; the state's primary key.
NEXT_PEOPLE = """
SELECT max(contact_id) FROM (
    SELECT contact_id FROM (
        (SELECT DISTINCT contact_id FROM consent_consentevent
         WHERE organisation_id = %(organisation)s AND contact_id > %(after)s ORDER BY 1 LIMIT %(limit)s)
        UNION
        (SELECT DISTINCT contact_id FROM consent_consentstate
         WHERE organisation_id = %(organisation)s AND contact_id > %(after)s ORDER BY 1 LIMIT %(limit)s)
    ) u ORDER BY 1 LIMIT %(limit)s
) people
"""
# In the order in which all writers lock states. Index: the state's primary key.
STATES = """
SELECT contact_id, purpose_id, channel, status, since, expires_at, paused_until, event_id, purpose_version
FROM consent_consentstate
WHERE organisation_id = %(organisation)s AND contact_id > %(after)s AND contact_id <= %(upto)s
ORDER BY contact_id, purpose_id, channel FOR UPDATE
"""
# Of people who are still there: an erasure drops states and leaves events. Index: events_by_contact.
EVENTS = """
SELECT e.contact_id, e.purpose_id, e.channel, e.id, e.action, e.occurred_at, e.source, e.source_reference,
       e.paused_until, e.purpose_version
FROM consent_consentevent e
WHERE e.organisation_id = (SELECT %(organisation)s::bigint) AND e.contact_id > %(after)s AND e.contact_id <= %(upto)s
    AND EXISTS (SELECT FROM subscribers_contact c WHERE c.organisation_id = e.organisation_id AND c.id = e.contact_id)
ORDER BY e.contact_id, e.id
"""
HELD_IMPORTS = """
SELECT 'import:' || id FROM subscribers_import
WHERE organisation_id = %(organisation)s AND origin_kind = ANY (%(origins)s)
"""
DROP = """
DELETE FROM consent_consentstate
WHERE organisation_id = %(organisation)s AND contact_id = %(contact)s AND purpose_id = %(purpose)s
    AND channel = %(channel)s
"""
# A first word may have been written meanwhile: then it stands.
KEEP = """
INSERT INTO consent_consentstate
    (organisation_id, contact_id, purpose_id, channel, status, since, expires_at, paused_until, event_id,
     purpose_version)
VALUES (%(organisation)s, %(contact)s, %(purpose)s, %(channel)s, %(status)s, %(since)s, %(expires_at)s,
    %(paused_until)s, %(event)s, %(version)s)
ON CONFLICT (organisation_id, contact_id, purpose_id, channel) DO NOTHING
"""


@dataclass
class Rebuilt:
    """How many states there should be, and which of those kept were others, or not there, or too many."""

    states: int = 0
    differing: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, place: Place, kept: Stood | None, expected: Stood | None) -> None:
        self.differing += 1
        if len(self.examples) < SHOWN:
            contact, purpose, channel = place
            words = [each.standing.status.value if each else "nothing" for each in (kept, expected)]
            self.examples.append(f"contact {contact}, purpose {purpose}, {channel}: {words[0]}, should be {words[1]}")


def rebuild_states(organisation: Organisation, *, write: bool) -> Rebuilt:
    """Compare every state with what the events say, and with ``write`` put right what differs."""
    found = Rebuilt()
    terms, held = terms_of(organisation.pk), held_imports(organisation.pk)
    for after, upto in lots(organisation.pk):
        with transaction.atomic(), connection.cursor() as cursor:
            rebuild_lot(cursor, organisation.pk, (after, upto), terms, held, found, write=write)
    return found


def lots(organisation_id: int) -> Iterator[tuple[int, int]]:
    """Ranges of contact ids, of at most ``PEOPLE_AT_ONCE`` people."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(NEXT_PEOPLE, {"organisation": organisation_id, "after": after, "limit": PEOPLE_AT_ONCE})
            (upto,) = cursor.fetchone()
        if upto is None:
            return
        yield after, upto
        after = upto


def held_imports(organisation_id: int) -> frozenset[str]:
    """Imports whose agreements wait until their proofs are checked, as events name them."""
    parameters: dict[str, Any] = {
        "organisation": organisation_id,
        "origins": [origin.value for origin in QUARANTINED_ORIGINS],
    }
    with connection.cursor() as cursor:
        cursor.execute(HELD_IMPORTS, parameters)
        return frozenset(reference for (reference,) in cursor.fetchall())


def rebuild_lot(
    cursor: Any,
    organisation_id: int,
    span: tuple[int, int],
    terms: TermsOf,
    held: frozenset[str],
    found: Rebuilt,
    *,
    write: bool,
) -> None:
    parameters = {"organisation": organisation_id, "after": span[0], "upto": span[1]}
    cursor.execute(STATES, parameters)
    kept = {row[:3]: kept_state(*row[3:]) for row in cursor.fetchall()}
    cursor.execute(EVENTS, parameters)
    expected = standings(cursor.fetchall(), terms, held)
    found.states += len(expected)
    for place in sorted(kept.keys() | expected.keys()):
        before, after = kept.get(place), expected.get(place)
        if is_same(before, after):
            continue
        found.note(place, before, after)
        if write:
            put_right(cursor, organisation_id, place, after)


def kept_state(
    status: str,
    since: datetime,
    expires_at: datetime | None,
    paused_until: datetime | None,
    event_id: int,
    version: int | None,
) -> Stood:
    return Stood(Standing(Status(status), since, expires_at, paused_until), event_id, version)


def is_same(kept: Stood | None, expected: Stood | None) -> bool:
    """A state without a version goes by its date: imports write it so."""
    if kept is None or expected is None or kept.version is not None:
        return kept == expected
    return kept == replace(expected, version=None)


def standings(rows: list[tuple[Any, ...]], terms: TermsOf, held: frozenset[str]) -> dict[Place, Stood]:
    """Where the events leave each person, for each purpose and channel they are about."""
    words: dict[Place, list[Word]] = {}
    for row in rows:
        words.setdefault(row[:3], []).append(word_of(row[1], row[3:], terms, held))
    return {place: result for place, said in words.items() if (result := stood(said)) is not None}


def word_of(purpose_id: int, row: tuple[Any, ...], terms: TermsOf, held: frozenset[str]) -> Word:
    event_id, action, occurred_at, source, reference, paused_until, version = row
    return Word(
        id=event_id,
        action=Action(action),
        occurred_at=occurred_at,
        source=EventSource(source),
        paused_until=paused_until,
        terms=terms(purpose_id, version),
        waits=source == EventSource.IMPORT and reference in held,
        version=version,
    )


def put_right(cursor: Any, organisation_id: int, place: Place, expected: Stood | None) -> None:
    contact, purpose, channel = place
    named = {"organisation": organisation_id, "contact": contact, "purpose": purpose, "channel": channel}
    cursor.execute(DROP, named)
    if expected is not None:
        standing = expected.standing
        told = {
            "status": standing.status.value,
            "since": standing.since,
            "expires_at": standing.expires_at,
            "paused_until": standing.paused_until,
            "event": expected.event_id,
            "version": expected.version,
        }
        cursor.execute(KEEP, named | told)
