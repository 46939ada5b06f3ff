"""From an answer to the ledger: contact, suppression, events and their evidence, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consent.children.rules import PARENT
from consent.collection.afterwards import Confirmed, after_confirmation
from consent.collection.answers import Answer, evidence_document
from consent.collection.documents import words_of
from consent.collection.models import CollectionPoint, FormVersion
from consent.ledger.errors import BeforeNoticeError
from consent.ledger.models import Action, ConsentState, EventSource, Status
from consent.ledger.recording import Choice, record_events
from portal import audit
from portal.channels import Channel
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts.actions import save_contact
from subscribers.contacts.errors import IdentitiesConflictError, IdentityTakenError
from subscribers.contacts.models import Contact, Origin
from subscribers.contacts.queries import find_contact
from subscribers.contacts.rules import ContactValues
from subscribers.imports.models import UpdateRule
from subscribers.suppression.actions import remove_suppression
from subscribers.suppression.matching import suppressed_among
from subscribers.suppression.queries import entries_of_address

NOES = (Status.REFUSED, Status.WITHDRAWN, Status.OBJECTED)
# Nothing was said yet, or only asked.
UNSAID = (Status.NONE, Status.UNANSWERED)
BY_PHONE = (Channel.SMS, Channel.PHONE)


def form_actor(point: CollectionPoint) -> Actor:
    """The person, as they act through a form: they may enter themselves and take back their own objection (O-09)."""
    return Actor(
        kind=ActorKind.LINK,
        organisation=point.organisation,
        reference=f"form:{point.key}",
        capabilities=frozenset({Capability.CONTACTS_EDIT, Capability.SUPPRESSIONS_EDIT}),
    )


def record_answer(
    *,
    actor: Actor,
    point: CollectionPoint,
    version: FormVersion,
    answer: Answer,
    now: datetime,
    confirmation: Mapping[str, Any] | None = None,
    parental: Mapping[str, Any] | None = None,
) -> tuple[Contact, list[int]]:
    """Enter the person and record what they chose; the contact and its events. Call it in a transaction and scope.

    ``confirmation``: how the mailbox's owner confirmed, which proves the act: only then is a suppression lifted (O-09).
    ``parental``: what proves the parent's own agreement (K-02). Raises ``before_notice``, ``suppressed``.
    """
    require_shown(version, answer)
    if confirmation:
        for entry in entries_of_address(point.organisation, answer.email, [Channel.EMAIL]):
            remove_suppression(actor=actor, suppression=entry, now=now)
    contact = entered(actor, point.organisation, answer, proved=bool(confirmation), now=now)
    more = {"double_opt_in": dict(confirmation)} if confirmation else {}
    if parental:
        more |= {"parental": dict(parental)}
    choices = choices_of(point, version, answer, contact, now, more=more)
    events = [event for event in record_events(point.organisation, choices, now=now) if event is not None]
    audit.record(
        actor=actor,
        action="consent.granted",
        target=contact,
        details={
            "events": events,
            "form": point.key,
            "version": version.number,
            "choices": answer.yes,
            **({"with_parent": True} if parental else {}),
        },
        at=now,
    )
    after_confirmation(Confirmed(point.organisation, contact.pk, events, answer.language))
    return contact, events


def require_shown(version: FormVersion, answer: Answer) -> None:
    """Raise ``before_notice`` for an answer older than what it answers to."""
    if answer.given_at < shown_since(version, answer):
        raise BeforeNoticeError


def shown_since(version: FormVersion, answer: Answer) -> datetime:
    """Since when there has been something to agree to: the publication of the notice, in the language of the answer."""
    notice = words_of(version.document, answer.language)["notice"]
    return datetime.fromisoformat(notice["published_at"]) if notice else version.published_at


def entered(actor: Actor, organisation: Organisation, answer: Answer, *, proved: bool, now: datetime) -> Contact:
    """The person as a contact. Nobody but themselves fills in what we know; a phone of somebody else is left out."""
    values: ContactValues = {"language": answer.language, **answer.values}  # type: ignore[typeddict-item]
    if answer.email:
        values["email"] = answer.email
    if answer.external_id:
        values["external_id"] = answer.external_id
    with_phone: ContactValues = {**values, "phone": answer.phone} if usable_phone(organisation, answer) else values
    update = UpdateRule.FILL if proved or actor.kind != ActorKind.LINK else UpdateRule.SKIP
    try:
        return save_contact(
            actor=actor, organisation=organisation, values=with_phone, update=update, origin=Origin.OWN_FORM, now=now
        )[0]
    except (IdentitiesConflictError, IdentityTakenError):
        if not answer.email:
            raise
    return save_contact(
        actor=actor, organisation=organisation, values=values, update=update, origin=Origin.OWN_FORM, now=now
    )[0]


def usable_phone(organisation: Organisation, answer: Answer) -> bool:
    """False without a phone, and for one that is suppressed: clicking in a mail proves nothing about a phone."""
    if not answer.phone:
        return False
    return not answer.email or not suppressed_among(organisation, "phone", [answer.phone])


def choices_of(
    point: CollectionPoint,
    version: FormVersion,
    answer: Answer,
    contact: Contact,
    now: datetime,
    *,
    more: Mapping[str, Any],
) -> list[Choice]:
    """The events of an answer: each yes and no, the parent's own yes, and the confirmations."""
    words = words_of(version.document, answer.language)
    grants, parents, confirms = [], [], []
    for choice in words["choices"]:
        if choice["key"] not in (*answer.yes, *answer.no):
            continue
        if choice["channel"] in BY_PHONE and contact.phone != answer.phone:
            continue  # the number they typed is not the one we would use
        document = evidence_document(version, answer, choice, more)
        make = choice_maker(point, version, words, answer, contact, choice, document)
        said_yes = choice["key"] in answer.yes
        grants.append(make(Action.GRANT if said_yes else Action.REFUSE, answer.given_at, answer.actor))
        if said_yes and "parental" in more:
            parents.append(make(Action.GRANT, parent_agreed_at(more["parental"], now), PARENT))
        if said_yes and "double_opt_in" in more and choice["channel"] == Channel.EMAIL:
            confirms.append(make(Action.CONFIRM, now, ""))
    return [*grants, *parents, *confirms]


