"""Where each value comes from, and whether the person was told: on their page and in the API (N-04, I-08)."""

from __future__ import annotations

from datetime import date

import pytest

from portal.accounts.models import User
from portal.organisations.models import Organisation
from portal.ui.numbers import day
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import
from tests.people import LONG_AGO, api_of, client_of, new_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought(in_acme: Organisation) -> Import:
    return Import.objects.create(
        organisation=in_acme,
        file_name="people.csv",
        file_size=1,
        file_digest=b"",
        created_at=LONG_AGO,
        origin_kind="bought",
        origin_name="Lists Ltd",
    )


@pytest.fixture
def dora(in_acme: Organisation, bought: Import) -> Contact:
    """She came with a bought list; later a form's file gave her city, a member her name."""
    later = Import.objects.create(
        organisation=in_acme, file_name="later.csv", file_size=1, file_digest=b"", created_at=LONG_AGO
    )
    return new_contact(
        in_acme,
        "dora@example.org",
        first_name="Dora",
        attributes={"city": "Lyon"},
        origin="bought",
        source_import=bought,
        provenance={"first_name": "member", "attributes.city": later.pk, "last_name": "api"},
        art14_due=date(2026, 7, 1),
    )


def test_the_api_names_the_source_of_each_value(acme: Organisation, owner: User, dora: Contact, ada: Contact) -> None:
    found = api_of(owner, acme).get(f"/contacts/{dora.pk}").json()
    later = dora.provenance["attributes.city"]  # type: ignore[index]
    assert found["provenance"] == {
        "email": {"source": "import", "import": str(dora.source_import_id), "name": "Lists Ltd"},
        "first_name": {"source": "member", "import": None, "name": ""},
        "attributes.city": {"source": "import", "import": str(later), "name": "later.csv"},
    }
    assert (found["art14_due"], found["art14_sent_at"]) == ("2026-07-01", None)
    own = api_of(owner, acme).get(f"/contacts/{ada.pk}").json()["provenance"]
    assert own["email"] == {"source": "own_form", "import": None, "name": ""}


def test_the_page_names_the_source_of_each_value(acme: Organisation, owner: User, dora: Contact) -> None:
    page = client_of(owner).get(f"/o/acme/contacts/{dora.pk}/").content.decode()
    assert f'<a href="/o/acme/imports/{dora.source_import_id}/">Lists Ltd</a>' in page
    assert "Entered by a member" in page
    assert f"by {day(date(2026, 7, 1))}" in page


def test_when_the_person_was_told_stands_in_the_timeline(acme: Organisation, owner: User, dora: Contact) -> None:
    dora.art14_sent_at, dora.art14_due = LONG_AGO, None
    dora.save()
    api = api_of(owner, acme)
    kinds = [each["kind"] for each in api.get(f"/contacts/{dora.pk}/timeline").json()["items"]]
    assert "informed" in kinds
    assert "Told where it comes from" in client_of(owner).get(f"/o/acme/contacts/{dora.pk}/").content.decode()
