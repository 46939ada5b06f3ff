from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.accounts.models import User
from portal.errors import InvalidInputError, PermissionDeniedError
from portal.organisations.models import Organisation
from subscribers.contacts.normalising import InvalidValueError
from subscribers.fields.actions import FieldValues, create_field, update_field
from subscribers.fields.errors import FieldExistsError, JustificationRequiredError
from subscribers.fields.models import Field
from subscribers.fields.values import Customs, Kind, stored_value
from tests.people import actor_of


def values(**changes: Any) -> FieldValues:
    return FieldValues(
        **{"key": "size", "label": "Size", "type": "text", "justification": "To send what fits", **changes}
    )


def test_a_field_needs_a_justification(in_acme: Organisation, marketer: User) -> None:
    with pytest.raises(JustificationRequiredError) as refused:
        create_field(actor=actor_of(marketer, in_acme), organisation=in_acme, values=values(justification="  "))
    assert (refused.value.code, refused.value.status) == ("justification_required", 422)
    assert not Field.objects.exists()


def test_a_key_is_used_once_in_an_organisation(in_acme: Organisation, marketer: User) -> None:
    actor = actor_of(marketer, in_acme)
    create_field(actor=actor, organisation=in_acme, values=values())
    with pytest.raises(FieldExistsError):
        create_field(actor=actor, organisation=in_acme, values=values())


@pytest.mark.parametrize(
    "changes",
    [{"key": "Size"}, {"key": ""}, {"label": " "}, {"type": "colour"}, {"type": "choice"}, {"choices": ["a"]}],
)
def test_a_misshapen_field_is_refused(in_acme: Organisation, marketer: User, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        create_field(actor=actor_of(marketer, in_acme), organisation=in_acme, values=values(**changes))
    assert refused.value.errors


def test_choices_can_be_added_but_not_taken_away(in_acme: Organisation, marketer: User) -> None:
    actor = actor_of(marketer, in_acme)
    made = create_field(actor=actor, organisation=in_acme, values=values(type="choice", choices=["S", "M"]))
    update_field(actor=actor, field=made, label="Size", justification="Fit", choices=["S", "M", "L"])
    with pytest.raises(InvalidInputError):
        update_field(actor=actor, field=made, label="Size", justification="Fit", choices=["L"])


def test_a_viewer_may_not_declare_fields(in_acme: Organisation, viewer: User) -> None:
    with pytest.raises(PermissionDeniedError):
        create_field(actor=actor_of(viewer, in_acme), organisation=in_acme, values=values())


PARIS = Customs(zone=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        (Kind("text"), "  a b ", "a b"),
        (Kind("text"), 12, "12"),
        (Kind("number"), "1 234.50", 1234.5),
        (Kind("number"), 7.0, 7),
        (Kind("number", customs=Customs(comma_decimal=True)), "1234,5", 1234.5),
        (Kind("boolean"), "oui", True),
        (Kind("boolean"), 0, False),
        (Kind("date"), "31/01/2026", "2026-01-31"),
        (Kind("datetime", customs=PARIS), "2026-01-31 12:00", "2026-01-31T11:00:00Z"),
        (Kind("datetime"), datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (Kind("choice", ("Gold", "Silver")), "gold", "Gold"),
        (Kind("choices", ("a", "b", "c")), "b; A;b", ["b", "a"]),
        (Kind("choices", ("a", "b")), ["a"], ["a"]),
    ],
)
def test_a_value_is_stored_in_one_form(kind: Kind, given: Any, stored: Any) -> None:
    assert stored_value(kind, given) == stored


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        (Kind("text"), "x" * 2001, "too_long"),
        (Kind("text"), "a\x00b", "invalid_value"),
        (Kind("text"), True, "invalid_value"),
        (Kind("text"), {"a": 1}, "invalid_value"),
        (Kind("number"), "many", "invalid_number"),
        (Kind("number"), True, "invalid_number"),
        (Kind("number"), float("inf"), "invalid_number"),
        (Kind("number"), "9" * 25, "invalid_number"),
        (Kind("boolean"), "perhaps", "invalid_value"),
        (Kind("date"), "31/31/2026", "invalid_date"),
        (Kind("date"), 20260131, "invalid_date"),
        (Kind("datetime"), "noon", "invalid_date"),
        (Kind("choice", ("a",)), "b", "invalid_value"),
        (Kind("choices", ("a",)), ["a", 3], "invalid_value"),
        (Kind("choices", ("a",)), {"a": 1}, "invalid_value"),
    ],
)
def test_a_wrong_value_has_a_stable_code(kind: Kind, given: Any, code: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        stored_value(kind, given)
    assert str(refused.value) == code
