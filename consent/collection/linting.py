"""What stands in the way of publishing a form, each with the article that says so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.collection.models import PointKind
from consent.notices.models import NoticeVersion
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.errors import FieldProblem, type_of_text
from portal.ui.contrast import is_pale

# What says that a form is about terms, too: consent must stand apart from them.
TERMS = re.compile(
    r"\b(terms (?:and|&) conditions|terms of (?:use|service|sale)|conditions g[ée]n[ée]rales|conditions d.utilisation|"
    r"conditions de vente|CG[UV]s?|AGB|Nutzungsbedingungen)\b",
    re.IGNORECASE,
)
ON_FORMS = (Channel.EMAIL, Channel.SMS, Channel.PHONE)
BY_PHONE = (Channel.SMS, Channel.PHONE)

DETAILS: dict[str, type_of_text] = {
    "notice_not_live": _(
        "The notice has no published version in this language. Each form shows one (N-01; GDPR art. 13)."
    ),
    "purpose_not_in_notice": _(
        "The notice does not speak of this purpose. Add it there, or choose another notice (C-06; GDPR art. 13(1)(c))."
    ),
    "no_language": _("Choose at least one language (GDPR art. 12(1))."),
    "no_choices": _("The form asks for nothing: choose at least one purpose and channel (C-03; GDPR recital 43)."),
    "not_consent": _(
        "This purpose does not stand on consent, so a form must not ask for one (GDPR art. 5(1)(a), 6(1); B-14)."
    ),
    "unknown_purpose": _("This purpose is gone, or does not use that channel any more (B-13)."),
    "channel_not_on_forms": _("A form can't ask for this channel: it has no address to send to (GDPR art. 5(1)(c))."),
    "channel_without_phone": _("SMS and calls need a phone number: ask for it (GDPR art. 5(1)(c))."),
    "no_justification": _("Say why this is asked. What is not needed is not asked (GDPR art. 5(1)(c), 25(2))."),
    "no_title": _("Give the form a title in this language: plain words for what it is (C-05; GDPR art. 7(2))."),
    "terms_bundled": _(
        "Consent is asked apart from terms and conditions: take them out of this form (C-05; GDPR art. 7(2))."
    ),
    "age_not_in_imports": _(
        "A file that is imported can't be asked for an age. Leave the question out here, or use a point of another "
        "kind (K-02; GDPR art. 8)."
    ),
    "low_contrast": _("Too pale on white: choose a darker colour (contrast of at least 3 to 1; WCAG 2.2, 1.4.11)."),
    "preselected": _("Nothing may be chosen beforehand (C-02; GDPR art. 4(11), recital 32)."),
    "required_consent": _("A consent may not be required (C-04; GDPR art. 7(4))."),
}


def problem(code: str, *loc: str | int) -> FieldProblem:
    return FieldProblem(loc, code, DETAILS[code])


def publication_problems(
    config: Mapping[str, Any], *, purposes: Mapping[str, Purpose], notices: Mapping[str, NoticeVersion]
) -> list[FieldProblem]:
    """Everything at once, so that it can be mended at once; empty when the form may be shown."""
    return [
        *language_problems(config, notices),
        *choice_problems(config, purposes),
        *silent_notice_problems(config, notices),
        *field_problems(config),
        *([problem("age_not_in_imports", "age_question")] if asks_age_in_vain(config) else []),
        *([problem("low_contrast", "accent")] if is_pale(config["accent"]) else []),
    ]


def language_problems(config: Mapping[str, Any], notices: Mapping[str, NoticeVersion]) -> Iterator[FieldProblem]:
    if not config["languages"]:
        yield problem("no_language", "languages")
    for language in config["languages"]:
        texts = config["texts"].get(language, {})
        if language not in notices:
            yield problem("notice_not_live", "notice", language)
        if not texts.get("title", "").strip() and config["kind"] != PointKind.IMPORT:
            yield problem("no_title", "texts", language, "title")
        for name, text in texts.items():
            if TERMS.search(text):
                yield problem("terms_bundled", "texts", language, name)


def choice_problems(config: Mapping[str, Any], purposes: Mapping[str, Purpose]) -> Iterator[FieldProblem]:
    if not config["choices"]:
        yield problem("no_choices", "choices")
    asked = {field["name"] for field in config["fields"]}
    for number, choice in enumerate(config["choices"]):
        purpose, channel = purposes.get(choice["purpose"]), choice["channel"]
        if purpose is None or channel not in purpose.channels:
            yield problem("unknown_purpose", "choices", number)
        elif purpose.basis != Basis.CONSENT:
            yield problem("not_consent", "choices", number)
        if config["kind"] != PointKind.FORM:
            continue
        if channel not in ON_FORMS:
            yield problem("channel_not_on_forms", "choices", number)
        elif channel in BY_PHONE and "phone" not in asked:
            yield problem("channel_without_phone", "choices", number)


def silent_notice_problems(config: Mapping[str, Any], notices: Mapping[str, NoticeVersion]) -> Iterator[FieldProblem]:
    """What is asked without being explained: in each language the notice must speak of each purpose."""
    told = [
        {line["purpose"] for line in notice.form["purposes"]}
        for notice in notices.values()
        if notice.form and "purposes" in notice.form
    ]
    for number, choice in enumerate(config["choices"]):
        if any(choice["purpose"] not in keys for keys in told):
            yield problem("purpose_not_in_notice", "choices", number)


def asks_age_in_vain(config: Mapping[str, Any]) -> bool:
    """Nobody is there to answer when a file is imported."""
    return bool(config["age_question"]) and config["kind"] == PointKind.IMPORT


def field_problems(config: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for number, field in enumerate(config["fields"]):
        if not field.get("justification", "").strip():
            yield problem("no_justification", "fields", number, "justification")
