"""What somebody typed into the search box, as look-ups of identities. Pure."""

from __future__ import annotations

from typing import Any

from subscribers.contacts import sql
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email

LEAST_DIGITS = 4


def prefix(text: str) -> str:
    """A LIKE pattern for everything that begins with this text."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def search_statement(text: str, *, country: str) -> tuple[str, dict[str, Any]]:
    """The SELECT that finds the ids of the people meant, and its parameters besides organisation and ``most``.

    With an @ it is an e-mail address or its beginning. Otherwise an external id, a phone number, a last name or the
    beginning of one, a first and a last name, or the beginning of an e-mail address.
    """
    text = text.strip()
    if "@" in text:
        return sql.BY_EMAIL, {"email": prefix(email_beginning(text))}
    branches = [sql.BY_EXTERNAL_ID, sql.BY_LAST_NAME]
    parameters: dict[str, Any] = {"external_id": prefix(text), "last_name": prefix(text)}
    if phone := phone_beginning(text, country):
        branches.append(sql.BY_PHONE)
        parameters["phone"] = prefix(phone)
    words = text.split()
    if len(words) == 1:
        branches.append(sql.BY_EMAIL)
        parameters["email"] = prefix(text.lower())
    else:
        branches += [sql.BY_FULL_NAME, swapped_names()]
        parameters |= {"given": prefix(words[0]), "family": prefix(" ".join(words[1:]))}
        parameters |= {"swapped_family": prefix(" ".join(words[:-1])), "swapped_given": prefix(words[-1])}
    return "\nUNION\n".join(branches), parameters


def swapped_names() -> str:
    """Last name first, as lists write it."""
    return sql.BY_FULL_NAME.replace("%(family)s", "%(swapped_family)s").replace("%(given)s", "%(swapped_given)s")


def email_beginning(text: str) -> str:
    """A whole address in its normal form, else the beginning as typed in small letters."""
    try:
        return normalise_email(text)[1]
    except InvalidValueError:
        return text.lower()


def phone_beginning(text: str, country: str) -> str:
    """The number in E.164, or the digits typed so far when they come with a country; empty for what is no number."""
    digits = "".join(mark for mark in text if mark.isdigit())
    if len(digits) < LEAST_DIGITS or any(mark.isalpha() for mark in text):
        return ""
    try:
        return PhoneBook(country).normalise(text)
    except InvalidValueError:
        return f"+{digits}" if text.startswith("+") else ""
