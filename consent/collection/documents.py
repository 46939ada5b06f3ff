"""What a form shows, word for word, in each of its languages: a plain document that is kept and hashed (C-07)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent.collection.models import Asking, PointKind
from consent.notices.models import NoticeVersion
from consent.purposes.ages import age_limit
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from subscribers.fields.models import Field, FieldType

FORMAT = "accord-form/1"
INPUTS = {FieldType.TEXT: "text", FieldType.NUMBER: "number", FieldType.DATE: "date", FieldType.CHOICE: "select"}
BASICS = ("first_name", "last_name", "phone")
Document = dict[str, Any]


def choice_key(purpose: str, channel: str) -> str:
    return f"{purpose}-{channel}"


def form_document(
    organisation: Organisation,
    key: str,
    config: Mapping[str, Any],
    *,
    purposes: Mapping[str, Purpose],
    notices: Mapping[str, NoticeVersion],
    fields: Mapping[str, Field],
) -> Document:
    """The whole form. What can't be shown (no such purpose or notice) is left out: the linter names it."""
    return {
        "format": FORMAT,
        "form": key,
        "organisation": organisation.name,
        "config": dict(config),
        "double_opt_in": needs_double_opt_in(config, purposes),
        "age_limit": form_age_limit(organisation, config, purposes),
        "languages": {
            language: wording(organisation, config, language, purposes=purposes, notices=notices, fields=fields)
            for language in config["languages"]
        },
    }


def form_age_limit(
    organisation: Organisation, config: Mapping[str, Any], purposes: Mapping[str, Purpose]
) -> int | None:
    """Below which age a parent has to agree as well (K-01): the highest limit of what is asked for."""
    if not config["age_question"]:
        return None
    asked = {choice["purpose"] for choice in config["choices"]}
    return max((age_limit(organisation.country, purposes[key]) for key in asked if key in purposes), default=0) or None


def needs_double_opt_in(config: Mapping[str, Any], purposes: Mapping[str, Purpose]) -> bool:
    """As the point wants it; always where one of its purposes demands it, and on web forms that ask for the age.

    On a paper, in a call or by a client's system somebody has seen to the parent's agreement, and says how.
    """
    demanded = any(
        choice["purpose"] in purposes and purposes[choice["purpose"]].double_opt_in for choice in config["choices"]
    )
    for_children = bool(config["age_question"]) and config["kind"] == PointKind.FORM
    return bool(config["double_opt_in"]) or demanded or for_children


def wording(
    organisation: Organisation,
    config: Mapping[str, Any],
    language: str,
    *,
    purposes: Mapping[str, Purpose],
    notices: Mapping[str, NoticeVersion],
    fields: Mapping[str, Field],
) -> Document:
    """Every word of the form in one language."""
    with override(language):
        texts = config["texts"].get(language, {})
        notice = notices.get(language)
        shown = (notice.form if notice else None) or {}
        approved = {
            choice["purpose"]: choice["text"]
            for choice in shown.get("choices", [])
            if choice.get("text") and says_the_channel(purposes.get(choice["purpose"]))
        }
        choices = [
            choice_wording(purposes[choice["purpose"]], choice["channel"], language, approved)
            for choice in config["choices"]
            if choice["purpose"] in purposes and choice["channel"] in Channel.values
        ]
        names = list(dict.fromkeys(choice["name"] for choice in choices))
        limit = form_age_limit(organisation, config, purposes)
        return {
            "title": texts.get("title", ""),
            "intro": texts.get("intro", ""),
            "thanks": texts.get("thanks", ""),
            "summary": shown.get("summary", ""),
            "controller": _("%(organisation)s uses what you enter here for: %(purposes)s.")
            % {"organisation": organisation.name, "purposes": ", ".join(names)},
            "withdrawal": _("You can withdraw at any time, as easily as you agree: by the link in every message."),
            "objection": _("You have the right to object to these messages at any time, without a reason."),
            "notice": notice_wording(notice) if notice else None,
            "choices_legend": _("What do you agree to?"),
            "yes": _("Yes") if config["asking"] == Asking.YES_NO else "",
            "no": _("No") if config["asking"] == Asking.YES_NO else "",
            "choices": choices,
            "email": _("E-mail address"),
            "fields": [asked for field in config["fields"] if (asked := field_wording(field, fields))],
            "age": age_wording(limit, config["kind"]) if limit else None,
            "button": _("Send"),
        }


