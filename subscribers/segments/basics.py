"""The fields every contact has."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from functools import cache
from typing import TYPE_CHECKING, Any

from babel import Locale
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from portal.ui.numbers import current_locale
from subscribers.contacts.models import Origin, TagName
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normal_domain, normalise_email
from subscribers.contacts.values import country_names, language_names, normalise_country, normalise_language
from subscribers.segments.conditions import (
    ConditionWriter,
    Writer,
    moment_condition,
    tags_condition,
    text_condition,
)
from subscribers.segments.vocabulary import Kind, Options, RuleField, Text

if TYPE_CHECKING:
    from portal.organisations.models import Organisation

GROUP = _("Contact")
MOST_SUGGESTIONS = 200
NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def column(name: str) -> Callable[[Writer], str]:
    """A column of the contact, by a name of ours."""
    return lambda _writer: f"c.{name}"


def email_domain(_writer: Writer) -> str:
    return "split_part(c.email_key, '@', 2)"


def clean_email(text: str) -> str:
    """An address as its key; a part of an address in small letters."""
    try:
        return normalise_email(text)[1]
    except InvalidValueError:
        return unicodedata.normalize("NFC", text.strip()).lower()


def clean_domain(text: str) -> str:
    text = text.strip().removeprefix("@")
    return normal_domain(text) or text.lower()


def clean_country(text: str) -> str:
    """A country by code or name; an unknown code of two letters is kept."""
    code = text.strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else normalise_country(text)


def clean_phone(organisation: Organisation) -> Callable[[str], str]:
    """A whole number as E.164, read as in the organisation's country; a part of one without its marks."""
    book = PhoneBook(organisation.country)

    def clean(text: str) -> str:
        try:
            return book.normalise(text)
        except InvalidValueError:
            return "".join(mark for mark in text if mark.isdigit() or mark == "+") or text

    return clean


def country_options() -> Options:
    return _named_codes(current_locale(), "territories", frozenset(country_names().values()) - NO_COUNTRIES)


def language_options() -> Options:
    return _named_codes(current_locale(), "languages", frozenset(language_names().values()))


@cache
def _named_codes(language: Locale, table: str, codes: frozenset[str]) -> Options:
    names = getattr(language, table)
    return sorted(((code, names[code]) for code in codes if code in names), key=lambda pair: pair[1])


def origin_options() -> Options:
    return Origin.choices


def country_phrase(operator: str, value: Any) -> Text | None:
    return _("in %(value)s") if operator in ("eq", "in") else None


def tags_phrase(operator: str, _value: Any) -> Text | None:
    return {
        "has_any": _("with one of the tags %(value)s"),
        "has_all": _("with the tags %(value)s"),
        "has_none": _("without the tags %(value)s"),
        "is_set": _("with at least one tag"),
        "is_not_set": _("without tags"),
    }[operator]


def text(name: str, label: Text, *, fold: bool = False, clean: Callable[[str], str] | None = None) -> RuleField:
    return RuleField(name, label, Kind.TEXT, GROUP, text_condition(column(name), fold=fold), clean=clean)


def moment(name: str, label: Text, recent: Text, not_recent: Text) -> RuleField:
    phrases = {"in_last": recent, "not_in_last": not_recent}
    condition = moment_condition(column(name))
    return RuleField(
        name, label, Kind.DATETIME, GROUP, condition, phrase=lambda operator, _value: phrases.get(operator)
    )


def choice(name: str, label: Text, options: Callable[[], Options], **more: Any) -> RuleField:
    return RuleField(name, label, Kind.CHOICE, GROUP, text_condition(column(name)), options=options, **more)


def contact_fields(organisation: Organisation) -> list[RuleField]:
    """The fields of a contact, in the order the builder offers them."""
    email: ConditionWriter = text_condition(column("email_key"))
    return [
        RuleField("email", _("E-mail"), Kind.TEXT, GROUP, email, clean=clean_email),
        RuleField(
            "email_domain",
            _("Domain of the e-mail"),
            Kind.TEXT,
            GROUP,
            text_condition(email_domain),
            clean=clean_domain,
        ),
        text("phone", _("Phone"), clean=clean_phone(organisation)),
        text("external_id", _("External id")),
        text("first_name", _("First name"), fold=True),
        text("last_name", _("Last name"), fold=True),
        choice("language", _("Language"), language_options, clean=normalise_language),
        choice("country", _("Country"), country_options, clean=clean_country, phrase=country_phrase),
        RuleField(
            "tags", _("Tags"), Kind.LIST, GROUP, tags_condition, options=tag_options(organisation), phrase=tags_phrase
        ),
        choice("origin", _("Origin"), origin_options),
        moment("created_at", _("Created"), _("added in the last %(value)s"), _("not added in the last %(value)s")),
        moment(
            "updated_at", _("Last changed"), _("changed in the last %(value)s"), _("not changed in the last %(value)s")
        ),
        moment("last_seen_at", _("Last seen"), _("seen in the last %(value)s"), _("not seen in the last %(value)s")),
    ]


def tag_options(organisation: Organisation) -> Callable[[], Options]:
    """The tags in use, read when a page asks for suggestions."""

    def read() -> Options:
        with scope(organisation=organisation):
            names = TagName.objects.filter(organisation=organisation).values_list("name", flat=True)
            return [(name, name) for name in names[:MOST_SUGGESTIONS]]

    return read


class ContactFields:
    """The family of the fields every contact has; asks the database nothing."""

    def named(self, organisation: Organisation, names: Collection[str]) -> dict[str, RuleField]:
        return {field.name: field for field in contact_fields(organisation) if field.name in names}

    def offered(self, organisation: Organisation) -> list[RuleField]:
        return contact_fields(organisation)


CONTACT_FIELD_NAMES = (
    "email",
    "email_domain",
    "phone",
    "external_id",
    "first_name",
    "last_name",
    "language",
    "country",
    "tags",
    "origin",
    "created_at",
    "updated_at",
    "last_seen_at",
)
