"""Numbers and dates follow the reader's language."""

from datetime import UTC, date, datetime

from django.utils import timezone, translation

from portal.ui import numbers


def test_digits_are_grouped_by_language() -> None:
    assert numbers.number(1234567) == "1,234,567"
    with translation.override("fr"):
        assert numbers.number(1234567) == "1\u202f234\u202f567"


def test_big_numbers_are_shortened() -> None:
    assert numbers.compact(1_234_567) == "1.2M"
    with translation.override("fr"):
        assert numbers.compact(12_400) == "12,4\xa0k"


def test_a_share_of_nothing_is_a_dash() -> None:
    assert numbers.percent_of(1, 0) == numbers.NO_VALUE
    assert numbers.percent_of(1, 8) == "12.5\u202f%"


def test_days_are_written_as_europeans_do() -> None:
    assert numbers.day(date(2026, 11, 3)) == "3 Nov 2026"
    with translation.override("fr"):
        assert numbers.day(date(2026, 11, 3)) == "3 nov. 2026"


def test_a_moment_is_shown_in_the_active_time_zone() -> None:
    with timezone.override("Europe/Paris"):
        html = str(numbers.moment(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)))
    assert "2 Jul 2026, 00:30" in html
    assert 'datetime="2026-07-01T22:30:00+00:00"' in html


def test_durations_are_short() -> None:
    assert numbers.duration(45.2) == "45 s"
    assert numbers.duration(125) == "2 min 5 s"
    assert numbers.duration(3 * 3600 + 12 * 60) == "3 h 12 min"


def test_days_left_count_down_and_past() -> None:
    assert numbers.days_left(1) == "1 day left"
    assert numbers.days_left(0) == "today"
    assert numbers.days_left(-3) == "3 days late"


def test_a_masked_address_gives_nothing_away() -> None:
    assert numbers.masked("ada.martin@example.org") == "a•••@e•••.org"
    assert numbers.masked("+33612345678") == "+33 • •• 78"
    assert numbers.masked("") == numbers.NO_VALUE
