"""Days and moments as people and tools write them in tables.

Read are ISO 8601 and RFC 2822 with their relatives, days with the month as a number or as a word of six languages,
and the bare numbers of tools: 20260303, days of a spreadsheet, seconds and milliseconds of Unix. A format in which a
day could be two days is read by the order that the file, or the country, has.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache

from babel import Locale

from subscribers.contacts.normalising import InvalidValueError

# What happened to a person, or was said by one, happened since; what is written as older is a slip.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
MONTH_FIRST = frozenset(("US", "PH", "FM", "MH", "PW", "GU", "PR"))
DAY_FIRST_ORDER, MONTH_FIRST_ORDER, YEAR_FIRST_ORDER = "dmy", "mdy", "ymd"
SPOKEN = ("en", "fr", "de", "es", "it", "nl", "pt")
# Tools write these where there is no date.
NO_DATES = frozenset(("0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000", "0001-01-01 00:00:00"))

QUICK = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d))?)?").fullmatch
YEAR_LAST = re.compile(r"(\d{1,2})\s?([-/. ])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d:])")
YEAR_FIRST = re.compile(r"(\d{4})\s?([-/. ])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)")
OFFSETS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "mez": 60, "cest": 120,
    "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420,
    "mdt": -360, "pst": -480, "pdt": -420,
}  # fmt: skip
ZONE_NAME = rf"\b(?:{'|'.join(OFFSETS)})\b"
# A zone may be said twice (Go: `+0000 UTC`), or explained (JavaScript: `GMT+0100 (CET)`, Java: `[Europe/Paris]`).
CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)?"
    rf"\s*(?P<zone>(?:{ZONE_NAME}|(?<=\d)z\b)?(?:\s*[+-]\d\d(?::?\d\d)?\b)?)"
    rf"(?:\s*(?:{ZONE_NAME}|\[[\w/]+\]|\([^)]*\)))?"
)
# Other ways to write a time, and how they are rewritten: `10h30`, `10 Uhr`, `10.30`, `3 PM`.
CLOCK_WORDS = (
    (re.compile(r"\b(?:at|a|um|alle ore|alle|a las|las|om|ore)\s+(?:(\d{1,2})\.(?=\d\d\b))"), r"\1:"),
    (re.compile(r"\b(?:at|a|um|alle ore|alle|a las|las|om|ore)\s+(?=\d{1,2}\s?[:h])"), ""),
    (re.compile(r"\b(\d{1,2})\s?h(?:eures?)?\s?(\d\d)\b(?:\s?m(?:in)?\b)?"), r"\1:\2"),
    (re.compile(r"\b(\d{1,2})\s?(?:h|uhr|uur|heures?)\b"), r"\1:00"),
    (re.compile(r"(:\d\d)\s?(?:h|uhr|uur)\b"), r"\1"),
    (re.compile(r"\b(\d{1,2})\s?([ap])\.?\s?m\b\.?"), r"\1:00 \2m"),
    (re.compile(r"^(\d{1,2})\.(\d\d)(?:\.(\d\d))?\b"), r"\1:\2"),
)
FILLERS = frozenset("le de del den der el il the of at a um alle ore las os o om op am on do d dia kl t".split())
ORDINALS = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|ers?|eme|o|a|e)\b")
EXCEL_START = datetime(1899, 12, 30)  # noqa: DTZ001 the clock of a spreadsheet has no zone
EXCEL_SERIAL = re.compile(r"([1-6]\d{4})(?:[.,](\d{1,15}))?")
DIGITS = re.compile(r"\d{8}|\d{10}|\d{12,14}|\d{16}")


@lru_cache(maxsize=50_000)
def parse_date(text: str, order: str = DAY_FIRST_ORDER) -> date:
    """A day; a time after it is let go. Raises InvalidValueError."""
    return parse_moment(text, UTC, order).date()


def parse_moment(text: str, zone: tzinfo, order: str = DAY_FIRST_ORDER) -> datetime:
    """A moment; without a time it is midnight, without an offset it is in `zone`. Raises InvalidValueError.

    `order` says how 03/04/2026 and 03/04/26 are meant: `dmy`, `mdy`, `ymd`.
    """
    text = text.strip()
    try:
        moment = iso_moment(text) if text[4:5] == "-" else quick_moment(text, order)
        moment = moment or any_moment(text, order)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if not 1 < moment.year < 9999:
            moment.astimezone(UTC)  # where the calendar ends, another zone may be beyond it
    except (ValueError, OverflowError):
        raise InvalidValueError("invalid_date") from None
    return moment


def iso_moment(text: str) -> datetime | None:
    """The short way for what most tools write."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def quick_moment(text: str, order: str) -> datetime | None:
    """The short way for what most people write, 31/01/2026 10:30. Raises ValueError where it is no day."""
    found = QUICK(text)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups("0")
    if order == MONTH_FIRST_ORDER:
        day, month = month, day
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 the caller's


