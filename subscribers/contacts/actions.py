"""Writing contacts: by a member on a page, by a system through the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal import audit
from portal.errors import FieldProblem, InvalidInputError, NotFoundError
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.contacts import sql
from subscribers.contacts.changes import AddressChange, tell_address_change
from subscribers.contacts.errors import IdentitiesConflictError, IdentityTakenError
from subscribers.contacts.models import Contact, Origin
from subscribers.contacts.rules import Columns, ContactValues, checked_columns, problem
from subscribers.fields.queries import field_readers
from subscribers.fields.values import Customs
from subscribers.imports.models import UpdateRule
from subscribers.suppression.errors import SuppressedError
from subscribers.suppression.matching import Addresses, suppressed_among, tie_after_commit, tie_to_contact
from subscribers.suppression.rules import REACHED_BY

IDENTITY_COLUMNS = {"external_id": "external_id", "email_key": "email", "phone": "phone"}
ADDRESS_COLUMNS = {"email_key": "email", "phone": "phone"}


@transaction.atomic
def save_contact(
    *,
    actor: Actor,
    organisation: Organisation,
    values: ContactValues,
    update: UpdateRule = UpdateRule.OVERWRITE,
    origin: Origin = Origin.API,
    now: datetime | None = None,
) -> tuple[Contact, bool]:
    """Create the contact, or update the one that has one of its identities; the contact and whether it is new.

    Tags are added to those it has. Raises ``invalid_input``, ``suppressed`` (O-08), ``identities_conflict`` or
    ``identity_taken``.
    """
    actor.require(Capability.CONTACTS_EDIT)
    now = now or timezone.now()
    columns, attributes = checked(organisation, values)
    known = known_contact(organisation, columns)
    if known is None:
        created = create(actor, organisation, columns, attributes, origin=origin, now=now)
        if created is not None:
            return created, True
        known = known_contact(organisation, columns)  # somebody else was quicker
        if known is None:
            raise IdentityTakenError
    if update != UpdateRule.SKIP:
        kept = without_emptied(known, columns, attributes) if update == UpdateRule.FILL else (columns, attributes)
        change(actor, known, *kept, add_tags=True, now=now)
    return known, False


@transaction.atomic
def update_contact(
    *,
    actor: Actor,
    organisation: Organisation,
    contact_id: int,
    values: ContactValues,
    now: datetime | None = None,
) -> Contact:
    """Change what is said of a contact; what is not named stays, tags are replaced.

    Raises ``not_found``, ``invalid_input``, ``suppressed`` or ``identity_taken``.
    """
    actor.require(Capability.CONTACTS_EDIT)
    now = now or timezone.now()
    contact = locked_contact(organisation, contact_id)
    defaulted: ContactValues = {**values}
    if "phone" in values and "country" not in values and contact.country:
        defaulted["country"] = contact.country
    columns, attributes = checked(organisation, defaulted)
    if "country" not in values:
        columns.pop("country", None)
    change(actor, contact, columns, attributes, add_tags=False, now=now)
    return contact


@transaction.atomic
def mark_seed(
    *, actor: Actor, organisation: Organisation, contact_id: int, seed: bool, now: datetime | None = None
) -> Contact:
    """Make a contact a seed, one of those test audiences may hold, or an ordinary one again."""
    actor.require(Capability.CONTACTS_EDIT)
    contact = locked_contact(organisation, contact_id)
    if contact.seed != seed:
        contact.seed, contact.updated_at = seed, now or timezone.now()
        contact.save(update_fields=["seed", "updated_at"])
        action = "contact.seed_marked" if seed else "contact.seed_unmarked"
        audit.record(actor=actor, action=action, target=contact, at=now)
    return contact


def checked(organisation: Organisation, values: ContactValues) -> tuple[Columns, dict[str, Any]]:
    readers = field_readers(Customs(zone=organisation.zone)) if values.get("attributes") else {}
    return checked_columns(values, readers=readers, country=organisation.country)


def locked_contact(organisation: Organisation, contact_id: int) -> Contact:
    contact = Contact.objects.select_for_update().filter(organisation=organisation, pk=contact_id).first()
    if contact is None:
        raise NotFoundError
    return contact


def known_contact(organisation: Organisation, columns: Columns) -> Contact | None:
    """The contact that has one of these identities, locked; ``identities_conflict`` when several have."""
    found: dict[int, Contact] = {}
    rows = Contact.objects.select_for_update(no_key=True).filter(organisation=organisation)
    for column in IDENTITY_COLUMNS:
        if columns.get(column):
            found |= {row.pk: row for row in rows.filter(**{column: columns[column]})}
    if len(found) > 1:
        raise IdentitiesConflictError
    return next(iter(found.values()), None)


def create(
    actor: Actor,
    organisation: Organisation,
    columns: Columns,
    attributes: Mapping[str, Any],
    *,
    origin: Origin,
    now: datetime,
) -> Contact | None:
    """A new row, or None when somebody else has just written one of its identities."""
    if not any(columns.get(column) for column in IDENTITY_COLUMNS):
        raise InvalidInputError(errors=[problem((), "missing_identity")])
    refuse_suppressed(organisation, columns)
    contact = Contact(
        organisation=organisation,
        **{"first_name": "", "last_name": "", "language": "", "country": "", "tags": [], **columns},
        attributes={key: value for key, value in attributes.items() if value is not None},
        origin=origin,
        collected_at=now,
        created_at=now,
        updated_at=now,
    )
    try:
        with transaction.atomic():
            contact.save(force_insert=True)
    except IntegrityError:
        return None
    keep_tag_names(organisation, contact.tags)
    tie_after_commit(organisation, contact.pk, addresses_of(contact))
    audit.record(actor=actor, action="contact.created", target=contact, details={"origin": str(origin)}, at=now)
    return contact


def without_emptied(
    contact: Contact, columns: Columns, attributes: Mapping[str, Any]
) -> tuple[Columns, dict[str, Any]]:
    """Only what fills an empty place: the update rule ``fill``. Tags are added in any case."""
    wanted = {name: value for name, value in columns.items() if name == "tags" or not getattr(contact, name)}
    return wanted, {key: value for key, value in attributes.items() if key not in contact.attributes}


def change(
    actor: Actor,
    contact: Contact,
    columns: Columns,
    attributes: Mapping[str, Any],
    *,
    add_tags: bool,
    now: datetime,
) -> None:
    """Write what differs, keep suppressions tied, tell who must know; nothing at all when nothing differs."""
    wanted = dict(columns)
    if add_tags and "tags" in wanted:
        wanted["tags"] = [*contact.tags, *(tag for tag in wanted["tags"] if tag not in contact.tags)]
    if attributes:
        merged = {**contact.attributes, **attributes}
        wanted["attributes"] = {key: value for key, value in merged.items() if value is not None}
    changed = {name: value for name, value in wanted.items() if getattr(contact, name) != value}
    if not changed:
        return
    refuse_suppressed(contact.organisation, changed)
    names = changed_names(contact, changed)
    contact.provenance = {**(contact.provenance or {}), **dict.fromkeys(names, source_word(actor))}
    for name, value in changed.items():
        setattr(contact, name, value)
    if not any(getattr(contact, column) for column in IDENTITY_COLUMNS):
        raise InvalidInputError(errors=[problem((), "missing_identity")])
    contact.updated_at = now
    write(contact, changed)
    keep_tag_names(contact.organisation, changed.get("tags", []))
    follow_addresses(actor, contact, changed, now)
    audit.record(actor=actor, action="contact.updated", target=contact, details={"changed": names}, at=now)


def changed_names(contact: Contact, changed: Columns) -> list[str]:
    """What a change is called in the audit log and in the provenance: columns, and ``attributes.<key>`` for each."""
    names = sorted(set(changed) - {"email_key", "attributes"})
    if "attributes" not in changed:
        return names
    old, new = contact.attributes, changed["attributes"]
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return names + [f"attributes.{key}" for key in keys]


def source_word(actor: Actor) -> str:
    """Who gave a value, as `Contact.provenance` keeps it; imports write their number there."""
    return "api" if actor.kind == ActorKind.TOKEN else str(actor.kind)


def write(contact: Contact, changed: Columns) -> None:
    try:
        with transaction.atomic():
            contact.save(update_fields=[*changed, "provenance", "updated_at"])
    except IntegrityError:
        loc = next((name for column, name in IDENTITY_COLUMNS.items() if changed.get(column)), "email")
        taken = FieldProblem((loc,), IdentityTakenError.code, IdentityTakenError.title)
        raise IdentityTakenError(errors=[taken]) from None


def refuse_suppressed(organisation: Organisation, columns: Columns) -> None:
    """Raise ``suppressed`` when a new address is on the list (O-08)."""
    refused = [
        FieldProblem((name,), SuppressedError.code, SuppressedError.title)
        for column, name in ADDRESS_COLUMNS.items()
        if columns.get(column) and suppressed_among(organisation, column, [columns[column]])
    ]
    if refused:
        raise SuppressedError(errors=refused)


def follow_addresses(actor: Actor, contact: Contact, changed: Columns, now: datetime) -> None:
    """After a change of address: tie the suppressions anew, and tell the extension point."""
    moved = set(ADDRESS_COLUMNS) & set(changed)
    if not moved:
        return
    tie_to_contact(contact.organisation, contact.pk, addresses_of(contact))
    channels = frozenset(str(channel) for channel, column in REACHED_BY.items() if column in moved)
    tell_address_change(AddressChange(contact.organisation, [contact.pk], channels, actor, now))


def addresses_of(contact: Contact) -> Addresses:
    return {"email_key": contact.email_key, "phone": contact.phone}


def keep_tag_names(organisation: Organisation, tags: list[str]) -> None:
    if tags:
        with connection.cursor() as cursor:
            cursor.execute(sql.KEEP_TAG_NAMES, {"organisation_id": organisation.pk, "tags": tags})


def record_export(*, actor: Actor, organisation: Organisation, filters: Mapping[str, str], searched: bool) -> None:
    """Write down that contacts were downloaded, before the first of them leaves; names of filters, no search text."""
    actor.require(Capability.PERSONAL_DATA_EXPORT)
    audit.record(
        actor=actor,
        action="contact.exported",
        target_type="contact",
        details={"filters": dict(filters), "searched": searched},
        organisation=organisation,
    )
