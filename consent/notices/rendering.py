"""A wording as people read it: HTML in layers (N-09) and the same words as plain text, which the digest is of.

Both are made from one outline, so that they can't say different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from consent.notices.kinds import NoticeKind
from consent.notices.structure import KnownPurpose, Notice, Wording


@dataclass(frozen=True)
class Part:
    """A heading and what stands below it; an ``open`` part is on the first screen."""

    heading: str
    paragraphs: tuple[str, ...]
    open: bool = False


def basis_words(basis: str) -> str:
    return {
        "consent": _("your consent"),
        "soft_opt_in": _("similar products or services to those you bought from us, unless you object"),
        "legitimate_interest": _("our legitimate interest, unless you object"),
        "contract": _("a contract with you"),
    }.get(basis, basis)


def headings() -> dict[str, str]:
    """In the language that is active: the notice's."""
    return {
        "controller": _("Who is responsible"),
        "dpo": _("Data protection officer"),
        "legitimate_interests": _("Our legitimate interests"),
        "categories": _("Which data"),
        "source": _("Where the data comes from"),
        "recipients": _("Who receives the data"),
        "transfers": _("Outside the European Union"),
        "obligation": _("Must you give this data?"),
        "automated": _("Automated decisions"),
        "rights": _("Your rights"),
        "objection": _("Your right to object"),
        "withdrawal": _("Changing your mind"),
        "complaint": _("Complaint"),
        "publisher": _("Publisher"),
        "director": _("Director of publication"),
        "host": _("Host"),
        "cookies": _("Cookies and similar means"),
    }


# On the first screen: who, what for, how to stop; and the right to object, apart from everything else (N-05).
OPEN = frozenset({"controller", "objection", "withdrawal", "publisher", "director", "host", "cookies"})
FIRST = ("controller", "publisher", "director", "host", "cookies")
THEN = ("withdrawal", "objection")
LAST = (
    "dpo",
    "legitimate_interests",
    "categories",
    "source",
    "recipients",
    "transfers",
    "obligation",
    "automated",
    "rights",
    "complaint",
)


def outline(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> list[Part]:
    """The parts in reading order, in the notice's language."""
    with translation.override(wording.language):
        return list(parts(wording, notice, known))


def parts(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Part]:
    yield from named(wording, FIRST)
    if wording.purposes:
        yield Part(_("What for"), tuple(purpose_lines(wording, known)), open=True)
    yield from named(wording, THEN)
    if wording.choices:
        yield Part(_("What we ask you"), tuple(choice_lines(wording)), open=True)
    if wording.purposes:
        yield Part(_("How long"), tuple(retention_lines(wording, known)))
    yield from named(wording, LAST)
    for section in wording.sections:
        if section.heading.strip() or section.text.strip():
            yield Part(
                section.heading.strip() or "-", paragraphs(section.text), open=notice.kind != NoticeKind.COLLECTION
            )


def named(wording: Wording, codes: tuple[str, ...]) -> Iterator[Part]:
    words = headings()
    for code in codes:
        if wording.item(code):
            yield Part(words[code], paragraphs(wording.item(code)), open=code in OPEN)


def paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in text.splitlines() if line.strip())


def name_of(key: str, known: Mapping[str, KnownPurpose]) -> str:
    return known[key].name if key in known else key


def purpose_lines(wording: Wording, known: Mapping[str, KnownPurpose]) -> Iterator[str]:
    for line in wording.purposes:
        basis = basis_words(known[line.purpose].basis) if line.purpose in known else "-"
        values = {"purpose": name_of(line.purpose, known), "text": " ".join(line.text.split()), "basis": basis}
        yield _("%(purpose)s: %(text)s Basis: %(basis)s.") % values


def retention_lines(wording: Wording, known: Mapping[str, KnownPurpose]) -> Iterator[str]:
    for line in wording.purposes:
        values = {"purpose": name_of(line.purpose, known), "retention": " ".join(line.retention.split())}
        yield _("%(purpose)s: %(retention)s") % values


def choice_lines(wording: Wording) -> Iterator[str]:
    for choice in wording.choices:
        buttons = " / ".join(f"[{label.strip()}]" for label in (choice.accept, choice.refuse) if label.strip())
        yield " ".join([*choice.text.split(), buttons]).strip()


def text_of(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> str:
    """Plain text, one paragraph a line, an empty line between the parts."""
    blocks = [wording.title.strip(), "\n".join(paragraphs(wording.summary))]
    blocks += ["\n".join([part.heading, *part.paragraphs]) for part in outline(wording, notice, known)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def html_of(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> str:
    """Escaped and made of our own elements alone: there is nothing to clean."""
    found = outline(wording, notice, known)
    context = {
        "title": wording.title.strip(),
        "summary": paragraphs(wording.summary),
        "first": [part for part in found if part.open],
        "details": [part for part in found if not part.open],
    }
    with translation.override(wording.language):
        return render_to_string("consent/notices/wording.html", context)
