"""Contacts over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.errors import InvalidInputError
from portal.organisations.roles import Capability
from subscribers.contacts.actions import mark_seed, save_contact, update_contact
from subscribers.contacts.models import Contact
from subscribers.contacts.queries import contact_of, contacts_matching, find_contact
from subscribers.contacts.rules import ContactValues
from subscribers.contacts.shaping import contacts_out
from subscribers.imports.models import UpdateRule
from subscribers.timeline import Happening, timeline_of

router = Router(tags=["contacts"])

IDENTITIES = ("id", "email", "phone", "external_id")


class ContactChanges(Schema):
    """What is left out stays as it is; null empties it."""

    model_config = ConfigDict(extra="forbid")

    email: str | None = None
    phone: str | None = Field(None, description="Any writing with its country; kept as E.164.")
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = Field(None, description="ISO 639-1, such as `fr`.")
    country: str | None = Field(None, description="ISO 3166-1 alpha-2, such as `FR`.")
    tags: list[str] | None = None
    attributes: dict[str, Any] | None = Field(
        None, description="Values of declared fields by key; null removes one, those not named stay."
    )
    seed: bool | None = Field(None, description="One of those a test audience may hold.")


class ContactIn(ContactChanges):
    """At least one of email, phone and external_id."""

    update: Literal["fill", "overwrite", "skip"] = Field(
        "overwrite", description="What happens to a contact that is known already."
    )


class ContactOut(Schema):
    model_config = ConfigDict(extra="allow")

    id: str
    email: str | None
    phone: str | None
    external_id: str | None
    first_name: str
    last_name: str
    language: str
    country: str
    tags: list[str]
    attributes: dict[str, Any]
    origin: str
    seed: bool
    restricted: bool
    created_at: datetime
    updated_at: datetime
    last_seen_at: datetime | None
    art14_due: date | None = Field(description="Until when they must be told where their data comes from.")
    art14_sent_at: datetime | None = Field(description="When a message told them.")
    provenance: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Field to `{source, import, name}`: where each value comes from."
    )
    consents: list[dict[str, Any]] = Field(
        default_factory=list, description="`{purpose, channel, status, since, expires_at, renewal_due}` for each."
    )


class ContactQuery(PageQuery):
    id: str | None = None
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    q: str | None = Field(None, max_length=200, description="The beginning of an identity or of a last name.")


class HappeningOut(Schema):
    id: str
    at: datetime
    kind: str
    title: str
    text: str
    actor: str
    details: dict[str, Any]


def contact_values(body: ContactChanges) -> ContactValues:
    given = body.model_dump(exclude_unset=True, exclude={"seed", "update"})
    return ContactValues(**given)  # type: ignore[typeddict-item]


def with_seed(request: ApiRequest, contact: Contact, body: ContactChanges) -> dict[str, Any]:
    if body.seed is not None:
        contact = mark_seed(
            actor=request.actor, organisation=request.organisation, contact_id=contact.pk, seed=body.seed
        )
    return contacts_out(request.organisation, [contact])[0]


@router.post("/contacts", response={200: ContactOut, 201: ContactOut})
@requires(Capability.CONTACTS_EDIT)
def save(request: ApiRequest, body: ContactIn) -> Status[dict[str, Any]]:
    """Create a contact (201), or update the one who has one of these identities (200); tags are added.

    409 `suppressed` for an address on the suppression list, `identities_conflict` when the identities are those of
    different contacts.
    """
    contact, created = save_contact(
        actor=request.actor,
        organisation=request.organisation,
        values=contact_values(body),
        update=UpdateRule(body.update),
    )
    return Status(201 if created else 200, with_seed(request, contact, body))


@router.get("/contacts", response=Page[ContactOut])
@requires(Capability.CONTACTS_VIEW)
def listing(request: ApiRequest, wanted: Query[ContactQuery]) -> dict[str, Any]:
    """Contacts, newest first: all, those a search means, or the one who has exactly this identity."""
    exact = {name: value for name in IDENTITIES if (value := getattr(wanted, name)) is not None}
    if len(exact) > 1:
        raise InvalidInputError.at(*exact, code="one_identity", detail="Ask for one identity at a time.")
    if exact:
        found = find_contact(request.organisation, **exact)
        return {"items": contacts_out(request.organisation, [found] if found else []), "next_cursor": None}
    page = paginate(contacts_matching(request.organisation, search=wanted.q or ""), request, "-id")
    return {**page, "items": contacts_out(request.organisation, page["items"])}


@router.get("/contacts/{contact_id}", response=ContactOut)
@requires(Capability.CONTACTS_VIEW)
def detail(request: ApiRequest, contact_id: str) -> dict[str, Any]:
    """One contact, with where they stand for each purpose and channel."""
    return contacts_out(request.organisation, [contact_of(request.organisation, contact_id)])[0]


@router.patch("/contacts/{contact_id}", response=ContactOut)
@requires(Capability.CONTACTS_EDIT)
def change(request: ApiRequest, contact_id: str, body: ContactChanges) -> dict[str, Any]:
    """Change what is sent and leave the rest; tags are replaced. A new address takes its confirmations away."""
    contact = update_contact(
        actor=request.actor,
        organisation=request.organisation,
        contact_id=contact_of(request.organisation, contact_id).pk,
        values=contact_values(body),
    )
    return with_seed(request, contact, body)


@router.get("/contacts/{contact_id}/timeline", response=Page[HappeningOut])
@requires(Capability.CONTACTS_VIEW)
def timeline(request: ApiRequest, contact_id: str, page: Query[PageQuery]) -> dict[str, Any]:
    """What happened to this person, newest first: imports, consents, messages, complaints, requests, edits."""
    contact = contact_of(request.organisation, contact_id)
    found = timeline_of(request.organisation, contact.pk, cursor=page.cursor, limit=page.limit)
    return {"items": [happening_out(each) for each in found.happenings], "next_cursor": found.next_cursor}


def happening_out(happening: Happening) -> dict[str, Any]:
    return {
        "id": happening.key,
        "at": happening.at,
        "kind": happening.kind,
        "title": str(happening.title),
        "text": str(happening.text),
        "actor": happening.actor,
        "details": happening.details,
    }
