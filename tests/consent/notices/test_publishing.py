"""From draft to frozen version: four eyes, the check, and no other way in."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scope

from consent.notices.actions import (
    approve_notice,
    end_notice,
    save_draft,
    send_back_notice,
    submit_notice,
    take_back_notice,
)
from consent.notices.errors import (
    NoticeIncompleteError,
    NoticeNotApprovedError,
    NoticeStateError,
    OwnNoticeError,
)
from consent.notices.models import NoticeVersion
from consent.notices.queries import live_version, versions_of
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.mail.models import OutgoingMail
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.consent.notices.conftest import changed_wordings, fresh, published, submitted, written
from tests.people import actor_of, new_member

pytestmark = pytest.mark.django_db


def done(organisation: Organisation) -> list[str]:
    rows = AuditEntry.objects.filter(organisation=organisation, target_type="notice").order_by("pk")
    return [action.removeprefix("notice.") for action in rows.values_list("action", flat=True)]


def test_an_approved_notice_is_frozen_in_every_language(client_company: Any, marketer: User, dpo: User) -> None:
    published(client_company, marketer, dpo)
    french = live_version(client_company.pk, "signup", "fr")
    english = live_version(client_company.pk, "signup", "en")
    assert french is not None and english is not None
    assert (french.number, english.number) == (1, 1)
    assert bytes(english.digest) == hashlib.sha256(english.text.encode()).digest()
    assert "1 Main Street" in english.text and "<h1>" in english.html
    assert [choice["purpose"] for choice in english.form["choices"]] == ["newsletter", "offers"]
    assert not any(choice["preset"] or choice["required"] for choice in english.form["choices"])
    assert done(client_company) == ["created", "submitted", "approved", "published"]
    assert live_version(client_company.pk, "signup", "de") is None


def test_the_next_version_ends_the_one_before(client_company: Any, marketer: User, dpo: User) -> None:
    page = published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        author, officer = actor_of(marketer, client_company), actor_of(dpo, client_company)
        save_draft(actor=author, page=page, wordings=changed_wordings(page, recipients="The printer Paper and Co."))
        assert "Paper and Co" not in live_version(client_company.pk, "signup", "en").text  # type: ignore[union-attr]
        submit_notice(actor=author, page=page)
        approve_notice(actor=officer, page=page)
    second, first = versions_of(client_company.pk, "signup")
    assert (first.number, second.number) == (1, 2)
    assert first.ended_at == second.published_at and second.ended_at is None
    assert "Paper and Co" in live_version(client_company.pk, "signup", "en").text  # type: ignore[union-attr]


def test_nobody_approves_what_they_wrote(client_company: Any, dpo: User, owner: User) -> None:
    page = submitted(client_company, dpo)
    with scope(organisation=client_company):
        with pytest.raises(OwnNoticeError):
            approve_notice(actor=actor_of(dpo, client_company), page=page)
        approve_notice(actor=actor_of(owner, client_company), page=page)
    assert live_version(client_company.pk, "signup", "fr")


def test_a_dpo_who_only_edited_is_an_author_too(client_company: Any, marketer: User, dpo: User, owner: User) -> None:
    page = written(client_company, dpo)
    with scope(organisation=client_company):
        submit_notice(actor=actor_of(marketer, client_company), page=page)
        with pytest.raises(OwnNoticeError):
            approve_notice(actor=actor_of(dpo, client_company), page=page)


def test_a_dpo_alone_approves_their_own_and_the_log_says_so(client_company: Any, dpo: User, marketer: User) -> None:
    page = submitted(client_company, dpo)
    with scope(organisation=client_company):
        approve_notice(actor=actor_of(dpo, client_company), page=page)
    entry = AuditEntry.objects.get(action="notice.approved")
    assert entry.details["alone"] is True


def test_an_owner_alone_can_not(client_company: Any, owner: User) -> None:
    page = submitted(client_company, owner)
    with scope(organisation=client_company), pytest.raises(OwnNoticeError):
        approve_notice(actor=actor_of(owner, client_company), page=page)


def test_a_marketer_can_not_approve(client_company: Any, marketer: User, dpo: User) -> None:
    page = submitted(client_company, dpo)
    with scope(organisation=client_company), pytest.raises(PermissionDeniedError):
        approve_notice(actor=actor_of(marketer, client_company), page=page)


def test_an_incomplete_notice_is_refused_with_what_it_lacks(client_company: Any, marketer: User, dpo: User) -> None:
    page = written(client_company, marketer)
    with scope(organisation=client_company):
        author = actor_of(marketer, client_company)
        save_draft(actor=author, page=page, wordings=changed_wordings(page, complaint="", recipients=""))
        submit_notice(actor=author, page=page)
        with pytest.raises(NoticeIncompleteError) as refused:
            approve_notice(actor=actor_of(dpo, client_company), page=page)
    assert {problem.code for problem in refused.value.errors} == {"missing_complaint", "missing_recipients"}
    assert not versions_of(client_company.pk, "signup")
    assert done(client_company)[-1] == "submitted", "nothing is left of the attempt"


def test_what_is_sent_back_can_be_mended_and_submitted_again(client_company: Any, marketer: User, dpo: User) -> None:
    page = submitted(client_company, marketer)
    with scope(organisation=client_company):
        author, officer = actor_of(marketer, client_company), actor_of(dpo, client_company)
        with pytest.raises(InvalidInputError):
            send_back_notice(actor=officer, page=page, reason=" ")
        send_back_notice(actor=officer, page=page, reason="Name the printer.")
        save_draft(actor=author, page=page, wordings=changed_wordings(page, recipients="The printer Paper and Co."))
        submit_notice(actor=author, page=fresh(client_company))
        approve_notice(actor=officer, page=page)
    assert "Paper and Co" in live_version(client_company.pk, "signup", "en").text  # type: ignore[union-attr]
    assert done(client_company) == "created submitted rejected edited submitted approved published".split()


def test_what_waits_can_not_be_edited_until_it_is_taken_back(client_company: Any, marketer: User, dpo: User) -> None:
    page = submitted(client_company, marketer)
    with scope(organisation=client_company):
        author = actor_of(marketer, client_company)
        with pytest.raises(NoticeStateError):
            save_draft(actor=author, page=page, wordings=changed_wordings(page, recipients="Us."))
        take_back_notice(actor=author, page=page)
        save_draft(actor=author, page=fresh(client_company), wordings=changed_wordings(page, recipients="Us."))
        with pytest.raises(NoticeStateError):
            approve_notice(actor=actor_of(dpo, client_company), page=page)


def test_an_approver_who_saw_another_text_is_told(client_company: Any, marketer: User, dpo: User) -> None:
    page = submitted(client_company, marketer)
    with scope(organisation=client_company), pytest.raises(NoticeStateError):
        approve_notice(actor=actor_of(dpo, client_company), page=page, revision=987654)


def letters() -> list[tuple[str, str]]:
    """Template and recipient of what is queued."""
    from portal.crypto import open_sealed
    from portal.mail.actions import sealing_context

    found = []
    for sent in OutgoingMail.objects.order_by("pk"):
        content = open_sealed(sent.organisation, bytes(sent.content), context=sealing_context(sent.template))
        found.append((sent.template, json.loads(content)["to"]))
    return found


def test_who_can_decide_is_told_and_the_author_hears_back(
    client_company: Any, marketer: User, dpo: User, owner: User, viewer: User, mailoutbox: list[Any]
) -> None:
    page = submitted(client_company, marketer)
    assert letters() == [("notice_waiting", dpo.email), ("notice_waiting", owner.email)]
    with scope(organisation=client_company):
        approve_notice(actor=actor_of(dpo, client_company), page=page)
    assert letters()[2:] == [("notice_decided", marketer.email)]
    assert mailoutbox == [], "nothing goes past our own queue"


def test_an_author_is_not_asked_to_approve(client_company: Any, dpo: User, owner: User) -> None:
    page = submitted(client_company, dpo)
    assert letters() == [("notice_waiting", owner.email)]
    with scope(organisation=client_company):
        send_back_notice(actor=actor_of(owner, client_company), page=page, reason="Name the printer.")
    assert letters()[1:] == [("notice_decided", dpo.email)]


def test_no_door_of_wagtail_publishes(client_company: Any, marketer: User, dpo: User) -> None:
    page = written(client_company, marketer)
    revision = page.latest_revision
    with pytest.raises(NoticeNotApprovedError):
        revision.publish(user=dpo)
    with pytest.raises(NoticeNotApprovedError):
        revision.publish(skip_permission_checks=True)
    page.go_live_at = timezone.now()
    planned = page.save_revision(approved_go_live_at=timezone.now())
    with pytest.raises(NoticeNotApprovedError):
        call_command("publish_scheduled_pages")
    assert planned and not versions_of(client_company.pk, "signup")
    assert not fresh(client_company).live


def test_no_door_of_wagtail_unpublishes(client_company: Any, marketer: User, dpo: User) -> None:
    page = published(client_company, marketer, dpo)
    with pytest.raises(NoticeNotApprovedError):
        page.unpublish(user=dpo)
    assert live_version(client_company.pk, "signup", "fr")


def test_an_ended_notice_is_shown_no_longer_and_kept(client_company: Any, marketer: User, dpo: User) -> None:
    page = published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        end_notice(actor=actor_of(dpo, client_company), page=page)
    assert live_version(client_company.pk, "signup", "fr") is None
    assert [version.ended_at is not None for version in versions_of(client_company.pk, "signup")] == [True]
    assert done(client_company)[-1] == "ended"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_noticeversion SET text = 'something else'",
        "UPDATE consent_noticeversion SET ended_at = now(), text = 'something else'",
        "DELETE FROM consent_noticeversion",
        "TRUNCATE consent_noticeversion",
    ],
)
def test_a_version_can_not_be_rewritten(client_company: Any, marketer: User, dpo: User, statement: str) -> None:
    published(client_company, marketer, dpo)
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_an_end_is_written_once(client_company: Any, marketer: User, dpo: User) -> None:
    published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        NoticeVersion.objects.update(ended_at=timezone.now())
        with pytest.raises(IntegrityError, match="only its end"), transaction.atomic():
            NoticeVersion.objects.update(ended_at=None)


def test_a_marketers_editor_buttons_do_not_decide(client_company: Any, marketer: User, dpo: User) -> None:
    """Wagtail's own action, called by somebody whose role does not allow it."""
    page = submitted(client_company, marketer)
    task_state = page.current_workflow_task_state
    with pytest.raises((PermissionDenied, PermissionDeniedError)):
        task_state.task.specific.on_action(task_state, marketer, "approve")
    new_member(client_company, Role.VIEWER)
    assert not versions_of(client_company.pk, "signup")


def test_a_purpose_is_called_in_each_language_as_its_readers_call_it(
    client_company: Organisation, marketer: User, dpo: User
) -> None:
    with scope(organisation=client_company):
        Purpose.objects.filter(key="newsletter").update(
            texts={"fr": {"name": "La lettre", "description": "Une fois par mois."}}
        )
    published(client_company, marketer, dpo)
    with scope(organisation=client_company):
        texts = dict(NoticeVersion.objects.values_list("language", "text"))
    assert "La lettre: Une fois par mois." in texts["fr"].replace("\u00a0:", ":")
    assert "I want to receive “The letter”" in texts["en"]
    assert "The letter" not in texts["fr"] and "La lettre" not in texts["en"]