def any_moment(text: str, order: str) -> datetime:
    """Raises ValueError."""
    text = text.strip("'\"\u200e\u200f ").replace("\u00a0", " ").replace("\u202f", " ")
    bare = bare_number(text)
    if bare:
        return bare
    text = (text if text.isascii() else plain(text)).lower()
    words = re.match(r"([a-z]{2,10})\.?,?\s+(?=\d)", text)
    numeric = text[words.end() :] if words and words[1] in weekday_names() else text
    if found := YEAR_FIRST.match(numeric):
        day = date(int(found[1]), int(found[3]), int(found[4]))
    elif found := YEAR_LAST.match(numeric):
        day = ordered_day(found[1], found[3], found[4], order)
    else:
        return worded_moment(text, order)
    return datetime.combine(day, parse_clock(numeric[found.end() :]))


def ordered_day(first: str, second: str, third: str, order: str) -> date:
    """A day from three numbers; a year of four digits says itself where it stands."""
    if len(third) == 4 or order != YEAR_FIRST_ORDER:
        day, month = (second, first) if order == MONTH_FIRST_ORDER else (first, second)
        return date(full_year(third), int(month), int(day))
    return date(full_year(first), int(second), int(third))


def full_year(text: str) -> int:
    """A year of two digits lies in the hundred years that end with the next one."""
    year = int(text)
    if len(text) > 2:
        return year
    newest = datetime.now(UTC).year + 1
    return newest - (newest - year) % 100


def bare_number(text: str) -> datetime | None:
    """Digits and nothing else: a day without marks, a day of a spreadsheet, or a moment of Unix."""
    if not text[:1].isdecimal():
        return None
    if found := EXCEL_SERIAL.fullmatch(text):
        days = timedelta(days=int(found[1]), seconds=round(float(f"0.{found[2] or 0}") * 86_400))
        return EXCEL_START + days
    if not DIGITS.fullmatch(text):
        return None
    if len(text) in (8, 12, 14) and text[:2] in ("19", "20"):
        return datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 the caller's zone
    scale = {10: 1, 13: 1000, 16: 1_000_000}.get(len(text)) if text[0] in "12" else None
    return datetime.fromtimestamp(int(text) / scale, UTC) if scale else None


def worded_moment(text: str, order: str) -> datetime:
    """A day whose month is a word: `3 mars 2026`, `March 3rd, 2026`, `Tue, 03 Mar 2026 10:11:12 +0100`."""
    text = with_colons(text)
    clock = CLOCK.search(text)
    rest = f"{text[: clock.start()]} {text[clock.end() :]}" if clock else text
    pieces = re.findall(r"[a-z]+|\d+", ORDINALS.sub(r"\1", rest))
    numbers = [piece for piece in pieces if piece.isdecimal()]
    words = [piece for piece in pieces if not piece.isdecimal()]
    months = [word for word in words if word in month_names()]
    if len(numbers) != 2 or not months or (len(months) > 1 and months[0] not in weekday_names()):
        raise ValueError
    others = [word for word in words if word not in months]
    if any(word not in weekday_names() and word not in FILLERS for word in others):
        raise ValueError
    day, year = numbers
    if len(day) == 4 or (order == YEAR_FIRST_ORDER and len(year) < 3):
        day, year = year, day
    if len(day) > 2 or len(year) not in (2, 4):
        raise ValueError
    return datetime.combine(date(full_year(year), month_names()[months[-1]], int(day)), time_of(clock))


