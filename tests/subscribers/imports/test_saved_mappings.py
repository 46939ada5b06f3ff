"""What was chosen for a file is remembered for the next one with its columns."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import User
from portal.errors import NotFoundError
from portal.organisations.models import Organisation
from subscribers.fields.models import Field
from subscribers.imports.actions import upload_file
from subscribers.imports.models import SavedMapping
from subscribers.imports.passport import saved_mappings
from tests.people import LONG_AGO, actor_of
from tests.subscribers.imports.files import csv_upload, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


def test_a_mapping_is_remembered_and_found_by_the_names_of_the_columns(acme: Organisation, marketer: User) -> None:
    imported(acme, "email,size\na@x.example,3\n", mapping={"email": "email", "size": "tags"}, update_rule="overwrite")
    again = upload_file(
        actor=actor_of(marketer, acme), organisation=acme, upload=csv_upload("size,email\n4,b@x.example\n")
    )
    found = saved_mappings.saved_mapping_for(again)
    assert found is not None
    assert saved_mappings.usable_mapping(found, again.columns) == {"size": "tags", "email": "email"}
    assert (found.name, found.choices["update_rule"]) == ("Newsletter form", "overwrite")
    assert found.declaration["origin_kind"] == "own_form"
    assert "evidence_note" not in found.declaration


def test_a_dry_run_is_not_remembered(acme: Organisation) -> None:
    imported(acme, "email\na@x.example\n", dry_run=True)
    assert not SavedMapping.objects.exists()


def test_the_same_columns_are_remembered_once(acme: Organisation) -> None:
    for _ in range(2):
        imported(acme, "email,size\na@x.example,3\n")
    assert SavedMapping.objects.count() == 1


def test_a_field_that_is_gone_is_left_out(acme: Organisation) -> None:
    field = Field.objects.create(
        organisation=acme, key="size", label="Size", type="number", justification="x", created_at=LONG_AGO
    )
    source = imported(acme, "email,size\na@x.example,3\n")
    field.delete()
    found = saved_mappings.saved_mapping_for(source)
    assert found is not None
    assert saved_mappings.usable_mapping(found, source.columns) == {"email": "email", "size": None}


def test_only_so_many_are_kept(acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_mappings, "MOST", 2)
    for number in range(3):
        imported(acme, f"email,c{number}\na@x.example,3\n")
    assert sorted(len(saved.mapping) for saved in SavedMapping.objects.all()) == [2, 2]


def test_a_mapping_is_forgotten(acme: Organisation, marketer: User) -> None:
    imported(acme, "email\na@x.example\n")
    actor: Any = actor_of(marketer, acme)
    saved_mappings.forget_mapping(actor=actor, organisation=acme, saved_id=SavedMapping.objects.get().pk)
    assert not SavedMapping.objects.exists()
    with pytest.raises(NotFoundError):
        saved_mappings.forget_mapping(actor=actor, organisation=acme, saved_id=1)
