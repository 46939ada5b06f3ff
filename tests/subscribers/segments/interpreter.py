"""What a rule means, in plain Python over plain dictionaries: written apart from the compiler, to hold it against.

A person is ``{"id", "email_key", "phone", ..., "tags": [...], "attributes": {...}, "consents": {(purpose, channel):
{"status", "since", "expires_at"}}}``; absent values are None (or the empty text for names and codes).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Person = dict[str, Any]

NEGATIVES = {"ne": "eq", "not_in": "in", "has_none": "has_any", "not_in_last": "in_last", "is_not_set": "is_set"}
FOLDED = {"email", "email_domain", "first_name", "last_name", "attributes.city"}
MOMENTS = {"created_at", "updated_at", "last_seen_at", "attributes.visited_at"}
DAYS = {"attributes.born_on"}


class Interpreter:
    """Answers whether a rule matches a person at a moment, in an organisation's time zone."""

    def __init__(self, now: datetime, zone: ZoneInfo, segments: dict[int, dict[str, Any]]) -> None:
        self.now, self.zone, self.segments = now, zone, segments

    def matches(self, rule: dict[str, Any], person: Person) -> bool:
        if "all" in rule:
            return all(self.matches(child, person) for child in rule["all"])
        if "any" in rule:
            return any(self.matches(child, person) for child in rule["any"])
        if "not" in rule:
            return not self.matches(rule["not"], person)
        operator = rule["op"]
        if operator in NEGATIVES:
            return not self.matches({**rule, "op": NEGATIVES[operator]}, person)
        return self.compare(rule["field"], operator, rule.get("value"), person)

    def compare(self, field: str, operator: str, value: Any, person: Person) -> bool:
        if field == "segment":
            ids = value if operator == "in" else [value]
            return any(self.matches(self.segments[int(each)], person) for each in ids)
        found = self.found(field, person)
        if field.startswith("consent.") and not field.endswith(".since"):
            return self.compare_status(operator, value, found)
        if found in (None, "", []):
            return False
        if operator == "is_set":
            return True
        if field in MOMENTS or field.endswith(".since"):
            return self.compare_moment(operator, value, found)
        if field in DAYS:
            return self.compare_day(operator, value, date.fromisoformat(found))
        if isinstance(found, list):
            return (any if operator == "has_any" else all)(each in found for each in value)
        return self.compare_plain(operator, value, found, folded=field in FOLDED)

    def found(self, field: str, person: Person) -> Any:
        if field == "email":
            return person["email_key"]
        if field == "email_domain":
            return person["email_key"].rpartition("@")[2] if person["email_key"] else None
        if field.startswith("attributes."):
            return person["attributes"].get(field.removeprefix("attributes."))
        if field.startswith("consent."):
            _word, purpose, channel, *since = field.split(".")
            state = person["consents"].get((purpose, channel))
            if since:
                return state["since"] if state and state["status"] != "none" else None
            return self.status(state)
        return person[field]

    def status(self, state: dict[str, Any] | None) -> str:
        if state is None:
            return "none"
        ended = state["expires_at"] is not None and state["expires_at"] <= self.now
        return "expired" if state["status"] == "granted" and ended else state["status"]

    def compare_status(self, operator: str, value: Any, status: str) -> bool:
        if operator == "is_set":
            return status != "none"
        return status in (value if operator == "in" else [value])

    def compare_plain(self, operator: str, value: Any, found: Any, *, folded: bool) -> bool:
        def fold(each: Any) -> Any:
            return each.lower() if folded else each

        found = fold(found)
        if operator == "in":
            return found in [fold(each) for each in value]
        if operator == "between":
            return value[0] <= found <= value[1]
        value = fold(value)
        return {
            "eq": lambda: found == value,
            "contains": lambda: value in found,
            "starts_with": lambda: found.startswith(value),
            "ends_with": lambda: found.endswith(value),
            "lt": lambda: found < value,
            "lte": lambda: found <= value,
            "gt": lambda: found > value,
            "gte": lambda: found >= value,
        }[operator]()

    def compare_day(self, operator: str, value: Any, found: date) -> bool:
        if operator == "in_last":
            today = self.now.astimezone(self.zone).date()
            return today - timedelta(days=value["days"]) <= found <= today
        given = [date.fromisoformat(each) for each in value] if operator == "between" else date.fromisoformat(value)
        return self.compare_plain(operator, given, found, folded=False)

    def compare_moment(self, operator: str, value: Any, found: datetime | str) -> bool:
        moment = datetime.fromisoformat(found) if isinstance(found, str) else found
        if operator == "in_last":
            return self.now - timedelta(days=value["days"]) <= moment <= self.now
        if operator == "between":
            return self.start(value[0]) <= moment and not self.is_after(moment, value[1])
        return {
            "eq": lambda: self.start(value) <= moment and not self.is_after(moment, value),
            "lt": lambda: moment < self.start(value),
            "lte": lambda: not self.is_after(moment, value),
            "gt": lambda: self.is_after(moment, value),
            "gte": lambda: moment >= self.start(value),
        }[operator]()

    def start(self, value: str) -> datetime:
        if len(value) > 10:
            return datetime.fromisoformat(value)
        return datetime.combine(date.fromisoformat(value), time(), self.zone)

    def is_after(self, moment: datetime, value: str) -> bool:
        """A day is over when the next one begins where the organisation is."""
        if len(value) > 10:
            return moment > datetime.fromisoformat(value)
        return moment >= datetime.combine(date.fromisoformat(value) + timedelta(days=1), time(), self.zone)