def parse_clock(text: str) -> time:
    """The time that follows a day, or midnight. Raises ValueError."""
    text = text.strip(" ,").removeprefix("t").strip(" -,")
    if not text:
        return time()
    found = CLOCK.fullmatch(text) or CLOCK.fullmatch(with_colons(text))
    if found is None:
        raise ValueError
    return time_of(found)


def with_colons(text: str) -> str:
    """The same text, its time written `10:30` and without the words before it."""
    for pattern, rewritten in CLOCK_WORDS:
        text = pattern.sub(rewritten, text)
    return text


def time_of(clock: re.Match[str] | None) -> time:
    if clock is None:
        return time()
    hour = int(clock["hour"])
    if clock["half"]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if clock["half"] == "p" else 0)
    microsecond = int((clock["part"] or "0")[:6].ljust(6, "0"))
    return time(hour, int(clock["minute"] or 0), int(clock["second"] or 0), microsecond, offset_of(clock["zone"] or ""))


def offset_of(zone: str) -> tzinfo | None:
    """`+0100`, `CET`, `UTC+01:00`; None where nothing is said."""
    found = re.search(r"([+-])(\d\d):?(\d\d)?", zone)
    if found:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    name = zone.strip()
    return timezone(timedelta(minutes=OFFSETS[name])) if name else None


def plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@cache
def month_names() -> dict[str, int]:
    """Names and abbreviations of months in the languages that are understood, without accents and dots."""
    names = {"maerz": 3, "mrz": 3, "jaenner": 1, "janner": 1, "sept": 9, "fev": 2, "juill": 7, "gennaio": 1}
    for language in SPOKEN:
        months = Locale(language).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {plain(name).lower().strip(". "): number for number, name in months[form][width].items()}
    return names


@cache
def weekday_names() -> frozenset[str]:
    names = set()
    for language in SPOKEN:
        days = Locale(language).days
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {plain(name).lower().strip(". ").split("-")[0] for name in days[form][width].values()}
    return frozenset(names)


def guess_date_order(values: Iterable[str]) -> tuple[str, bool]:
    """How the days of a column are written, and whether that is sure: `dmy`, `mdy`, `ymd`, or "" when it is open.

    ("", True) when the order does not matter: no value leaves it open. One that is like 25/03/2026 settles it.
    """
    votes: Counter[str] = Counter()
    for value in values:
        possible = possible_orders(value)
        if len(possible) > 1:
            votes["open"] += 1
        elif possible:
            votes[possible[0]] += 1
    is_open = votes.pop("open", 0)
    if not votes:
        return "", not is_open
    (order, count), *others = votes.most_common()
    return order, not others or count > 20 * sum(count for _order, count in others)


def possible_orders(value: str) -> list[str]:
    """The orders that give different days for a value; none where it is no such date, or every order gives the same."""
    found = YEAR_LAST.match(value.strip())
    if not found:
        return []
    days = {order: day_or_none(found, order) for order in (DAY_FIRST_ORDER, MONTH_FIRST_ORDER, YEAR_FIRST_ORDER)}
    if days[DAY_FIRST_ORDER] and (found[2] == "." or not days[MONTH_FIRST_ORDER]):
        return [DAY_FIRST_ORDER]  # with dots nobody writes the month first
    if days[DAY_FIRST_ORDER]:
        return [DAY_FIRST_ORDER, MONTH_FIRST_ORDER] if days[DAY_FIRST_ORDER] != days[MONTH_FIRST_ORDER] else []
    return [order for order in (MONTH_FIRST_ORDER, YEAR_FIRST_ORDER) if days[order]][:1]


def day_or_none(found: re.Match[str], order: str) -> date | None:
    try:
        return ordered_day(found[1], found[3], found[4], order)
    except ValueError:
        return None
