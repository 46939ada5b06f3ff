"""Reads of contacts: one person by any identity, and lists of millions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Collate, Lower

from portal.errors import NotFoundError
from portal.organisations.models import Organisation
from subscribers.contacts import sql
from subscribers.contacts.models import Contact, TagName
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email
from subscribers.contacts.searching import search_statement

MOST_FOUND = 1000
COUNTED_EXACTLY = 10_000
FILTERS = ("language", "country", "origin")


def find_contact(
    organisation: Organisation,
    *,
    email: str | None = None,
    phone: str | None = None,
    external_id: str | None = None,
    id: int | str | None = None,
) -> Contact | None:
    """The contact with this identity, or None; the first identity given counts.

    What is no identity finds nobody.
    """
    wanted: dict[str, Any] = {}
    try:
        if id is not None:
            wanted["pk"] = int(id)
        elif email is not None:
            wanted["email_key"] = normalise_email(email)[1]
        elif phone is not None:
            wanted["phone"] = PhoneBook(organisation.country).normalise(phone)
        elif external_id is not None:
            wanted["external_id"] = external_id.strip()
    except (InvalidValueError, ValueError):
        return None
    if not wanted or not -(2**63) <= wanted.get("pk", 0) < 2**63:
        return None
    return Contact.objects.filter(organisation=organisation, **wanted).first()


def known_among(organisation: Organisation, contact_ids: Collection[int]) -> set[int]:
    """Which of these contacts are still there; one query."""
    return set(Contact.objects.filter(organisation=organisation, pk__in=contact_ids).values_list("pk", flat=True))


def contact_of(organisation: Organisation, contact_id: int | str) -> Contact:
    """One contact; ``not_found`` for any other id."""
    found = find_contact(organisation, id=contact_id)
    if found is None:
        raise NotFoundError
    return found


def found_ids(organisation: Organisation, text: str) -> list[int]:
    """The ids of up to some thousand contacts that the searched text means; a few index reads, never a scan."""
    statement, parameters = search_statement(text, country=organisation.country)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organisation_id": organisation.pk, "most": MOST_FOUND, **parameters})
        return [row[0] for row in cursor.fetchall()]


def contacts_matching(
    organisation: Organisation,
    *,
    search: str = "",
    language: str = "",
    country: str = "",
    origin: str = "",
    tag: str = "",
    seed: str = "",
) -> QuerySet[Contact]:
    """Contacts for a list, to be sorted and paged by the caller. Index: contacts_newest_first."""
    found = Contact.objects.filter(organisation=organisation)
    if search.strip():
        found = found.filter(pk__in=found_ids(organisation, search))
    given = {"language": language, "country": country, "origin": origin}
    found = found.filter(**{name: value for name, value in given.items() if value})
    if tag:
        found = found.filter(tags__contains=[tag])
    return found.filter(seed=True) if seed else found


def sorted_by_name(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """With ``name_key``, the sort key of the last name. Index: contacts_by_last_name."""
    return contacts.annotate(name_key=Collate(Lower("last_name"), "C"))


def estimated_total(organisation: Organisation) -> int:
    """How many contacts, exact to ten thousand, then as the database's statistics have it; never a count of all."""
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNT_UP_TO, {"organisation_id": organisation.pk, "most": COUNTED_EXACTLY})
        counted = int(cursor.fetchone()[0])
    if counted < COUNTED_EXACTLY:
        return counted
    return max(counted, estimated_rows(Contact.objects.filter(organisation=organisation)))


def estimated_rows(contacts: QuerySet[Contact]) -> int:
    """How many rows the planner expects: no row is read."""
    plan = json.loads(contacts.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


def tag_names(organisation: Organisation) -> list[str]:
    """The tags in use, for suggestions and filters."""
    return list(TagName.objects.filter(organisation=organisation).values_list("name", flat=True)[:500])


def in_chunks(contacts: QuerySet[Contact], size: int = 2000) -> Iterator[Sequence[Contact]]:
    """All of them by rising id, a chunk a query: a download of millions holds one chunk in memory."""
    last = 0
    while chunk := list(contacts.filter(pk__gt=last).order_by("pk")[:size]):
        yield chunk
        last = chunk[-1].pk


def has_contacts(organisation: Organisation) -> bool:
    return Contact.objects.filter(organisation=organisation).exists()


def card(organisation: Organisation) -> dict[str, Any]:
    """What the dashboard card shows."""
    newest = Contact.objects.filter(organisation=organisation).order_by("-pk").first()
    return {"total": estimated_total(organisation), "newest_at": newest.created_at if newest else None}
