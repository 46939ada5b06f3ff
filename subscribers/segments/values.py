"""Reading the values of a rule: pure, strict about types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from subscribers.segments.vocabulary import WITH_DAYS, WITH_LIST, WITHOUT_VALUE, Kind, RuleField, Text

LONGEST_TEXT = 500
LONGEST_LIST = 1000
MOST_DAYS = 36_500
YEARS = range(1000, 9001)
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch
ISO_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
).fullmatch


class InvalidValueError(ValueError):
    """A value a field can't be compared with; ``detail`` says which would do."""

    def __init__(self, detail: Text) -> None:
        super().__init__(str(detail))
        self.detail = detail


def read_value(field: RuleField, operator: str, value: object) -> Any:
    """The value in comparable form: text, Decimal, bool, date, datetime, segment id, tuples of these, or days.

    Raises InvalidValueError.
    """
    if operator in WITHOUT_VALUE:
        return read_nothing(value)
    if operator in WITH_DAYS:
        return read_days(value)
    if operator in WITH_LIST:
        return read_list(field, value)
    if operator == "between":
        return read_pair(field, value)
    return read_one(field, value)


def read_nothing(value: object) -> None:
    if value is not None and value is not True:
        raise InvalidValueError(_("This operator takes no value."))


def read_days(value: object) -> int:
    """The n of ``{"days": n}``."""
    days = value.get("days") if isinstance(value, dict) and set(value) == {"days"} else None
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
        raise InvalidValueError(_('Write {"days": n} with n from 1 to 36500.'))
    return days


def read_list(field: RuleField, value: object) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise InvalidValueError(_("This operator takes a list of at least one value."))
    if len(value) > LONGEST_LIST:
        raise InvalidValueError(_("A list may have 1000 values at most."))
    return tuple(dict.fromkeys(read_one(field, item) for item in value))


def read_pair(field: RuleField, value: object) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidValueError(_("This operator takes a list of two values: from and to."))
    low, high = (read_one(field, item) for item in value)
    if str(value[0])[:10] > str(value[1])[:10] if isinstance(low, date) else low > high:
        raise InvalidValueError(_("The first value must not come after the second."))
    return low, high


def read_one(field: RuleField, value: object) -> Any:
    return READERS[field.kind](field, value)


def read_text(field: RuleField, value: object) -> str:
    text = checked_text(value)
    if field.clean is None:
        return text
    try:
        return field.clean(text)
    except ValueError:
        raise InvalidValueError(_("The field can't have this value.")) from None


def checked_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueError(_("The value must be a text that is not empty."))
    if len(value) > LONGEST_TEXT:
        raise InvalidValueError(_("The text may have 500 characters at most."))
    if "\x00" in value or any("\ud800" <= mark <= "\udfff" for mark in value):
        raise InvalidValueError(_("The text has a character that can't be stored."))
    return value


def read_choice(field: RuleField, value: object) -> str:
    text = read_text(field, value)
    if field.clean is None and text not in {option for option, _label in field.options()}:
        raise InvalidValueError(_("The field can't have this value."))
    return text


def read_number(_field: RuleField, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValueError(_("The value must be a number."))
    return Decimal(repr(value))


def read_boolean(_field: RuleField, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValueError(_("The value must be true or false."))
    return value


def read_date(_field: RuleField, value: object) -> date:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and ISO_DATE(value) else None
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise InvalidValueError(_("The value must be a day, such as 2026-01-31."))
    return found


def read_moment(_field: RuleField, value: object) -> date | datetime:
    """A moment with its offset, or a day, which stands for the whole day where the organisation is."""
    found: date | datetime | None = None
    if isinstance(value, str):
        try:
            if ISO_MOMENT(value):
                found = datetime.fromisoformat(value.upper())
            elif ISO_DATE(value):
                found = date.fromisoformat(value)
        except ValueError:
            found = None
    if found is None or found.year not in YEARS:
        raise InvalidValueError(_("The value must be a day or a moment, such as 2026-01-31T12:00:00Z."))
    return found


def read_segment(_field: RuleField, value: object) -> int:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise InvalidValueError(_("The value must be the id of a segment."))
    return int(text)


READERS: dict[Kind, Callable[[RuleField, object], Any]] = {
    Kind.TEXT: read_text,
    Kind.NUMBER: read_number,
    Kind.BOOLEAN: read_boolean,
    Kind.DATE: read_date,
    Kind.DATETIME: read_moment,
    Kind.CHOICE: read_choice,
    Kind.LIST: read_text,
    Kind.SEGMENT: read_segment,
}
