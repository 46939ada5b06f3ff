"""Recall: a whole lot is frozen, told of, deleted (I-12)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from consent.audiences.models import Audience
from consent.engine.actions import claim_audience
from consent.engine.recipients import HandOff
from consent.gate import check, explain
from consent.ledger.models import ConsentEvent, ConsentState, Evidence
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.crypto import open_sealed
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.mail.actions import sealing_context
from portal.mail.models import OutgoingMail
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Organisation
from subscribers.contacts.actions import save_contact
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.recall.actions import delete_lot, freeze_import, inform_of_recall, unfreeze_import
from subscribers.imports.recall.errors import LotDeletedError, LotFrozenError, LotNotFrozenError
from subscribers.imports.recall.queries import recall_report
from subscribers.imports.undo.errors import DryRunError
from subscribers.imports.undo.queries import undo_preview
from subscribers.suppression.errors import SuppressedError
from subscribers.suppression.models import Suppression
from tests.consent.choices import choose, new_purpose, status_of
from tests.consent.stage import approved, new_audience, new_segment, submitted
from tests.people import actor_of
from tests.subscribers.imports.lots import CLAIM, brought, deleted, fresh, frozen, undone

PEOPLE = "email\n" + "".join(f"p{number}@x.example\n" for number in range(6)) + "bad\n"
PLAIN = replace(CLAIM, consents=())


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


def people_of(source: Import) -> list[Contact]:
    return list(Contact.objects.filter(source_import=source).order_by("pk"))


def handed_off(organisation: Organisation, purpose: Purpose, marketer: User, approver: User) -> Audience:
    """Everybody who may be written to, taken by an engine."""
    audience = new_audience(marketer, organisation, new_segment(organisation, name=f"All {timezone.now()}"), purpose)
    audience = approved(approver, submitted(marketer, audience))
    engine = Actor(kind=ActorKind.ENGINE, organisation=organisation, reference="engine")
    with scope(organisation=organisation):
        audience = claim_audience(actor=engine, audience=audience)
        for _chunk in HandOff(audience, engine):
            pass
    return audience


# Freeze


@pytest.mark.django_db
def test_from_the_moment_it_is_frozen_nobody_of_the_lot_is_written_to(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, marketer: User
) -> None:
    source = brought(in_acme, PEOPLE + "ada.martin@example.org\n")
    everybody = [*(contact.pk for contact in people_of(source)), ada.pk]
    assert check(in_acme, newsletter, "email", everybody, now=timezone.now()).allowed == everybody
    actor = actor_of(marketer, in_acme)
    freeze_import(actor=actor, source=source, reason=" The partner has no proof. ")
    source = fresh(source)
    assert source.frozen_at is not None
    assert (source.state, source.frozen_reason) == ("done", "The partner has no proof.")
    assert set(check(in_acme, newsletter, "email", everybody, now=timezone.now()).denied.values()) == {"restricted"}
    with pytest.raises(PermissionDeniedError):
        unfreeze_import(actor=actor, source=source)
    unfreeze_import(actor=Actor.system(in_acme), source=source)
    assert check(in_acme, newsletter, "email", everybody, now=timezone.now()).allowed == everybody
    assert list(
        AuditEntry.objects.filter(action__contains="frozen").order_by("pk").values_list("action", flat=True)
    ) == ["import.frozen", "import.unfrozen"]


@pytest.mark.django_db
def test_a_lot_is_frozen_for_a_reason_and_once(in_acme: Organisation, newsletter: Purpose, viewer: User) -> None:
    source = brought(in_acme, PEOPLE)
    actor = Actor.system(in_acme)
    with pytest.raises(PermissionDeniedError):
        freeze_import(actor=actor_of(viewer, in_acme), source=source, reason="x")
    for reason in (" ", "x" * 2001):
        with pytest.raises(InvalidInputError):
            freeze_import(actor=actor, source=source, reason=reason)
    with pytest.raises(DryRunError):
        freeze_import(actor=actor, source=brought(in_acme, PEOPLE, dry_run=True), reason="x")
    with pytest.raises(LotNotFrozenError):
        unfreeze_import(actor=actor, source=source)
    freeze_import(actor=actor, source=source, reason="x")
    with pytest.raises(LotFrozenError):
        freeze_import(actor=actor, source=source, reason="x")


@pytest.mark.django_db
def test_a_lot_is_recalled_long_after_it_could_be_undone(in_acme: Organisation, newsletter: Purpose) -> None:
    source = brought(in_acme, PEOPLE)
    Import.objects.filter(pk=source.pk).update(finished_at=source.finished_at + timedelta(minutes=1))
    Import.objects.filter(pk=source.pk).update(created_at=timezone.now() - timedelta(days=900))
    assert deleted(source).delete_counts["erased"] == 6


# Inform


@pytest.mark.django_db(transaction=True)
def test_owners_and_dpo_are_told_where_its_people_were_written_to(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, marketer: User, approver: User, owner: User, dpo: User
) -> None:
    handed_off(in_acme, newsletter, marketer, approver)  # before: nobody of the lot is in it
    source = brought(in_acme, PEOPLE + "ada.martin@example.org\n")
    left = people_of(source)[0]
    choose(left, newsletter, "withdraw")
    audience = handed_off(in_acme, newsletter, marketer, approver)
    report = recall_report(source)
    assert (report.brought, report.consents) == (6, 6)
    (where,) = report.audiences
    assert (where.id, where.people, where.purpose) == (audience.pk, 6, "Newsletter")
    actor = Actor.system(in_acme)
    with pytest.raises(LotNotFrozenError):
        inform_of_recall(actor=actor, source=source)
    frozen(source)
    assert inform_of_recall(actor=actor, source=source) == 2
    letters = [letter_of(mail) for mail in OutgoingMail.objects.filter(template="import_recalled").order_by("pk")]
    assert [letter["to"] for letter in letters] == [owner.email, dpo.email]
    assert "people.csv" in letters[0]["subject"]
    for text in (letters[0]["text"], letters[0]["html"]):
        assert "No proof came." in text
        assert "Spring (Newsletter, e-mail): 6" in text
        assert "x.example" not in text


def letter_of(mail: OutgoingMail) -> dict[str, Any]:
    box = open_sealed(mail.organisation, bytes(mail.content or b""), context=sealing_context(mail.template))
    return json.loads(box)  # type: ignore[no-any-return]


@pytest.mark.django_db(transaction=True)
def test_whoever_was_handed_off_is_not_removed_by_an_undo(
    in_acme: Organisation, newsletter: Purpose, marketer: User, approver: User
) -> None:
    source = brought(in_acme, PEOPLE)
    withdrawn = people_of(source)[0]
    choose(withdrawn, newsletter, "withdraw")
    handed_off(in_acme, newsletter, marketer, approver)
    later = brought(in_acme, "email\nlater@x.example\n")
    assert undo_preview(source).left == {"handed_off": 5, "own_choice": 1}
    assert undone(source).undo_counts["left"] == {"handed_off": 5, "own_choice": 1}
    assert undone(later).undo_counts["contacts"] == 1


@pytest.mark.django_db(transaction=True)
def test_whom_the_gate_left_out_on_the_way_was_not_handed_off(
    in_acme: Organisation, newsletter: Purpose, marketer: User, approver: User
) -> None:
    source = brought(in_acme, PEOPLE)
    audience = new_audience(marketer, in_acme, new_segment(in_acme), newsletter)
    audience = approved(approver, submitted(marketer, audience))
    choose(people_of(source)[0], newsletter, "withdraw")
    engine = Actor(kind=ActorKind.ENGINE, organisation=in_acme, reference="engine")
    audience = claim_audience(actor=engine, audience=audience)
    for _chunk in HandOff(audience, engine):
        pass
    assert [where.people for where in recall_report(source).audiences] == [5]


# Delete


@pytest.mark.django_db
def test_deleting_a_lot_erases_its_people_except_who_agreed_elsewhere(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, other: Organisation
) -> None:
    offers = new_purpose(in_acme, "offers")
    new_purpose(other)
    elsewhere = brought(other, PEOPLE)
    content = "email,ip\n" + "".join(f"p{number}@x.example,192.0.2.7\n" for number in range(6))
    content += "bad,\nada.martin@example.org,\n"
    source = brought(in_acme, content, mapping={"email": "email", "ip": "consent.ip"})
    agreed, agreed_otherwise, refused, *_others = people_of(source)
    choose(agreed, newsletter, "grant")
    choose(agreed_otherwise, offers, "grant")
    choose(refused, newsletter, "object")
    with pytest.raises(LotNotFrozenError):
        delete_lot(actor=Actor.system(in_acme), source=source)
    report = recall_report(frozen(source))
    assert (report.erased, report.kept) == (4, {"agreed_elsewhere": 2})
    source = deleted(fresh(source))
    counts = source.delete_counts
    assert (counts["erased"], counts["kept"], counts["suppressed"]) == (
        4,
        {"agreed_elsewhere": 2},
        1,
    )
    assert people_of(source) == [agreed, agreed_otherwise]
    assert status_of(ada, newsletter) == "none"
    assert not ImportReject.objects.filter(source_import=source).exists()
    assert not Evidence.objects.exclude(contact__in=[agreed, agreed_otherwise, ada]).exclude(contact=None).exists()
    assert set(ConsentState.objects.values_list("contact_id", flat=True)) == {agreed.pk, agreed_otherwise.pk, ada.pk}
    assert explain(agreed.pk, newsletter, "email", now=timezone.now()).allowed
    assert AuditEntry.objects.get(action="import.lot_deleted").details == counts
    with scope(organisation=other):
        assert len(people_of(elsewhere)) == 6


@pytest.mark.django_db
def test_the_ledger_keeps_its_lines_and_who_refused_can_not_be_brought_back(
    in_acme: Organisation, newsletter: Purpose
) -> None:
    source = brought(in_acme, PEOPLE)
    refused = people_of(source)[0]
    choose(refused, newsletter, "withdraw")
    before = list(ConsentEvent.objects.order_by("id").values())
    deleted(source)
    assert list(ConsentEvent.objects.order_by("id").values())[: len(before)] == before
    assert Suppression.objects.get().contact_id is None
    with pytest.raises(SuppressedError):
        save_contact(actor=Actor.system(in_acme), organisation=in_acme, values={"email": str(refused.email)})
    again = brought(in_acme, PEOPLE)
    assert (again.rows_created, again.rows_suppressed) == (5, 1)


@pytest.mark.django_db
def test_an_agreement_that_the_lot_had_refreshed_saves_the_person(in_acme: Organisation, newsletter: Purpose) -> None:
    first = brought(in_acme, PEOPLE, of=PLAIN)
    person = people_of(first)[0]
    choose(person, newsletter, "grant", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    source = brought(in_acme, PEOPLE)
    assert deleted(source).delete_counts["erased"] == 0
    assert status_of(person, newsletter) == "granted"
    assert deleted(first).delete_counts["kept"] == {"agreed_elsewhere": 1}


@pytest.mark.django_db
def test_a_lot_is_deleted_once(in_acme: Organisation, newsletter: Purpose, marketer: User) -> None:
    source = brought(in_acme, PEOPLE)
    frozen(source)
    with pytest.raises(PermissionDeniedError):
        delete_lot(actor=actor_of(marketer, in_acme), source=source)
    source = deleted(fresh(source))
    assert source.deleted_at is not None
    for action in (delete_lot, unfreeze_import):
        with pytest.raises(LotDeletedError):
            action(actor=Actor.system(in_acme), source=source)
