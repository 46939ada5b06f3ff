"""Languages, countries, dates, numbers and yes or no, as people write them in tables."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from subscribers.contacts.normalising import InvalidValueError

# Those whose speakers fill most tables of European companies; loading every language to ask it would take 100 MB.
OWN_NAMES = {
    "ar": "العربية", "bg": "български", "ca": "català", "cs": "čeština", "da": "dansk", "el": "ελληνικά",
    "et": "eesti", "fi": "suomi", "hr": "hrvatski", "hu": "magyar", "ja": "日本語", "lt": "lietuvių",
    "lv": "latviešu", "no": "norsk", "pl": "polski", "ro": "română", "ru": "русский", "sk": "slovenčina",
    "sl": "slovenščina", "sv": "svenska", "tr": "türkçe", "uk": "українська", "zh": "中文",
}  # fmt: skip
NAMING_LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")
ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
LOCAL_DATE = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,](\d{1,9}))?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?\d[\d.,'\u00a0\u202f\u2009\u2019 ]*")
GROUPING = str.maketrans("", "", "'\u00a0\u202f\u2009\u2019 ")
# What happened to a person, or was said by one, happened since; what is written as older is a slip.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
MONTH_FIRST = frozenset(("US", "PH", "FM", "MH", "PW", "GU", "PR"))
TRUE_WORDS = frozenset(
    ("true", "vrai", "yes", "oui", "y", "o", "1", "x", "ja", "sí", "si", "sim", "wahr", "on", "t", "v")
)
FALSE_WORDS = frozenset(("false", "faux", "no", "non", "n", "0", "nein", "não", "nee", "falsch", "off", "f"))


@cache
def language_names() -> dict[str, str]:
    """Every name and code of a language, in small letters, with its ISO 639-1 code."""
    names: dict[str, str] = {}
    for naming in (*NAMING_LANGUAGES, ""):
        for code, name in Locale(naming or "en").languages.items():
            if len(code) == 2:
                names.setdefault((name if naming else code).lower(), code)
                names.setdefault(code, code)
    for code, own in OWN_NAMES.items():
        names.setdefault(own, code)
    return names


@lru_cache(maxsize=10_000)
def normalise_language(text: str) -> str:
    """`fr` for fr, FR, fr-FR, fr_FR, French, français. Raises InvalidValueError."""
    text = text.strip().lower()
    names = language_names()
    code = names.get(text) or (names.get(text[:2]) if re.fullmatch(r"[a-z]{2}[-_][a-z0-9_-]{2,8}", text) else None)
    if code is None:
        raise InvalidValueError("invalid_value")
    return code


@cache
def country_names() -> dict[str, str]:
    """Every name, ISO 3166-1 alpha-2 and alpha-3 code of a country, in small letters, with its alpha-2 code."""
    names: dict[str, str] = {}
    for naming in NAMING_LANGUAGES:
        for code, name in Locale(naming).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "QO"):
                names.setdefault(name.lower(), code)
                names[code.lower()] = code
    for old, new in get_global("territory_aliases").items():
        if len(old) == 3 and old.isalpha() and len(new) == 1:
            names.setdefault(old.lower(), new[0])
    names.update({"uk": "GB", "usa": "US", "etats-unis": "US", "great britain": "GB"})
    return names


@lru_cache(maxsize=10_000)
def normalise_country(text: str) -> str:
    """`FR` for FR, fra, France, Frankreich. Raises InvalidValueError."""
    code = country_names().get(text.strip().lower())
    if code is None:
        raise InvalidValueError("invalid_value")
    return code


@lru_cache(maxsize=50_000)
def parse_date(text: str, month_first: bool = False) -> date:
    """A day from 2026-01-31, 31/01/2026 (01/31/2026 where the month comes first); a time after it is let go."""
    return parse_moment(text, UTC, month_first).date()


@lru_cache(maxsize=50_000)
def parse_moment(text: str, zone: tzinfo, month_first: bool = False) -> datetime:
    """A moment; without a time it is midnight, without an offset it is in `zone`. Raises InvalidValueError."""
    text = text.strip()
    if found := ISO_DATE.match(text):
        year, month, day = map(int, found.groups())
    elif found := LOCAL_DATE.match(text):
        day, month, year = map(int, found.groups())
        if month_first:
            day, month = month, day
    else:
        raise InvalidValueError("invalid_date")
    try:
        moment = datetime.combine(date(year, month, day), parse_clock(text[found.end() :], zone))
        moment.astimezone(UTC)  # where the calendar ends, another zone may be beyond it
    except (ValueError, OverflowError):
        raise InvalidValueError("invalid_date") from None
    return moment


def parse_clock(text: str, zone: tzinfo) -> time:
    text = text.strip().removeprefix("T").removeprefix("t").strip()
    if not text:
        return time(tzinfo=zone)
    found = CLOCK.fullmatch(text)
    if found is None:
        raise InvalidValueError("invalid_date")
    hour, minute, second, fraction, offset = found.groups()
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    offset_zone = zone
    if offset:
        normal = offset.upper().replace("UTC", "+00:00").replace("GMT", "+00:00").replace("Z", "+00:00")
        offset_zone = datetime.fromisoformat(f"2000-01-01T00:00:00{normal}").tzinfo or zone
    return time(int(hour), int(minute), int(second or 0), microsecond, offset_zone)


def normalise_number(text: str, comma_decimal: bool) -> str:
    """A JSON number from 1234.5, 1 234,5 (French), 1,234.5 (English). Raises InvalidValueError."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        raise InvalidValueError("invalid_number")
    text = text.translate(GROUPING)
    commas, dots = text.count(","), text.count(".")
    if commas and dots:
        decimal = max(",.", key=text.rfind)
    elif commas > 1 or dots > 1:
        decimal = ""
    elif commas:
        decimal = "," if comma_decimal or not re.fullmatch(r"[+-]?\d{1,3},\d{3}", text) else ""
    else:
        decimal = "."
    whole, _mark, fraction = text.partition(decimal) if decimal else (text, "", "")
    try:
        number = Decimal(f"{whole.replace(',', '').replace('.', '')}.{fraction or '0'}")
    except InvalidOperation:
        raise InvalidValueError("invalid_number") from None
    if len(text) > 30:
        raise InvalidValueError("invalid_number")
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def normalise_boolean(text: str) -> bool:
    """Yes or no, in the words of some languages. Raises InvalidValueError."""
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise InvalidValueError("invalid_value")
