"""Whether the words that events name are still there, and as they were shown: asked by the verification of the ledger.

Versions are few beside events, and read one by one. What the events name comes from the pass over the sealed rows
(:data:`portal.seals.streams.Named`), so these are not read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django_scopes import scopes_disabled

from consent.collection.models import CollectionPoint, FormVersion
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose, PurposeVersion
from consent.texts.kept import KeptText, form_text, notice_text, purpose_text
from portal.audit.models import AuditEntry
from portal.seals.streams import Named, Orphan

AT_ONCE = 200
TARGETS = ("notice", "purpose", "collectionpoint", "texts")  # of the entries that tell of versions: audit_by_target
CHANGED, MISSING, UNRECORDED, PERIOD = "text_changed", "text_missing", "text_unrecorded", "text_period_changed"


@dataclass
class Found:
    """What is kept of one organisation: the name of each version there is, by each way in which an event names it."""

    by_reference: dict[str, str] = field(default_factory=dict)
    """``notice <digest>``, ``purpose <id> <version>``, ``form <id> <version>`` -> the version's name."""
    changed: dict[str, str] = field(default_factory=dict)
    """Name of a version -> what is wrong with it."""


def text_findings(organisation_id: int, named: Named) -> list[Orphan]:
    """Every version that was changed, that is gone, that nobody published, or that was live at other times."""
    with scopes_disabled(), one_moment():
        recorded = recorded_fingerprints(organisation_id)
        found = look_through(organisation_id, recorded)
        missing = dict.fromkeys(recorded, "")  # what is left of them
        for name, event in unfounded(organisation_id, named, found):
            if name not in found.changed:
                missing[name] = f" (event {event})"
    problems = [Orphan(code, name) for name, code in found.changed.items()]
    problems += [Orphan(MISSING, name + event) for name, event in missing.items()]
    order = (CHANGED, MISSING, UNRECORDED, PERIOD)
    return sorted(problems, key=lambda problem: order.index(problem.code))


@contextmanager
def one_moment() -> Iterator[None]:
    """Read everything as of one moment: what is published meanwhile must not be half seen."""
    fresh = not connection.in_atomic_block
    with transaction.atomic():
        if fresh:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def recorded_fingerprints(organisation_id: int) -> dict[str, str]:
    """Name -> fingerprint, as the audit log tells. Index: audit_by_target."""
    entries = AuditEntry.objects.filter(
        organisation=organisation_id, target_type__in=TARGETS, details__has_key="texts"
    ).order_by("id")
    recorded: dict[str, str] = {}
    for texts in entries.values_list("details__texts", flat=True).iterator():
        recorded.update(texts)
    return recorded


def look_through(organisation_id: int, recorded: dict[str, str]) -> Found:
    """Hold each version against its own digest and against the log; takes what it finds out of ``recorded``."""
    found, ends = Found(), ends_of_notices(organisation_id)
    for text, reference, row in kept_texts(organisation_id):
        fingerprint = recorded.pop(text.name, None)
        found.by_reference[reference] = text.name
        if not text.holds or fingerprint not in (None, text.fingerprint):
            found.changed[text.name] = CHANGED
        elif fingerprint is None:
            found.changed[text.name] = UNRECORDED
        elif isinstance(row, NoticeVersion) and row.ended_at != ends.get((row.notice, row.number)):
            found.changed[text.name] = PERIOD
    return found


def kept_texts(
    organisation_id: int,
) -> Iterator[tuple[KeptText, str, NoticeVersion | PurposeVersion | FormVersion]]:
    """Each version with the way events name it, a few at a time in memory."""
    for notice in NoticeVersion.objects.filter(organisation=organisation_id).order_by("pk").iterator(AT_ONCE):
        yield notice_text(notice), f"notice {bytes(notice.digest).hex()}", notice
    purposes = PurposeVersion.objects.filter(organisation=organisation_id).order_by("pk").select_related("purpose")
    for purpose in purposes.iterator(AT_ONCE):
        yield purpose_text(purpose), f"purpose {purpose.purpose_id} {purpose.number}", purpose
    forms = FormVersion.objects.filter(organisation=organisation_id).order_by("pk").select_related("point")
    for form in forms.iterator(AT_ONCE):
        yield form_text(form), f"form {form.point_id} {form.number}", form


def ends_of_notices(organisation_id: int) -> dict[tuple[str, int], datetime]:
    """(notice, number) -> when it ceased to be shown, as the audit log tells. Index: audit_by_target."""
    entries = AuditEntry.objects.filter(
        organisation=organisation_id, target_type="notice", action__in=["notice.published", "notice.ended"]
    ).order_by("id")
    ends: dict[tuple[str, int], datetime] = {}
    live: dict[str, int] = {}
    for notice, action, number, at in entries.values_list("target_id", "action", "details__number", "at").iterator():
        if notice in live:
            ends[notice, live.pop(notice)] = at
        if action == "notice.published":
            live[notice] = number
    return ends


def unfounded(organisation_id: int, named: Named, found: Found) -> Iterator[tuple[str, int]]:
    """What events name and is not there, with the first event that does."""
    owned = {"organisation": organisation_id}
    keys = {
        "purpose": dict(Purpose.objects.filter(**owned).values_list("pk", "key")),
        "form": dict(CollectionPoint.objects.filter(**owned).values_list("pk", "key")),
    }
    for reference, event in named.items():
        kind, which, label = reference.split(" ", 2)
        if kind == "notice":
            if f"notice {which}" not in found.by_reference:
                yield f"notice {label or which}", event
        elif reference not in found.by_reference:
            yield f"{kind} {keys[kind].get(int(which), f'#{which}')}/{label}", event
