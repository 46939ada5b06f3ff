"""One written form for each identity and value (O-10)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email
from subscribers.contacts.values import (
    normalise_boolean,
    normalise_country,
    normalise_language,
    normalise_number,
    parse_date,
    parse_moment,
)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("  ada.lovelace+news@example.org ", "ada.lovelace+news@example.org"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("<ada@example.org>", "ada@example.org"),
        ("Ada Martin <Ada@example.org>", "ada@example.org"),
        ("ada@example.org;", "ada@example.org"),
        ("ada\u200b@example.org", "ada@example.org"),
        ("E\u0301lodie@example.org", "élodie@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_addresses_get_a_key(typed: str, key: str) -> None:
    assert normalise_email(typed)[1] == key


@pytest.mark.parametrize(
    "text",
    ["", "ada", "ada@", "@example.org", "ada@@example.org", "ada@localhost", "a b@example.org", "ada.@example.org",
     "ada@example..org", "ada@-example.org", "x" * 65 + "@example.org", "a@" + "x" * 60 + ".λ" * 60 + ".org",
     "<\u0338ada@example.org", "Ada <ada@example.org> <ben@example.org>", "ada@example.org, ben@example.org",
     "ada@[192.0.2.1]", "a\tb@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        normalise_email(text)


@pytest.mark.parametrize(
    ("country", "typed", "phone"),
    [
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("FR", "+33 (0)6 12 34 56 78", "+33612345678"),
        ("FR", "0033612345678", "+33612345678"),
        ("FR", "612345678", "+33612345678"),
        ("FR", "+49 30 123456", "+4930123456"),
        ("DE", "030 123456", "+4930123456"),
        ("US", "(202) 555-0143", "+12025550143"),
        ("IT", "06 6982", "+39066982"),
        ("BE", "0470 12 34 56", "+32470123456"),
    ],
)
def test_phones_become_e164(country: str, typed: str, phone: str) -> None:
    assert PhoneBook(country).normalise(typed) == phone


@pytest.mark.parametrize("text", ["12", "3,36E+10", "0612", "abc", "06123456789", "+33 1", "ada@example.org"])
def test_what_is_no_phone_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        PhoneBook("FR").normalise(text)


@pytest.mark.parametrize("text", ["fr", "FR", "fr-FR", "fr_FR", "French", "français", "Französisch"])
def test_languages_have_codes(text: str) -> None:
    assert normalise_language(text) == "fr"


@pytest.mark.parametrize("text", ["DE", "deu", "Germany", "Allemagne", "deutschland"])
def test_countries_have_codes(text: str) -> None:
    assert normalise_country(text) == "DE"


@pytest.mark.parametrize("normalise", [normalise_language, normalise_country, normalise_boolean])
def test_unknown_words_are_refused(normalise: object) -> None:
    with pytest.raises(InvalidValueError):
        normalise("klingon?")  # type: ignore[operator]


@pytest.mark.parametrize("text", ["2026-01-31", "31/01/2026", "31.01.2026", "2026/01/31", "2026-01-31T10:00:00Z"])
def test_dates_are_read(text: str) -> None:
    assert parse_date(text) == date(2026, 1, 31)


def test_the_month_comes_first_where_it_does() -> None:
    assert parse_date("01/31/2026", "mdy") == date(2026, 1, 31)


@pytest.mark.parametrize("text", ["31/31/2026", "2026-02-30", "yesterday", "2026", "31/01"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_date(text)


def test_a_moment_without_offset_is_of_the_organisation() -> None:
    assert parse_moment("31/01/2026 10:30", ZoneInfo("Europe/Paris")) == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert parse_moment("2026-01-31 10:30:00 +02:00", ZoneInfo("Europe/Paris")).astimezone(UTC).hour == 8


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("1234.5", True, "1234.5"),
        ("1 234,50", True, "1234.5"),
        ("1\u202f234,5", True, "1234.5"),
        ("1,234.5", False, "1234.5"),
        ("1,234", False, "1234"),
        ("1,234", True, "1.234"),
        ("-0,5", True, "-0.5"),
        ("1.234.567", True, "1234567"),
        ("100", True, "100"),
    ],
)
def test_numbers_are_read(text: str, comma: bool, number: str) -> None:
    assert normalise_number(text, comma) == number
