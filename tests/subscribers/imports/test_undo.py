"""Undo: what an import created and nobody touched goes, what it overwrote comes back, what it claimed is reverted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.ledger.models import ConsentEvent, ConsentState, Evidence
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import PermissionDeniedError
from portal.jobs.actions import request_cancel
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.actions import mark_seed, update_contact
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportChange
from subscribers.imports.undo.actions import undo_import
from subscribers.imports.undo.errors import DryRunError, ImportUndoneError, ImportUnfinishedError, UndoTooLateError
from subscribers.imports.undo.queries import left_lines, undo_preview
from subscribers.imports.undo.retention import destroy_changes
from subscribers.imports.undo.tasks import run_undo
from subscribers.suppression.actions import suppress
from subscribers.suppression.models import Suppression
from tests.consent.choices import choose, new_purpose, state_of, status_of
from tests.people import actor_of, new_contact
from tests.subscribers.imports.files import OUR_FORM
from tests.subscribers.imports.lots import BOUGHT, CLAIM, brought, fresh, released, undone

pytestmark = pytest.mark.django_db

PEOPLE = "email\n" + "".join(f"p{number}@x.example\n" for number in range(6))
PLAIN = replace(OUR_FORM, consents=())


def people_of(source: Import) -> list[Contact]:
    return list(Contact.objects.filter(source_import=source).order_by("pk"))


def counted(source: Import) -> dict[str, Any]:
    """What was counted, without the zeros."""
    return {name: value for name, value in source.undo_counts.items() if value}


# Contacts


def test_it_removes_whom_the_import_created(in_acme: Organisation, ada: Contact) -> None:
    source = brought(in_acme, PEOPLE + "ada.martin@example.org\n", of=PLAIN)
    assert undo_preview(source).contacts == 6
    source = undone(source)
    assert (source.state, counted(source)) == ("undone", {"contacts": 6})
    assert source.undone_at is not None
    assert list(Contact.objects.values_list("pk", flat=True)) == [ada.pk]
    assert AuditEntry.objects.get(action="import.undone").details["contacts"] == 6
    assert source.rows_created == 6


def test_whom_somebody_has_touched_since_stays(in_acme: Organisation, owner: User) -> None:
    newsletter = new_purpose(in_acme)
    source = brought(in_acme, PEOPLE, of=PLAIN)
    edited, marked, suppressed, chose, met, _nobody = people_of(source)
    member = actor_of(owner, in_acme)
    update_contact(actor=member, organisation=in_acme, contact_id=edited.pk, values={"first_name": "Ed"})
    mark_seed(actor=member, organisation=in_acme, contact_id=marked.pk, seed=True)
    suppress(actor=member, organisation=in_acme, addresses=[str(suppressed.email)], channel="email")
    choose(chose, newsletter, "refuse")
    brought(in_acme, f"email,first name\n{met.email},Met\n", of=PLAIN)
    reasons = {"edited": 1, "other_import": 1, "own_choice": 1, "seed": 1, "suppressed": 1}
    preview = undo_preview(source)
    assert (preview.contacts, preview.left) == (1, reasons)
    source = undone(source)
    assert counted(source) == {"contacts": 1, "left": reasons}
    assert people_of(source) == [edited, marked, suppressed, chose, met]
    assert "".join(left_lines(source)).splitlines() == [
        "contact,reason",
        f"{edited.pk},edited",
        f"{marked.pk},seed",
        f"{suppressed.pk},suppressed",
        f"{chose.pk},own_choice",
        f"{met.pk},other_import",
    ]


def test_whoever_is_removed_leaves_no_evidence_of_their_row(in_acme: Organisation) -> None:
    new_purpose(in_acme)
    content = "email,ip\na@x.example,192.0.2.7\nb@x.example,\n"
    source = brought(in_acme, content, mapping={"email": "email", "ip": "consent.ip"})
    assert Evidence.objects.filter(contact__isnull=False).count() == 1
    undone(source)
    assert not Evidence.objects.filter(contact__isnull=False).exists()
    assert not ConsentState.objects.exists()
    assert ConsentEvent.objects.filter(action="grant").count() == 2
    assert ConsentEvent.objects.filter(action="revert", source_reference=f"import:{source.pk}").count() == 2


def test_imports_are_undone_in_any_order(in_acme: Organisation) -> None:
    """What an import that is undone did to a contact touches it no more."""
    new_purpose(in_acme)
    first = brought(in_acme, PEOPLE, of=PLAIN)
    second = brought(in_acme, PEOPLE)
    assert counted(undone(second))["consents"] == 6
    assert counted(undone(first)) == {"contacts": 6}
    assert not Contact.objects.exists()


# Values


@pytest.fixture
def overwriting(in_acme: Organisation, ben: Contact) -> Import:
    """Ben's family name, city and phone come from this file, and a tag; the journal as the merge writes it."""
    source = brought(in_acme, "email\nnobody@x.example\n", of=PLAIN)
    before = {"last_name": "Schmidt", "attributes.city": None, "attributes.size": "S", "phone": None}
    after = {"last_name": "Maier", "attributes.city": "Bonn", "attributes.size": "M", "phone": "+33612340000"}
    ImportChange.objects.create(
        organisation=in_acme, source_import=source, contact=ben, before=before, after={**after, "tags": ["new"]}
    )
    Contact.objects.filter(pk=ben.pk).update(
        last_name="Maier",
        phone="+33612340000",
        attributes={"city": "Bonn", "size": "M", "own": 1},
        tags=["old", "new"],
        provenance=dict.fromkeys([*after, "tags"], source.pk),
    )
    return source


