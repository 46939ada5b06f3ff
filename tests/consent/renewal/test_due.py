"""Due for renewal: Python, the count and the segment say the same of everybody."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from consent.ledger.models import ConsentState
from consent.ledger.queries import renewal_due
from consent.renewal.queries import standings_of
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import new_purpose
from tests.people import api_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
STATES = list(
    product(
        ["granted", "paused", "unconfirmed", "withdrawn", "expired"],
        [None, -1, 5, 40],  # days until the agreement ends
        [None, 1, 2],  # the version agreed to
        [-20, -2],  # days since then
    )
)


@pytest.mark.parametrize("renew_before_days", [None, 0, 30])
@pytest.mark.parametrize("material", [False, True])
def test_the_three_forms_agree(
    in_acme: Organisation, owner: User, renew_before_days: int | None, material: bool
) -> None:
    now = timezone.now()
    values = {"material_version": 2, "material_at": now - 10 * DAY} if material else {}
    purpose = new_purpose(in_acme, renew_before_days=renew_before_days, **values)
    contacts = Contact.objects.bulk_create(
        Contact(organisation=in_acme, external_id=f"d{n}", origin="api", created_at=now, updated_at=now)
        for n in range(len(STATES))
    )
    states = [
        ConsentState(
            organisation=in_acme,
            contact=contact,
            purpose=purpose,
            channel="email",
            status=status,
            since=now + since * DAY,
            expires_at=None if ends is None else now + ends * DAY,
            event_id=1,
            purpose_version=version,
        )
        for contact, (status, ends, version, since) in zip(contacts, STATES, strict=True)
    ]
    ConsentState.objects.bulk_create(states)
    expected = {state.contact_id for state in states if renewal_due(state, purpose, now)}
    assert standings_of(in_acme, now=now).due[(purpose.pk, "email")] == len(expected)
    rule = {"field": "consent.newsletter.email.renewal", "op": "eq", "value": "due"}
    assert api_of(owner, in_acme).post("/segments/preview", {"rule": rule}).json()["count"] == len(expected)
    assert bool(expected) == (material or bool(renew_before_days))
