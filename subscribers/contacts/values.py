"""Languages, countries, numbers and yes or no, as people write them in tables; days are in `dates`."""

import re
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from subscribers.contacts.dates import EARLIEST, MONTH_FIRST, guess_date_order, parse_date, parse_moment
from subscribers.contacts.normalising import InvalidValueError

__all__ = [
    "EARLIEST", "MONTH_FIRST", "country_names", "guess_date_order", "is_nothing", "language_names",
    "normalise_boolean", "normalise_country", "normalise_language", "normalise_number", "parse_date", "parse_moment",
]  # fmt: skip

# Those whose speakers fill most tables of European companies; loading every language to ask it would take 100 MB.
OWN_NAMES = {
    "ar": "العربية", "bg": "български", "ca": "català", "cs": "čeština", "da": "dansk", "el": "ελληνικά",
    "et": "eesti", "fi": "suomi", "hr": "hrvatski", "hu": "magyar", "ja": "日本語", "lt": "lietuvių",
    "lv": "latviešu", "no": "norsk", "pl": "polski", "ro": "română", "ru": "русский", "sk": "slovenčina",
    "sl": "slovenščina", "sv": "svenska", "tr": "türkçe", "uk": "українська", "zh": "中文",
}  # fmt: skip
NAMING_LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")
SPACES = str.maketrans("\u00a0\u202f\u2009\u2019\u2212", "   '-")
CURRENCIES = r"(?:[€$£¥%‰₣]|(?:EUR|USD|GBP|CHF|Euros?|Fr|kr|SEK|NOK|DKK|PLN|zł|Kč)\b\.?)"
NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s?(?:{CURRENCIES}\s?)?(?P<inner>[+-]?)"
    r"(?:(?P<digits>\d[\d.,' ]*|[.,]\d+)|\((?P<bracketed>\d[\d.,' ]*)\))"
    rf"(?P<power>e[+-]?\d{{1,2}})?(?P<last>-?)\s?{CURRENCIES}?",
    re.IGNORECASE,
).fullmatch
GROUPED = re.compile(r"\d{1,3}(?:([ ',.])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}")
TRUE_WORDS = frozenset(
    "true vrai vraie yes oui y o 1 x ja j sí sì si s sim wahr richtig on t v vero verdadero waar w checked ✓ ✔ ☑"
    " 1.0 1,0 1.00 1,00".split()
)
FALSE_WORDS = frozenset(
    "false faux fausse no non n 0 nein não nee neen falsch off f falso onwaar unchecked ✗ ✘ ☐ 0.0 0,0 0.00 0,00".split()
)
NOTHING = frozenset(
    ("", "null", "(null)", "n/a", "#n/a", "#null!", "none", "nil", "nan", "-", "--", "—", r"\n", "undefined")
)


@cache
def language_codes() -> frozenset[str]:
    """ISO 639-1: most tables hold nothing else, and names in seven languages take a while to load."""
    return frozenset(code for code in map(str, Locale("en").languages) if len(code) == 2)


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
    if text in language_codes():
        return text
    names = language_names()
    code = names.get(text) or (names.get(text[:2]) if re.fullmatch(r"[a-z]{2}[-_][a-z0-9_-]{2,8}", text) else None)
    if code is None:
        raise InvalidValueError("invalid_value")
    return code


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2, in small letters."""
    return frozenset(code.lower() for code in map(str, Locale("en").territories) if is_country(code))


def is_country(code: str) -> bool:
    """Is it one of the territories' codes, not a region's or a union's?"""
    return len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "QO")


@cache
def country_names() -> dict[str, str]:
    """Every name, ISO 3166-1 alpha-2 and alpha-3 code of a country, in small letters, with its alpha-2 code."""
    names: dict[str, str] = {}
    for naming in NAMING_LANGUAGES:
        for code, name in Locale(naming).territories.items():
            if is_country(code):
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
    text = text.strip().lower()
    code = text.upper() if text in country_codes() else country_names().get(text)
    if code is None:
        raise InvalidValueError("invalid_value")
    return code


def normalise_number(text: str, comma_decimal: bool) -> str:
    """A JSON number from 1234.5, 1 234,50 € (French), $1,234.5 (English), 1'234.50 CHF (Swiss), 12 %.

    A percentage is the number before its sign. Raises InvalidValueError.
    """
    body = text.strip()
    if body.isdecimal() and body.isascii() and len(body) < 16:
        return str(int(body))
    found = NUMBER(body.translate(SPACES))
    if found is None or (found["sign"] and found["inner"]) or len(body) > 36 or len(re.sub(r"\D", "", body)) > 30:
        raise InvalidValueError("invalid_number")
    digits = found["digits"] or found["bracketed"]
    whole, fraction = whole_and_fraction(digits.strip(), comma_decimal)
    minus = "-" in (found["sign"], found["inner"], found["last"]) or found["bracketed"]
    try:
        number = Decimal(f"{'-' if minus else ''}{whole}.{fraction or 0}{found['power'] or ''}")
    except InvalidOperation:
        raise InvalidValueError("invalid_number") from None
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def whole_and_fraction(digits: str, comma_decimal: bool) -> tuple[str, str]:
    """The digits before and after the decimal mark; those before it may stand in groups of three."""
    commas, dots = digits.count(","), digits.count(".")
    if commas and dots:
        decimal = max(",.", key=digits.rfind)
    elif commas == 1:
        decimal = "," if comma_decimal or not GROUPED.fullmatch(digits) else ""
    else:
        decimal = "." if dots == 1 else ""
    whole, _mark, fraction = digits.rpartition(decimal) if decimal else (digits, "", "")
    if fraction and not fraction.isdecimal():
        raise InvalidValueError("invalid_number")
    if not (whole.isdecimal() or not whole or GROUPED.fullmatch(whole)) or (decimal and decimal in whole):
        raise InvalidValueError("invalid_number")
    return re.sub(r"\D", "", whole) or "0", fraction


def normalise_boolean(text: str) -> bool:
    """Yes or no, in the words of some languages. Raises InvalidValueError."""
    word = text.strip().casefold()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise InvalidValueError("invalid_value")


def is_nothing(text: str) -> bool:
    """Do tools write this into a cell that holds nothing?"""
    return text.strip().casefold() in NOTHING