def says_the_channel(purpose: Purpose | None) -> bool:
    """Whether the approved words of a purpose can only mean one channel: they name all that the purpose uses."""
    return purpose is not None and len(purpose.channels) == 1


def choice_wording(purpose: Purpose, channel: str, language: str, approved: Mapping[str, str]) -> Document:
    """``approved``: purpose -> the words that the DPO has approved with the notice, where they say which channel.

    Special categories of data are agreed to in words of their own (C-14).
    """
    name, description = purpose.name_in(language), purpose.description_in(language)
    sentence = (
        _("I agree to “%(purpose)s” for messages by %(channel)s.")
        if purpose.is_tracking
        else _("I want to receive “%(purpose)s” by %(channel)s.")
    )
    text = sentence % {"purpose": name, "channel": str(Channel(channel).label)}
    label = f"{approved.get(purpose.key) or text} {purpose.explicit_wording}".strip()
    return {
        "key": choice_key(purpose.key, channel),
        "purpose": purpose.key,
        "purpose_id": purpose.pk,
        "purpose_version": purpose.version,
        "channel": channel,
        "name": name,
        "label": label,
        "description": description,
    }


def notice_wording(notice: NoticeVersion) -> Document:
    return {
        "version": notice.label,
        "notice": notice.notice,
        "number": notice.number,
        "digest": bytes(notice.digest).hex(),
        "title": notice.title,
        "published_at": notice.published_at.isoformat(),
    }


def basic_labels() -> dict[str, str]:
    return {"first_name": _("First name"), "last_name": _("Last name"), "phone": _("Phone number")}


def field_wording(asked: Mapping[str, Any], fields: Mapping[str, Field]) -> Document | None:
    name = asked["name"]
    said: Document = {
        "name": name,
        "justification": asked.get("justification", ""),
        "required": bool(asked.get("required")),
    }
    if name in BASICS:
        return {**said, "label": basic_labels()[name], "input": "tel" if name == "phone" else "text", "options": []}
    field = fields.get(name.removeprefix("attributes."))
    if field is None or field.type not in INPUTS:
        return None
    return {**said, "label": field.label, "input": INPUTS[FieldType(field.type)], "options": list(field.choices)}


def age_wording(limit: int, kind: str) -> Document:
    """The question, and what is asked of a parent: by e-mail on a web form, on the paper itself, in the call."""
    return {
        "limit": limit,
        "question": _("How old are you?"),
        "over": _("%(limit)s or older") % {"limit": limit},
        "under": _("Under %(limit)s") % {"limit": limit},
        **{name: text % {"limit": limit} for name, text in parent_wording(kind).items()},
    }


def parent_wording(kind: str) -> dict[str, str]:
    match kind:
        case PointKind.PAPER:
            return {
                "parent": _("Name and signature of a parent or guardian"),
                "why": _(
                    "Only if you are under %(limit)s: a parent or guardian signs as well. Nothing is sent otherwise."
                ),
            }
        case PointKind.PHONE | PointKind.API:
            return {
                "parent": _("A parent or guardian"),
                "why": _(
                    "Only if you are under %(limit)s: a parent or guardian is asked as well. Nothing is sent until "
                    "both have agreed."
                ),
            }
    return {
        "parent": _("E-mail address of a parent or guardian"),
        "why": _(
            "Only if you are under %(limit)s: both of you get a message, and nothing is sent until both have agreed."
        ),
    }


def digest_of(document: Document) -> bytes:
    """SHA-256 of the document in canonical JSON."""
    return hashlib.sha256(rfc8785.dumps(document)).digest()


def words_of(document: Document, language: str) -> Document:
    """What was shown in one language: the first one where it knows no such language."""
    languages: dict[str, Document] = document["languages"]
    return languages.get(language) or next(iter(languages.values()))


def languages_of(document: Document) -> list[str]:
    """Those a version speaks; none for one that somebody has changed at the tables."""
    return list(document.get("languages") or {})


def spoken(document: Document, wanted: Sequence[str]) -> str:
    """The first wanted language that the form speaks, else its own first one."""
    languages = list(document["languages"])
    return next((language for language in wanted if language in languages), languages[0])
