"""The fields consent adds to the rule language, and the audiences that keep a segment from being archived.

``consent.<purpose>.<channel>`` has a status as value, as it is at the moment of asking: an agreement past its end is
``expired`` whatever the table says, and who has no line has ``none``. ``.since`` is the moment of the newest word,
``.expires_at`` the end of the agreement, and ``.renewal`` is ``due`` where it must be asked for again (C-10, C-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from consent.audiences.models import Audience, AudienceState
from consent.ledger.models import Status
from consent.purposes.models import Purpose
from consent.renewal.sql import AGREES
from portal.channels import Channel
from subscribers.segments.conditions import Condition, ConditionWriter, Writer, moment_condition
from subscribers.segments.uses import register_use
from subscribers.segments.vocabulary import Kind, RuleField, Text, register_field_family

if TYPE_CHECKING:
    from portal.organisations.models import Organisation
    from subscribers.segments.models import Segment

GROUP = _("Consent")
NAME = re.compile(r"consent\.([a-z][a-z0-9_-]*)\.([a-z]+)(\.since|\.expires_at|\.renewal)?").fullmatch
IN_USE = (AudienceState.DRAFT, AudienceState.SUBMITTED)


def state_exists(writer: Writer, purpose_id: int, channel: str, condition: str) -> str:
    """A semi-join on the states of one purpose and channel.

    For agreements the partial index ``states_granted`` answers it, else the primary key; ids are bound, never looked
    up in the statement (lessons, case 22). The planner does not see which purpose it is: of a new one it expects
    nobody.
    """
    return (
        "EXISTS (SELECT 1 FROM consent_consentstate seg_s"  # noqa: S608 - only constants and placeholders
        " WHERE seg_s.organisation_id = c.organisation_id"
        f" AND seg_s.purpose_id = (SELECT {writer.bind(purpose_id, 'bigint')})"
        f" AND seg_s.channel = {writer.bind(channel, 'varchar')}"
        f" AND seg_s.contact_id = c.id AND {condition})"
    )


def status_sql(writer: Writer, status: str) -> str:
    """Is this the effective status of ``seg_s`` now? Expiry goes by the clock (C-11)."""
    now = writer.bind(writer.now, "timestamptz")
    if status == Status.GRANTED:
        return f"seg_s.status = 'granted' AND (seg_s.expires_at IS NULL OR seg_s.expires_at > {now})"
    if status == Status.EXPIRED:
        return f"(seg_s.status = 'expired' OR (seg_s.status = 'granted' AND seg_s.expires_at <= {now}))"
    return f"seg_s.status = '{Status(status).value}'"


def status_condition(purpose_id: int, channel: str) -> ConditionWriter:
    """The status of one purpose and channel; ``none`` is the absence of any other."""

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        exists = partial(state_exists, writer, purpose_id, channel)
        recorded = exists("seg_s.status <> 'none'")
        if operator == "is_set":
            return Condition(recorded, nullable=False)
        asked = value if operator == "in" else (value,)
        parts = [f"({status_sql(writer, status)})" for status in asked if status != Status.NONE]
        found = [exists(parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})")] if parts else []
        found += [f"NOT {recorded}"] if Status.NONE in asked else []
        return Condition(" OR ".join(found), nullable=False)

    return write


def moment_of_state(purpose_id: int, channel: str, column: str) -> ConditionWriter:
    """The condition on ``since`` or ``expires_at``; who has no such moment is not found."""
    inner = moment_condition(lambda _writer: f"seg_s.{column}")

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        condition = inner(writer, operator, value).sql
        return Condition(
            state_exists(writer, purpose_id, channel, f"seg_s.status <> 'none' AND {condition}"), nullable=False
        )

    return write


def renewal_condition(purpose: Purpose, channel: str) -> ConditionWriter:
    """Whose agreement is due for renewal, the only value there is."""

    def write(writer: Writer, operator: str, value: Any) -> Condition:
        return Condition(state_exists(writer, purpose.pk, channel, due_sql(writer, purpose)), nullable=False)

    return write


def due_sql(writer: Writer, purpose: Purpose) -> str:
    """`consent.renewal.sql.DUE` about one purpose, whose numbers are bound."""
    now = writer.bind(writer.now, "timestamptz")
    agrees = AGREES.replace("s.", "seg_s.").format(now=now)
    parts = [f"seg_s.purpose_version < {writer.bind(purpose.material_version, 'smallint')}"]
    if purpose.material_at is not None:
        parts.append(f"seg_s.since < {writer.bind(purpose.material_at, 'timestamptz')}")
    if purpose.renew_before_days is not None:
        soon = writer.bind(writer.now + timedelta(days=purpose.renew_before_days), "timestamptz")
        parts.append(f"seg_s.expires_at <= {soon}")
    return f"{agrees} AND ({' OR '.join(parts)})"


def renewal_phrase(purpose: str, channel: Text) -> Callable[[str, Any], Text | None]:
    def phrase(operator: str, value: Any) -> Text | None:
        if operator != "eq":
            return None
        text = _("whose agreement to “%(purpose)s” by %(channel)s is due for renewal")
        return str(text) % {"purpose": purpose, "channel": channel}

    return phrase


def status_phrase(purpose: str, channel: Text) -> Callable[[str, Any], Text | None]:
    """Who agreed to the newsletter by e-mail."""
    phrases: dict[str, Text] = {
        Status.GRANTED: _("who agreed to “%(purpose)s” by %(channel)s"),
        Status.UNCONFIRMED: _("who have yet to confirm “%(purpose)s” by %(channel)s"),
        Status.REFUSED: _("who refused “%(purpose)s” by %(channel)s"),
        Status.WITHDRAWN: _("who withdrew from “%(purpose)s” by %(channel)s"),
        Status.OBJECTED: _("who objected to “%(purpose)s” by %(channel)s"),
        Status.EXPIRED: _("whose agreement to “%(purpose)s” by %(channel)s has expired"),
        Status.PAUSED: _("who paused “%(purpose)s” by %(channel)s"),
        Status.UNANSWERED: _("who were asked about “%(purpose)s” by %(channel)s and did not answer"),
        Status.NONE: _("who were never asked about “%(purpose)s” by %(channel)s"),
    }

    def phrase(operator: str, value: Any) -> Text | None:
        if operator != "eq":
            return None
        return str(phrases[value]) % {"purpose": purpose, "channel": channel}

    return phrase


def consent_fields(purpose: Purpose, channel: str) -> list[RuleField]:
    """The status of a purpose on a channel, since when, until when, and whether it is due for renewal."""
    name, medium = f"consent.{purpose.key}.{channel}", Channel(channel).label
    names = {"purpose": purpose.name, "channel": medium}
    return [
        RuleField(
            name,
            str(_("%(purpose)s by %(channel)s")) % names,
            Kind.CHOICE,
            GROUP,
            status_condition(purpose.pk, channel),
            options=lambda: Status.choices,
            phrase=status_phrase(purpose.name, medium),
        ),
        RuleField(
            f"{name}.since",
            str(_("%(purpose)s by %(channel)s: since")) % names,
            Kind.DATETIME,
            GROUP,
            moment_of_state(purpose.pk, channel, "since"),
        ),
        RuleField(
            f"{name}.expires_at",
            str(_("%(purpose)s by %(channel)s: ends")) % names,
            Kind.DATETIME,
            GROUP,
            moment_of_state(purpose.pk, channel, "expires_at"),
        ),
        RuleField(
            f"{name}.renewal",
            str(_("%(purpose)s by %(channel)s: renewal")) % names,
            Kind.CHOICE,
            GROUP,
            renewal_condition(purpose, channel),
            options=lambda: [("due", _("due"))],
            phrase=renewal_phrase(purpose.name, medium),
        ),
    ]


class ConsentFields:
    """The family of consents: one query for the purposes."""

    def named(self, organisation: Organisation, names: Collection[str]) -> dict[str, RuleField]:
        asked = {found[1] for name in names if (found := NAME(name)) and found[2] in Channel.values}
        with scope(organisation=organisation):
            purposes = list(Purpose.objects.filter(organisation=organisation, key__in=asked))
        offered = [field for each in purposes for channel in Channel.values for field in consent_fields(each, channel)]
        return {field.name: field for field in offered if field.name in names}

    def offered(self, organisation: Organisation) -> list[RuleField]:
        with scope(organisation=organisation):
            purposes = list(Purpose.objects.filter(organisation=organisation))
        return [field for each in purposes for channel in each.channels for field in consent_fields(each, channel)]


def audiences_using(segment: Segment) -> list[str]:
    """The names of the audiences still being prepared from a segment."""
    found = Audience.objects.filter(organisation=segment.organisation_id, segment=segment, state__in=IN_USE)
    return list(found.values_list("name", flat=True)[:10])


def register_segment_fields() -> None:
    register_field_family("consent", ConsentFields())
    register_use(audiences_using)
