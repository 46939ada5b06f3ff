"""Lists page by keyset, both ways, and keep everything in the address."""

import pytest
from django.test import RequestFactory

from portal.accounts.models import User
from portal.ui.lists import Column, Filter, Listing, ListSpec

SPEC = ListSpec(
    columns=(Column("name", "Name", sort="name"), Column("email", "E-mail")),
    filters=(Filter("language", "Language", choices=[("en", "English"), ("fr", "French")]),),
    search="Name",
    default_sort="name",
    default_size=25,
)


def asked(query: str = "") -> Listing:
    return SPEC.read(RequestFactory().get(f"/people?{query}"))


def names(listing: Listing) -> list[str]:
    listing.load(User.objects.all())
    return [user.name for user in listing.rows]


@pytest.fixture
def people(db: None) -> list[str]:
    """Sixty people, two of each name, so that ties are broken by id."""
    found = [f"Person {number // 2:02}" for number in range(60)]
    User.objects.bulk_create(User(email=f"{n}@acme.example", name=name) for n, name in enumerate(found))
    return found


def test_pages_follow_each_other_without_gap_or_repetition(people: list[str]) -> None:
    seen, query = [], ""
    for _page in range(3):
        listing = asked(query)
        seen += names(listing)
        query = listing.next_url.partition("?")[2]
    assert seen == people
    assert query == ""


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_going_back_shows_the_page_before(people: list[str], sort: str) -> None:
    first = asked(f"sort={sort}")
    first_names = names(first)
    second = asked(first.next_url.partition("?")[2])
    names(second)
    back = asked(second.previous_url.partition("?")[2])
    assert names(back) == first_names
    assert back.previous_url == ""
    assert back.next_url


def test_a_page_takes_two_queries_at_most(people: list[str], django_assert_max_num_queries: type) -> None:
    first = asked()
    with django_assert_max_num_queries(1):
        names(first)
    with django_assert_max_num_queries(2):
        names(asked(first.next_url.partition("?")[2]))


def test_the_address_holds_no_value_of_a_row(people: list[str]) -> None:
    listing = asked()
    names(listing)
    assert "Person" not in listing.next_url


@pytest.mark.parametrize(
    "query", ["after=nonsense", "after=999999999", "sort=password", "language=xx", "size=100000", "q=%00", "before=-1"]
)
def test_nonsense_in_the_address_shows_the_first_page(people: list[str], query: str) -> None:
    listing = asked(query)
    assert len(names(listing)) == 25
    assert listing.filters == {}
    assert listing.sort == "name"


def test_a_new_sort_keeps_search_and_filter_and_starts_again() -> None:
    listing = asked("q=ada&language=fr&after=12&sort=name")
    url = listing.headings[0].url
    assert "q=ada" in url
    assert "language=fr" in url
    assert "sort=-name" in url
    assert "after" not in url
    assert listing.headings[1].url == ""


def test_clearing_takes_out_search_and_filters_only() -> None:
    assert asked("q=ada&language=fr&sort=-name").clear_url == "/people?sort=-name"
