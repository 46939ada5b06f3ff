"""Days, numbers and yes or no in the ways that people and tools write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.contacts.normalising import InvalidValueError
from subscribers.contacts.values import (
    guess_date_order,
    normalise_boolean,
    normalise_number,
    parse_date,
    parse_moment,
)

PARIS = ZoneInfo("Europe/Paris")
DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2026, 12, 31))
LANGUAGES = ("en", "fr", "de", "es", "it", "nl")
NUMBERED = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%Y%m%d", "%d/%m/%y")
PATTERNS = (
    "d MMMM y", "d. MMMM y", "MMMM d, y", "d MMM y", "d-MMM-yy", "EEEE d MMMM y", "EEE, dd MMM y", "MMM d, y",
    "y-MMM-d", "d 'de' MMMM 'de' y", "ddMMMy",
)  # fmt: skip


@pytest.mark.parametrize("form", NUMBERED)
@settings(deadline=None)
@given(day=DAYS)
def test_a_day_in_numbers_is_that_day(form: str, day: date) -> None:
    assert parse_date(day.strftime(form)) == day


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%m-%d-%y", "%m/%d/%Y 10:30 PM"])
@settings(deadline=None)
@given(day=DAYS)
def test_the_month_comes_first_where_that_is_said(form: str, day: date) -> None:
    assert parse_date(day.strftime(form), "mdy") == day


@settings(deadline=None)
@given(day=DAYS)
def test_the_year_comes_first_where_that_is_said(day: date) -> None:
    assert parse_date(day.strftime("%y-%m-%d"), "ymd") == day


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=20, deadline=None)
@given(day=DAYS)
def test_a_month_may_be_a_word_of_six_languages(language: str, pattern: str, day: date) -> None:
    assert parse_date(format_date(day, pattern, locale=language)) == day


@settings(deadline=None)
@given(seconds=st.integers(0, 900_000_000), milliseconds=st.integers(0, 999))
def test_a_moment_is_read_from_what_tools_write(seconds: int, milliseconds: int) -> None:
    second = datetime(2002, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    moment = second + timedelta(milliseconds=milliseconds)
    millisecond = round(moment.timestamp() * 1000)
    assert parse_moment(moment.isoformat(), PARIS) == moment
    assert parse_moment(format_datetime(second), PARIS) == second
    assert parse_moment(str(int(second.timestamp())), PARIS) == second
    assert parse_moment(str(millisecond), PARIS) == moment
    assert parse_moment(second.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"), PARIS) == second
    assert parse_moment(second.strftime("%d/%m/%Y %I:%M:%S %p UTC"), PARIS) == second
    assert parse_moment(second.strftime("%Y%m%d%H%M%S"), UTC) == second


@settings(deadline=None)
@given(day=DAYS, seconds=st.integers(0, 86_399))
def test_days_of_a_spreadsheet_are_days(day: date, seconds: int) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert parse_date(str(serial)) == day
    moment = parse_moment(f"{serial + seconds / 86_400:.8f}", UTC)
    assert abs(moment - datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(seconds=seconds)).seconds <= 1


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("31/01/2026 10:30", 10, 30),
        ("31/01/2026 à 10h30", 10, 30),
        ("31.01.2026 10.30 Uhr", 10, 30),
        ("31. Januar 2026 um 10 Uhr", 10, 0),
        ("31 gennaio 2026 alle ore 10.30", 10, 30),
        ("January 31, 2026, 10:30 p.m.", 22, 30),
        ("January 31, 2026 at 12:05 AM", 0, 5),
        ("2026-01-31 3 PM", 15, 0),
        ("samedi 31 janvier 2026 à 10h", 10, 0),
        ("2026-01-31T10:30:00.000", 10, 30),
    ],
)
def test_the_clock_is_read_too(text: str, hour: int, minute: int) -> None:
    assert parse_moment(text, PARIS) == datetime(2026, 1, 31, hour, minute, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-31T10:30:00Z", 10),
        ("2026-01-31 10:30:00 +02:00", 8),
        ("2026-01-31 10:30:00+02", 8),
        ("Sat Jan 31 2026 10:30:00 GMT+0100 (Central European Standard Time)", 9),
        ("Sat Jan 31 10:30:00 CET 2026", 9),
        ("2026-01-31T10:30:00+01:00[Europe/Paris]", 9),
        ("31/01/2026 10:30 EST", 15),
    ],
)
def test_a_zone_that_is_said_counts(text: str, hour: int) -> None:
    assert parse_moment(text, PARIS) == datetime(2026, 1, 31, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "31/31/2026", "2026-02-30", "2026", "31/01", "mars", "3 mars", "06 12 34 56 78", "0612345678",
     "+33612345678", "192.0.2.1", "10:30", "3 mars 2026 4", "2026-01-31 25:00", "31/01/2026 13 PM", "99999", "12", ""],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_date(text)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_days(text: str) -> None:
    try:
        parse_moment(text, PARIS)
    except InvalidValueError as error:
        assert str(error) == "invalid_date"


@pytest.mark.parametrize(
    ("values", "order", "sure"),
    [
        (["01/02/2026", "03/04/2026"], "", False),
        (["01/02/2026", "13/04/2026"], "dmy", True),
        (["01/02/2026", "04/13/2026"], "mdy", True),
        (["13/02/2026", "02/13/2026"], "dmy", False),
        (["01.02.2026"], "dmy", True),
        (["99-12-31", "03-04-05"], "ymd", True),
        (["2026-02-01", "3 mars 2026", "03/03/2026", ""], "", True),
    ],
)
def test_the_order_of_a_column_shows_in_its_values(values: list[str], order: str, sure: bool) -> None:
    assert guess_date_order(values) == (order, sure)


@settings(deadline=None)
@given(days=st.lists(DAYS, min_size=1, max_size=20), order=st.sampled_from(["dmy", "mdy"]))
def test_an_order_that_is_sure_is_the_right_one(days: list[date], order: str) -> None:
    form = "%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"
    guessed, sure = guess_date_order(day.strftime(form) for day in days)
    assert not sure or guessed in (order, "")


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("1 234,50 €", True, "1234.5"),
        ("€ 1.234,50", True, "1234.5"),
        ("1.234,50 EUR", True, "1234.5"),
        ("$1,234.50", False, "1234.5"),
        ("-$5", False, "-5"),
        ("CHF 1'234.50", True, "1234.5"),
        ("1\u2019234.50", True, "1234.5"),
        ("12 %", True, "12"),
        ("(1,234)", False, "-1234"),
        ("1234-", True, "-1234"),
        ("\u22125", True, "-5"),
        ("12,34,567", False, "1234567"),
        (".5", True, "0.5"),
        ("1.5E+10", True, "15000000000"),
        ("007", True, "7"),
        ("-0", True, "0"),
    ],
)
def test_numbers_have_the_marks_of_their_country(text: str, comma: bool, number: str) -> None:
    assert normalise_number(text, comma) == number


@pytest.mark.parametrize(
    "text", ["06 12 34 56", "1.2.3.4", "1,2,3", "12:30", "5 apples", "1.234,5.6", "1'23", "5€€", "--5", "", "9" * 40]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        normalise_number(text, True)


@settings(deadline=None)
@given(number=st.integers(-(10**12), 10**12), cents=st.integers(1, 99), comma=st.booleans())
def test_a_number_is_the_same_in_french_and_english(number: int, cents: int, comma: bool) -> None:
    plain = f"{number}.{cents:02d}".rstrip("0")
    english = f"{number:,}.{cents:02d}"
    french = english.replace(",", "\u202f").replace(".", ",")
    german = english.replace(",", ";").replace(".", ",").replace(";", ".")
    assert {normalise_number(text, comma) for text in (english, french, german)} == {plain}


@pytest.mark.parametrize("text", "yes OUI vrai Ja j sí sì wahr vero verdadero waar true x 1 1.0 ✓".split())
def test_yes_has_many_words(text: str) -> None:
    assert normalise_boolean(text) is True


@pytest.mark.parametrize("text", "no NON faux nein nee falsch falso onwaar false 0 0,0 off ✗".split())
def test_no_has_many_words(text: str) -> None:
    assert normalise_boolean(text) is False