def test_it_restores_what_was_overwritten(overwriting: Import, ben: Contact) -> None:
    assert undo_preview(overwriting).values == 5
    source = undone(overwriting)
    ben.refresh_from_db()
    assert (ben.last_name, ben.phone, ben.tags) == ("Schmidt", None, ["old"])
    assert ben.attributes == {"size": "S", "own": 1}
    assert ben.provenance is None
    assert counted(source) == {"contacts": 1, "values": 5}
    assert not ImportChange.objects.exists()


def test_a_value_that_changed_since_stays(overwriting: Import, in_acme: Organisation, ben: Contact) -> None:
    Contact.objects.filter(pk=ben.pk).update(
        last_name="Müller", attributes={"size": "L"}, provenance={"last_name": "member", "phone": overwriting.pk}
    )
    assert undo_preview(overwriting).left == {"changed_since": 3}
    source = undone(overwriting)
    ben.refresh_from_db()
    assert (ben.last_name, ben.phone, ben.attributes) == ("Müller", None, {"size": "L"})
    assert ben.provenance == {"last_name": "member"}
    assert counted(source)["left"] == {"changed_since": 3}
    assert set(ImportChange.objects.get().after) == {"last_name", "attributes.city", "attributes.size"}
    assert f"{ben.pk},last_name" in "".join(left_lines(source)).splitlines()


def test_where_a_value_came_from_before_comes_back_with_it(overwriting: Import, ben: Contact) -> None:
    change = ImportChange.objects.get()
    change.before["provenance"] = {"last_name": "api"}
    change.save()
    undone(overwriting)
    ben.refresh_from_db()
    assert ben.provenance == {"last_name": "api"}


def test_a_chain_of_imports_comes_back_to_its_beginning_in_any_order(
    overwriting: Import, in_acme: Organisation, ben: Contact
) -> None:
    later = brought(in_acme, "email\nnobody2@x.example\n", of=PLAIN)
    ImportChange.objects.create(
        organisation=in_acme,
        source_import=later,
        contact=ben,
        before={"last_name": "Maier"},
        after={"last_name": "Becker"},
    )
    Contact.objects.filter(pk=ben.pk).update(last_name="Becker")
    assert counted(undone(overwriting))["left"] == {"changed_since": 1}
    undone(later)
    ben.refresh_from_db()
    assert ben.last_name == "Schmidt"


def moved(organisation: Organisation, contact: Contact, address: str) -> Import:
    """A file has given the contact this address."""
    source = brought(organisation, "email\nnobody@x.example\n", of=PLAIN)
    before = {"email": contact.email, "email_key": contact.email_key}
    after = {"email": address, "email_key": address}
    ImportChange.objects.create(
        organisation=organisation, source_import=source, contact=contact, before=before, after=after
    )
    Contact.objects.filter(pk=contact.pk).update(**after)
    return source


