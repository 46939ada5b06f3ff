"""What a form showed as lines of text, so that two versions can be laid side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from consent.collection.documents import Document, languages_of
from consent.notices.comparing import Row, compare
from portal.channels import Channel


def compared(before: Document, after: Document, language: str) -> list[Row]:
    """The rows of a side-by-side table, in a language that both speak."""
    return compare("\n".join(lines_of(before, language)), "\n".join(lines_of(after, language)))


def shared_languages(before: Document, after: Document) -> list[str]:
    return [language for language in languages_of(after) if language in languages_of(before)]


def lines_of(document: Document, language: str) -> Iterator[str]:
    """Every word of the form in one language as visitors met them, then what held beside the words.

    What is not there is left out: whoever looks into a version that was changed at the tables sees what is left of it.
    """
    words = document["languages"][language] or {}
    for name in ("title", "intro", "summary", "controller", "withdrawal", "objection"):
        yield words.get(name) or ""
    yield from notice_lines(words.get("notice"))
    yield words.get("choices_legend") or ""
    for choice in words.get("choices") or ():
        yield from choice_lines(choice)
    yield " / ".join(answer for answer in (words.get("yes"), words.get("no")) if answer)
    yield words.get("email") or ""
    for asked in words.get("fields") or ():
        yield from field_lines(asked)
    yield from age_lines(words.get("age"))
    yield words.get("button") or ""
    yield words.get("thanks") or ""
    yield setting(_("Double opt-in"), document.get("double_opt_in"))


def notice_lines(notice: Any) -> Iterator[str]:
    if notice:
        values = {"title": notice.get("title", ""), "version": notice.get("version", "")}
        yield _("Notice: %(title)s (%(version)s)") % values


def choice_lines(choice: Any) -> Iterator[str]:
    yield choice.get("label") or ""
    yield choice.get("description") or ""
    values = {
        "purpose": choice.get("purpose", ""),
        "number": choice.get("purpose_version", ""),
        "channel": dict(Channel.choices).get(choice.get("channel", ""), ""),
    }
    yield _("Purpose %(purpose)s, version %(number)s, by %(channel)s") % values


def field_lines(asked: Any) -> Iterator[str]:
    label = asked.get("label") or ""
    yield f"{label} ({_('required')})" if asked.get("required") else label
    yield asked.get("justification") or ""
    yield ", ".join(asked.get("options") or ())


def age_lines(age: Any) -> Iterator[str]:
    for name in ("question", "over", "under", "parent", "why") if age else ():
        yield age.get(name) or ""


def setting(label: str, value: Any) -> str:
    return _("%(label)s: %(answer)s") % {"label": label, "answer": _("yes") if value else _("no")}
