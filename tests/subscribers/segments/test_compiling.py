"""The compiler against the plain-Python interpreter, on generated people and rules."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope
from hypothesis import HealthCheck, given, settings

from consent.ledger.models import ConsentState
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.segments.compiling import compile_rule, matching_sql
from subscribers.segments.models import Segment
from tests.people import LONG_AGO, new_contact, new_organisation
from tests.subscribers.segments.generated import (
    CHOICES,
    INTERESTS,
    NOW,
    SUBJECTS,
    person,
    rules,
)
from tests.subscribers.segments.interpreter import Interpreter, Person

FIELDS = {
    "city": "text",
    "points": "number",
    "member": "boolean",
    "born_on": "date",
    "visited_at": "datetime",
    "level": "choice",
    "interests": "choices",
}
REFERRED = (
    {"any": [{"field": "country", "op": "eq", "value": "FR"}, {"field": "tags", "op": "has_any", "value": ["vip"]}]},
    {"not": {"field": "consent.news.email", "op": "eq", "value": "granted"}},
)


@pytest.fixture
def population(acme: Organisation) -> list[Person]:
    """150 people of every sort, in the tables and as dictionaries; and as many ids of another organisation."""
    with scope(organisation=acme):
        declare(acme)
        chance = random.Random(7)
        found = [store(acme, number, person(chance)) for number in range(150)]
    other = new_organisation("elsewhere")
    for number in range(5):
        new_contact(other, f"person{number}@example.org", country="FR", tags=["vip"])
    return found


def declare(organisation: Organisation) -> None:
    for key, kind in FIELDS.items():
        choices = {"level": CHOICES, "interests": INTERESTS}.get(key, [])
        Field.objects.create(
            organisation=organisation, key=key, label=key, type=kind, choices=choices, created_at=LONG_AGO
        )
    for key in ("news", "offers"):
        Purpose.objects.create(
            organisation=organisation,
            key=key,
            name=key.capitalize(),
            basis="consent",
            channels=["email", "sms"],
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
        )


def store(organisation: Organisation, number: int, drawn: Person) -> Person:
    values = dict(drawn)
    domain, consents = values.pop("domain"), values.pop("consents")
    if values["phone"]:
        values["phone"] += f"{number:07d}"
    email = f"person{number}@{domain}" if domain else None
    contact = new_contact(organisation, email, external_id=f"person-{number}", **values)
    Contact.objects.filter(pk=contact.pk).update(updated_at=values["updated_at"])
    for (purpose, channel), state in consents.items():
        purpose_id = Purpose.objects.get(key=purpose).pk
        ConsentState.objects.create(
            organisation=organisation, contact=contact, purpose_id=purpose_id, channel=channel, event_id=0, **state
        )
    return {
        **values,
        "id": contact.pk,
        "email_key": email,
        "external_id": f"person-{number}",
        "consents": consents,
    }


def ids_by_sql(organisation: Organisation, rule: dict[str, Any]) -> set[int]:
    with scope(organisation=organisation), connection.cursor() as cursor:
        cursor.execute(*matching_sql(organisation.pk, compile_rule(rule, organisation=organisation, now=NOW)))
        return {row[0] for row in cursor.fetchall()}


@pytest.fixture
def referred(acme: Organisation) -> dict[int, dict[str, Any]]:
    with scope(organisation=acme):
        return {
            Segment.objects.create(
                organisation=acme, name=f"Referred {index}", rule=rule, created_at=LONG_AGO, updated_at=LONG_AGO
            ).pk: rule
            for index, rule in enumerate(REFERRED)
        }


def test_sql_finds_exactly_the_people_that_the_interpreter_finds(
    acme: Organisation, population: list[Person], referred: dict[int, dict[str, Any]]
) -> None:
    interpreter = Interpreter(NOW, acme.zone, referred)
    sizes: list[int] = []

    @settings(max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(rules(tuple(referred)))
    def compare(rule: dict[str, Any]) -> None:
        expected = {each["id"] for each in population if interpreter.matches(rule, each)}
        assert ids_by_sql(acme, rule) == expected
        assert ids_by_sql(acme, {"not": rule}) == {each["id"] for each in population} - expected
        sizes.append(len(expected))

    compare()
    assert len(set(sizes)) > 10, "the generated rules tell people apart"


def test_everybody_is_a_rule_and_nobody_too(acme: Organisation, population: list[Person]) -> None:
    assert ids_by_sql(acme, {"all": []}) == {each["id"] for each in population}
    assert ids_by_sql(acme, {"any": []}) == set()


@pytest.mark.parametrize("nesting", range(6))
def test_whatever_the_nesting_nobody_who_withdrew_is_found(
    acme: Organisation, population: list[Person], nesting: int
) -> None:
    """Lessons, case 19."""
    withdrawn = {"field": "consent.news.email", "op": "eq", "value": "withdrawn"}
    chance = random.Random(nesting)
    rule: dict[str, Any] = {"field": "country", "op": "is_not_set"}
    for _level in range(nesting):
        other = {"field": "country", "op": "eq", "value": chance.choice(["FR", "DE", "ES"])}
        rule = {chance.choice(["any", "all"]): [rule, other]}
    found = ids_by_sql(acme, {"all": [rule, {"not": withdrawn}]})
    out = {
        each["id"] for each in population if each["consents"].get(("news", "email"), {}).get("status") == "withdrawn"
    }
    assert out
    assert not found & out


def test_no_text_of_a_user_is_in_the_statement(in_acme: Organisation) -> None:
    """Lessons, case 23."""
    declare(in_acme)
    hostile = "x') OR 1=1; --%s %(evil)s"
    rule = {
        "all": [
            {"field": "first_name", "op": op, "value": hostile}
            for op in ("eq", "ne", "contains", "starts_with", "ends_with")
        ]
        + [
            {"field": "tags", "op": "has_any", "value": [hostile]},
            {"field": "attributes.city", "op": "in", "value": [hostile, "Paris"]},
        ]
    }
    compiled = compile_rule(rule, organisation=in_acme, now=NOW)
    assert "1=1" not in compiled.condition
    assert "city" not in compiled.condition
    assert ids_by_sql(in_acme, rule) == set()


def test_five_segments_add_conditions_and_not_queries(in_acme: Organisation, django_assert_num_queries: Any) -> None:
    """Lessons, case 21: their conditions stand on the same row, and they are read with one query."""
    rules_of_five = [{"field": "country", "op": "eq", "value": code} for code in ("FR", "DE", "ES", "IT", "BE")]
    ids = [
        str(
            Segment.objects.create(
                organisation=in_acme, name=str(index), rule=rule, created_at=LONG_AGO, updated_at=LONG_AGO
            ).pk
        )
        for index, rule in enumerate(rules_of_five)
    ]
    with django_assert_num_queries(1):
        compiled = compile_rule({"field": "segment", "op": "in", "value": ids}, organisation=in_acme, now=NOW)
    assert "SELECT" not in compiled.condition


def test_names_of_purposes_are_resolved_before_and_bound_as_ids(
    in_acme: Organisation, django_assert_num_queries: Any
) -> None:
    """Lessons, case 22."""
    declare(in_acme)
    rule = {
        "all": [
            {"field": f"consent.{purpose}.{channel}", "op": "eq", "value": "granted"} for purpose, channel in SUBJECTS
        ]
    }
    with django_assert_num_queries(1):
        compiled = compile_rule(rule, organisation=in_acme, now=NOW)
    assert "consent_purpose" not in compiled.condition
    assert set(Purpose.objects.values_list("pk", flat=True)) <= set(compiled.params.values())


def test_a_value_of_another_type_than_declared_breaks_nothing(in_acme: Organisation) -> None:
    declare(in_acme)
    contact = new_contact(in_acme, "odd@example.org", attributes={"points": "many", "interests": "sport", "member": 1})
    assert ids_by_sql(in_acme, {"field": "attributes.points", "op": "gt", "value": 1}) == set()
    assert ids_by_sql(in_acme, {"field": "attributes.interests", "op": "has_any", "value": ["sport"]}) == set()
    assert ids_by_sql(in_acme, {"field": "attributes.member", "op": "ne", "value": True}) == {contact.pk}
