"""The statements behind the engine API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql as composing

from consent.audiences.models import Audience
from consent.audiences.rules import ATTRIBUTE
from consent.gate import ADDRESSES, GateSQL
from portal.channels import Channel

# COPY's CSV with these two passes JSON through as it is: JSON never holds them unescaped, nor a line break.
SEPARATOR = b"\x02"
COPY_OPTIONS = r"(FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')"

# Who of a slice may be written to now, as lines of JSON in the order of ids; who may not, as a reason.
# `id = ANY` is one ordered walk of the contact's primary key. The bounds say to the planner what it can't infer: the
# states of a dense slice lie side by side in their own key, so it merges two walks instead of 25,000 look-ups.
SLICE = """
COPY (
    SELECT g.id, CASE WHEN g.reason IS NULL THEN {line} ELSE g.reason END
    FROM (
        SELECT c.*, {reason} AS reason{tracked}
        FROM subscribers_contact c {tracking_joins} {joins} AND s.contact_id BETWEEN %(first)s AND %(last)s
        WHERE c.organisation_id = (SELECT %(organisation)s::bigint) AND c.id = ANY (%(ids)s::bigint[]){seeds}
        ORDER BY c.id
    ) g
) TO STDOUT {options}
"""

TRACKED = """ || CASE WHEN g.tracked THEN ',"tracking":true,' ELSE ',"tracking":false,' END"""

# What a contact is written to at; e-mail as the person spells it.
SPELLINGS = {**{channel: key.removeprefix("c.") for channel, key in ADDRESSES.items()}, Channel.EMAIL: "email"}

# Ids of an organisation's seed contacts among these. Index: contacts_seeds.
SEEDS_AMONG = """
SELECT id FROM subscribers_contact WHERE organisation_id = %(organisation)s AND seed AND id = ANY (%(ids)s::bigint[])
"""


def literal(text: str) -> str:
    """A text as an SQL literal; ``%`` doubled, since parameters are bound afterwards."""
    return composing.quote(text).replace("%", "%%")


def value_of(name: str) -> str:
    """The JSON of one field, as text; null where the person has none."""
    if name.startswith(ATTRIBUTE):
        return f"COALESCE((g.attributes -> {literal(name.removeprefix(ATTRIBUTE))})::text, 'null')"
    return f"COALESCE(to_json(g.{name})::text, 'null')"


def fields_object(names: Iterable[str]) -> str:
    """An expression that gives the JSON object of these fields; concatenation is twice as fast as json_build_object."""
    parts = [f"{literal(f'{chr(34)}{name}{chr(34)}:')} || {value_of(name)}" for name in names]
    return "'{' || " + " || ',' || ".join(parts) + " || '}'" if parts else "'{}'"


def line_of(channel: str, fields: Sequence[str], *, tracking: bool) -> str:
    """An expression for the first part of a recipient's line: all but what hangs on the token.

    ``tracking``: there is a purpose of opens and clicks, which each person has agreed to or not (B-09).
    """
    address = SPELLINGS[Channel(channel)]
    return (
        """'{"contact":"' || g.id || '","address":' || to_json(g."""
        + address
        + """)::text || ',"language":' || CASE WHEN g.language = '' THEN 'null' ELSE to_json(g.language)::text END"""
        + """ || ',"fields":' || """
        + fields_object(fields)
        + """ || ',"art14_due":' || COALESCE(to_json(g.art14_due)::text, 'null')"""
        + (TRACKED if tracking else """ || ',"tracking":false,'""")
    )


def slice_statement(audience: Audience, gate: GateSQL, tracking: GateSQL | None) -> str:
    """COPY of a slice; its parameters are those of the gate, ``organisation``, ``ids``, ``first`` and ``last``.

    ``tracking`` is the gate of opens and clicks beside it, with the state ``t``; its bounds are given in the same way.
    The gate's join of the state ``s`` is the last thing in its ``joins``, so that the bounds go on with its condition.

    The fields were checked against the declared ones when the audience was made; they are quoted all the same.
    """
    return SLICE.format(
        line=line_of(audience.channel, audience.fields, tracking=tracking is not None),
        reason=gate.reason,
        # Whoever may be tracked has agreed to it, which is asked first: it is the cheapest, and most have not.
        tracked=f", t.status IN ('granted', 'paused') AND {tracking.reason} IS NULL AS tracked" if tracking else "",
        tracking_joins=f"{tracking.joins} AND t.contact_id BETWEEN %(first)s AND %(last)s" if tracking else "",
        joins=gate.joins,
        seeds=" AND c.seed" if audience.test else "",
        options=COPY_OPTIONS,
    )
