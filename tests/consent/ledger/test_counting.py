"""How many have agreed: exact while that is quick, kept for a while when it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from consent.ledger import queries
from consent.ledger.queries import consents_in_force
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_kept(acme: Organisation) -> Iterator[None]:
    cache.delete(f"consents-in-force:{acme.pk}")
    yield
    cache.delete(f"consents-in-force:{acme.pk}")


def test_a_quick_count_is_always_new(in_acme: Organisation, ada: Contact, ben: Contact) -> None:
    newsletter = new_purpose(in_acme)
    choose(ada, newsletter, "grant")
    assert consents_in_force(in_acme).counts == {newsletter.pk: {"email": 1}}
    choose(ben, newsletter, "grant")
    assert consents_in_force(in_acme).counts == {newsletter.pk: {"email": 2}}
    assert not consents_in_force(in_acme).kept


def test_a_slow_count_is_kept_and_says_so(
    in_acme: Organisation, ada: Contact, ben: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "QUICK_SECONDS", -1)
    newsletter = new_purpose(in_acme)
    choose(ada, newsletter, "grant")
    first = consents_in_force(in_acme)
    choose(ben, newsletter, "grant")
    again = consents_in_force(in_acme)
    assert not first.kept
    assert again.kept
    assert (again.counts, again.counted_at) == (first.counts, first.counted_at)
