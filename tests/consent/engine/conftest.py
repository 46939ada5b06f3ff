"""An approved audience: Ada and Dora agreed, Ben withdrew before, and a seed contact agreed too."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from consent.audiences.models import Audience
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from tests.consent.choices import choose, new_purpose
from tests.consent.stage import approved, new_audience, new_segment, submitted
from tests.people import new_contact


@dataclass
class Scene:
    acme: Organisation
    newsletter: Purpose
    everybody: Segment
    ada: Contact
    ben: Contact
    dora: Contact
    seed: Contact
    marketer: User
    approver: User

    def audience(self, **values: object) -> Audience:
        draft = new_audience(self.marketer, self.acme, self.everybody, self.newsletter, **values)
        return approved(self.approver, submitted(self.marketer, draft))


@pytest.fixture
def scene(acme: Organisation, marketer: User, approver: User, ada: Contact, ben: Contact) -> Scene:
    newsletter = new_purpose(acme)
    dora = new_contact(acme, "dora@example.org", first_name='Dora "Dee" \\ Ünal', attributes={"city": "Lyon\n2"})
    seed = new_contact(acme, "seed@acme.example", seed=True)
    for contact in (ada, ben, dora, seed):
        choose(contact, newsletter, "grant")
    choose(ben, newsletter, "withdraw")
    return Scene(acme, newsletter, new_segment(acme), ada, ben, dora, seed, marketer, approver)
