"""Rules in words."""

from __future__ import annotations

from typing import Any

import pytest

from portal.organisations.models import Organisation
from subscribers.segments.compiling import read_rule
from subscribers.segments.models import Segment
from subscribers.segments.sentences import sentence
from tests.people import LONG_AGO
from tests.subscribers.segments.test_compiling import declare


def condition(name: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": operator, "value": value}


FRANCE = condition("country", "eq", "FR")
AGREED = condition("consent.news.email", "eq", "granted")
VIP = condition("tags", "has_any", ["vip", "new"])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"all": []}, "Everybody"),
        ({"any": []}, "Nobody"),
        (FRANCE, "People in France"),
        ({"all": [AGREED, FRANCE]}, "People in France who agreed to “News” by e-mail"),
        (
            {"any": [condition("country", "in", ["FR", "DE", "ES"]), VIP]},
            "People in France, Germany or Spain or with one of the tags “vip” or “new”",
        ),
        (
            {"all": [{"any": [FRANCE, AGREED]}, condition("created_at", "in_last", {"days": 30})]},
            "People (in France or who agreed to “News” by e-mail) and added in the last 30 days",
        ),
        (
            {"all": [FRANCE, {"any": [AGREED, {"not": VIP}]}]},
            "People in France and (who agreed to “News” by e-mail or who are not among those with one of the tags"
            " “vip” or “new”)",
        ),
        (
            {"not": condition("attributes.points", "between", [1, 10])},
            "People who are not among those whose “points” is between 1 and 10",
        ),
        (condition("attributes.member", "eq", True), "People whose “member” is yes"),
        (condition("first_name", "contains", "100%(x)s"), "People whose “First name” contains “100%(x)s”"),
        (condition("attributes.born_on", "lt", "2000-01-31"), "People whose “born_on” is before 31 Jan 2000"),
        (condition("last_seen_at", "is_not_set"), "People whose “Last seen” is not known"),
    ],
)
def test_a_rule_reads_as_a_sentence(in_acme: Organisation, rule: dict[str, Any], words: str) -> None:
    declare(in_acme)
    assert sentence(read_rule(rule, organisation=in_acme)) == words


def test_another_segment_is_called_by_its_name(in_acme: Organisation) -> None:
    other = Segment.objects.create(
        organisation=in_acme, name="The French", rule=FRANCE, created_at=LONG_AGO, updated_at=LONG_AGO
    )
    rule = condition("segment", "ne", str(other.pk))
    assert sentence(read_rule(rule, organisation=in_acme)) == "People not in the segment “The French”"
