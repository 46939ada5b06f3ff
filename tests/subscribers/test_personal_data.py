from __future__ import annotations

from typing import Any

import pytest

from portal.audit.models import AuditEntry
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from portal.personal_data.queries import holdings
from subscribers.contacts.actions import save_contact
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportReject
from subscribers.suppression.actions import suppress
from subscribers.suppression.errors import SuppressedError
from subscribers.suppression.models import Suppression
from tests.people import LONG_AGO


def held(organisation: Organisation, contact: Contact) -> dict[str, Any]:
    return {holding.source.name: holding.data for holding in holdings(organisation, contact.pk)}


@pytest.fixture
def rejects(in_acme: Organisation) -> Import:
    source = Import.objects.create(
        organisation=in_acme, file_name="x.csv", file_size=1, file_digest=b"", created_at=LONG_AGO
    )

    def reject(line: int, cells: Any) -> ImportReject:
        return ImportReject.objects.create(
            organisation=in_acme, source_import=source, line=line, code="invalid_phone", detail="", cells=cells
        )

    reject(2, ["Ben", " BEN@example.net ", "12"])
    reject(3, {"name": "Ben", "mail": "ben@example.net"})
    reject(4, ["Reuben", "reuben@example.net", "12"])
    return source


def test_everything_about_a_person_is_collected(in_acme: Organisation, ben: Contact, rejects: Import) -> None:
    suppress(actor=Actor.system(in_acme), organisation=in_acme, addresses=["ben@example.net"], channel="email")
    found = held(in_acme, ben)
    assert next(iter(found)) == "contact"
    assert found["contact"]["email"] == "ben@example.net"
    assert [row["line"] for row in found["import_rejects"]["rows"]] == [2, 3]
    assert found["suppression"]["entries"][0]["channel"] == "email"


def test_erasing_leaves_nothing_but_the_hash_that_keeps_the_person_out(
    in_acme: Organisation, ben: Contact, rejects: Import
) -> None:
    system = Actor.system(in_acme)
    suppress(actor=system, organisation=in_acme, addresses=["ben@example.net"], channel="email", reason="erasure")
    counts = erase_person(actor=system, organisation=in_acme, contact_id=ben.pk)
    assert (counts["contact"], counts["import_rejects"]) == (1, 2)
    assert held(in_acme, ben) == {}
    assert not Contact.objects.filter(pk=ben.pk).exists()
    assert [row.line for row in ImportReject.objects.all()] == [4]
    assert Suppression.objects.get().contact_id is None
    with pytest.raises(SuppressedError):
        save_contact(actor=system, organisation=in_acme, values={"email": "ben@example.net"})
    assert AuditEntry.objects.get(action="contact.erased").details["records"]["contact"] == 1


def test_the_same_person_elsewhere_is_untouched(in_acme: Organisation, ada: Contact, ada_elsewhere: Contact) -> None:
    erase_person(actor=Actor.system(in_acme), organisation=in_acme, contact_id=ada_elsewhere.pk)
    from django_scopes import scopes_disabled

    with scopes_disabled():
        assert Contact.objects.filter(pk=ada_elsewhere.pk).exists()