def test_an_address_comes_back_with_what_hangs_on_it(in_acme: Organisation, ben: Contact) -> None:
    newsletter = new_purpose(in_acme, double_opt_in=True)
    source = moved(in_acme, ben, "ben@new.example")
    choose(ben, newsletter, "grant")
    choose(ben, newsletter, "confirm")
    suppress(actor=Actor.system(in_acme), organisation=in_acme, addresses=["ben@example.net"], channel="email")
    assert Suppression.objects.get().contact_id is None
    assert counted(undone(source))["values"] == 1
    ben.refresh_from_db()
    assert (ben.email, ben.email_key) == ("ben@example.net", "ben@example.net")
    assert Suppression.objects.get().contact_id == ben.pk
    assert status_of(ben, newsletter) == "unconfirmed"


def test_an_address_somebody_else_has_by_now_stays_with_them(in_acme: Organisation, ben: Contact) -> None:
    source = moved(in_acme, ben, "ben@new.example")
    new_contact(in_acme, "ben@example.net")
    assert undo_preview(source).left == {"identity_taken": 1}
    assert counted(undone(source))["left"] == {"identity_taken": 1}
    ben.refresh_from_db()
    assert (ben.email, ben.email_key) == ("ben@new.example", "ben@new.example")


def test_nobody_loses_their_last_identity(in_acme: Organisation, cleo: Contact) -> None:
    source = moved(in_acme, cleo, "cleo@new.example")
    Contact.objects.filter(pk=cleo.pk).update(phone=None)
    assert counted(undone(source))["left"] == {"last_identity": 1}
    cleo.refresh_from_db()
    assert cleo.email == "cleo@new.example"


# Consents


def test_its_consents_are_reverted_in_the_ledger(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme)
    source = brought(in_acme, "email\nada.martin@example.org\n")
    assert undo_preview(source).consents == 1
    source = undone(source)
    assert counted(source) == {"consents": 1}
    assert status_of(ada, newsletter) == "none"
    grant, revert = ConsentEvent.objects.filter(contact=ada).order_by("id")
    assert (grant.action, revert.action, revert.source) == ("grant", "revert", "system")
    assert revert.evidence_digest is not None


def test_an_agreement_it_had_refreshed_stands_again(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme, valid_for_days=1000)
    agreed_at = datetime(2025, 1, 1, tzinfo=UTC)
    own = ConsentEvent.objects.get(pk=choose(ada, newsletter, "grant", occurred_at=agreed_at))
    source = undone(brought(in_acme, "email\nada.martin@example.org\n"))
    assert counted(source) == {"consents": 1, "consents_restored": 1}
    state = state_of(ada, newsletter)
    assert state is not None and state.expires_at is not None
    assert (state.status, state.since, (state.expires_at - agreed_at).days) == ("granted", agreed_at, 1000)
    event = ConsentEvent.objects.get(pk=state.event_id)
    assert (event.action, event.source, event.source_reference) == ("grant", "system", f"event:{own.pk}")
    assert (event.evidence_id, bytes(event.evidence_digest or b"")) == (
        own.evidence_id,
        bytes(own.evidence_digest or b""),
    )
    assert event.occurred_at == agreed_at


def test_a_confirmed_agreement_stands_again_as_confirmed(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme, double_opt_in=True)
    agreed_at = datetime(2025, 1, 1, tzinfo=UTC)
    choose(ada, newsletter, "grant", occurred_at=agreed_at)
    choose(ada, newsletter, "confirm", occurred_at=agreed_at)
    undone(brought(in_acme, "email\nada.martin@example.org\n"))
    assert status_of(ada, newsletter) == "granted"


