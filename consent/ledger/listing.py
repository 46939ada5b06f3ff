"""The list of events: its columns and filters, for the page and the download alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from consent.ledger.models import Action, ConsentEvent, EventSource
from consent.ledger.places import place_choices
from consent.ledger.queries import events_of, sealed_events
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.seals.queries import state_of
from portal.seals.streams import stream_named
from portal.ui.lists import Column, Filter, ListSpec

TRANSACTION = "(consent_consentevent.transaction::text::bigint)"
NOT_BEGUN = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
EVENTS_AT_ONCE = 2000


def purpose_choices() -> list[tuple[str, str]]:
    """The purposes of the scope."""
    return [(purpose.key, purpose.name) for purpose in Purpose.objects.all()]


EVENTS = ListSpec(
    columns=(
        Column("occurred_at", _("When")),
        Column("action", _("What")),
        Column("purpose", _("Purpose")),
        Column("channel", _("Channel")),
        Column("contact", _("Contact")),
        Column("source", _("How we know")),
        Column("sealed", _("Seal")),
    ),
    filters=(
        Filter("purpose", _("Purpose"), choices=purpose_choices),
        Filter("channel", _("Channel"), choices=Channel.choices),
        Filter("action", _("What"), choices=Action.choices),
        Filter("source", _("How we know"), choices=EventSource.choices),
        Filter("sealed", _("Seal"), choices=(("yes", _("Sealed")), ("no", _("Waits for its seal")))),
        Filter("since", _("Recorded from"), kind="date"),
        Filter("until", _("Recorded until"), kind="date"),
        Filter("contact", _("Contact no."), kind="number"),
        Filter("point", _("Collection point"), choices=place_choices),
    ),
    default_sort="-pk",
)
SAME = {
    "purpose": "purpose__key",
    "channel": "channel",
    "action": "action",
    "source": "source",
    "point": "collection_point_id",
}


def matching(organisation: Organisation, filters: dict[str, str]) -> QuerySet[ConsentEvent]:
    """The events these filters leave; what is no date and no number leaves none."""
    events = events_of(organisation)
    events = events.filter(**{SAME[name]: value for name, value in filters.items() if name in SAME})
    if "contact" in filters:
        value = filters["contact"].strip()
        known = value.isascii() and value.isdecimal() and len(value) < 19
        events = events.filter(contact_id=int(value)) if known else events.none()
    if "sealed" in filters:
        events = events.filter(is_sealed() if filters["sealed"] == "yes" else ~is_sealed())
    return within(events, filters.get("since", ""), filters.get("until", ""))


def is_sealed() -> Q:
    """Of transactions below the horizon, or which this cluster has not come to: those came with a restore."""
    state = state_of(stream_named("ledger"))
    return Q(
        RawSQL(  # noqa: S611 - only constants and a bound number
            f"({TRANSACTION} < %s OR {TRANSACTION} >= {NOT_BEGUN})",
            [state.horizon if state else 0],
            output_field=BooleanField(),
        )
    )


def within(events: QuerySet[ConsentEvent], since: str, until: str) -> QuerySet[ConsentEvent]:
    """By the day on which they were recorded, in the organisation's time. Index: events_by_time."""
    if since:
        begin = day_of(since)
        events = events.filter(recorded_at__gte=midnight(begin)) if begin else events.none()
    if until:
        end = day_of(until)
        events = events.filter(recorded_at__lt=midnight(end + timedelta(days=1))) if end else events.none()
    return events


def day_of(text: str) -> date | None:
    """The day, when it is one that has a day after it."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and date(1000, 1, 1) <= found < date(9999, 1, 1) else None


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def download_rows(organisation: Organisation, filters: dict[str, str]) -> Iterator[list[Any]]:
    """A head and a row an event, oldest first, in chunks; enters the scope itself, since it runs after the view."""
    yield [
        gettext("Id"),
        gettext("Contact"),
        gettext("Purpose"),
        gettext("Channel"),
        gettext("What"),
        gettext("Basis"),
        gettext("When"),
        gettext("Recorded"),
        gettext("How we know"),
        gettext("Reference"),
        gettext("Text shown"),
        gettext("Evidence (SHA-256)"),
        gettext("Sealed"),
    ]
    with scope(organisation=organisation), timezone.override(organisation.zone):
        events = matching(organisation, filters)
        last = 0
        while chunk := list(events.filter(pk__gt=last).order_by("pk")[:EVENTS_AT_ONCE]):
            sealed = sealed_events(organisation, [event.pk for event in chunk])
            yield from (download_row(event, event.pk in sealed) for event in chunk)
            last = chunk[-1].pk


def download_row(event: ConsentEvent, sealed: bool) -> list[Any]:
    return [
        event.pk,
        event.contact_id,
        event.purpose.key,
        event.channel,
        event.action,
        event.basis,
        event.occurred_at.astimezone(UTC).isoformat(timespec="seconds"),
        event.recorded_at.astimezone(UTC).isoformat(timespec="seconds"),
        event.source,
        event.source_reference,
        event.notice_version,
        bytes(event.evidence_digest).hex() if event.evidence_digest else "",
        gettext("yes") if sealed else gettext("no"),
    ]
