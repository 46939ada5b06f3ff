"""What was sent, as a form or as JSON, to an answer; everything wrong is told at once, at its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from consent.children.errors import SameAddressError
from consent.children.rules import OVER, UNDER
from consent.collection.documents import BASICS, Document, choice_key
from consent.collection.errors import NothingChosenError
from consent.purposes.errors import UnknownPurposeError
from portal.channels import Channel
from portal.errors import FieldProblem
from portal.organisations.models import Organisation
from subscribers.contacts.normalising import InvalidValueError, PhoneBook, normalise_email
from subscribers.contacts.rules import DETAILS, single_line
from subscribers.fields.queries import field_readers
from subscribers.fields.values import Customs

LONGEST_VALUE = 500
HONEYPOT = "website"
REQUIRED = _("This is needed.")


@dataclass
class Submission:
    """As it came: plain text, nothing believed yet."""

    given: dict[str, str] = field(default_factory=dict)
    yes: list[str] = field(default_factory=list)
    no: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.given.get(name, "").strip()


def from_form(posted: Any, words: Document) -> Submission:
    """A form as a browser sends it: ``choice`` for each box, ``answer.<key>`` for each yes or no."""
    given = {name: plain(posted.get(name, "")) for name in posted}
    found = Submission(given=given)
    if words["yes"]:
        for name, value in given.items():
            if name.startswith("answer."):
                (found.yes if value == "yes" else found.no if value == "no" else []).append(
                    name.removeprefix("answer.")
                )
    else:
        found.yes = [str(key) for key in posted.getlist("choice")]
    return found


def from_json(body: Mapping[str, Any]) -> Submission:
    """JSON: ``choices`` are keys (``newsletter-email``) or ``{purpose, channel, answer: yes|no}``."""
    found = Submission()
    for name, value in body.items():
        if name == "attributes" and isinstance(value, dict):
            found.given |= {f"attributes.{key}": plain(each) for key, each in value.items() if each is not None}
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found.given[name] = plain(value)
    choices = body.get("choices", body.get("consents", []))
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict):
            key = choice_key(str(choice.get("purpose", "")), str(choice.get("channel", Channel.EMAIL)))
            (found.no if choice.get("answer") == "no" else found.yes).append(key)
        else:
            found.yes.append(str(choice))
    return found


def plain(value: object) -> str:
    """Text that UTF-8 can hold, of a length somebody can have typed."""
    return str(value)[: LONGEST_VALUE * 4].encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Read:
    """A submission that is sound: addresses in their normal form."""

    email: str
    phone: str
    values: dict[str, Any]
    yes: list[str]
    no: list[str]
    age: str
    parent: str


def read_submission(
    organisation: Organisation, document: Document, words: Document, sent: Submission
) -> tuple[Read | None, list[FieldProblem]]:
    """The sound answer, or what is wrong with it. Raises ``unknown_purpose`` for a choice the form does not offer."""
    known = [choice["key"] for choice in words["choices"]]
    if any(key not in known for key in (*sent.yes, *sent.no)):
        raise UnknownPurposeError("choices")
    problems: list[FieldProblem] = []
    email = read_email(sent.text("email"), "email", problems)
    phone, values = read_fields(organisation, words, sent, problems)
    yes = [key for key in known if key in sent.yes]
    no = [key for key in known if key in sent.no and key not in yes]
    if not yes and not no:
        problems.append(FieldProblem(("choices",), NothingChosenError.code, NothingChosenError.title))
    if needs_phone(words, yes) and not phone and not any(problem.loc == ("phone",) for problem in problems):
        problems.append(FieldProblem(("phone",), "required", _("For SMS and calls we need your number.")))
    age, parent = read_age(document, sent, email, problems)
    if problems:
        return None, problems
    return Read(email, phone, values, yes, no, age, parent), []


def read_email(text: str, name: str, problems: list[FieldProblem]) -> str:
    if not text:
        problems.append(FieldProblem((name,), "required", REQUIRED))
        return ""
    try:
        return normalise_email(text)[0]
    except InvalidValueError:
        problems.append(FieldProblem((name,), "invalid_email", DETAILS["invalid_email"]))
        return ""


def read_fields(
    organisation: Organisation, words: Document, sent: Submission, problems: list[FieldProblem]
) -> tuple[str, dict[str, Any]]:
    """The phone and the other values the form asks for; anything else that was sent is not even looked at."""
    phone, values, attributes = "", {}, {}  # type: str, dict[str, Any], dict[str, Any]
    declared = any(asked["name"] not in BASICS for asked in words["fields"])
    with scope(organisation=organisation):
        readers = field_readers(Customs(zone=organisation.zone)) if declared else {}
    for asked in words["fields"]:
        name, text = asked["name"], sent.text(asked["name"])
        if not text:
            if asked["required"]:
                problems.append(FieldProblem((name,), "required", REQUIRED))
            continue
        try:
            if name == "phone":
                phone = PhoneBook(organisation.country).normalise(text)
            elif name in BASICS:
                values[name] = single_line(text, 200)
            else:
                attributes[name.removeprefix("attributes.")] = readers[name.removeprefix("attributes.")](text)
        except (InvalidValueError, KeyError) as error:
            code = str(error) if str(error) in DETAILS else "invalid_value"
            problems.append(FieldProblem((name,), code, DETAILS[code]))
    return phone, {**values, **({"attributes": attributes} if attributes else {})}


def needs_phone(words: Document, yes: Sequence[str]) -> bool:
    return any(
        choice["key"] in yes and choice["channel"] in (Channel.SMS, Channel.PHONE) for choice in words["choices"]
    )


def read_age(document: Document, sent: Submission, email: str, problems: list[FieldProblem]) -> tuple[str, str]:
    """How old they say they are, and the parent's address of those who are too young to agree alone (K-02)."""
    if not document["age_limit"]:
        return "", ""
    age = sent.text("age")
    if age not in (OVER, UNDER):
        problems.append(FieldProblem(("age",), "required", REQUIRED))
        return "", ""
    if age == OVER or not sent.yes:
        return age, ""
    parent = read_email(sent.text("parent"), "parent", problems)
    if parent and email and normalise_email(parent)[1] == normalise_email(email)[1]:
        problems.append(FieldProblem(("parent",), SameAddressError.code, SameAddressError.title))
    return age, parent
