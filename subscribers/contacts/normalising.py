"""One written form for each identity and value: what two writings of the same thing have in common (O-10).

**The rule for e-mail keys, version 1.** Strip white space and invisible marks; Unicode NFC; the domain in IDNA 2008
A-labels and small letters; the local part in small letters (`str.lower`, after NFC). Dots and `+tags` stay: whether
they matter is the mailbox provider's secret. Phones are E.164. Change the rule only with a new version number, a
rewrite of the stored keys, and look-ups by both until that is done.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

EMAIL_RULE_VERSION = 1
LONGEST_EMAIL = 254
KNOWN_DOMAINS = 200_000

INVISIBLE = re.compile("[\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad]")
# What nearly every local part looks like; anything else goes through email-validator.
ORDINARY_LOCAL = re.compile(r"[A-Za-z0-9_+\-]+(?:\.[A-Za-z0-9_+\-]+)*").fullmatch
# As mail programs copy it: `Ada Martin <ada@example.org>`.
NAMED_ADDRESS = re.compile(r"[^<>]*<([^<>\s]+)>").fullmatch
PHONE_MARKS = str.maketrans("", "", " .-()/\u00a0\u202f\u2009\u2011\u200e\u202a\u202c")
KINDS = ("fixed_line", "mobile", "voip", "shared_cost", "toll_free", "premium_rate", "personal_number", "pager", "uan")
CALLING_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
# The `fullmatch` of a pattern: text and the place to start at.
Matcher = Callable[..., re.Match[str] | None]
E164 = re.compile(r"\+[1-9]\d{6,14}").fullmatch


class InvalidValueError(ValueError):
    """A value that has no normal form; the message is a reject code of imports."""


class InvalidEmailError(InvalidValueError):
    def __init__(self) -> None:
        super().__init__("invalid_email")


class InvalidPhoneError(InvalidValueError):
    def __init__(self) -> None:
        super().__init__("invalid_phone")


class DomainBook:
    """The domains met so far and their normal form, None for those that are none: a file has few of them."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    @property
    def met(self) -> Callable[[str], str | None]:
        """The normal form of a domain that was met before, and None of any other."""
        return self._known.get

    def key_of(self, domain: str) -> str | None:
        try:
            return self._known[domain]
        except KeyError:
            if len(self._known) >= KNOWN_DOMAINS:
                self._known.clear()
            self._known[domain] = key = normal_domain(domain)
            return key


domains = DomainBook()


def normal_domain(domain: str) -> str | None:
    """A domain in IDNA A-labels and small letters, or None when no mail can go there."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError:
        return None


def normalise_email(text: str, book: DomainBook = domains) -> tuple[str, str]:
    """The address as typed, tidied, and its key (rule v1). Raises InvalidEmailError."""
    address = text.strip()
    local, at, domain = address.rpartition("@")
    if not at:
        raise InvalidEmailError
    if ORDINARY_LOCAL(local) and len(local) <= 64:
        key = book.key_of(domain)
        if key is not None and len(local) + 1 + len(key) <= LONGEST_EMAIL:
            return address, f"{local.lower()}@{key}"
    return unusual_email(address)


def unusual_email(text: str) -> tuple[str, str]:
    """The thorough way: `mailto:`, `Name <address>`, any Unicode local part (RFC 6531), no quoted ones."""
    text = INVISIBLE.sub("", text).strip().rstrip(",;.")
    text = text[7:] if text[:7].lower() == "mailto:" else text
    named = NAMED_ADDRESS(text)
    text = named[1] if named else text
    try:
        valid = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise InvalidEmailError from None
    if valid.ascii_domain is None:
        raise InvalidEmailError
    key = f"{valid.local_part.lower()}@{valid.ascii_domain.lower()}"
    if len(key.encode()) > LONGEST_EMAIL:  # in octets, as it travels
        raise InvalidEmailError
    return unicodedata.normalize("NFC", text), key


class PhoneBook:
    """Phone numbers as people of one country write them, to E.164."""

    def __init__(self, country: str) -> None:
        self.country = country.upper()
        self._prefix, self._code, self._national = ordinary_numbers(self.country)

    def normalise(self, text: str) -> str:
        """A number in E.164, or InvalidPhoneError. Plain national and international writings take the short way."""
        digits = text.translate(PHONE_MARKS)
        if is_international(digits):
            return digits
        if self._national is not None:
            start = self._code if digits.startswith(self._code) else self._prefix
            if digits.startswith(start) and len(digits) > 5 and digits[:2] != "00":
                if self._national(digits, len(start)):
                    return self._code + digits[len(start) :]
                if digits[1:].isdecimal() and digits.isascii() and digits[len(start)] != self._prefix:
                    raise InvalidPhoneError
        return self._unusual(text)

    def _unusual(self, text: str) -> str:
        text = INVISIBLE.sub("", text).strip()
        text = f"+{text[2:]}" if text.startswith("00") and len(text) > 9 else text
        try:
            number = phonenumbers.parse(text, self.country)
        except phonenumbers.NumberParseException:
            raise InvalidPhoneError from None
        if number.extension or not phonenumbers.is_valid_number(number) or re.search("[A-Za-z@]", text):
            raise InvalidPhoneError
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_international(text: str) -> bool:
    """Is this `+` and digits a number of a country with ordinary customs? False does not mean that it is none."""
    if text[:1] != "+":
        return False
    width = 3 if text[1:3] in CALLING_CODES else 4 if text[1:4] in CALLING_CODES else 2
    matches = international_numbers(text[1:width])
    return matches is not None and matches(text, width) is not None


@cache
def international_numbers(code: str) -> Matcher | None:
    """The matcher of what follows a calling code, None where a trunk prefix may follow it, too."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)] if code in CALLING_CODES else [""]
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(regions[0], None)
    if metadata is None or metadata.leading_digits or code in ("1", "7"):
        return None
    prefix = metadata.national_prefix_for_parsing
    return number_matcher(metadata) if prefix in (None, "0") else None


def number_matcher(metadata: phonenumbers.PhoneMetadata) -> Matcher:
    patterns = [
        kind.national_number_pattern
        for kind in (getattr(metadata, name) for name in KINDS)
        if kind is not None and kind.national_number_pattern
    ]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.ASCII).fullmatch


@lru_cache(maxsize=300)
def ordinary_numbers(country: str) -> tuple[str, str, Matcher | None]:
    """Trunk prefix, `+code`, and the matcher of what follows either; no matcher for countries with other customs."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if metadata is None or not metadata.national_prefix or metadata.leading_digits:
        return "", "", None
    if metadata.national_prefix_for_parsing != metadata.national_prefix or metadata.country_code in (1, 7):
        return "", "", None
    return metadata.national_prefix, f"+{metadata.country_code}", number_matcher(metadata)
