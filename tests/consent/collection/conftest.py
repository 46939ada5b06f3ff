"""Acme asks for its newsletter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from consent.collection.models import CollectionPoint
from consent.purposes.models import Purpose
from portal.api import rates
from portal.organisations.models import Organisation
from tests.consent.choices import new_purpose
from tests.consent.collection.forms import new_point


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme, description="Every second Tuesday.")


@pytest.fixture
def point(acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    return new_point(acme, newsletter)


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    server = rates.valkey(settings.ACCORD.valkey_url)
    for pattern in (
        "accord:rate:sign-up*",
        "accord:rate:form-ticket*",
        "accord:rate:public-failure*",
        "accord:spent:*",
    ):
        for key in server.scan_iter(pattern):
            server.delete(key)
    rates._away_until = 0.0
    yield
