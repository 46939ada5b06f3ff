"""What a receipt says, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language

from consent.ledger.evidence import open_evidence
from consent.ledger.models import Action, ConsentEvent, ConsentState, EventSource, Evidence, Status
from consent.ledger.queries import STOPS, TITLES, events_of
from consent.links import LinkTarget, make_token
from consent.notices.models import NoticeVersion
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.crypto import sealer
from portal.organisations.links import absolute
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact

# The words of these doors are those the person saw; what a member or a client's system noted is not for this paper.
SHOWN_BY = frozenset({EventSource.LINK.value, EventSource.FORM.value})


@dataclass(frozen=True)
class Entry:
    """One thing that was chosen: one purpose on one channel, with the text that was shown."""

    event_ids: tuple[int, ...]
    action: str
    purpose: Purpose
    channel: str
    at: datetime
    source: str
    text: str
    with_parent: bool = False

    @property
    def title(self) -> str:
        names = {"purpose": self.purpose.name_in(get_language()), "channel": Channel(self.channel).label}
        return str(TITLES[Action(self.action)]) % names

    @property
    def stopped(self) -> bool:
        return self.action in STOPS

    @property
    def source_label(self) -> str:
        return str(EventSource(self.source).label)

    @property
    def numbers(self) -> str:
        return ", ".join(map(str, self.event_ids))


@dataclass(frozen=True)
class Receipt:
    """What one person chose, by whom it is kept, and how to take it back; ``token`` leads to their own pages."""

    organisation: Organisation
    contact_id: int
    entries: tuple[Entry, ...]
    language: str
    token: str
    address: str = field(repr=False, default="")

    @property
    def preferences_url(self) -> str:
        return absolute(reverse("public_preferences", args=[self.token]))

    @property
    def why_url(self) -> str:
        return absolute(reverse("public_why", args=[self.token]))

    @property
    def granted(self) -> bool:
        """Is there anything on it that could be taken back?"""
        return any(not entry.stopped for entry in self.entries)


def receipt_of(
    events: Sequence[ConsentEvent], contact: Contact, *, language: str = "", token: str = ""
) -> Receipt | None:
    """The receipt for these events of one person; None when there are none. Two queries, and one for the keys.

    ``token`` is the link it is read behind; without one it goes by e-mail.
    """
    if not events:
        return None
    organisation = contact.organisation
    return Receipt(
        organisation=organisation,
        contact_id=contact.pk,
        entries=entries_of(organisation, events),
        language=language or language_of(contact),
        token=token or mailed_token(organisation, contact, events),
        address=contact.email or contact.phone or "",
    )


def mailed_token(organisation: Organisation, contact: Contact, events: Sequence[ConsentEvent]) -> str:
    """A link of the channel the receipt goes by: acting through it confirms that address, and no other."""
    email = Channel.EMAIL.value
    about = next((event for event in reversed(events) if event.channel == email), events[-1])
    return make_token(LinkTarget(organisation.pk, contact.pk, about.purpose_id, email))


def entries_of(organisation: Organisation, events: Sequence[ConsentEvent]) -> tuple[Entry, ...]:
    """One entry a purpose and channel, in the order of the events: a yes, a parent's and its confirmation are one."""
    documents = documents_of(organisation, events)
    texts = texts_of(organisation, events, documents)
    places: dict[tuple[int, str], list[ConsentEvent]] = {}
    for event in events:
        places.setdefault((event.purpose_id, event.channel), []).append(event)
    return tuple(
        Entry(
            event_ids=tuple(event.pk for event in found),
            action=found[-1].action,
            purpose=found[-1].purpose,
            channel=found[-1].channel,
            at=found[-1].occurred_at,
            source=found[-1].source,
            text=next((texts[event.pk] for event in reversed(found) if event.pk in texts), ""),
            with_parent=any("parental" in documents.get(event.evidence_id or 0, {}) for event in found),
        )
        for found in places.values()
    )


def documents_of(organisation: Organisation, events: Iterable[ConsentEvent]) -> dict[int, dict[str, Any]]:
    """Evidence id -> the document behind each agreement."""
    ids = [event.evidence_id for event in events if event.evidence_id and event.action not in STOPS]
    if not ids:
        return {}
    box = sealer(organisation.pk)
    return {row.pk: open_evidence(row, box) for row in Evidence.objects.filter(organisation=organisation, pk__in=ids)}


def texts_of(
    organisation: Organisation, events: Iterable[ConsentEvent], documents: Mapping[int, dict[str, Any]]
) -> dict[int, str]:
    """Event id -> the text that was shown: the notice's, and the words beside the box."""
    shown = [event for event in events if event.source in SHOWN_BY]
    digests = [bytes(event.notice_digest) for event in shown if event.notice_digest]
    notices = {}
    if digests:
        rows = NoticeVersion.objects.filter(organisation=organisation, digest__in=digests)
        notices = {bytes(row.digest): row.text for row in rows}
    found = {}
    for event in shown:
        words = [documents.get(event.evidence_id or 0, {}).get("text"), notices.get(bytes(event.notice_digest or b""))]
        text = "\n\n".join(word for word in words if isinstance(word, str) and word)
        if text:
            found[event.pk] = text
    return found


def language_of(contact: Contact) -> str:
    """The person's language where we have it, else the organisation's."""
    for wanted in (contact.language, contact.organisation.locale):
        try:
            return translation.get_supported_language_variant((wanted or "").lower())
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def standing_receipt(organisation_id: int, contact_id: int, *, token: str) -> Receipt | None:
    """Where a person stands now, purpose by purpose: the events that made it so. None when they are gone."""
    contact = (
        Contact.objects.select_related("organisation").filter(organisation_id=organisation_id, pk=contact_id).first()
    )
    if contact is None:
        return None
    states = ConsentState.objects.filter(organisation_id=organisation_id, contact_id=contact_id).exclude(
        status=Status.NONE
    )
    ids = list(states.values_list("event_id", flat=True))
    return receipt_of(list(events_of(contact.organisation).filter(pk__in=ids).order_by("pk")), contact, token=token)
