"""A mail at the end of an import, to whoever started it: once, in their language, with nobody's data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from portal.accounts.models import User
from portal.jobs.actions import request_cancel
from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.mail.actions import send_queued_mail
from portal.mail.models import OutgoingMail
from portal.organisations.actors import Actor
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Role
from subscribers.imports import ending, running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.models import Import, ImportState
from subscribers.imports.notifying import WATCHED, tell_end
from subscribers.imports.passport.rules import Declaration
from tests.people import actor_of, new_member
from tests.subscribers.imports.files import OUR_FORM, csv_upload

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = "email,first name\nada@x.example,Ada\nbad,Bad\n"
BOUGHT = Declaration(
    origin_kind="bought", origin_name="Lists Ltd", collected_by="Lists Ltd", basis="consent",
    collected_on=timezone.now().date(), evidence_note="Contract 7",
)  # fmt: skip


def run(source: Import) -> None:
    run_job(
        source.job_id or 0,
        running.execute_import,
        on_failure=ending.fail_import,
        on_cancel=ending.stop_import,
        on_pause=ending.pause_import_run,
    )


@pytest.fixture
def start(acme: Organisation, marketer: User) -> Callable[..., Import]:
    def create(*, actor: Actor | None = None, declaration: Declaration = OUR_FORM, dry_run: bool = False) -> Import:
        with scope(organisation=acme):
            return create_import(
                actor=actor or actor_of(marketer, acme),
                organisation=acme,
                upload=csv_upload(PEOPLE, name="ada martin.csv"),
                choice=ReadingChoice(),
                declaration=declaration,
                dry_run=dry_run,
            )

    return create


def sent() -> list[str]:
    """The mails that wait, sent; each as one text."""
    for queued in OutgoingMail.objects.order_by("pk"):
        send_queued_mail(mail_id=queued.pk)
    return [f"{letter.to} {letter.subject}\n{letter.body}\n{letter.alternatives[0][0]}" for letter in mail.outbox]  # type: ignore[attr-defined]


def test_it_says_how_many_and_what_is_next(start: Callable[..., Import], marketer: User, settings: object) -> None:
    source = start()
    run(source)
    (letter,) = sent()
    assert marketer.email in letter
    assert f"Acme: import {source.pk} is done" in letter
    assert "Rows read: 2\nCreated: 1\n" in letter
    assert "<li>Rejected: 1</li>" in letter
    assert "Download the rejected rows" in letter
    assert f"/o/acme/imports/{source.pk}/" in letter
    assert "ada" not in letter.lower().replace("accord", ""), "neither a contact nor the name of the file"


def test_it_comes_in_the_language_of_the_member(start: Callable[..., Import], marketer: User) -> None:
    marketer.language = "fr"
    marketer.save()
    run(start())
    assert OutgoingMail.objects.get().language == "fr"


def test_quarantine_and_failure_say_what_to_do(start: Callable[..., Import], monkeypatch: pytest.MonkeyPatch) -> None:
    run(start(declaration=BOUGHT))
    monkeypatch.setattr(running, "started_import", lambda _run: 1 / 0)
    run(start())
    quarantined, failed = sent()
    assert "waits in quarantine" in quarantined
    assert "until a sample of its proofs is checked" in quarantined
    assert "failed" in failed
    assert "Something broke on our side." in failed


def test_a_dry_run_is_told_of_only_when_it_took_long(start: Callable[..., Import], acme: Organisation) -> None:
    source = start(dry_run=True)
    run(source)
    assert not OutgoingMail.objects.exists()
    with scope(organisation=acme):
        source.refresh_from_db()
        source.started_at = timezone.now() - WATCHED - timedelta(seconds=1)
        tell_end(source, Job.objects.get())
    assert "start the import" in sent()[0]


def test_an_undo_is_told_to_whoever_asked_for_it(start: Callable[..., Import], acme: Organisation) -> None:
    owner = new_member(acme, Role.OWNER)
    source = start(actor=Actor.system(acme))
    run(source)
    assert not OutgoingMail.objects.exists(), "nobody started it"
    with scope(organisation=acme):
        source.refresh_from_db()
        source.state = ImportState.UNDONE
        Job.objects.update(created_by=owner)
        tell_end(source, Job.objects.get())
    (letter,) = sent()
    assert owner.email in letter
    assert "is undone" in letter


def test_nobody_is_told_of_what_they_stopped(start: Callable[..., Import], marketer: User, acme: Organisation) -> None:
    source = start()
    with scope(organisation=acme):
        request_cancel(actor=actor_of(marketer, acme), job=Job.objects.get(pk=source.job_id))
        assert Import.objects.get().state == ImportState.CANCELLED
    assert not OutgoingMail.objects.exists()


def test_who_left_the_organisation_is_not_told(start: Callable[..., Import]) -> None:
    source = start()
    with scopes_disabled():
        Membership.objects.update(ended_at=timezone.now())
    run(source)
    assert not OutgoingMail.objects.exists()


def test_a_run_that_dies_as_it_ends_tells_once(
    start: Callable[..., Import], monkeypatch: pytest.MonkeyPatch, acme: Organisation
) -> None:
    """The mail, the end of the import and that of the job are one transaction."""
    source = start()
    complete = running.JobRun.complete

    def die(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running.JobRun, "complete", die)
    with pytest.raises(KeyboardInterrupt):
        run(source)
    with scope(organisation=acme):
        assert Import.objects.get().state == ImportState.RUNNING
        Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr(running.JobRun, "complete", complete)
    run(source)
    run(source)
    with scope(organisation=acme):
        assert (Import.objects.get().state, Import.objects.get().rows_read) == (ImportState.DONE, 2)
    assert len(sent()) == 1