def parent_agreed_at(parental: Mapping[str, Any], now: datetime) -> datetime:
    """When a parent agreed, as reported; one who was asked by a message does so with the click."""
    told = parental.get("agreed_at")
    return datetime.fromisoformat(told) if told else now


def choice_maker(
    point: CollectionPoint,
    version: FormVersion,
    words: Mapping[str, Any],
    answer: Answer,
    contact: Contact,
    choice: Mapping[str, Any],
    document: dict[str, Any],
) -> Any:
    notice = words["notice"] or {}

    def make(action: Action, occurred_at: datetime, actor: str) -> Choice:
        return Choice(
            contact_id=contact.pk,
            purpose_id=choice["purpose_id"],
            channel=choice["channel"],
            action=action,
            occurred_at=occurred_at,
            source=EventSource(answer.source),
            source_reference=f"{point.key}/{version.number}",
            evidence=document,
            notice_version=notice.get("version", ""),
            notice_digest=bytes.fromhex(notice["digest"]) if notice else None,
            collection_point_id=point.pk,
            actor=actor,
            purpose_version=choice["purpose_version"],
        )

    return make


def must_prove(point: CollectionPoint, version: FormVersion, answer: Answer) -> bool:
    """Whether the mailbox's owner has to confirm first: as the form has it, always where a parent is named (K-02), and
    where the address is suppressed or its owner has said no before (O-09): somebody else may have typed it.
    """
    if version.document["double_opt_in"] or answer.parent:
        return True
    key = answer.email_key
    if suppressed_among(point.organisation, "email_key", [key], channels=[Channel.EMAIL]):
        return True
    states = ConsentState.objects.filter(organisation=point.organisation, status__in=NOES)
    return states.filter(contact__organisation=point.organisation, contact__email_key=key).exists()


def record_refusals(
    *, actor: Actor, point: CollectionPoint, version: FormVersion, answer: Answer, now: datetime
) -> list[int]:
    """Keep a plain "no" of somebody we know who has not chosen yet, so that they are not asked again at once (C-12).

    Nobody is entered for having said no, and nobody's yes ends because somebody typed their address.
    """
    contact = find_contact(point.organisation, email=answer.email) if answer.email else None
    if contact is None:
        return []
    states = ConsentState.objects.filter(organisation=point.organisation, contact=contact)
    states = states.exclude(status__in=UNSAID)
    chosen = set(states.values_list("purpose_id", "channel"))
    choices = [
        choice
        for choice in choices_of(point, version, answer, contact, now, more={})
        if (choice.purpose_id, choice.channel) not in chosen
    ]
    events = [event for event in record_events(point.organisation, choices, now=now) if event is not None]
    if events:
        details = {"events": events, "form": point.key, "version": version.number}
        audit.record(actor=actor, action="consent.refused", target=contact, details=details, at=now)
    return events
