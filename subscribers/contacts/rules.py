"""The values of a contact as somebody sends them, to the columns that are stored. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem, InvalidInputError, type_of_text
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email
from subscribers.contacts.values import normalise_country, normalise_language
from subscribers.fields.values import Reader

LONGEST_NAME = 200
LONGEST_TAG = 100
MOST_TAGS = 100

DETAILS: dict[str, type_of_text] = {
    "invalid_email": _("This is not an e-mail address."),
    "invalid_phone": _("This is not a phone number. Write it with its country: +33 6 12 34 56 78."),
    "invalid_value": _("This value is not one this field can take."),
    "invalid_number": _("This is not a number."),
    "invalid_date": _("This is not a date. Write it as 2026-01-31."),
    "too_long": _("This is too long."),
    "unknown_field": _("There is no such field. Declare it first, with its justification."),
    "missing_identity": _("Give an e-mail address, a phone number or an external id."),
}


class ContactValues(TypedDict, total=False):
    """What a write says about a person: a key left out is not touched, None or "" empties it.

    ``attributes``: field key -> value, None removes it; fields not named stay.
    """

    email: str | None
    phone: str | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    language: str | None
    country: str | None
    tags: list[str] | None
    attributes: dict[str, Any] | None


IDENTITIES = ("external_id", "email", "phone")
Columns = dict[str, Any]


def problem(loc: tuple[str | int, ...], code: str) -> FieldProblem:
    return FieldProblem(loc, code, DETAILS[code])


def checked_columns(
    values: ContactValues, *, readers: Mapping[str, Reader], country: str
) -> tuple[Columns, dict[str, Any]]:
    """Column -> stored value, and the attributes to change; raises ``invalid_input`` naming every problem.

    ``readers``: the declared fields (`subscribers.fields.queries.field_readers`); ``country``: whose phone numbers are
    written without a prefix.
    """
    columns: Columns = {}
    problems: list[FieldProblem] = []
    for name, value in values.items():
        if name == "attributes":
            continue
        try:
            columns |= READERS[name](value, str(values.get("country") or country))
        except InvalidValueError as error:
            problems.append(problem((name,), str(error)))
    attributes, wrong = checked_attributes(values.get("attributes") or {}, readers)
    if problems or wrong:
        raise InvalidInputError(errors=[*problems, *wrong])
    return columns, attributes


def checked_attributes(
    attributes: Mapping[str, Any], readers: Mapping[str, Reader]
) -> tuple[dict[str, Any], list[FieldProblem]]:
    found: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for key, value in attributes.items():
        if key not in readers:
            problems.append(problem(("attributes", key), "unknown_field"))
            continue
        try:
            found[key] = None if value is None or value == "" else readers[key](value)
        except InvalidValueError as error:
            problems.append(problem(("attributes", key), str(error)))
    return found, problems


def single_line(value: Any, longest: int) -> str:
    text = " ".join(str(value or "").split())
    if "\x00" in text:
        raise InvalidValueError("invalid_value")
    if len(text) > longest:
        raise InvalidValueError("too_long")
    return text


def read_email(value: Any, _country: str) -> Columns:
    if not value or not str(value).strip():
        return {"email": None, "email_key": None}
    address, key = normalise_email(str(value))
    return {"email": address, "email_key": key}


def read_phone(value: Any, country: str) -> Columns:
    if not value or not str(value).strip():
        return {"phone": None}
    try:
        home = normalise_country(country)
    except InvalidValueError:
        home = "FR"  # the country itself is wrong, and is told on its own
    return {"phone": PhoneBook(home).normalise(str(value))}


def read_tags(value: Any, _country: str) -> Columns:
    tags = list(dict.fromkeys(filter(None, (single_line(tag, LONGEST_TAG) for tag in value or []))))
    if len(tags) > MOST_TAGS:
        raise InvalidValueError("too_long")
    return {"tags": tags}


def read_by(column: str, normal: Callable[[str], str]) -> Callable[[Any, str], Columns]:
    return lambda value, _country: {column: normal(str(value)) if value else ""}


def read_name(column: str) -> Callable[[Any, str], Columns]:
    return lambda value, _country: {column: single_line(value, LONGEST_NAME)}


READERS: dict[str, Callable[[Any, str], Columns]] = {
    "email": read_email,
    "phone": read_phone,
    "external_id": lambda value, _country: {"external_id": single_line(value, LONGEST_NAME) or None},
    "first_name": read_name("first_name"),
    "last_name": read_name("last_name"),
    "language": read_by("language", normalise_language),
    "country": read_by("country", normalise_country),
    "tags": read_tags,
}
