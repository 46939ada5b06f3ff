"""The list of contacts: its columns, filters and search, for the page and the download alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from portal.organisations.models import Organisation
from portal.ui.lists import Column, Filter, Listing, ListSpec
from subscribers.contacts.forms import country_choices, language_choices
from subscribers.contacts.models import Contact, Origin, TagName
from subscribers.contacts.queries import contacts_matching, in_chunks, sorted_by_name


def tag_choices() -> list[tuple[str, str]]:
    """The tags of the organisation in scope."""
    return [(name, name) for name in TagName.objects.values_list("name", flat=True)[:500]]


CONTACTS = ListSpec(
    columns=(
        Column("name", _("Name"), sort="name_key"),
        Column("email", _("E-mail"), sort="email_key"),
        Column("phone", _("Phone")),
        Column("external_id", _("External id")),
        Column("country", _("Country")),
        Column("tags", _("Tags")),
        Column("created_at", _("Since"), sort="id"),
    ),
    filters=(
        Filter("language", _("Language"), choices=language_choices),
        Filter("country", _("Country"), choices=country_choices),
        Filter("tag", _("Tag"), choices=tag_choices),
        Filter("origin", _("Origin"), choices=Origin.choices),
        Filter("seed", _("Seeds"), choices=(("1", _("Seed contacts only")),)),
    ),
    search=_("E-mail, phone, external id or last name"),
    default_sort="-id",
)


def contacts_of(organisation: Organisation, listing: Listing) -> QuerySet[Contact]:
    """The contacts this listing asks for; sorted by e-mail, those who have one."""
    found = contacts_matching(organisation, search=listing.search, **listing.filters)
    if listing.sort.removeprefix("-") == "email_key":
        return found.filter(email_key__isnull=False)
    return sorted_by_name(found) if listing.sort.removeprefix("-") == "name_key" else found


def download_rows(organisation: Organisation, listing: Listing, keys: list[str]) -> Iterator[list[Any]]:
    """A head and a row a contact, read in chunks; enters the scope itself, since it runs after the view."""
    yield [
        _now("Id"),
        _now("E-mail"),
        _now("Phone"),
        _now("External id"),
        _now("First name"),
        _now("Last name"),
        _now("Language"),
        _now("Country"),
        _now("Tags"),
        _now("Origin"),
        _now("Since"),
        *keys,
    ]
    with scope(organisation=organisation):
        for chunk in in_chunks(contacts_matching(organisation, search=listing.search, **listing.filters)):
            for contact in chunk:
                yield download_row(contact, keys)


def download_row(contact: Contact, keys: list[str]) -> list[Any]:
    return [
        contact.pk,
        contact.email,
        contact.phone,
        contact.external_id,
        contact.first_name,
        contact.last_name,
        contact.language,
        contact.country,
        ", ".join(contact.tags),
        contact.origin,
        contact.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        *(cell_of(contact.attributes.get(key)) for key in keys),
    ]


def cell_of(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value
