"""People made by chance and rules made by hypothesis, for the property test of the compiler."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from subscribers.segments.vocabulary import OPERATORS, Kind

NOW = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)  # the day the clocks change in Paris

NAMES = ["", "Ada", "ada", "Élodie", "O'Brien", "100%", "a_b", 'x"y\\z']
DOMAINS = ["example.org", "example.net", "mail.example.org"]
TAGS = ["vip", "VIP", "new", "a,b"]
CITIES = ["Paris", "paris", "Lyon", "Saint-Étienne"]
CHOICES = ["gold", "silver"]
INTERESTS = ["sport", "wine", "art"]
STATUSES = ["granted", "unconfirmed", "refused", "withdrawn", "objected", "expired", "paused", "none"]
DAYS = ["2026-03-28", "2026-03-29", "2026-03-30", "2025-12-31", "1980-02-29"]
MOMENTS = [
    NOW,
    NOW - timedelta(days=1),
    datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    datetime(2025, 1, 1, tzinfo=UTC),
    NOW + timedelta(hours=1),
]
SUBJECTS = [("news", "email"), ("news", "sms"), ("offers", "email")]


def stored(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


ATTRIBUTES: dict[str, list[Any]] = {
    "city": ["", None, *CITIES],
    "points": [None, 0, -3, 10, 10.5, 1000000],
    "member": [None, True, False],
    "born_on": [None, *DAYS],
    "visited_at": [None, *map(stored, MOMENTS)],
    "level": [None, *CHOICES],
    "interests": [None, [], ["sport"], ["sport", "wine"], INTERESTS],
}


def person(chance: random.Random) -> dict[str, Any]:
    """Somebody of any sort: every value may be absent."""
    pick = chance.choice
    return {
        "domain": pick([None, *DOMAINS]),
        "phone": pick([None, "+336", "+447"]),
        "first_name": pick(NAMES),
        "last_name": pick(NAMES),
        "language": pick(["", "fr", "de"]),
        "country": pick(["", "FR", "DE", "ES"]),
        "tags": chance.sample(TAGS, pick([0, 0, 1, 2, 3])),
        "origin": pick(["own_form", "partner"]),
        "created_at": pick(MOMENTS),
        "updated_at": pick(MOMENTS),
        "last_seen_at": pick([None, *MOMENTS]),
        "attributes": {key: pick(values) for key, values in ATTRIBUTES.items() if chance.random() < 0.7},
        "consents": {subject: state(chance) for subject in SUBJECTS if chance.random() < 0.7},
    }


def state(chance: random.Random) -> dict[str, Any]:
    ends = [None, NOW, NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)]
    return {
        "status": chance.choice([*STATUSES, "granted", "granted"]),
        "since": chance.choice(MOMENTS),
        "expires_at": chance.choice(ends),
    }


VALUES: dict[str, tuple[Kind, list[Any]]] = {
    "email": (Kind.TEXT, ["person1@example.org", "PERSON2@example.net", "person", "example.org", "1@"]),
    "email_domain": (Kind.TEXT, [*DOMAINS, "Example.ORG", "org"]),
    "phone": (Kind.TEXT, ["+336", "+44", "7"]),
    "external_id": (Kind.TEXT, ["person-1", "person-", "3"]),
    "first_name": (Kind.TEXT, [*NAMES[1:], "a", "%", "_", "É"]),
    "last_name": (Kind.TEXT, [*NAMES[1:], "BRIEN", "\\"]),
    "language": (Kind.CHOICE, ["fr", "de", "it"]),
    "country": (Kind.CHOICE, ["FR", "DE", "IT"]),
    "origin": (Kind.CHOICE, ["own_form", "partner", "bought"]),
    "tags": (Kind.LIST, [*TAGS, "none"]),
    "created_at": (Kind.DATETIME, [*DAYS, *map(stored, MOMENTS)]),
    "last_seen_at": (Kind.DATETIME, [*DAYS, *map(stored, MOMENTS)]),
    "attributes.city": (Kind.TEXT, [*CITIES, "PAR", "-é"]),
    "attributes.points": (Kind.NUMBER, [-3, 0, 10, 10.5, 10.50, 11]),
    "attributes.member": (Kind.BOOLEAN, [True, False]),
    "attributes.born_on": (Kind.DATE, DAYS),
    "attributes.visited_at": (Kind.DATETIME, [*DAYS, *map(stored, MOMENTS)]),
    "attributes.level": (Kind.CHOICE, CHOICES),
    "attributes.interests": (Kind.LIST, INTERESTS),
    "consent.news.email": (Kind.CHOICE, STATUSES),
    "consent.news.sms": (Kind.CHOICE, STATUSES),
    "consent.offers.email": (Kind.CHOICE, STATUSES),
    "consent.news.email.since": (Kind.DATETIME, [*DAYS, *map(stored, MOMENTS)]),
}


@st.composite
def tests(draw: st.DrawFn, segment_ids: tuple[int, ...]) -> dict[str, Any]:
    names = [*VALUES, "segment"] if segment_ids else list(VALUES)
    name = draw(st.sampled_from(names))
    kind, values = (Kind.SEGMENT, [str(each) for each in segment_ids]) if name == "segment" else VALUES[name]
    operator = draw(st.sampled_from(OPERATORS[kind]))
    rule = {"field": name, "op": operator}
    if operator in ("is_set", "is_not_set"):
        return rule
    if operator in ("in_last", "not_in_last"):
        return {**rule, "value": {"days": draw(st.sampled_from([1, 2, 30, 400]))}}
    if operator in ("in", "not_in", "has_any", "has_all", "has_none"):
        return {**rule, "value": draw(st.lists(st.sampled_from(values), min_size=1, max_size=4))}
    if operator == "between":
        pair = draw(st.lists(st.sampled_from(values), min_size=2, max_size=2))
        return {**rule, "value": sorted(pair, key=lambda each: each if isinstance(each, int | float) else each[:10])}
    return {**rule, "value": draw(st.sampled_from(values))}


def rules(segment_ids: tuple[int, ...] = ()) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        tests(segment_ids),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda children: {"all": children}),
            st.lists(inner, max_size=4).map(lambda children: {"any": children}),
            inner.map(lambda child: {"not": child}),
        ),
        max_leaves=10,
    ).filter(lambda rule: levels(rule) <= 9)


def levels(rule: dict[str, Any]) -> int:
    children = [*rule.get("all", []), *rule.get("any", []), *([rule["not"]] if "not" in rule else [])]
    return 1 + max((levels(child) for child in children), default=0)
