"""The gate: may this person be written to, for this purpose, on this channel, now?

One definition, :data:`CONDITIONS`, an ordered list of reason codes with the SQL that says when each holds; three forms
of it: :func:`explain` (one contact, every reason), :func:`gate_sql` (a set), :func:`check` (a batch of ids).
The page for readers is ``docs/build/gate.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from consent.purposes.ages import AGES, ANY_AGE, ARTICLE_8
from consent.purposes.models import Purpose
from consent.purposes.queries import require_channel
from consent.purposes.rules import needs_agreement
from portal.channels import Channel
from portal.organisations.models import Organisation

NOT_FOUND = "not_found"

# What a contact needs to be reached. Devices and letterboxes are known to the client's own systems, by external id.
ADDRESSES = {
    Channel.EMAIL: "c.email_key",
    Channel.SMS: "c.phone",
    Channel.PHONE: "c.phone",
    Channel.PUSH: "c.external_id",
    Channel.POST: "c.external_id",
}

# A pause that has a day to end ends by itself.
ON_PAUSE = "(s.status = 'paused' AND (s.paused_until IS NULL OR s.paused_until > %(gate_now)s))"
RAN_OUT = "(s.status = 'expired' OR (s.status IN ('granted', 'paused') AND s.expires_at <= %(gate_now)s))"
SUPPRESSED = """EXISTS (SELECT FROM subscribers_suppression x WHERE x.organisation_id = c.organisation_id
    AND x.contact_id = c.id AND x.channel = %(gate_channel)s)"""

# Lots of imports that are held: bought and partner lists nobody has proven yet (I-04), and those that were recalled
# (I-12). Nothing in these hangs on the contact, so they are read once a statement. Index: imports_held.
UNPROVEN = """(SELECT array_agg(i.id) FROM subscribers_import i WHERE i.organisation_id = %(gate_organisation)s
    AND i.origin_kind IN ('partner', 'bought') AND i.released_at IS NULL AND NOT i.dry_run)"""
FROZEN = """(SELECT array_agg(i.id) FROM subscribers_import i WHERE i.organisation_id = %(gate_organisation)s
    AND i.frozen_at IS NOT NULL)"""
FROZEN_NAMES = FROZEN.replace("array_agg(i.id)", "array_agg('import:' || i.id)")
AGREED = "COALESCE(s.status IN ('granted', 'paused'), FALSE)"
# Who came with an unproven list is nobody's to write to, on whatever basis, unless they agreed elsewhere: what such a
# list claims is `unconfirmed`.
IN_QUARANTINE = f"(c.source_import_id = ANY ({UNPROVEN}::bigint[]) AND NOT {AGREED})"
# Which import the agreement in force comes from. Scalar subqueries, so that nobody builds a hash of all events; only
# asked while something is frozen. Index: the event's primary key; events_by_contact.
GIVEN_BY = """CASE s.status WHEN 'granted' THEN (SELECT e.source_reference FROM consent_consentevent e
        WHERE e.id = s.event_id AND e.source IN ('import', 'system'))
    ELSE (SELECT CASE WHEN e.source IN ('import', 'system') THEN e.source_reference END FROM consent_consentevent e
        WHERE e.organisation_id = s.organisation_id AND e.contact_id = s.contact_id AND e.purpose_id = s.purpose_id
            AND e.channel = s.channel AND e.action IN ('grant', 'confirm')
        ORDER BY e.id DESC LIMIT 1) END"""
# Who agreed is held when the frozen lot says so; who did not is held when they came with it.
IN_FROZEN_LOT = f"""CASE WHEN {FROZEN} IS NULL THEN FALSE
    WHEN {AGREED} THEN ({GIVEN_BY}) = ANY ({FROZEN_NAMES}::text[])
    ELSE c.source_import_id = ANY ({FROZEN}::bigint[]) END"""

# The age of article 8 in the organisation's country.
WHENS = " ".join(f"WHEN '{code}' THEN {age}" for code, age in AGES.items())
COUNTRY_AGE = f"CASE o.country {WHENS} ELSE {ARTICLE_8} END"
# Who was born after this day is under age today, where the organisation is. Only asked of organisations that declare a
# date `birth_date` of their people; read once a statement. Index: the organisation's primary key; one_field_a_key.
BORN_AFTER = """(SELECT to_char((%(gate_now)s::timestamptz AT TIME ZONE o.time_zone)::date
        - make_interval(years => COALESCE(%(gate_age)s::int, {country_age})), 'YYYY-MM-DD')
    FROM portal_organisation o
    JOIN subscribers_field f ON f.organisation_id = o.id AND f.key = 'birth_date' AND f.type = 'date'
    WHERE o.id = %(gate_organisation)s)""".replace("{country_age}", COUNTRY_AGE)
UNDER_AGE = f"""CASE WHEN {BORN_AFTER} IS NULL THEN FALSE
    ELSE (c.attributes ->> 'birth_date') COLLATE "C" > {BORN_AFTER} END"""


@dataclass(frozen=True)
class Condition:
    """A reason not to write: ``always``, and ``on_consent`` where each person must have agreed.

    Both are SQL about a contact ``c`` and its state ``s`` (all NULL when there is none); NULL counts as false.
    """

    reason: str
    always: str = ""
    on_consent: str = ""

    def sql(self, *, agreed: bool) -> str:
        """When it holds, where people must have ``agreed`` or need not; empty: never."""
        return " OR ".join(part for part in (self.always, self.on_consent if agreed else "") if part)


# In order: a set is counted under the first reason that holds. The law's strongest word comes first.
CONDITIONS = (
    Condition("restricted", f"c.restricted_at IS NOT NULL OR {IN_FROZEN_LOT}"),
    Condition("suppressed", SUPPRESSED),
    Condition("under_age", UNDER_AGE),
    Condition("objected", "s.status = 'objected'"),
    Condition("withdrawn", "s.status = 'withdrawn'"),
    Condition("refused", "s.status = 'refused'"),
    Condition("no_consent", on_consent="(s.status IS NULL OR s.status IN ('none', 'unanswered'))"),
    Condition("unconfirmed", IN_QUARANTINE, on_consent="s.status = 'unconfirmed'"),
    Condition("expired", on_consent=RAN_OUT),
    Condition("paused", ON_PAUSE),
    Condition("unreachable", "{address} IS NULL"),
)
REASONS = (*(condition.reason for condition in CONDITIONS), NOT_FOUND)

# Index: the state's primary key, or a hash of the purpose's states for a large set. The planner does not see which
# purpose it is, nor of which organisation, where a statement is about many: of new ones it expects nobody, and compares
# all of these with all of those.
JOINS = """LEFT JOIN consent_consentstate s ON s.organisation_id = c.organisation_id AND s.contact_id = c.id
    AND s.purpose_id = (SELECT %(gate_purpose)s::bigint) AND s.channel = %(gate_channel)s"""

STATE = re.compile(r"\bs\b(?=\.| ON )")


@dataclass(frozen=True)
class GateSQL:
    """``SELECT c.id, {reason} AS reason FROM subscribers_contact c {joins} WHERE …``: NULL is "allowed"."""

    joins: str
    reason: str
    reasons: str
    params: dict[str, Any]

    def beside_another(self, state: str, prefix: str) -> GateSQL:
        """The same for the same ``c``, with its own name for the state and its own parameters."""

        def renamed(sql: str) -> str:
            return STATE.sub(state, sql).replace("%(gate_", f"%({prefix}")

        params = {name.replace("gate_", prefix, 1): value for name, value in self.params.items()}
        return GateSQL(renamed(self.joins), renamed(self.reason), renamed(self.reasons), params)


@dataclass(frozen=True)
class GateAnswer:
    """The answer about one contact; ``evidence`` are the ids of the consent events it rests on."""

    allowed: bool
    reasons: list[str]
    evidence: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class GateBatch:
    """The answer about many: who may be written to, and the first reason for each who may not."""

    allowed: list[int]
    denied: dict[int, str]


def gate_sql(purpose: Purpose, channel: str, *, now: datetime) -> GateSQL:
    """The gate over any set of contacts ``c``; ``channel_not_offered`` when the purpose doesn't use it (B-13).

    ``reason`` is the first reason or NULL, ``reasons`` the array of all.
    """
    require_channel(purpose, channel)
    agreed = needs_agreement(purpose, channel, now=now)
    conditions = [
        (condition.reason, holds.format(address=ADDRESSES[Channel(channel)]))
        for condition in CONDITIONS
        if (holds := condition.sql(agreed=agreed)) and (condition.reason != "under_age" or has_age_limit(purpose))
    ]
    whens = " ".join(f"WHEN {sql} THEN '{reason}'" for reason, sql in conditions)
    each = ", ".join(f"CASE WHEN {sql} THEN '{reason}' END" for reason, sql in conditions)
    return GateSQL(
        joins=JOINS,
        reason=f"(CASE {whens} END)",
        reasons=f"array_remove(ARRAY[{each}]::text[], NULL)",
        params={
            "gate_organisation": purpose.organisation_id,
            "gate_purpose": purpose.pk,
            "gate_channel": str(channel),
            "gate_now": now,
            "gate_age": purpose.age_limit,
        },
    )


def has_age_limit(purpose: Purpose) -> bool:
    """Its own, which may be 0 for none, else that of the country unless it reaches people of any age."""
    return purpose.basis not in ANY_AGE if purpose.age_limit is None else purpose.age_limit > 0


def explain(contact_id: int, purpose: Purpose, channel: str, *, now: datetime) -> GateAnswer:
    """Every reason for one contact of the purpose's organisation, and the event the answer rests on."""
    gate = gate_sql(purpose, channel, now=now)
    statement = f"""
        SELECT {gate.reasons}, s.event_id FROM subscribers_contact c {gate.joins}
        WHERE c.organisation_id = %(organisation)s AND c.id = %(contact)s
    """  # noqa: S608
    params = {**gate.params, "organisation": purpose.organisation_id, "contact": contact_id}
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return answer_of(cursor.fetchone())


