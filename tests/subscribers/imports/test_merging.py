"""What an import does to the people it meets: who changes, what is noted of it, and who must not be written to."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.merging import feeding
from subscribers.imports.merging.dating import a_month_later
from subscribers.imports.merging.staging import Stage
from subscribers.imports.models import ImportChange
from subscribers.suppression.actions import suppress
from subscribers.suppression.models import Suppression
from tests.subscribers.imports.files import OUR_FORM, counts_of, imported
from tests.subscribers.imports.test_running import declare

pytestmark = pytest.mark.django_db


def change_of(contact: Contact) -> tuple[dict[str, Any], dict[str, Any]]:
    change = ImportChange.objects.get(contact=contact)
    before = dict(change.before)
    before.pop("provenance")
    return before, change.after


def test_what_it_changes_is_noted_with_the_values_before(in_acme: Organisation, ben: Contact) -> None:
    declare(in_acme, "city", "text")
    declare(in_acme, "size", "number")
    Contact.objects.filter(pk=ben.pk).update(attributes={"city": "Bonn", "size": 40}, tags=["old"], first_name="Ben")
    content = 'email,first name,phone,tags,city,size\nBEN@example.net,Benno,0612345699,"new, old",Köln,40\n'
    source = imported(in_acme, content, update_rule="overwrite")
    before, after = change_of(ben)
    assert before == {"first_name": "Ben", "phone": None, "tags": [], "attributes.city": "Bonn"}
    assert after == {"first_name": "Benno", "phone": "+33612345699", "tags": ["new"], "attributes.city": "Köln"}
    ben.refresh_from_db()
    assert ben.provenance == dict.fromkeys(after, source.pk)
    assert (ben.tags, ben.attributes) == (["old", "new"], {"city": "Köln", "size": 40})


def test_who_stays_as_they_are_gets_no_note(in_acme: Organisation, ada: Contact, ben: Contact) -> None:
    imported(in_acme, f"email,first name,tags\n{ada.email},{ada.first_name},\nnew@example.net,New,vip\n")
    imported(in_acme, "email,first name\nben@example.net,Other\n", update_rule="skip")
    assert not ImportChange.objects.exists()
    assert set(Contact.objects.values_list("provenance", flat=True)) == {None}


def test_a_dry_run_notes_nothing(in_acme: Organisation, ben: Contact) -> None:
    imported(in_acme, "email,first name\nben@example.net,Benno\n", update_rule="overwrite", dry_run=True)
    assert not ImportChange.objects.exists()
    ben.refresh_from_db()
    assert (ben.first_name, ben.provenance) == ("Ben", None)


def test_where_values_come_from_is_kept_field_by_field(in_acme: Organisation, ben: Contact) -> None:
    first = imported(in_acme, "email,country,language\nben@example.net,BE,nl\n", update_rule="overwrite")
    second = imported(in_acme, "email,country\nben@example.net,AT\n", update_rule="overwrite")
    ben.refresh_from_db()
    assert ben.provenance == {"country": second.pk, "language": first.pk}


def test_an_address_that_moves_is_noted_with_its_key(in_acme: Organisation, ada: Contact) -> None:
    content = f"external id,email\n{ada.external_id},Ada@New.example\n"
    imported(in_acme, content, update_rule="overwrite")
    before, after = change_of(ada)
    assert before == {"email": ada.email, "email_key": ada.email_key}
    assert after == {"email": "Ada@New.example", "email_key": "ada@new.example"}
    ada.refresh_from_db()
    assert ada.provenance is not None
    assert set(ada.provenance) == {"email"}


def test_the_first_row_about_a_contact_stands_across_chunks(
    in_acme: Organisation, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscribers.imports.running.BLOCK_BYTES", 30)
    monkeypatch.setattr("subscribers.imports.running.CHUNK_ROWS", 1)
    content = f"external id,phone,country\n{ada.external_id},,BE\nX1,0698765499,FR\n,{ada.phone},LU\n"
    for expected in ({"created": 1, "updated": 1}, {"unchanged": 2}):
        source = imported(in_acme, content, update_rule="overwrite")
        assert counts_of(source) == {"read": 3, "duplicate": 1, **expected}
    ada.refresh_from_db()
    assert ada.country == "BE"


def test_a_contact_that_is_changed_in_between_is_met_again(
    in_acme: Organisation, ben: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ben gives up his address after the row was matched: the row is somebody new then."""
    fill = Stage.fill
    done: list[int] = []

    def filled(stage: Stage, known: Any, repeated: Any) -> None:
        fill(stage, known, repeated)
        if not done:
            Contact.objects.filter(pk=ben.pk).update(email="b@other.example", email_key="b@other.example")
            done.append(1)

    monkeypatch.setattr(Stage, "fill", filled)
    assert counts_of(imported(in_acme, "email\nben@example.net\n")) == {"read": 1, "created": 1}


