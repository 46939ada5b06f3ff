"""One statement writes evidence, event and state; the rules decide what becomes of the state."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.ledger.errors import EvidenceRequiredError, FutureDateError, InvalidEvidenceError
from consent.ledger.evidence import open_evidence
from consent.ledger.models import Action, ConsentEvent, EventSource, Evidence, Status
from consent.ledger.recording import Choice, record_events
from consent.ledger.rules import Act, Standing, is_kept, next_standing
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import EVIDENCE, NOW, choose, new_purpose, state_of, status_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


def test_a_grant_leaves_event_evidence_and_state(ada: Contact, newsletter: Purpose) -> None:
    event_id = choose(ada, newsletter, "grant", notice_version="n-1", source_reference="shop")
    event = ConsentEvent.objects.get(pk=event_id)
    state = state_of(ada, newsletter)
    assert (event.action, event.basis, event.source) == ("grant", "consent", "form")
    assert (event.notice_version, event.source_reference, event.recorded_at) == ("n-1", "shop", NOW)
    assert state is not None
    assert (state.status, state.since, state.expires_at, state.event_id) == ("granted", NOW, None, event_id)


def test_the_evidence_is_sealed_and_its_digest_is_in_the_event(ada: Contact, newsletter: Purpose) -> None:
    event = ConsentEvent.objects.get(pk=choose(ada, newsletter, "grant"))
    evidence = Evidence.objects.get(pk=event.evidence_id)
    document = open_evidence(evidence)
    assert document.items() >= EVIDENCE.items()
    assert b"newsletter" not in bytes(evidence.payload)
    assert bytes(event.evidence_digest or b"") == hashlib.sha256(rfc8785.dumps(document)).digest()


def test_the_same_evidence_twice_has_two_digests(ada: Contact, newsletter: Purpose) -> None:
    """A digest that outlives its document must not let anyone guess what was in it."""
    choose(ada, newsletter, "grant")
    choose(ada, newsletter, "grant")
    first, second = Evidence.objects.values_list("digest", flat=True)
    assert bytes(first) != bytes(second)


def test_ten_choices_cost_one_statement(in_acme: Organisation, ada: Contact, newsletter: Purpose) -> None:
    choose(ada, newsletter, "grant")  # the keys are made on first use
    purposes = [new_purpose(in_acme, f"p{number}") for number in range(10)]
    choices = [one_choice(ada, purpose) for purpose in purposes]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = record_events(in_acme, choices, now=NOW)
    assert len(set(found)) == 10
    assert None not in found
    assert sum("INSERT INTO consent_consentevent" in query["sql"] for query in queries) == 1


def one_choice(contact: Contact, purpose: Purpose, action: str = "grant", **values: Any) -> Choice:
    values = {"channel": "email", "occurred_at": NOW, "source": "form", "evidence": EVIDENCE, **values}
    return Choice(contact_id=contact.pk, purpose_id=purpose.pk, action=action, **values)


def test_choices_about_the_same_thing_take_effect_in_their_order(
    in_acme: Organisation, ada: Contact, newsletter: Purpose
) -> None:
    choices = [one_choice(ada, newsletter, action) for action in ("grant", "withdraw", "grant", "refuse")]
    found = record_events(in_acme, choices, now=NOW)
    assert found == sorted(found, key=lambda event_id: event_id or 0)
    assert status_of(ada, newsletter) == "refused"


def test_double_opt_in_waits_for_the_confirmation(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme, double_opt_in=True, valid_for_days=30)
    choose(ada, purpose, "grant")
    assert status_of(ada, purpose) == "unconfirmed"
    choose(ada, purpose, "confirm", now=NOW + DAY)
    state = state_of(ada, purpose)
    assert state is not None
    assert (state.status, state.expires_at) == ("granted", NOW + 31 * DAY)
    choose(ada, purpose, "grant", now=NOW + 2 * DAY)
    assert status_of(ada, purpose) == "granted"


def test_a_confirmation_does_not_undo_a_withdrawal(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme, double_opt_in=True)
    for days, action in enumerate(("grant", "withdraw", "confirm")):
        choose(ada, purpose, action, now=NOW + days * DAY)
    assert status_of(ada, purpose) == "withdrawn"


def test_expiry_counts_from_the_day_of_the_choice(in_acme: Organisation, ada: Contact) -> None:
    """C-11: not from the day somebody typed it in."""
    purpose = new_purpose(in_acme, valid_for_days=365)
    choose(ada, purpose, "grant", occurred_at=NOW - 100 * DAY)
    state = state_of(ada, purpose)
    assert state is not None
    assert state.expires_at == NOW + 265 * DAY


@pytest.mark.parametrize("before", ["refuse", "withdraw", "object"])
def test_an_import_never_raises_a_no(ada: Contact, newsletter: Purpose, before: str) -> None:
    """I-06: only the person can."""
    choose(ada, newsletter, before, now=NOW - DAY)
    held = status_of(ada, newsletter)
    assert choose(ada, newsletter, "grant", source="import") is None
    assert status_of(ada, newsletter) == held
    assert not ConsentEvent.objects.filter(source="import").exists()


def test_an_import_fills_what_is_empty_and_refreshes_an_agreement(ada: Contact, newsletter: Purpose) -> None:
    assert choose(ada, newsletter, "grant", source="import", occurred_at=NOW - 9 * DAY) is not None
    assert choose(ada, newsletter, "grant", source="import", occurred_at=NOW - 9 * DAY) is None
    assert choose(ada, newsletter, "grant", source="import", occurred_at=NOW - 5 * DAY) is not None
    state = state_of(ada, newsletter)
    assert state is not None
    assert state.since == NOW - 5 * DAY


def test_a_withdrawal_counts_even_when_it_is_reported_late(ada: Contact, newsletter: Purpose) -> None:
    choose(ada, newsletter, "grant")
    choose(ada, newsletter, "withdraw", occurred_at=NOW - DAY)
    assert status_of(ada, newsletter) == "withdrawn"


def test_an_agreement_older_than_the_newest_word_changes_nothing(ada: Contact, newsletter: Purpose) -> None:
    choose(ada, newsletter, "withdraw")
    assert choose(ada, newsletter, "grant", occurred_at=NOW - DAY) is not None
    assert status_of(ada, newsletter) == "withdrawn"
    choose(ada, newsletter, "grant", now=NOW + DAY)
    assert status_of(ada, newsletter) == "granted"


def test_a_future_date_is_refused(ada: Contact, newsletter: Purpose) -> None:
    with pytest.raises(FutureDateError):
        choose(ada, newsletter, "grant", occurred_at=NOW + timedelta(minutes=5))


def test_a_clock_that_is_a_little_fast_is_set_right(ada: Contact, newsletter: Purpose) -> None:
    choose(ada, newsletter, "grant", occurred_at=NOW + timedelta(seconds=5))
    state = state_of(ada, newsletter)
    assert state is not None
    assert state.since == NOW


@pytest.mark.parametrize("evidence", [None, {}])
def test_an_agreement_without_evidence_is_refused(ada: Contact, newsletter: Purpose, evidence: Any) -> None:
    with pytest.raises(EvidenceRequiredError):
        choose(ada, newsletter, "grant", evidence=evidence)
    assert choose(ada, newsletter, "withdraw", evidence=evidence) is not None


def test_evidence_that_is_no_canonical_json_is_refused(ada: Contact, newsletter: Purpose) -> None:
    with pytest.raises(InvalidEvidenceError):
        choose(ada, newsletter, "grant", evidence={"count": 2**60})


def test_another_organisations_people_and_purposes_are_not_found(
    in_acme: Organisation, other: Organisation, ada: Contact, ada_elsewhere: Contact, newsletter: Purpose
) -> None:
    theirs = new_purpose(other)
    choices = [one_choice(ada_elsewhere, newsletter), one_choice(ada, theirs), one_choice(ada, newsletter)]
    found = record_events(in_acme, choices, now=NOW)
    assert found[:2] == [None, None]
    assert found[2] is not None
    assert ConsentEvent.objects.filter(organisation=in_acme).count() == 1


acts = st.tuples(
    st.sampled_from(list(Action)),
    st.integers(-5, 0),
    st.sampled_from([EventSource.FORM, EventSource.IMPORT, EventSource.ONE_CLICK]),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    history=st.lists(acts, min_size=1, max_size=5),
    double_opt_in=st.booleans(),
    valid_for_days=st.sampled_from([None, 3]),
)
def test_the_database_and_the_rules_in_python_agree(
    in_acme: Organisation,
    newsletter: Purpose,
    history: list[tuple[Action, int, EventSource]],
    double_opt_in: bool,
    valid_for_days: int | None,
) -> None:
    Purpose.objects.filter(pk=newsletter.pk).update(double_opt_in=double_opt_in, valid_for_days=valid_for_days)
    person = Contact.objects.create(
        organisation=in_acme, external_id=f"h{Contact.objects.count()}", origin="api", created_at=NOW, updated_at=NOW
    )
    standing: Standing | None = None
    for action, days, source in history:
        at = NOW + days * DAY
        pause = NOW + DAY if action == Action.PAUSE else None
        act = Act(action, at, source, double_opt_in, valid_for_days, pause)
        event_id = choose(person, newsletter, action, occurred_at=at, source=source, paused_until=pause)
        assert (event_id is None) == is_kept(standing, act)
        standing = next_standing(standing, act) or standing
        state = state_of(person, newsletter)
        found = state and Standing(Status(state.status), state.since, state.expires_at, state.paused_until)
        assert found == standing
