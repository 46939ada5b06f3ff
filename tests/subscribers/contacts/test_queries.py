from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.contacts.queries import contacts_matching, estimated_rows, estimated_total, find_contact, in_chunks
from tests.people import new_contact


@pytest.mark.parametrize(
    "text",
    [
        "Ada.Martin@Example.org",
        "ada.m",
        "ada.martin@exa",
        "+33612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "+33612",
        "C-1001",
        "C-10",
        "martin",
        "MART",
        "Ada Martin",
        "Martin Ada",
        "ad mart",
    ],
)
def test_search_finds_a_person_by_any_identifier(
    in_acme: Organisation, ada: Contact, ben: Contact, cleo: Contact, ada_elsewhere: Contact, text: str
) -> None:
    assert list(contacts_matching(in_acme, search=text)) == [ada]


@pytest.mark.parametrize("text", ["nobody@example.org", "%", "_", "0", "+", "\\", "' OR 1=1 --", "@"])
def test_search_of_nonsense_finds_nobody(in_acme: Organisation, ada: Contact, text: str) -> None:
    assert list(contacts_matching(in_acme, search=text)) == []


def test_filters_narrow_together(in_acme: Organisation, ada: Contact, ben: Contact, cleo: Contact) -> None:
    assert set(contacts_matching(in_acme, country="FR")) == {ada, cleo}
    assert list(contacts_matching(in_acme, country="FR", language="fr", tag="vip", origin="own_form")) == [ada]
    assert list(contacts_matching(in_acme, seed="1")) == []


def test_a_contact_is_found_by_each_identity_as_people_write_it(
    in_acme: Organisation, ada: Contact, ada_elsewhere: Contact
) -> None:
    assert find_contact(in_acme, email=" ADA.martin@example.ORG ") == ada
    assert find_contact(in_acme, phone="06 12 34 56 78") == ada
    assert find_contact(in_acme, external_id="C-1001") == ada
    assert find_contact(in_acme, id=ada.pk) == ada
    assert find_contact(in_acme, id=ada_elsewhere.pk) is None
    assert find_contact(in_acme, email="not an address") is None
    assert find_contact(in_acme, id="9" * 40) is None
    assert find_contact(in_acme, id="x") is None


def test_totals_are_estimates_that_never_count_everybody(
    in_acme: Organisation, ada: Contact, ben: Contact, ada_elsewhere: Contact
) -> None:
    assert estimated_total(in_acme) == 2
    with CaptureQueriesContext(
        connection,
    ) as queries:
        estimated_rows(contacts_matching(in_acme, country="FR"))
    assert [query["sql"][:7] for query in queries] == ["EXPLAIN"]


def test_a_download_reads_chunk_by_chunk(in_acme: Organisation, ada: Contact) -> None:
    for number in range(5):
        new_contact(in_acme, f"p{number}@example.org")
    chunks = list(in_chunks(contacts_matching(in_acme), size=4))
    assert [len(chunk) for chunk in chunks] == [4, 2]
