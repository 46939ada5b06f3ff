"""Where each value of a contact comes from (N-04): an import, a member, a system, or the contact's own origin.

`Contact.provenance` holds only what did not come with the contact itself: column or ``attributes.<key>`` -> the number
of an import, or the word for who wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.organisations.links import organisation_url
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact, Origin
from subscribers.fields.models import Field
from subscribers.imports.models import Import

COLUMNS = ("email", "phone", "external_id", "first_name", "last_name", "language", "country", "tags")
HANDS: dict[str, str | Promise] = {
    "member": _("Entered by a member"),
    "api": _("A system of ours"),
    "link": _("The person, on a page"),
}
READ = (*COLUMNS, "attributes", "origin", "source_import_id", "provenance")


@dataclass(frozen=True, slots=True)
class ValueSource:
    """``word``: ``import``, who wrote it (``member``, ``api``, …) or an origin; ``name``: of the import's source."""

    word: str
    import_id: int | None = None
    name: str = ""

    def in_json(self) -> dict[str, Any]:
        return {"source": self.word, "import": str(self.import_id) if self.import_id else None, "name": self.name}

    @property
    def label(self) -> str | Promise:
        if self.word == "import":
            return self.name or _("An import")
        return HANDS.get(self.word) or dict(Origin.choices).get(self.word) or self.word


def value_sources(organisation: Organisation, ids: Sequence[int]) -> dict[int, dict[str, dict[str, Any]]]:
    """The ``provenance`` of contacts in the API, for a whole page in two queries: field -> where it comes from."""
    contacts = list(Contact.objects.filter(organisation=organisation, pk__in=ids).only("pk", *READ))
    names = import_names(organisation, contacts)
    return {
        contact.pk: {name: source.in_json() for name, source in sources_of(contact, names).items()}
        for contact in contacts
    }


def import_names(organisation: Organisation, contacts: Iterable[Contact]) -> dict[int, str]:
    """The names of the sources of all imports that these contacts have anything from."""
    ids: set[int] = set()
    for contact in contacts:
        ids |= {int(word) for word in (contact.provenance or {}).values() if str(word).isdecimal()}
        ids |= {contact.source_import_id} if contact.source_import_id else set()
    found = Import.objects.filter(organisation=organisation, pk__in=ids)
    return {pk: origin or file for pk, origin, file in found.values_list("pk", "origin_name", "file_name")}


def sources_of(contact: Contact, names: dict[int, str]) -> dict[str, ValueSource]:
    """Each field that has a value, in a fixed order, with its source."""
    fields = [name for name in COLUMNS if getattr(contact, name)]
    fields += [f"attributes.{key}" for key in sorted(contact.attributes)]
    given = contact.provenance or {}
    return {name: source_of(given.get(name, contact.source_import_id), contact, names) for name in fields}


def source_of(word: str | int | None, contact: Contact, names: dict[int, str]) -> ValueSource:
    if word is None:
        return ValueSource(contact.origin)
    if str(word).isdecimal():
        return ValueSource("import", int(word), names.get(int(word), ""))
    return ValueSource(str(word))


def section(organisation: Organisation, contact: Contact, now: datetime) -> dict[str, Any]:
    """What the person's page shows; three queries at most, however many fields there are."""
    names = import_names(organisation, [contact])
    labels = dict(Field.objects.filter(organisation=organisation).values_list("key", "label"))
    lines = [
        (label_of(name, labels), source, import_link(organisation, source))
        for name, source in sources_of(contact, names).items()
    ]
    return {"lines": lines}


def label_of(name: str, labels: dict[str, str]) -> str | Promise:
    if name.startswith("attributes."):
        key = name.removeprefix("attributes.")
        return labels.get(key, key)
    return Contact._meta.get_field(name).verbose_name  # type: ignore[union-attr]


def import_link(organisation: Organisation, source: ValueSource) -> str:
    if not source.import_id:
        return ""
    return organisation_url(organisation, "subscribers:import_detail", import_id=source.import_id)