@pytest.mark.parametrize("said", ["refuse", "withdraw", "object"])
def test_a_no_is_never_reverted(in_acme: Organisation, ada: Contact, said: str) -> None:
    newsletter = new_purpose(in_acme)
    choose(ada, newsletter, "grant", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    source = brought(in_acme, "email\nada.martin@example.org\n")
    choose(ada, newsletter, said)
    before = status_of(ada, newsletter)
    assert counted(undone(source)) == {}
    assert status_of(ada, newsletter) == before


def test_a_newer_agreement_stays(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme)
    source = brought(in_acme, "email\nada.martin@example.org\n")
    own = choose(ada, newsletter, "grant")
    assert undo_preview(source).left == {"newer_choice": 1}
    assert counted(undone(source)) == {"left": {"newer_choice": 1}}
    state = state_of(ada, newsletter)
    assert state is not None and (state.status, state.event_id) == ("granted", own)


def test_a_pause_does_not_save_an_agreement_that_never_was(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme)
    source = brought(in_acme, "email\nada.martin@example.org\n")
    choose(ada, newsletter, "pause")
    assert counted(undone(source)) == {"consents": 1}
    assert status_of(ada, newsletter) == "none"


def test_two_imports_that_agree_leave_nothing_when_both_are_undone(in_acme: Organisation, ada: Contact) -> None:
    """In whichever order: what rests on an import that is gone is not brought back by the other."""
    newsletter = new_purpose(in_acme)
    content = "email\nada.martin@example.org\n"
    for order in ((0, 1), (1, 0)):
        pair = [brought(in_acme, content, of=replace(CLAIM, collected_on=date(2026, 2, day))) for day in (3, 9)]
        assert status_of(ada, newsletter) == "granted"
        undone(pair[order[0]])
        assert status_of(ada, newsletter) == "granted"
        undone(pair[order[1]])
        assert status_of(ada, newsletter) == "none"


def test_what_a_released_list_claimed_is_reverted_too(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme)
    source = released(brought(in_acme, "email\nada.martin@example.org\n", of=BOUGHT))
    assert status_of(ada, newsletter) == "granted"
    assert undo_preview(source).consents == 1
    assert counted(undone(source)) == {"consents": 1}
    assert status_of(ada, newsletter) == "none"


def test_opt_outs_from_the_file_stay_and_are_told(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme)
    choose(ada, newsletter, "grant", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    content = "email,status\nada.martin@example.org,unsubscribed\nnew@x.example,subscribed\n"
    source = brought(in_acme, content, mapping={"email": "email", "status": "consent.status"})
    assert status_of(ada, newsletter) == "withdrawn"
    assert undo_preview(source).left == {"opt_outs": 1}
    assert counted(undone(source)) == {"contacts": 1, "consents": 1, "left": {"opt_outs": 1}}
    assert status_of(ada, newsletter) == "withdrawn"
    assert Suppression.objects.get().contact_id == ada.pk


# When, by whom, and elsewhere


def test_the_same_people_elsewhere_are_untouched(in_acme: Organisation, other: Organisation) -> None:
    new_purpose(in_acme)
    new_purpose(other)
    ours, theirs = brought(in_acme, PEOPLE), brought(other, PEOPLE)
    assert counted(undone(ours)) == {"contacts": 6, "consents": 6}
    with scope(organisation=other):
        assert Contact.objects.count() == 6
        assert set(ConsentState.objects.values_list("status", flat=True)) == {"granted"}
        assert not ConsentEvent.objects.filter(action="revert").exists()
        assert undo_preview(theirs).contacts == 6


def test_what_a_cancelled_import_did_until_then_is_undone(in_acme: Organisation) -> None:
    source = brought(in_acme, PEOPLE, of=PLAIN)
    Import.objects.filter(pk=source.pk).update(state="cancelled")
    assert counted(undone(source)) == {"contacts": 6}


def test_an_undo_is_refused_when_there_is_nothing_to_undo_or_it_is_too_late(
    in_acme: Organisation, viewer: User, settings: Any
) -> None:
    actor = Actor.system(in_acme)
    source = brought(in_acme, PEOPLE, of=PLAIN)
    with pytest.raises(PermissionDeniedError):
        undo_import(actor=actor_of(viewer, in_acme), source=source)
    with pytest.raises(DryRunError):
        undo_import(actor=actor, source=brought(in_acme, PEOPLE, of=PLAIN, dry_run=True))
    for state in ("uploaded", "running", "paused"):
        Import.objects.filter(pk=source.pk).update(state=state)
        with pytest.raises(ImportUnfinishedError):
            undo_import(actor=actor, source=source)
    Import.objects.filter(pk=source.pk).update(state="done", finished_at=timezone.now() - timedelta(days=31))
    with pytest.raises(UndoTooLateError):
        undo_import(actor=actor, source=source)
    settings.ACCORD = replace(settings.ACCORD, import_undo_days=40)
    undo_import(actor=actor, source=source)
    with pytest.raises(ImportUndoneError):
        undo_import(actor=actor, source=source)
    run_undo(Job.objects.get(task=run_undo.name).pk)
    with pytest.raises(ImportUndoneError):
        undo_import(actor=actor, source=fresh(source))


def test_a_cancelled_undo_is_taken_up_again(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.imports.sweeping.WINDOW", 4)
    new_purpose(in_acme)
    source = brought(in_acme, PEOPLE)
    actor = Actor.system(in_acme)
    job = undo_import(actor=actor, source=source)
    monkeypatch.setattr("subscribers.imports.undo.running.erase_people", cancelling(actor, job))
    run_undo(job.pk)
    source = fresh(source)
    assert (source.state, source.undo_counts) == ("done", {"before": {"reverted": 6, "restored": 0}})
    monkeypatch.undo()
    assert counted(undone(source)) == {"contacts": 6, "consents": 6}


def cancelling(actor: Actor, job: Job) -> Any:
    """Somebody cancels the job in the middle of its work."""

    def erase(**_given: Any) -> None:
        request_cancel(actor=actor, job=job)

    return erase


def test_small_windows_change_nothing(in_acme: Organisation, ada: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.imports.sweeping.WINDOW", 2)
    new_purpose(in_acme)
    source = undone(brought(in_acme, PEOPLE + "ada.martin@example.org\n"))
    assert counted(source) == {"contacts": 6, "consents": 7}
    job = Job.objects.get(task=run_undo.name)
    assert (job.state, job.progress) == ("done", 1.0)


def test_what_an_import_changed_is_kept_as_long_as_it_can_be_undone(
    overwriting: Import, in_acme: Organisation, ben: Contact
) -> None:
    assert destroy_changes(timezone.now() + timedelta(days=29)) == 0
    later = timezone.now() + timedelta(days=31)
    with scope(organisation=in_acme):
        job = undo_import(actor=Actor.system(in_acme), source=overwriting)
        assert destroy_changes(later) == 0  # it is being undone
        Job.objects.filter(pk=job.pk).update(state="cancelled")
    assert destroy_changes(later) == 1
    assert not ImportChange.objects.exists()


def test_where_tags_come_from_is_handed_on_to_a_later_import(in_acme: Organisation) -> None:
    new_purpose(in_acme)
    brought(in_acme, as_file([("1", "Ada", "", "")]))
    one = brought(in_acme, as_file([("1", "Ada", "", "vip")]))
    two = brought(in_acme, as_file([("1", "Ada", "", "old")]))
    before = everything(in_acme)["contacts"]["1"]
    undone(one)
    undone(two)
    tags, provenance = everything(in_acme)["contacts"]["1"][2], everything(in_acme)["contacts"]["1"][4]
    assert (before[2], tags) == (["vip", "old"], [])
    assert "tags" not in (provenance or {})


# Whatever the files

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4", "5", "6"]),
        st.sampled_from(["", "Ada", "Ben", "Cleo"]),
        st.sampled_from(["", "Martin", "Meyer"]),
        st.sampled_from(["", "vip", "old", "vip, new"]),
    ),
    max_size=6,
)


def as_file(rows: list[tuple[str, ...]]) -> str:
    return "external id,first name,last name,tags\n" + "".join(
        f'{identity},{first},{last},"{tags}"\n' for identity, first, last, tags in rows
    )


def everything(organisation: Organisation) -> dict[str, Any]:
    """Who is known, with every value; and who stands where since when."""
    columns = ("first_name", "last_name", "tags", "attributes", "provenance", "source_import_id")
    agreed = ConsentState.objects.filter(status="granted")
    return {
        "contacts": {row[0]: row[1:] for row in Contact.objects.values_list("external_id", *columns)},
        "agreed": set(agreed.values_list("contact__external_id", "since")),
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ROWS, ROWS, st.sampled_from(["fill", "overwrite"]), st.booleans())
def test_whatever_two_files_did_is_taken_back(
    in_acme: Organisation, known: Any, one: Any, two: Any, rule: str, newest_first: bool
) -> None:
    with transaction.atomic():
        new_purpose(in_acme)
        brought(in_acme, as_file(known), of=replace(CLAIM, collected_on=date(2026, 1, 1)))
        before = everything(in_acme)
        days = (date(2026, 2, 1), date(2026, 1, 15))
        imports = [
            brought(in_acme, as_file(rows), of=replace(CLAIM, collected_on=day), update_rule=rule)
            for rows, day in zip((one, two), days, strict=True)
        ]
        for source in reversed(imports) if newest_first else imports:
            undone(source)
        after = everything(in_acme)
        transaction.set_rollback(True)
    if newest_first:
        assert after == before
    else:  # whom the first one created stays where the second one had touched them
        assert {each: after["contacts"][each] for each in before["contacts"]} == before["contacts"]
    assert after["agreed"] == before["agreed"]
