"""Reads of the public pages: who a link is about, and what that person may choose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent.ledger.models import EventSource, Status
from consent.links import LinkTarget
from consent.preferences import sql
from consent.purposes.models import Basis, Kind, texts_of
from consent.purposes.rules import is_soft_opt_in_closed
from portal.channels import Channel
from portal.errors import NotFoundError
from portal.ui.components import Text
from subscribers.contacts.models import Origin

STOPPED = frozenset({Status.WITHDRAWN, Status.OBJECTED, Status.REFUSED})


Texts = dict[str, dict[str, str]]


def with_json(row: Sequence[Any], *places: int) -> list[Any]:
    """The row with what JSON columns hold at these places read: a cursor of Django's gives it as text."""
    return [json.loads(cell) if n in places and isinstance(cell, str) else cell for n, cell in enumerate(row)]


@dataclass(frozen=True)
class Sender:
    """The organisation, as ``public.html`` shows it."""

    slug: str
    name: str
    locale: str
    postal_address: str
    dpo_email: str
    time_zone: str
    accent: str
    logo: str
    logo_text: str
    logo_width: int
    logo_height: int


@dataclass(frozen=True)
class Recipient:
    """The person behind a link: only what a page shows of them, and the address only masked."""

    known: bool
    email: str | None
    phone: str | None
    language: str | None
    origin: str | None
    collected_at: datetime | None
    created_at: datetime | None

    def address(self, channel: str) -> str:
        """The address to mask; a phone where the channel rings one."""
        wanted = self.phone if channel in (Channel.SMS, Channel.PHONE) else self.email
        return wanted or self.email or self.phone or ""

    @property
    def origin_label(self) -> Text:
        return Origin(self.origin).label if self.origin else ""


@dataclass(frozen=True)
class About:
    """The purpose a message was sent for, and where the person stands."""

    id: int | None
    own_name: str | None
    own_description: str | None
    texts: Texts | None
    basis: str | None
    status: str | None
    since: datetime | None
    source: str | None

    @property
    def name(self) -> str:
        """In the language of the page."""
        return texts_of(self.texts or {}, get_language()).get("name") or self.own_name or ""

    @property
    def description(self) -> str:
        return texts_of(self.texts or {}, get_language()).get("description") or self.own_description or ""

    @property
    def basis_label(self) -> Text:
        return Basis(self.basis).label if self.basis else ""

    @property
    def source_label(self) -> Text:
        return EventSource(self.source).label if self.source else ""

    @property
    def stopped(self) -> bool:
        return self.status in STOPPED


@dataclass(frozen=True)
class Provenance:
    """The file a person came with."""

    name: str | None
    collected_by: str | None
    collected_on: date | None
    imported_at: datetime | None


@dataclass(frozen=True)
class Reader:
    """Everything a public page says about its link."""

    target: LinkTarget
    sender: Sender
    recipient: Recipient
    about: About
    provenance: Provenance

    @property
    def language(self) -> str:
        """The person's language where we have it, else the organisation's."""
        for wanted in (self.recipient.language, self.sender.locale):
            try:
                return translation.get_supported_language_variant((wanted or "").lower())
            except LookupError:
                continue
        return settings.LANGUAGE_CODE

    @property
    def address(self) -> str:
        return self.recipient.address(self.target.channel)

    @property
    def channel_label(self) -> Text:
        return Channel(self.target.channel).label


def reader_of(target: LinkTarget) -> Reader:
    """Who the link is about, in one statement; ``not_found`` when the organisation has left."""
    params: dict[str, Any] = {
        "organisation": target.organisation_id,
        "contact": target.contact_id,
        "purpose": target.purpose_id,
        "channel": target.channel,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.TARGET, params)
        row = cursor.fetchone()
    if row is None:
        raise NotFoundError
    return Reader(
        target,
        Sender(*row[:11]),
        Recipient(*row[11:18]),
        About(*with_json(row[18:26], 3)),
        Provenance(*row[26:]),
    )


@dataclass(frozen=True)
class Option:
    """One switch of the preference page."""

    purpose_id: int
    own_name: str
    own_description: str
    texts: Texts
    basis: str
    facts: dict[str, Any]
    kind: str
    double_opt_in: bool
    channel: str
    status: str | None
    over: bool
    due: bool
    """Is the agreement to be renewed (C-10, C-11)?"""
    reworded: bool
    """Have the words changed since they agreed?"""
    ends: datetime | None
    explicit: str = ""
    """What a purpose with special categories of data asks people to agree to besides (C-14)."""

    @property
    def key(self) -> str:
        return f"{self.purpose_id}-{self.channel}"

    @property
    def on(self) -> bool:
        """May the organisation write? Without a word of theirs only where the purpose needs no consent."""
        if self.needs_agreement:
            return self.status in (Status.GRANTED, Status.PAUSED) and not self.over
        return self.status not in STOPPED

    @property
    def needs_agreement(self) -> bool:
        """As the gate sees it (:func:`consent.purposes.rules.needs_agreement`)."""
        return self.basis == Basis.CONSENT or is_soft_opt_in_closed(self.basis, self.facts)

    @property
    def name(self) -> str:
        """In the language of the page: the words beside the switch, and the evidence of what was agreed to."""
        return texts_of(self.texts, get_language()).get("name") or self.own_name

    @property
    def description(self) -> str:
        return texts_of(self.texts, get_language()).get("description") or self.own_description

    @property
    def sentence(self) -> str:
        """What the switch says, and what turning it on agrees to."""
        text = (
            _("I agree to “%(purpose)s” for messages by %(channel)s.")
            if self.kind == Kind.TRACKING
            else _("I want to receive “%(purpose)s” by %(channel)s.")
        )
        return self.spelled_out(text)

    def spelled_out(self, text: str) -> str:
        return f"{text % {'purpose': self.name, 'channel': self.channel_label}} {self.explicit}".strip()

    @property
    def renewable(self) -> bool:
        """The person agrees still, and is asked to say so again: by an act, never by a box ticked for them."""
        return self.on and self.due and self.needs_agreement

    @property
    def renewal(self) -> str:
        """What agreeing anew says."""
        text = (
            _("I still agree to “%(purpose)s” for messages by %(channel)s.")
            if self.kind == Kind.TRACKING
            else _("I still want to receive “%(purpose)s” by %(channel)s.")
        )
        return self.spelled_out(text)

    @property
    def waiting(self) -> bool:
        return self.needs_agreement and self.status == Status.UNCONFIRMED

    @property
    def channel_label(self) -> Text:
        return Channel(self.channel).label


def options_of(target: LinkTarget, *, now: datetime) -> list[Option]:
    """The switches for this person, the message's own purpose first; none when the person is gone."""
    params: dict[str, Any] = {
        "organisation": target.organisation_id,
        "contact": target.contact_id,
        "purpose": target.purpose_id,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.CHOICES, params)
        return [Option(*with_json(row, 3, 5)) for row in cursor.fetchall()]
