"""Ada got a newsletter; the links in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from consent.links import LinkTarget, make_token
from consent.purposes.models import Purpose
from portal.api import rates
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme, description="Every second Tuesday.")


@pytest.fixture
def offers(acme: Organisation) -> Purpose:
    """Stands on legitimate interest."""
    return new_purpose(acme, "offers", basis="legitimate_interest", channels=["email"])


@pytest.fixture
def subscribed(ada: Contact, newsletter: Purpose) -> Contact:
    choose(ada, newsletter, "grant")
    return ada


@pytest.fixture
def token(subscribed: Contact, newsletter: Purpose) -> str:
    return make_token(LinkTarget(newsletter.organisation_id, subscribed.pk, newsletter.pk, "email"))


@pytest.fixture
def token_for() -> Callable[[Contact, Purpose], str]:
    return lambda contact, purpose: make_token(LinkTarget(contact.organisation_id, contact.pk, purpose.pk, "email"))


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    server = rates.valkey(settings.ACCORD.valkey_url)
    for key in server.scan_iter("accord:rate:public-failure*"):
        server.delete(key)
    rates._away_until = 0.0
    yield
