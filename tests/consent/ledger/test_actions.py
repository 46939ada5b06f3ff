"""What members and systems may record, and what the audit says of it."""

from __future__ import annotations

import pytest

from consent.ledger.actions import record_consent, withdraw_consent
from consent.ledger.errors import EvidenceRequiredError, UnknownContactError
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, Evidence
from consent.purposes.errors import ChannelNotOfferedError
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import PermissionDeniedError
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import EVIDENCE, new_purpose, status_of
from tests.people import actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


def test_a_member_records_a_choice_and_is_named_in_its_evidence(
    in_acme: Organisation, marketer: User, ada: Contact, newsletter: Purpose
) -> None:
    actor = actor_of(marketer, in_acme)
    event_id = record_consent(
        actor=actor, contact_id=ada.pk, purpose=newsletter, channel="email", action="grant", evidence=EVIDENCE
    )
    event = ConsentEvent.objects.get(pk=event_id)
    assert event.source == "staff"
    assert open_evidence(Evidence.objects.get(pk=event.evidence_id))["entered_by"] == actor.reference
    entry = AuditEntry.objects.get(action="consent.recorded")
    assert entry.user_id == marketer.pk
    assert entry.details == {"event": event_id, "purpose": "newsletter", "channel": "email", "action": "grant"}


def test_a_viewer_may_not(in_acme: Organisation, viewer: User, ada: Contact, newsletter: Purpose) -> None:
    with pytest.raises(PermissionDeniedError):
        withdraw_consent(actor=actor_of(viewer, in_acme), contact_id=ada.pk, purpose=newsletter, channel="email")
    assert status_of(ada, newsletter) is None


def test_the_author_alone_is_no_evidence(
    in_acme: Organisation, marketer: User, ada: Contact, newsletter: Purpose
) -> None:
    with pytest.raises(EvidenceRequiredError):
        record_consent(
            actor=actor_of(marketer, in_acme), contact_id=ada.pk, purpose=newsletter, channel="email", action="grant"
        )


def test_nobody_agrees_on_a_channel_the_purpose_does_not_use(
    in_acme: Organisation, marketer: User, ada: Contact, newsletter: Purpose
) -> None:
    """B-13; a withdrawal is taken all the same."""
    actor = actor_of(marketer, in_acme)
    with pytest.raises(ChannelNotOfferedError):
        record_consent(
            actor=actor, contact_id=ada.pk, purpose=newsletter, channel="post", action="grant", evidence=EVIDENCE
        )
    withdraw_consent(actor=actor, contact_id=ada.pk, purpose=newsletter, channel="post")
    assert status_of(ada, newsletter, "post") == "withdrawn"


def test_an_unknown_contact_leaves_nothing_behind(
    in_acme: Organisation, marketer: User, ada_elsewhere: Contact, newsletter: Purpose
) -> None:
    with pytest.raises(UnknownContactError):
        withdraw_consent(
            actor=actor_of(marketer, in_acme), contact_id=ada_elsewhere.pk, purpose=newsletter, channel="email"
        )
    assert not AuditEntry.objects.filter(action="consent.recorded").exists()