def test_a_contact_that_appears_in_between_is_met(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    merge = running.Merger._merge
    done: list[int] = []

    def later(merger: running.Merger, ready: feeding.ReadyChunk, stage: Stage) -> None:
        if not done:
            done.append(1)
            Contact.objects.create(
                organisation=in_acme, email="zoe@example.org", email_key="zoe@example.org", origin="api",
                created_at=datetime.now(UTC), updated_at=datetime.now(UTC),
            )  # fmt: skip
        merge(merger, ready, stage)

    monkeypatch.setattr(running.Merger, "_merge", later)
    content = "email,first name\nzoe@example.org,Zoe\nyan@example.org,Yan\n"
    assert counts_of(imported(in_acme, content)) == {"read": 2, "created": 1, "updated": 1}


@pytest.mark.parametrize(
    ("origin", "due"), [("partner", True), ("bought", True), ("public", True), ("own_form", False)]
)
def test_who_did_not_give_their_data_themselves_must_be_told(in_acme: Organisation, origin: str, due: bool) -> None:
    """G 14(3)."""
    source = imported(in_acme, "email\na@x.example\n", declaration=replace(OUR_FORM, origin_kind=origin))
    today = (source.started_at or datetime.now(UTC)).astimezone(in_acme.zone).date()
    assert Contact.objects.get().art14_due == (a_month_later(today) if due else None)


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2027, 12, 31), date(2028, 1, 31)),
        (date(2028, 1, 30), date(2028, 2, 29)),
    ],
)
def test_a_month_ends_on_the_same_day_of_the_next_or_on_its_last(day: date, later: date) -> None:
    assert a_month_later(day) == later


