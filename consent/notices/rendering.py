"""A wording as people read it: HTML in layers (N-09) and the same words as plain text, which the digest is of.

Both are made from the same parts, so that they can't say different things.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from consent.notices.kinds import NoticeKind
from consent.notices.structure import AttachedFile, Download, KnownPurpose, Notice, Picture, Wording
from consent.purposes.models import texts_of

# Where a file is read: the public address of what is frozen, the members' address of what is not.
Address = Callable[[AttachedFile], str]


@dataclass(frozen=True)
class Part:
    """A heading and what stands below it; an ``open`` part is on the first screen."""

    heading: str
    paragraphs: tuple[str, ...]
    open: bool = False
    pictures: tuple[Picture, ...] = ()
    downloads: tuple[Download, ...] = ()

    @property
    def lines(self) -> list[str]:
        """Everything it says, as plain text."""
        pictures = [picture_line(picture) for picture in self.pictures]
        return [self.heading, *self.paragraphs, *pictures, *(download_line(each) for each in self.downloads)]


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


def parts(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Part]:
    """In reading order; the notice's language is active."""
    yield from named(wording, FIRST)
    if wording.purposes:
        yield Part(_("What for"), tuple(purpose_lines(wording, known)), True, pictures_at(wording, "purposes"))
    yield from named(wording, THEN)
    if wording.choices:
        yield Part(_("What we ask you"), tuple(choice_lines(wording)), True, pictures_at(wording, "choices"))
    if wording.purposes:
        yield Part(_("How long"), tuple(retention_lines(wording, known)), False, pictures_at(wording, "retention"))
    yield from named(wording, LAST)
    unfolded = notice.kind != NoticeKind.COLLECTION
    for section in wording.sections:
        shown = present([section.picture] if section.picture else [])
        if section.heading.strip() or section.text.strip() or shown:
            yield Part(section.heading.strip() or "-", paragraphs(section.text), unfolded, shown)
    downloads = tuple(each for each in wording.downloads if each.file.exists)
    if downloads:
        yield Part(_("Documents to download"), (), unfolded, downloads=downloads)


def named(wording: Wording, codes: tuple[str, ...]) -> Iterator[Part]:
    words = headings()
    for code in codes:
        if wording.item(code):
            yield Part(words[code], paragraphs(wording.item(code)), code in OPEN, pictures_at(wording, code))


def pictures_at(wording: Wording, place: str) -> tuple[Picture, ...]:
    return present([picture for picture in wording.pictures if picture.place == place])


def present(pictures: list[Picture]) -> tuple[Picture, ...]:
    """Without those whose file was deleted: the check says so before anything is published."""
    return tuple(picture for picture in pictures if picture.file.exists)


def paragraphs(text: str) -> tuple[str, ...]:
    return tuple(tidy(line) for line in text.splitlines() if line.strip())


def tidy(text: str) -> str:
    """One line without runs of blanks; no-break spaces stay, French needs them."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def name_of(key: str, language: str, known: Mapping[str, KnownPurpose]) -> str:
    """The purpose as readers of this language call it."""
    return texts_of(known[key].texts, language).get("name") or known[key].name if key in known else key


def purpose_lines(wording: Wording, known: Mapping[str, KnownPurpose]) -> Iterator[str]:
    for line in wording.purposes:
        basis = basis_words(known[line.purpose].basis) if line.purpose in known else "-"
        values = {"purpose": name_of(line.purpose, wording.language, known), "text": tidy(line.text), "basis": basis}
        yield _("%(purpose)s: %(text)s Basis: %(basis)s.") % values


def retention_lines(wording: Wording, known: Mapping[str, KnownPurpose]) -> Iterator[str]:
    for line in wording.purposes:
        values = {"purpose": name_of(line.purpose, wording.language, known), "retention": tidy(line.retention)}
        yield _("%(purpose)s: %(retention)s") % values


def choice_lines(wording: Wording) -> Iterator[str]:
    for choice in wording.choices:
        buttons = " / ".join(f"[{label.strip()}]" for label in (choice.accept, choice.refuse) if label.strip())
        yield f"{tidy(choice.text)} {buttons}".strip()


def text_of(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> str:
    """Plain text, one paragraph a line, an empty line between the parts."""
    with translation.override(wording.language):
        shown = [picture_line(picture) for picture in pictures_at(wording, "summary")]
        blocks = [wording.title.strip(), "\n".join([*paragraphs(wording.summary), *shown])]
        blocks += ["\n".join(part.lines) for part in parts(wording, notice, known)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def html_of(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose], *, address: Address) -> str:
    """Escaped and made of our own elements alone: there is nothing to clean."""
    with translation.override(wording.language):
        found = [drawn(part, address) for part in parts(wording, notice, known)]
        context = {
            "title": wording.title.strip(),
            "summary": paragraphs(wording.summary),
            "pictures": [picture_tag(picture, address) for picture in pictures_at(wording, "summary")],
            "first": [part for part in found if part["open"]],
            "details": [part for part in found if not part["open"]],
        }
        return render_to_string("consent/notices/wording.html", context)


# Pictures and documents. In the text each is named by its SHA-256, so that the digest of the text is of them as well.


def picture_line(picture: Picture) -> str:
    values = {
        "alternative": tidy(picture.alternative),
        "name": picture.file.name,
        "sha256": picture.file.sha256,
    }
    if picture.decorative:
        return _("[Decorative picture: %(name)s, SHA-256 %(sha256)s]") % values
    return _("[Picture: %(alternative)s (%(name)s, SHA-256 %(sha256)s)]") % values


def download_line(download: Download) -> str:
    values = {
        "title": tidy(download.title),
        "name": download.file.name,
        "kind": download.file.media_type,
        "size": download.file.size,
        "sha256": download.file.sha256,
    }
    return _("%(title)s (%(name)s, %(kind)s, %(size)d bytes, SHA-256 %(sha256)s)") % values


def drawn(part: Part, address: Address) -> dict[str, object]:
    """A part as the template takes it: icons in the heading, other pictures below the words."""
    return {
        "heading": part.heading,
        "paragraphs": part.paragraphs,
        "open": part.open,
        "icons": [picture_tag(picture, address) for picture in part.pictures if picture.icon],
        "pictures": [picture_tag(picture, address) for picture in part.pictures if not picture.icon],
        "downloads": [download_tag(download, address) for download in part.downloads],
    }


def picture_tag(picture: Picture, address: Address) -> SafeString:
    return format_html(
        '<img src="{}" alt="{}" width="{}" height="{}" loading="lazy"{}>',
        address(picture.file),
        "" if picture.decorative else tidy(picture.alternative),
        str(picture.file.width),
        str(picture.file.height),
        SafeString(' class="icon"') if picture.icon else "",
    )


def download_tag(download: Download, address: Address) -> SafeString:
    extension = download.file.name.rpartition(".")[2].upper()
    said = f"{extension}, {filesizeformat(download.file.size)}"
    href, title = address(download.file), tidy(download.title)
    return format_html('<a href="{}" download="{}">{}</a> ({})', href, download.file.name, title, said)
