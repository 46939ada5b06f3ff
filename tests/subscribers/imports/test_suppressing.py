"""Imports and the suppression list at the same moment: whichever comes last, the entry finds the contact."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.jobs.models import Job
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.merging.feeding import ReadyChunk
from subscribers.imports.merging.staging import Stage
from subscribers.suppression.actions import suppress
from subscribers.suppression.models import Suppression
from tests.subscribers.imports.files import OUR_FORM, counts_of, csv_upload, imported

pytestmark = pytest.mark.django_db
PEOPLE = "email,phone\nzoe@example.org,0612345678\nyan@example.org,\n"


def put_on_list(organisation: Organisation, address: str, channel: str = "email") -> None:
    suppress(
        actor=Actor.system(organisation),
        organisation=organisation,
        addresses=[address],
        channel=channel,
        reason="objection",
    )


def suppressing_before_each_merge(monkeypatch: pytest.MonkeyPatch, organisation: Organisation) -> None:
    """Two addresses are suppressed after the list was read and before the chunk is merged."""
    merge = running.Merger._merge

    def later(merger: running.Merger, chunk: ReadyChunk, stage: Stage) -> None:
        put_on_list(organisation, "zoe@example.org")
        put_on_list(organisation, "+33612345678", "sms")
        Suppression.objects.update(contact=None)  # as the other connection sees it: there is nobody yet
        merge(merger, chunk, stage)

    monkeypatch.setattr(running.Merger, "_merge", later)


def tied() -> set[tuple[str, str | None]]:
    return set(Suppression.objects.values_list("channel", "contact__email_key"))


def test_an_address_suppressed_during_the_chunk_is_tied(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_list(in_acme, "somebody@else.example")
    suppressing_before_each_merge(monkeypatch, in_acme)
    assert counts_of(imported(in_acme, PEOPLE)) == {"read": 2, "created": 2}
    assert tied() == {("email", None), ("email", "zoe@example.org"), ("sms", "zoe@example.org")}


def test_it_is_tied_although_the_worker_dies_after_the_merge(
    in_acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException): ...

    def killed(*_: object) -> None:
        raise KilledError

    source = create_import(
        actor=Actor.system(in_acme), organisation=in_acme, upload=csv_upload(PEOPLE), choice=ReadingChoice(),
        declaration=OUR_FORM,
    )  # fmt: skip
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        suppressing_before_each_merge(patch, in_acme)
        patch.setattr(running, "tie_recent", killed)
        run_job(source.job_id or 0, running.execute_import)
    assert ("email", "zoe@example.org") not in tied()
    Job.objects.filter(pk=source.job_id).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    run_job(source.job_id or 0, running.execute_import)
    source.refresh_from_db()
    assert (source.state, counts_of(source)) == ("done", {"read": 2, "created": 2})
    assert tied() == {("email", "zoe@example.org"), ("sms", "zoe@example.org")}


def test_an_address_that_a_file_moves_lets_go_of_its_suppression(in_acme: Organisation, ada: Contact) -> None:
    put_on_list(in_acme, "ada.martin@example.org")
    put_on_list(in_acme, str(ada.phone), "sms")
    content = f"external id,email\n{ada.external_id},ada@new.example\n"
    assert counts_of(imported(in_acme, content, update_rule="fill")) == {"read": 1, "unchanged": 1}
    assert dict(Suppression.objects.values_list("channel", "contact")) == {"email": ada.pk, "sms": ada.pk}
    assert counts_of(imported(in_acme, content, update_rule="overwrite")) == {"read": 1, "updated": 1}
    assert dict(Suppression.objects.values_list("channel", "contact")) == {"email": None, "sms": ada.pk}