def test_flags_and_slips_add_up_over_chunks(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.imports.running.BLOCK_BYTES", 60)
    monkeypatch.setattr("subscribers.imports.running.CHUNK_ROWS", 2)
    content = "email\n" + "".join(f"p{number}@gmial.com\ninfo@x{number}.example\n" for number in range(5))
    source = imported(in_acme, content)
    assert source.flags_by_code["role_address"] == 5
    assert source.flagged_domains == {"gmial.com": {"suggestion": "gmail.com", "rows": 5}}


# Opt-outs (I-07)


def listed() -> set[tuple[str, str]]:
    return set(Suppression.objects.values_list("channel", "reason"))


def test_people_whom_another_tool_must_not_write_to_are_suppressed_not_created(in_acme: Organisation) -> None:
    content = (
        "email,phone,status\na@x.example,,unsubscribed\nb@x.example,,cleaned\nc@x.example,,spam complaint\n"
        ",0612345678,unsubscribed\nd@x.example,,subscribed\n"
    )
    source = imported(in_acme, content)
    assert counts_of(source) == {"read": 5, "created": 1, "suppressed": 4}
    assert Contact.objects.get().email_key == "d@x.example"
    assert listed() == {
        ("email", "imported"), ("email", "bounce"), ("email", "complaint"), ("sms", "imported"), ("phone", "imported"),
    }  # fmt: skip
    assert source.stage_counts["opt_outs"] == {"suppressed": 5, "withdrawn": 0, "unknown": 0}
    again = imported(in_acme, content)
    assert counts_of(again) == {"read": 5, "unchanged": 1, "suppressed": 4}
    assert set(again.stage_counts["opt_outs"].values()) == {0}
    assert Suppression.objects.count() == 5


def test_hashes_of_other_tools_are_kept_as_they_are_and_stop_their_addresses(
    in_acme: Organisation, ben: Contact
) -> None:
    sha = hashlib.sha256(b"a@x.example").hexdigest()
    md5 = hashlib.md5(b"ben@example.net").hexdigest()
    mapping = {"sha": "suppression.sha256", "md5": "suppression.md5"}
    source = imported(in_acme, f"sha,md5\n{sha},\n,{md5.upper()}\n", mapping=mapping)
    assert counts_of(source) == {"read": 2, "suppressed": 2}
    assert set(Suppression.objects.values_list("hash_type", "contact")) == {("sha256", None), ("md5", ben.pk)}
    assert counts_of(imported(in_acme, "email\nA@x.example\nb@x.example\n")) == {
        "read": 2,
        "created": 1,
        "suppressed": 1,
    }


def test_an_opt_out_is_no_repeat_and_wins_wherever_it_stands(
    in_acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ["a@x.example,subscribed", "b@x.example,unsubscribed", "a@x.example,unsubscribed", "b@x.example,subscribed"]
    content = "email,status\n" + "\n".join(rows) + "\n"
    assert counts_of(imported(in_acme, content)) == {"read": 4, "suppressed": 3, "duplicate": 1}
    assert not Contact.objects.exists()
    Suppression.objects.all().delete()
    monkeypatch.setattr("subscribers.imports.running.BLOCK_BYTES", 24)
    monkeypatch.setattr("subscribers.imports.running.CHUNK_ROWS", 1)
    assert counts_of(imported(in_acme, content)) == {"read": 4, "created": 1, "suppressed": 2, "duplicate": 1}
    assert Suppression.objects.get(contact__isnull=False).contact.email_key == "a@x.example"


def test_an_erased_address_stays_out(in_acme: Organisation) -> None:
    """Lesson 15."""
    suppress(
        actor=Actor.system(in_acme), organisation=in_acme, addresses=["a@x.example"], channel="email", reason="erasure"
    )
    content = "email,status,doNotEmail\na@x.example,active,0\n"
    assert counts_of(imported(in_acme, content, update_rule="overwrite")) == {"read": 1, "suppressed": 1}
    assert not Contact.objects.exists()
    assert listed() == {("email", "erasure")}


def test_an_opt_out_that_names_nobody_is_counted(in_acme: Organisation, ada: Contact) -> None:
    content = f"external id,status\nnobody,unsubscribed\n{ada.external_id},unsubscribed\n"
    source = imported(in_acme, content)
    assert counts_of(source) == {"read": 2, "suppressed": 2}
    assert source.stage_counts["opt_outs"]["unknown"] == 1


def test_a_dry_run_suppresses_nobody(in_acme: Organisation, ada: Contact) -> None:
    content = f"email,status\n{ada.email},unsubscribed\nb@x.example,unsubscribed\n"
    source = imported(in_acme, content, dry_run=True)
    assert counts_of(source) == {"read": 2, "suppressed": 2}
    assert source.stage_counts["opt_outs"]["suppressed"] == 2
    assert not Suppression.objects.exists()


def test_two_imports_of_one_file_at_once_change_each_contact_once(acme: Organisation) -> None:
    """The locks of a chunk are taken in one order, and a page of contacts is read meanwhile."""
    with scope(organisation=acme):
        imported(acme, "email,first name\n" + "".join(f"p{n}@x.example,A\n" for n in range(50)))
        source = imported(
            acme, "email,first name\n" + "".join(f"p{n}@x.example,B\n" for n in range(50)), update_rule="overwrite"
        )
        assert ImportChange.objects.filter(source_import=source).count() == 50
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM pg_locks WHERE relation = 'subscribers_contact'::regclass")
        assert not {mode for (mode,) in cursor.fetchall()} & {"ExclusiveLock", "AccessExclusiveLock", "ShareLock"}
