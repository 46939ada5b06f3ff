"""May this open be recorded? Tracking has a consent of its own, asked at each pixel (B-09 to B-12)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.links import LinkKind, LinkTarget, make_token
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.engine.conftest import Scene
from tests.consent.stage import engine_caller, lines_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tracking(acme: Organisation) -> Purpose:
    return new_purpose(acme, "tracking", kind="tracking", channels=["email"])


def asked(contact: Contact, purpose: Purpose, mode: str = "live", **target: object) -> bool:
    token = make_token(LinkTarget(contact.organisation_id, contact.pk, purpose.pk, "email"))
    answer = engine_caller(mode).get(f"/tracking/{token}")
    assert answer.status_code == 200
    return answer.json()["allowed"]


def test_nobody_is_tracked_where_nobody_can_agree_to_it(scene: Scene) -> None:
    assert asked(scene.ada, scene.newsletter) is False


def test_agreeing_to_the_newsletter_is_not_agreeing_to_be_tracked(scene: Scene, tracking: Purpose) -> None:
    assert asked(scene.ada, scene.newsletter) is False
    choose(scene.ada, tracking, "grant")
    assert asked(scene.ada, scene.newsletter) is True


def test_a_withdrawal_counts_for_messages_already_sent(scene: Scene, tracking: Purpose) -> None:
    """B-11."""
    choose(scene.ada, tracking, "grant")
    choose(scene.ada, tracking, "withdraw")
    assert asked(scene.ada, scene.newsletter) is False


def test_an_agreement_that_ran_out_allows_nothing(scene: Scene, tracking: Purpose) -> None:
    tracking.valid_for_days = 1
    tracking.save()
    choose(scene.ada, tracking, "grant", now=timezone.now() - timedelta(days=2))
    assert asked(scene.ada, scene.newsletter) is False


def test_false_links_and_those_of_others_are_refused(scene: Scene, other: Organisation, ada_elsewhere: Contact) -> None:
    engine = engine_caller()
    assert engine.get(f"/tracking/{'x' * 48}").json()["code"] == "invalid_link"
    target = LinkTarget(scene.acme.pk, scene.ada.pk, scene.newsletter.pk, "email", LinkKind.CONFIRM)
    assert engine.get(f"/tracking/{make_token(target)}").status_code == 404
    bound = engine_caller("live", scene.acme)
    theirs = make_token(LinkTarget(other.pk, ada_elsewhere.pk, 1, "email"))
    assert bound.get(f"/tracking/{theirs}").status_code == 404


def test_a_test_credential_tracks_seed_contacts_only(scene: Scene, tracking: Purpose) -> None:
    for contact in (scene.ada, scene.seed):
        choose(contact, tracking, "grant")
    assert asked(scene.seed, scene.newsletter, "test") is True
    assert asked(scene.ada, scene.newsletter, "test") is False


def test_each_line_of_the_hand_off_says_whether_to_track(scene: Scene, tracking: Purpose) -> None:
    choose(scene.ada, tracking, "grant")
    choose(scene.dora, tracking, "grant")
    choose(scene.dora, tracking, "withdraw")
    audience = scene.audience()
    engine = engine_caller()
    engine.post(f"/audiences/{audience.pk}/claim")
    *lines, _end = lines_of(engine.get(f"/audiences/{audience.pk}/recipients"))
    told = {line["contact"]: line["tracking"] for line in lines}
    assert told == {str(scene.ada.pk): True, str(scene.dora.pk): False, str(scene.seed.pk): False}


def test_tracking_is_nothing_to_write_about(scene: Scene, tracking: Purpose) -> None:
    from portal.errors import InvalidInputError
    from tests.consent.stage import new_audience

    with pytest.raises(InvalidInputError) as refused:
        new_audience(scene.marketer, scene.acme, scene.everybody, tracking)
    assert refused.value.errors[0].code == "tracking_is_no_message"
