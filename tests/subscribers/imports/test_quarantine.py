"""Bought and partner lists: nobody is written to before a sample of their proofs was looked at (I-02 to I-04)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from consent.gate import check
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, ConsentState, Evidence
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportSample
from subscribers.imports.quarantine.actions import release_import
from subscribers.imports.quarantine.errors import NotQuarantinedError, SampleIncompleteError, UnprovenSampleError
from subscribers.imports.quarantine.tasks import confirm_lot
from tests.consent.choices import choose, new_purpose, state_of, status_of
from tests.people import actor_of, new_contact
from tests.subscribers.imports.lots import BOUGHT, brought, fresh, proven, released

pytestmark = pytest.mark.django_db

PEOPLE = "email\n" + "".join(f"p{number}@x.example\n" for number in range(20)) + "bad\n"
COLLECTED = datetime(2026, 2, 2, 23, 0, tzinfo=UTC)


def sample_of(source: Import) -> list[ImportSample]:
    return list(ImportSample.objects.filter(source_import=source).order_by("line"))


def set_size(settings: Any, size: int) -> None:
    settings.ACCORD = replace(settings.ACCORD, import_sample_size=size)


def test_a_sample_of_the_rows_that_became_or_met_somebody_is_drawn(
    in_acme: Organisation, ada: Contact, settings: Any
) -> None:
    set_size(settings, 5)
    new_purpose(in_acme)
    source = brought(in_acme, "email\nbad\nada.martin@example.org\n" + PEOPLE.removeprefix("email\n"), of=BOUGHT)
    assert source.state == "quarantined"
    sample = sample_of(source)
    assert len(sample) == 5
    for row in sample:
        contact = Contact.objects.get(pk=row.contact_id)
        assert contact.email_key == ("ada.martin@example.org" if row.line == 3 else f"p{row.line - 4}@x.example")
    assert all(row.verdict == "" for row in sample)
    assert "sample" not in source.stage_counts


def test_every_row_is_drawn_where_there_are_few(in_acme: Organisation) -> None:
    new_purpose(in_acme)
    assert len(sample_of(brought(in_acme, PEOPLE, of=BOUGHT))) == 20


def test_each_row_of_a_long_file_may_be_drawn(in_acme: Organisation, settings: Any, monkeypatch: Any) -> None:
    """Across chunks: the last one is drawn from like the first."""
    set_size(settings, 10)
    monkeypatch.setattr("subscribers.imports.running.CHUNK_ROWS", 50)
    monkeypatch.setattr("subscribers.imports.running.BLOCK_BYTES", 500)
    content = "email\n" + "".join(f"p{number}@x.example\n" for number in range(400))
    lines = [
        row.line for _ in range(3) for row in sample_of(brought(in_acme, content, of=replace(BOUGHT, consents=())))
    ]
    assert len(lines) == 30
    assert min(lines) < 130 and max(lines) > 270


def test_own_forms_and_dry_runs_draw_nothing(in_acme: Organisation) -> None:
    new_purpose(in_acme)
    brought(in_acme, PEOPLE)
    brought(in_acme, PEOPLE, of=BOUGHT, dry_run=True)
    assert not ImportSample.objects.exists()


def test_a_proven_sample_releases_the_import_and_confirms_its_claims(
    in_acme: Organisation, ada: Contact, dpo: User
) -> None:
    newsletter = new_purpose(in_acme, valid_for_days=1000)
    choose(ada, newsletter, "withdraw", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    source = brought(in_acme, PEOPLE + "ada.martin@example.org\n", of=BOUGHT)
    bought = list(Contact.objects.filter(source_import=source).values_list("pk", flat=True).order_by("pk"))
    assert check(in_acme, newsletter, "email", bought, now=timezone.now()).allowed == []

    source = released(source, actor_of(dpo, in_acme))
    assert (source.state, source.released_by_id) == ("done", dpo.pk)
    assert check(in_acme, newsletter, "email", bought, now=timezone.now()).allowed == bought
    assert status_of(ada, newsletter) == "withdrawn"
    for state in ConsentState.objects.filter(contact_id__in=bought):
        assert (state.status, state.since) == ("granted", COLLECTED)
        assert state.expires_at is not None and (state.expires_at - COLLECTED).days == 1000
    events = ConsentEvent.objects.filter(action="confirm")
    assert {(event.source, event.source_reference) for event in events} == {("system", f"import:{source.pk}")}
    assert events.count() == 20
    document = open_evidence(Evidence.objects.get(pk=events[0].evidence_id))
    assert len(document["sample"]) == 21
    assert {(row["verdict"], row["checked_by"]) for row in document["sample"]} == {("proven", f"user:{dpo.pk}")}
    assert "note" not in str(document)
    assert AuditEntry.objects.get(action="import.released").details["proven"] == 21


def test_the_stored_original_is_neither_needed_nor_kept(
    in_acme: Organisation, django_capture_on_commit_callbacks: Any
) -> None:
    new_purpose(in_acme)
    source = brought(in_acme, PEOPLE, of=BOUGHT)
    source.file.storage.delete(source.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        assert released(source).state == "done"
    assert fresh(source).file.name == ""
    assert ConsentEvent.objects.filter(action="confirm").count() == 20


def test_double_opt_in_still_waits_for_the_person(in_acme: Organisation) -> None:
    new_purpose(in_acme, double_opt_in=True)
    released(brought(in_acme, PEOPLE, of=BOUGHT))
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"unconfirmed"}
    assert not ConsentEvent.objects.filter(action="confirm").exists()


def test_only_those_who_wait_because_of_this_import_are_confirmed(in_acme: Organisation, other: Organisation) -> None:
    new_purpose(in_acme)
    first = brought(in_acme, PEOPLE, of=BOUGHT)
    second = brought(in_acme, "email\nother@x.example\n", of=BOUGHT)
    new_purpose(other)
    elsewhere = brought(other, PEOPLE, of=BOUGHT)
    released(first)
    with scope(organisation=other):
        assert set(ConsentState.objects.values_list("status", flat=True)) == {"unconfirmed"}
        assert fresh(elsewhere).state == "quarantined"
    still = Contact.objects.get(source_import=second)
    assert ConsentState.objects.get(contact=still).status == "unconfirmed"


def test_verdicts_may_come_in_parts(in_acme: Organisation, dpo: User) -> None:
    new_purpose(in_acme)
    source = brought(in_acme, "email\na@x.example\nb@x.example\n", of=BOUGHT)
    actor = actor_of(dpo, in_acme)
    with pytest.raises(SampleIncompleteError) as refusal:
        release_import(actor=actor, source=source, checked=[{"row": 2, "verdict": "proven", "note": "Seen"}])
    assert [problem.loc for problem in refusal.value.errors] == [("checked", 3)]
    first, second = sample_of(source)
    assert (first.verdict, first.note, first.checked_by_id, second.verdict) == ("proven", "Seen", dpo.pk, "")
    assert release_import(actor=actor, source=source, checked=[{"row": 3, "verdict": "proven"}]).state == "done"


def test_one_unproven_row_keeps_the_import_in_quarantine_for_good(in_acme: Organisation) -> None:
    new_purpose(in_acme)
    source = brought(in_acme, "email\na@x.example\nb@x.example\n", of=BOUGHT)
    actor = Actor.system(in_acme)
    with pytest.raises(UnprovenSampleError):
        release_import(actor=actor, source=source, checked=[{"row": 2, "verdict": "unproven", "note": "No form."}])
    assert sample_of(source)[0].note == "No form."
    with pytest.raises(UnprovenSampleError):
        release_import(actor=actor, source=source, checked=proven(source))
    assert [row.verdict for row in sample_of(source)] == ["unproven", ""]
    assert fresh(source).state == "quarantined"
    assert AuditEntry.objects.get(action="import.sample_checked").details == {"unproven": 1}


@pytest.mark.parametrize(
    ("check_", "loc"),
    [
        ({"row": 99, "verdict": "proven"}, ("checked", 0, "row")),
        ({"row": 2, "verdict": "maybe"}, ("checked", 0, "verdict")),
        ({"row": 2, "verdict": "proven", "note": "x" * 2001}, ("checked", 0, "note")),
    ],
)
def test_a_check_that_makes_no_sense_is_refused(in_acme: Organisation, check_: dict[str, Any], loc: tuple[Any]) -> None:
    new_purpose(in_acme)
    source = brought(in_acme, "email\na@x.example\n", of=BOUGHT)
    with pytest.raises(InvalidInputError) as refusal:
        release_import(actor=Actor.system(in_acme), source=source, checked=[check_])
    assert [problem.loc for problem in refusal.value.errors] == [loc]
    assert sample_of(source)[0].verdict == ""


def test_what_is_not_in_quarantine_is_not_released(in_acme: Organisation, marketer: User) -> None:
    new_purpose(in_acme)
    ours = brought(in_acme, PEOPLE)
    with pytest.raises(NotQuarantinedError):
        release_import(actor=Actor.system(in_acme), source=ours, checked=[])
    bought = released(brought(in_acme, "email\na@x.example\n", of=BOUGHT))
    with pytest.raises(NotQuarantinedError):
        release_import(actor=Actor.system(in_acme), source=bought, checked=[])
    with pytest.raises(PermissionDeniedError):
        release_import(actor=actor_of(marketer, in_acme), source=bought, checked=[])


def test_a_list_whose_import_was_cancelled_is_released_the_same_way(in_acme: Organisation) -> None:
    """What it brought until then is held as well."""
    newsletter = new_purpose(in_acme)
    source = brought(in_acme, PEOPLE, of=BOUGHT)
    Import.objects.filter(pk=source.pk).update(state="cancelled")
    person = Contact.objects.filter(source_import=source)[0]
    assert check(in_acme, newsletter, "email", [person.pk], now=timezone.now()).allowed == []
    assert released(source).state == "cancelled"
    assert check(in_acme, newsletter, "email", [person.pk], now=timezone.now()).allowed == [person.pk]


def test_who_agreed_in_the_meantime_is_left_as_they_are(in_acme: Organisation) -> None:
    newsletter = new_purpose(in_acme)
    source = brought(in_acme, "email\na@x.example\nb@x.example\n", of=BOUGHT)
    agreed, refused = Contact.objects.filter(source_import=source).order_by("pk")
    own = choose(agreed, newsletter, "grant")
    choose(refused, newsletter, "refuse")
    released(source)
    state = state_of(agreed, newsletter)
    assert state is not None and (state.status, state.event_id) == ("granted", own)
    assert status_of(refused, newsletter) == "refused"


def test_confirming_in_small_windows_again_and_again_is_the_same(in_acme: Organisation, monkeypatch: Any) -> None:
    monkeypatch.setattr("subscribers.imports.sweeping.WINDOW", 3)
    new_purpose(in_acme)
    source = released(brought(in_acme, PEOPLE, of=BOUGHT))
    job = Job.objects.get(task=confirm_lot.name)
    assert job.outcome == {"consents": {"confirmed": 20}}
    Job.objects.filter(pk=job.pk).update(
        state="running", checkpoint={}, heartbeat_at=timezone.now() - timedelta(days=1)
    )
    confirm_lot(job.pk)
    assert ConsentEvent.objects.filter(action="confirm").count() == 20
    assert source.state == "done"


def test_an_erased_person_leaves_the_verdict_and_no_note(in_acme: Organisation) -> None:
    from portal.personal_data.actions import erase_person
    from portal.personal_data.queries import holdings

    new_purpose(in_acme)
    source = released(brought(in_acme, "email\na@x.example\n", of=BOUGHT))
    (row,) = sample_of(source)
    assert row.contact_id is not None
    held = {holding.source.name: holding.data for holding in holdings(in_acme, row.contact_id)}
    assert held["import_samples"]["rows"][0]["note"] == "Form of 3 February"
    erase_person(actor=Actor.system(in_acme), organisation=in_acme, contact_id=row.contact_id)
    (row,) = sample_of(source)
    assert (row.contact_id, row.note, row.verdict, row.line) == (None, "", "proven", 2)
    assert new_contact(in_acme, "b@x.example").pk
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