def answer_of(found: tuple[list[str], int | None] | None) -> GateAnswer:
    """The answer in a row of reasons and event; no row, no contact."""
    if found is None:
        return GateAnswer(False, [NOT_FOUND])
    reasons, event_id = found
    return GateAnswer(not reasons, list(reasons), [] if event_id is None else [event_id])


def check(
    organisation: Organisation, purpose: Purpose, channel: str, ids: Sequence[int] | Iterable[int], *, now: datetime
) -> GateBatch:
    """The gate at the moment of sending, in the order of ``ids`` (W-08); ids of nobody are ``not_found``."""
    gate = gate_sql(purpose, channel, now=now)
    statement = f"""
        SELECT c.id, {gate.reason} FROM subscribers_contact c {gate.joins}
        WHERE c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = ANY (%(ids)s::bigint[])
    """  # noqa: S608
    asked = list(dict.fromkeys(ids))
    with connection.cursor() as cursor:
        cursor.execute(statement, {**gate.params, "organisation": organisation.pk, "ids": asked})
        found = dict(cursor.fetchall())
    verdicts = {contact_id: found.get(contact_id, NOT_FOUND) for contact_id in asked}
    return GateBatch(
        allowed=[contact_id for contact_id, reason in verdicts.items() if reason is None],
        denied={contact_id: reason for contact_id, reason in verdicts.items() if reason is not None},
    )


def explain_each(contact_id: int, pairs: Sequence[tuple[Purpose, str]], *, now: datetime) -> list[GateAnswer]:
    """:func:`explain` for several purposes and channels of one organisation, in one statement and in their order."""
    if not pairs:
        return []
    parts, params = [], {"organisation": pairs[0][0].organisation_id, "contact": contact_id}
    for number, (purpose, channel) in enumerate(pairs):
        gate = gate_sql(purpose, channel, now=now)
        part = f"""
            SELECT {number} AS n, {gate.reasons} AS reasons, s.event_id FROM subscribers_contact c {gate.joins}
            WHERE c.organisation_id = %(organisation)s AND c.id = %(contact)s
        """  # noqa: S608
        parts.append(part.replace("%(gate_", f"%(gate{number}_"))
        params |= {name.replace("gate_", f"gate{number}_"): value for name, value in gate.params.items()}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        found = {n: (reasons, event_id) for n, reasons, event_id in cursor.fetchall()}
    return [answer_of(found.get(number)) for number in range(len(pairs))]
