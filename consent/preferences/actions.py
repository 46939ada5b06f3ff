"""What the holder of a link changes: stop one thing, stop everything, choose anew. Committed before the answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django_scopes import scope

from consent.ledger.actions import withdraw_by_link
from consent.ledger.models import Action, EventSource
from consent.ledger.recording import Choice, record_events
from consent.links import LinkTarget
from consent.preferences.queries import Option
from consent.receipts.actions import send_receipt
from portal import audit
from portal.channels import Channel
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation


@dataclass(frozen=True)
class Visit:
    """The facts of a request that become evidence."""

    ip: str | None
    user_agent: str
    at: datetime
    door: str
    """``one_click``, ``unsubscribe``, ``preferences`` or ``why``: which page it came through."""


ONE_CLICK = "one_click"


def link_evidence(target: LinkTarget, visit: Visit) -> dict[str, Any]:
    """What the ledger keeps of a visit besides its time and address; a mail program reads no language."""
    return {
        "method": "link",
        "door": visit.door,
        "purpose": str(target.purpose_id),
        "channel": target.channel,
        "language": "" if visit.door == ONE_CLICK else get_language() or "",
    }


def stop_one(*, target: LinkTarget, visit: Visit, source: EventSource) -> list[int]:
    """Withdraw what the message was about; a second time, and for somebody erased, it records nothing (W-03, W-04).

    Whoever did it on a page gets a receipt; a mail program's click gets none.
    """
    events = withdraw_by_link(
        organisation_id=target.organisation_id,
        contact_id=target.contact_id,
        purpose_id=target.purpose_id or None,
        channel=target.channel,
        evidence=link_evidence(target, visit),
        ip=visit.ip,
        user_agent=visit.user_agent,
        now=visit.at,
        source=source,
    )
    if source != EventSource.ONE_CLICK:
        receipt_for(target, events)
    return events


def receipt_for(target: LinkTarget, events: Collection[int]) -> None:
    """One message for all that was chosen at once, after the commit."""
    send_receipt(organisation=target.organisation_id, contact_id=target.contact_id, event_ids=list(events))


@transaction.atomic
def stop_everything(*, target: LinkTarget, visit: Visit) -> list[int]:
    """Withdraw every purpose on every channel (W-07)."""
    events = [
        event_id
        for channel in Channel
        for event_id in withdraw_by_link(
            organisation_id=target.organisation_id,
            contact_id=target.contact_id,
            purpose_id=None,
            channel=channel.value,
            evidence={**link_evidence(target, visit), "stopped": "everything"},
            ip=visit.ip,
            user_agent=visit.user_agent,
            now=visit.at,
            source=EventSource.LINK,
        )
    ]
    receipt_for(target, events)
    return events


@transaction.atomic
def save_choices(
    *,
    target: LinkTarget,
    visit: Visit,
    options: Sequence[Option],
    chosen: Collection[str],
    renewed: Collection[str],
    wordings: dict[str, str],
) -> int:
    """Record each switch that was turned and each agreement that was renewed, and nothing else; how many.

    ``wordings``: the text shown beside each switch, which proves what was agreed to (C-06).
    """
    turned = [option for option in options if option.on != (option.key in chosen)]
    kept = [option for option in options if option.renewable and option.key in chosen and option.key in renewed]
    events = [event for option in turned if option.on for event in stop_option(target, visit, option)]
    granted = [option for option in turned if not option.on] + kept
    if granted:
        events += grant_options(target, visit, granted, wordings)
    receipt_for(target, events)
    return len(turned) + len(kept)


def stop_option(target: LinkTarget, visit: Visit, option: Option) -> list[int]:
    return withdraw_by_link(
        organisation_id=target.organisation_id,
        contact_id=target.contact_id,
        purpose_id=option.purpose_id,
        channel=option.channel,
        evidence=link_evidence(target, visit),
        ip=visit.ip,
        user_agent=visit.user_agent,
        now=visit.at,
        source=EventSource.LINK,
    )


def grant_options(target: LinkTarget, visit: Visit, options: list[Option], wordings: dict[str, str]) -> list[int]:
    """A yes by the person's own act, with the words they saw; the events' ids.

    Where double opt-in is asked for, acting through a link sent to that very address is the confirmation; on another
    channel the yes waits for one.
    """
    organisation = Organisation.objects.get(pk=target.organisation_id)
    choices = []
    for option in options:
        choices.append(choice_of(target, visit, option, Action.GRANT, wordings))
        if option.double_opt_in and option.channel == target.channel:
            choices.append(choice_of(target, visit, option, Action.CONFIRM, wordings))
    with scope(organisation=organisation):
        events = [event for event in record_events(organisation, choices, now=visit.at) if event]
        audit.record(
            actor=Actor.link(organisation, reference=f"contact:{target.contact_id}"),
            action="consent.granted",
            target_type="contact",
            target_id=target.contact_id,
            details={"events": events, "choices": [option.key for option in options]},
            at=visit.at,
        )
    return events


def choice_of(target: LinkTarget, visit: Visit, option: Option, action: Action, wordings: dict[str, str]) -> Choice:
    evidence = {
        **link_evidence(target, visit),
        "text": wordings[option.key],
        "ip": visit.ip or "",
        "user_agent": visit.user_agent[:500],
        "received_at": visit.at.isoformat(),
    }
    return Choice(
        contact_id=target.contact_id,
        purpose_id=option.purpose_id,
        channel=option.channel,
        action=action,
        occurred_at=visit.at,
        source=EventSource.LINK,
        evidence=evidence,
    )
