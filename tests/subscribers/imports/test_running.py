"""An import from file to contacts: who enters, who doesn't, and that the counts always add up."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.crypto import keyed_hashes
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact, TagName
from subscribers.fields.models import Field
from subscribers.imports import stages
from subscribers.imports.actions import ImportEndedError, cancel_import, create_import
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.passport.rules import Declaration
from subscribers.imports.problems import NoIdentityColumnError
from subscribers.suppression.models import Suppression
from tests.people import LONG_AGO
from tests.subscribers.imports.files import OUR_FORM, counts_of, imported

PEOPLE = 'email,first name,last name,tags\nada@example.org,Ada,Martin,vip\nben@example.net,Ben,Schmidt,"vip, new"\n'


def declare(organisation: Organisation, key: str, type_: str, **values: Any) -> None:
    Field.objects.create(
        organisation=organisation,
        key=key,
        label=key.capitalize(),
        type=type_,
        justification="x",
        created_at=LONG_AGO,
        **values,
    )


def test_it_creates_contacts_with_where_they_come_from(in_acme: Organisation) -> None:
    source = imported(in_acme, PEOPLE)
    assert source.state == "done"
    assert counts_of(source) == {"read": 2, "created": 2}
    ada = Contact.objects.get(email_key="ada@example.org")
    assert (ada.first_name, ada.last_name, ada.tags) == ("Ada", "Martin", ["vip"])
    assert (ada.origin, ada.source_import_id, ada.seed) == ("own_form", source.pk, False)
    assert sorted(TagName.objects.values_list("name", flat=True)) == ["new", "vip"]


def test_the_same_file_again_changes_nothing(in_acme: Organisation) -> None:
    imported(in_acme, PEOPLE)
    before = list(Contact.objects.order_by("pk").values())
    again = imported(in_acme, PEOPLE)
    assert counts_of(again) == {"read": 2, "unchanged": 2}
    assert list(Contact.objects.order_by("pk").values()) == before


def test_fill_fills_what_is_empty_and_overwrite_takes_the_file(in_acme: Organisation, ben: Contact) -> None:
    content = "email,first name,last name,phone,tags\nBEN@example.net,Benjamin,,0612345678,new\n"
    assert counts_of(imported(in_acme, content)) == {"read": 1, "updated": 1}
    ben.refresh_from_db()
    assert (ben.first_name, ben.last_name, ben.phone, ben.tags) == ("Ben", "Schmidt", "+33612345678", ["new"])
    assert counts_of(imported(in_acme, content, update_rule="skip")) == {"read": 1, "unchanged": 1}
    assert counts_of(imported(in_acme, content, update_rule="overwrite")) == {"read": 1, "updated": 1}
    ben.refresh_from_db()
    assert (ben.first_name, ben.last_name, ben.email) == ("Benjamin", "Schmidt", "ben@example.net")


def test_people_are_met_by_external_id_then_email_then_phone(
    in_acme: Organisation, ada: Contact, cleo: Contact
) -> None:
    content = (
        "external id,email,phone,country\nC-1001,ada@new.example,,BE\n,,0698765432,BE\n,Ada.Martin@example.org,,BE\n"
    )
    source = imported(in_acme, content, update_rule="overwrite")
    assert counts_of(source) == {"read": 3, "updated": 2, "duplicate": 1}
    ada.refresh_from_db()
    assert (ada.email_key, ada.country) == ("ada@new.example", "BE")


def test_a_row_that_meets_two_contacts_is_listed_not_guessed(in_acme: Organisation, ada: Contact, ben: Contact) -> None:
    content = "email,phone,note\nBen@example.net,+33 6 12 34 56 78,his?\nnew@example.net,,\n"
    for rule in ("fill", "overwrite", "skip"):
        source = imported(in_acme, content, update_rule=rule)
        assert counts_of(source) == {"read": 2, "rejected": 1, "created" if rule == "fill" else "unchanged": 1}
    reject = source.rejects.get()
    assert (reject.line, reject.code) == (2, "identities_conflict")
    assert reject.cells == ["Ben@example.net", "+33 6 12 34 56 78", "his?"]
    assert f"e-mail: contact {ben.pk}; phone: contact {ada.pk}" in reject.sentence
    ben.refresh_from_db()
    assert ben.phone is None


def test_the_first_row_of_a_person_wins(in_acme: Organisation) -> None:
    content = "email,external id,first name\na@x.example,1,First\nA@X.example,2,Second\nb@x.example,1,Third\n"
    source = imported(in_acme, content)
    assert counts_of(source) == {"read": 3, "created": 1, "duplicate": 2}
    assert Contact.objects.get().first_name == "First"


def test_each_bad_row_is_kept_with_line_reason_and_cells(in_acme: Organisation) -> None:
    declare(in_acme, "age", "number")
    declare(in_acme, "size", "choice", choices=["S", "M"])
    content = (
        "email,phone,age,size,consent date,country\n"
        "a@x.example,,12,s,2025-01-31,FR\n"
        "not an address,,,,,\n"
        ",123,,,,\n"
        "c@x.example,,old,,,\n"
        "d@x.example,,,XL,,\n"
        "e@x.example,,,,31/31/2025,\n"
        "f@x.example,,,,2999-01-01,\n"
        ",,,,,FR\n"
        "g@x.example,FR\n"
        f"h@x.example,,{'9' * 40},,,\n"
    )
    source = imported(in_acme, content)
    assert counts_of(source) == {"read": 10, "created": 1, "rejected": 9}
    rejects = ImportReject.objects.order_by("line")
    assert list(rejects.values_list("line", "code")) == [
        (3, "invalid_email"), (4, "invalid_phone"), (5, "invalid_number"), (6, "invalid_value"), (7, "invalid_date"),
        (8, "future_date"), (9, "missing_identity"), (10, "wrong_column_count"), (11, "invalid_number"),
    ]  # fmt: skip
    assert rejects[2].sentence == "age: This is not a number: write it in digits, 1234.5."
    assert rejects[0].cells[0] == "not an address"
    assert source.rejects_by_code["invalid_number"] == 2
    assert Contact.objects.get().attributes == {"age": 12, "size": "S"}


def test_odd_characters_arrive_as_they_are(in_acme: Organisation) -> None:
    declare(in_acme, "note", "text")
    note = 'tab\there "quoted" back\\slash \\N new\nline é 漢 🙂 \u2028 ={1+1}'
    cell = '"' + note.replace('"', '""') + '"'
    content = f'email,first name,note\na@x.example,"O\\N ""Jo""  Neil",{cell}\nb@x.example,\\N,\n'
    assert counts_of(imported(in_acme, content)) == {"read": 2, "created": 2}
    ada, ben = Contact.objects.order_by("email_key")
    assert ada.attributes == {"note": note}
    assert (ada.first_name, ben.first_name) == ('O\\N "Jo" Neil', "\\N")


def test_suppressed_addresses_never_enter(in_acme: Organisation, other: Organisation) -> None:
    _version, digest = keyed_hashes(in_acme).current(b"ada@example.org")
    suppress(in_acme, "email", "keyed", digest)
    import hashlib

    suppress(in_acme, "sms", "sha256", hashlib.sha256(b"+33612345678").digest())
    suppress(other, "email", "keyed", keyed_hashes(other).current(b"ben@example.net")[1])
    content = "email,phone\nAda@Example.org,\nben@example.net,\ncleo@example.net,06 12 34 56 78\n"
    source = imported(in_acme, content)
    assert counts_of(source) == {"read": 3, "created": 1, "suppressed": 2}
    assert Contact.objects.get().email_key == "ben@example.net"
    assert not ImportReject.objects.exists()
    assert "ada" not in json.dumps(list(Import.objects.values("stage_counts", "rejects_by_code", "mapping")))


def suppress(organisation: Organisation, channel: str, hash_type: str, digest: bytes) -> None:
    from django_scopes import scope

    with scope(organisation=organisation):
        Suppression.objects.create(
            organisation=organisation, channel=channel, hash_type=hash_type, digest=digest, reason="objection",
            created_at=LONG_AGO,
        )  # fmt: skip


def test_two_organisations_hold_the_same_people(acme: Organisation, other: Organisation) -> None:
    from django_scopes import scope

    for organisation in (acme, other):
        with scope(organisation=organisation):
            assert counts_of(imported(organisation, PEOPLE)) == {"read": 2, "created": 2}
    with scope(organisation=acme):
        changed = PEOPLE.replace("Ada", "Adele")
        assert counts_of(imported(acme, changed, update_rule="overwrite")) == {"read": 2, "updated": 1, "unchanged": 1}
    with scope(organisation=other):
        assert Contact.objects.get(email_key="ada@example.org").first_name == "Ada"


def test_a_dry_run_counts_and_writes_nothing(in_acme: Organisation, ben: Contact) -> None:
    before = list(Contact.objects.values())
    source = imported(in_acme, PEOPLE + "ada@example.org,,,\nbad,,,\n", dry_run=True)
    assert counts_of(source) == {"read": 4, "created": 1, "updated": 1, "duplicate": 1, "rejected": 1}
    assert source.state == "done"
    assert list(Contact.objects.values()) == before
    assert not TagName.objects.exists()


def test_bought_and_partner_lists_end_in_quarantine(in_acme: Organisation) -> None:
    declaration = Declaration(origin_kind="bought", origin_name="Lists Ltd", collected_by="Lists Ltd", basis="consent")
    assert imported(in_acme, PEOPLE, declaration=declaration).state == "quarantined"


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"origin_kind": ""}, ("options", "origin", "kind")),
        ({"origin_kind": "found"}, ("options", "origin", "kind")),
        ({"origin_name": " "}, ("options", "origin", "name")),
        ({"collected_by": ""}, ("options", "origin", "collected_by")),
        ({"basis": ""}, ("options", "basis")),
        ({"collected_on": date(2999, 1, 1)}, ("options", "origin", "collected_on")),
        ({"occurred_at": datetime(2999, 1, 1, tzinfo=UTC)}, ("options", "occurred_at")),
        ({"consents": [{"purpose": "news", "channel": "email"}]}, ("options", "evidence_note")),
        ({"consents": [{"purpose": "news", "channel": "email"}]}, ("options", "origin", "collected_on")),
    ],
)
def test_an_import_without_origin_or_proof_is_refused(
    in_acme: Organisation, change: dict[str, Any], loc: tuple[str, ...]
) -> None:
    import dataclasses

    with pytest.raises(InvalidInputError) as refusal:
        imported(in_acme, PEOPLE, declaration=dataclasses.replace(OUR_FORM, **change))
    assert loc in [problem.loc for problem in refusal.value.errors]
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    "mapping", [{"nobody": "email"}, {"email": "shoe_size"}, {"email": "email", "first name": "email"}]
)
def test_a_mapping_that_makes_no_sense_is_refused(in_acme: Organisation, mapping: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        imported(in_acme, PEOPLE, mapping=mapping)


def test_a_file_that_names_nobody_is_refused(in_acme: Organisation) -> None:
    with pytest.raises(NoIdentityColumnError):
        imported(in_acme, "city,zip\nLyon,69000\n")
    with pytest.raises(NoIdentityColumnError):
        imported(in_acme, "city\nLyon\n")


def test_a_column_mapped_to_nothing_is_dropped(in_acme: Organisation) -> None:
    source = imported(in_acme, PEOPLE, mapping={"email": "email", "tags": None})
    assert source.mapping == {"email": "email", "first name": None, "last name": None, "tags": None}
    assert set(Contact.objects.values_list("first_name", flat=True)) == {""}


def test_contacts_are_dated_from_their_collection(in_acme: Organisation) -> None:
    import dataclasses

    declaration = dataclasses.replace(OUR_FORM, collected_on=date(2024, 5, 1))
    content = "email,consent date\na@x.example,2023-03-02\nb@x.example,\n"
    imported(in_acme, content, declaration=declaration)
    ages = dict(Contact.objects.values_list("email_key", "collected_at"))
    assert ages["a@x.example"] == datetime(2023, 3, 1, 23, tzinfo=UTC)
    assert ages["b@x.example"] == datetime(2024, 4, 30, 22, tzinfo=UTC)


def test_stages_see_each_merged_row_and_their_counts_add_up(
    in_acme: Organisation, ben: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "stages", {})
    monkeypatch.setattr(stages, "validators", {})
    seen: list[tuple[Any, ...]] = []

    def note(cursor: Any, source: Import, chunk: stages.ChunkContext) -> dict[str, int]:
        cursor.execute(f"SELECT contact_id, false, email_key FROM {chunk.staged}")
        seen.extend(cursor.fetchall())
        seen.extend((int(contact), True, email) for contact, email in zip(chunk.new.ids, chunk.prepared, strict=True))
        return {"noted": len(chunk.new) + len(chunk.known)}

    def prepare(source: Import, context: str, new: stages.People) -> list[str]:
        assert context == source.file_name
        return list(new.columns["email"])

    def refuse(organisation: Organisation, claim: stages.Claim) -> list[FieldProblem]:
        return [FieldProblem(("options", "basis"), "no", "No.")] if claim.basis == "contract" else []

    stages.register_stage("notes", note, begin=lambda source: source.file_name, prepare=prepare, validate=refuse)
    source = imported(in_acme, PEOPLE)
    assert source.stage_counts == {"notes": {"noted": 2}}
    new = Contact.objects.get(email_key="ada@example.org")
    assert sorted(seen) == [(ben.pk, False, "ben@example.net"), (new.pk, True, "ada@example.org")]
    import dataclasses

    with pytest.raises(InvalidInputError):
        imported(in_acme, PEOPLE, declaration=dataclasses.replace(OUR_FORM, basis="contract"))


def test_chunks_change_nothing(in_acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.imports.running.BLOCK_BYTES", 100)
    monkeypatch.setattr("subscribers.imports.running.CHUNK_ROWS", 3)
    rows = [f"p{number % 15}@x.example,{number}" for number in range(20)] + ["bad,1"]
    source = imported(in_acme, "email,external id\n" + "\n".join(rows) + "\n")
    assert counts_of(source) == {"read": 21, "created": 15, "duplicate": 5, "rejected": 1}


def test_no_staging_table_is_left(in_acme: Organisation) -> None:
    imported(in_acme, PEOPLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'import_%%' AND relpersistence = 'u'")
        assert cursor.fetchall() == []


def test_an_import_that_has_ended_is_not_cancelled(in_acme: Organisation) -> None:
    from portal.organisations.actors import Actor

    source = imported(in_acme, PEOPLE)
    with pytest.raises(ImportEndedError):
        cancel_import(actor=Actor.system(in_acme), source=source)


def test_a_viewer_may_not_import(in_acme: Organisation, viewer: Any) -> None:
    from portal.errors import PermissionDeniedError
    from subscribers.imports.actions import ReadingChoice
    from tests.people import actor_of
    from tests.subscribers.imports.files import csv_upload

    with pytest.raises(PermissionDeniedError):
        create_import(
            actor=actor_of(viewer, in_acme), organisation=in_acme, upload=csv_upload(PEOPLE),
            choice=ReadingChoice(), declaration=OUR_FORM,
        )  # fmt: skip


CELLS = st.tuples(
    st.sampled_from(
        ["", "a@x.example", "A@x.example", "b@x.example", "c@x.example", "bad", "d\0@x.example", '"e@x.example']
    ),
    st.sampled_from(["", "0612345678", "+33612345678", "0698765432", "12"]),
    st.sampled_from(["", "1", "2", "3"]),
    st.sampled_from(["", "Zoé", "x\ty", "\\N", '"quoted, cell"']),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS, max_size=25), st.sampled_from(["fill", "overwrite", "skip"]), st.integers(1, 30))
def test_counts_add_up_and_a_second_time_creates_nobody(
    in_acme: Organisation, rows: list[tuple[str, ...]], rule: str, chunk_rows: int
) -> None:
    content = "email,phone,external id,first name\n" + "".join(",".join(row) + "\n" for row in rows)
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("subscribers.imports.running.CHUNK_ROWS", chunk_rows)
        patch.setattr("subscribers.imports.running.BLOCK_BYTES", 64)
        dry = imported(in_acme, content, update_rule=rule, dry_run=True)
        first = imported(in_acme, content, update_rule=rule)
        second = imported(in_acme, content, update_rule=rule)
        people = Contact.objects.count()
        transaction.set_rollback(True)
    assert {dry.state, first.state, second.state} == {"done"}
    assert first.rows_read == len(rows)
    assert counts_of(dry) == counts_of(first)
    assert first.rows_created == people
    assert second.rows_created == 0
    assert second.rows_rejected == first.rows_rejected
