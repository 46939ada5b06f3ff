"""Reads of segments: counts, samples, previews. Every statement is compiled from a rule with bound values."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg.errors import QueryCanceled

from portal.errors import NotFoundError
from subscribers.contacts.models import Contact
from subscribers.segments.compiling import CompiledRule, compile_rule, matching_sql
from subscribers.segments.errors import PreviewTooSlowError
from subscribers.segments.models import Segment

if TYPE_CHECKING:
    from portal.organisations.models import Organisation

SAMPLE = 10
PREVIEW_SECONDS = 5.0
FEW = 5_000


@dataclass(frozen=True)
class Preview:
    """What a rule finds now: how many, the newest ten of them, and how long it took."""

    count: int
    sample: list[Contact]
    took_ms: int


def segment_by_id(organisation: Organisation, segment_id: str | int) -> Segment:
    """A segment that is not archived; raises ``not_found``, for another organisation's id too."""
    text = str(segment_id)
    known = text.isascii() and text.isdecimal() and len(text) <= 18
    segment = Segment.objects.filter(organisation=organisation, archived_at=None, pk=text).first() if known else None
    if segment is None:
        raise NotFoundError
    return segment


def has_segments(organisation: Organisation) -> bool:
    return Segment.objects.filter(organisation=organisation, archived_at=None).exists()


def count_segment(rule: object, *, organisation: Organisation, now: datetime) -> int:
    """How many contacts match now; no time limit of its own."""
    return count_compiled(compile_rule(rule, organisation=organisation, now=now), organisation_id=organisation.pk)


def count_compiled(compiled: CompiledRule, *, organisation_id: int) -> int:
    """One scan with semi-joins on ``states_granted``; ``count(*)`` needs no column, so an index alone may answer."""
    statement, params = matching_sql(organisation_id, compiled)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("SELECT c.id", "SELECT count(*)", 1), params)
        return int(cursor.fetchone()[0])


def sample_segment(rule: object, *, organisation: Organisation, now: datetime, size: int = SAMPLE) -> list[Contact]:
    """The newest matching contacts."""
    compiled = compile_rule(rule, organisation=organisation, now=now)
    return sample_compiled(compiled, organisation_id=organisation.pk, size=size)


def sample_compiled(
    compiled: CompiledRule, *, organisation_id: int, size: int = SAMPLE, found: int | None = None
) -> list[Contact]:
    """The newest matching contacts, in that order; ``found``, when known, tells how to look for them.

    When many match, walking ``contacts_newest_first`` backwards meets ten soon. When few do that walk would read
    the whole table row by row, so the matches are found first (OFFSET 0 keeps the planner from merging the two).
    """
    statement, params = matching_sql(organisation_id, compiled)
    fence = " OFFSET 0" if found is not None and found <= FEW else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM ({statement}{fence}) matching ORDER BY id DESC LIMIT %(seg_size)s",  # noqa: S608
            {**params, "seg_size": size},
        )
        ids = [row[0] for row in cursor.fetchall()]
    contacts = Contact.objects.filter(organisation_id=organisation_id).in_bulk(ids)
    return [contacts[each] for each in ids if each in contacts]


def preview_rule(
    rule: object, *, organisation: Organisation, now: datetime, seconds: float = PREVIEW_SECONDS
) -> Preview:
    """Count and sample of a rule, given up after so many seconds with ``preview_too_slow``."""
    started = time.perf_counter()
    compiled = compile_rule(rule, organisation=organisation, now=now)
    with time_limit(seconds):
        count = count_compiled(compiled, organisation_id=organisation.pk)
        sample = sample_compiled(compiled, organisation_id=organisation.pk, found=count) if count else []
    return Preview(count, sample, round((time.perf_counter() - started) * 1000))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """A transaction whose statements the server stops after so long; raises ``preview_too_slow``."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
            limit_statements(cursor, f"{max(1, round(seconds * 1000))}ms")
            yield
            limit_statements(cursor, before)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise PreviewTooSlowError from None
        raise


def limit_statements(cursor: Any, value: str) -> None:
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [value])


def dashboard_card(organisation: Organisation) -> dict[str, Any]:
    """The segments changed last, with their last counts."""
    segments = Segment.objects.filter(organisation=organisation, archived_at=None)
    return {"segments": list(segments.order_by("-updated_at", "-id")[:5])}
