"""From draft to approved, by two people."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_scopes import scope

from consent.audiences import actions, snapshots
from consent.audiences.errors import (
    AudienceExpiredError,
    FourEyesError,
    SnapshotPendingError,
    WrongStateError,
)
from consent.audiences.models import Audience, AudienceState
from consent.audiences.queries import find_audience, funnel_steps
from consent.audiences.snapshots import loaded
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from subscribers.contacts.models import Contact
from subscribers.segments.models import Segment
from tests.consent.choices import choose, new_purpose
from tests.consent.stage import approved, new_audience, new_segment, submitted
from tests.people import actor_of, new_contact, new_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def everybody(in_acme: Organisation) -> Segment:
    return new_segment(in_acme)


@pytest.fixture
def draft(
    in_acme: Organisation,
    marketer: User,
    newsletter: Purpose,
    everybody: Segment,
    ada: Contact,
    ben: Contact,
    cleo: Contact,
    ada_elsewhere: Contact,
) -> Audience:
    """Ada agreed, Ben withdrew, Cleo said nothing."""
    choose(ada, newsletter, "grant")
    choose(ben, newsletter, "grant")
    choose(ben, newsletter, "withdraw")
    return new_audience(marketer, in_acme, everybody, newsletter)


def test_submitting_passes_the_segment_through_the_gate(draft: Audience, marketer: User, ada: Contact) -> None:
    found = submitted(marketer, draft)
    assert found.state == AudienceState.SUBMITTED
    assert found.counts == {"segment": 3, "allowed": 1, "excluded": {"no_consent": 1, "withdrawn": 1}}
    assert list(loaded(found)) == [ada.pk]
    steps = funnel_steps(found)
    assert [step.count for step in steps] == [3, 3, 1, 1]
    lost = {drop.code: drop.count for step in steps for drop in step.drops}
    assert lost == {"suppressed": 0, "no_consent": 1, "withdrawn": 1, "unreachable": 0}


def test_somebody_else_approves_and_the_approval_has_an_end(draft: Audience, marketer: User, approver: User) -> None:
    found = approved(approver, submitted(marketer, draft))
    assert found.state == AudienceState.APPROVED
    assert found.decided_at is not None
    assert found.expires_at == found.decided_at + timedelta(hours=settings.ACCORD.audience_valid_hours)
    written = AuditEntry.objects.filter(target_type="audience").order_by("id").values_list("action", flat=True)
    assert list(written) == ["audience.created", "audience.submitted", "audience.approved"]


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_who_submitted_it_can_not_decide(draft: Audience, in_acme: Organisation, decision: str) -> None:
    both = new_member(in_acme, Role.MARKETER, Role.APPROVER, name="both")
    audience = submitted(both, draft)
    with pytest.raises(FourEyesError):
        if decision == "approve":
            approved(both, audience)
        else:
            actions.reject_audience(actor=actor_of(both, in_acme), audience=audience, reason="no")


def test_who_drafted_it_can_not_approve_what_somebody_else_submitted(
    draft: Audience, in_acme: Organisation, marketer: User, newsletter: Purpose, everybody: Segment
) -> None:
    both = new_member(in_acme, Role.MARKETER, Role.APPROVER, name="both")
    audience = submitted(marketer, new_audience(both, in_acme, everybody, newsletter))
    with pytest.raises(FourEyesError):
        approved(both, audience)


def test_a_marketer_learns_that_it_is_their_own_work_before_anything_else(draft: Audience, marketer: User) -> None:
    audience = submitted(marketer, draft)
    with pytest.raises(FourEyesError):
        approved(marketer, audience)


def test_somebody_without_the_capability_can_not_approve(draft: Audience, marketer: User, viewer: User) -> None:
    audience = submitted(marketer, draft)
    with pytest.raises(PermissionDeniedError):
        approved(viewer, audience)


def test_a_rejection_needs_a_reason_and_is_final(
    draft: Audience, in_acme: Organisation, marketer: User, approver: User
) -> None:
    audience = submitted(marketer, draft)
    actor = actor_of(approver, in_acme)
    with pytest.raises(InvalidInputError):
        actions.reject_audience(actor=actor, audience=audience, reason=" ")
    found = actions.reject_audience(actor=actor, audience=audience, reason="The offer has ended.")
    assert (found.state, found.decision_note) == (AudienceState.REJECTED, "The offer has ended.")
    with pytest.raises(WrongStateError):
        approved(approver, found)


def test_a_draft_can_not_be_approved_and_a_submitted_one_not_submitted_again(
    draft: Audience, marketer: User, approver: User
) -> None:
    with pytest.raises(WrongStateError):
        approved(approver, draft)
    audience = submitted(marketer, draft)
    with pytest.raises(WrongStateError):
        submitted(marketer, audience)


def test_the_rule_is_the_one_at_submission(draft: Audience, marketer: User, everybody: Segment) -> None:
    Segment.objects.filter(pk=everybody.pk).update(rule={"field": "country", "op": "eq", "value": "DE"})
    found = submitted(marketer, find_audience(draft.organisation, draft.pk))
    assert found.rule == {"field": "country", "op": "eq", "value": "DE"}
    assert found.counts["segment"] == 1


def test_a_test_audience_holds_seed_contacts_only(
    draft: Audience, in_acme: Organisation, marketer: User, newsletter: Purpose, everybody: Segment
) -> None:
    seed = new_contact(in_acme, "seed@acme.example", seed=True)
    silent = new_contact(in_acme, "silent@acme.example", seed=True)
    choose(seed, newsletter, "grant")
    found = submitted(marketer, new_audience(marketer, in_acme, everybody, newsletter, test=True))
    assert list(loaded(found)) == [seed.pk]
    assert found.counts == {"segment": 2, "allowed": 1, "excluded": {"no_consent": 1}}
    assert silent.pk not in loaded(found)


def test_an_approval_that_is_over_is_expired_when_looked_at(
    draft: Audience, in_acme: Organisation, marketer: User, approver: User
) -> None:
    audience = approved(approver, submitted(marketer, draft))
    Audience.objects.filter(pk=audience.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert find_audience(in_acme, audience.pk).state == AudienceState.EXPIRED
    with pytest.raises(AudienceExpiredError):
        actions.cancel_audience(actor=actor_of(marketer, in_acme), audience=audience)


def test_the_schedule_notes_what_is_over_in_every_organisation(draft: Audience, marketer: User, approver: User) -> None:
    audience = approved(approver, submitted(marketer, draft))
    assert actions.expire_audiences(now=timezone.now()) == 0
    assert actions.expire_audiences(now=timezone.now() + timedelta(days=30)) == 1
    audience.refresh_from_db()
    assert audience.state == AudienceState.EXPIRED


def test_a_large_organisation_gets_its_snapshot_from_a_job(
    draft: Audience, marketer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "INLINE_CONTACTS", 2)
    monkeypatch.setattr(snapshots, "WINDOW", 2)
    audience = submitted(marketer, draft)
    with pytest.raises(SnapshotPendingError):
        approved(approver, audience)
    job = Job.objects.get(task="consent.audiences.tasks.take_snapshot")
    run_job(job.pk, actions.execute_snapshot)
    job.refresh_from_db()
    audience.refresh_from_db()
    assert (
        job.outcome
        == audience.counts
        == {
            "segment": 3,
            "allowed": 1,
            "excluded": {"no_consent": 1, "withdrawn": 1},
        }
    )
    assert approved(approver, audience).state == AudienceState.APPROVED


def test_a_job_that_fails_gives_the_draft_back(
    draft: Audience, in_acme: Organisation, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "INLINE_CONTACTS", 0)
    audience = submitted(marketer, draft)
    actions.reopen_audience(actor=actor_of(marketer, in_acme), audience_id=audience.pk)
    audience.refresh_from_db()
    assert audience.state == AudienceState.DRAFT


def test_nothing_of_another_organisation_gets_into_a_snapshot(
    draft: Audience, marketer: User, ada_elsewhere: Contact
) -> None:
    with scope(organisation=ada_elsewhere.organisation):
        theirs = new_purpose(ada_elsewhere.organisation)
        choose(ada_elsewhere, theirs, "grant")
    assert ada_elsewhere.pk not in loaded(submitted(marketer, draft))


@pytest.mark.parametrize(
    ("values", "place", "code"),
    [
        ({"name": " "}, ("name",), "required"),
        ({"segment": "999999"}, ("segment",), "unknown_segment"),
        ({"segment": "x"}, ("segment",), "unknown_segment"),
        ({"purpose": "nothing"}, ("purpose",), "unknown_purpose"),
        ({"channel": "post"}, ("channel",), "channel_not_offered"),
        ({"fields": ["first_name", "attributes.secret"]}, ("fields", 1), "unknown_field"),
        ({"fields": ["seed"]}, ("fields", 0), "unknown_field"),
    ],
)
def test_a_draft_names_every_problem_and_its_place(
    draft: Audience,
    in_acme: Organisation,
    marketer: User,
    newsletter: Purpose,
    everybody: Segment,
    values: dict[str, object],
    place: tuple[object, ...],
    code: str,
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        new_audience(marketer, in_acme, everybody, newsletter, **values)
    assert [(problem.loc, problem.code) for problem in caught.value.errors] == [(place, code)]
