"""vCard 2.1, 3.0 and 4.0, read as forgivingly as address books write it. Runs in a child process.

One card is one row. The file is sent twice: first the columns that any card fills are gathered, then the rows written.
"""

from __future__ import annotations

import io
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from subscribers.imports.formats.lines import TableLines, cell_text
from subscribers.imports.formats.refusals import Refusal

LONGEST_LINE = 1024 * 1024
LONGEST_VALUE = 64 * 1024  # pictures are longer, and are not wanted
MOST_OF_A_KIND = 100  # of one property in one card
EMAILS, PHONES = 3, 3
BEGIN, END = re.compile(r"^BEGIN\s*:\s*VCARD\s*$", re.IGNORECASE), re.compile(r"^END\s*:\s*VCARD\s*$", re.IGNORECASE)
PARAMETER = re.compile(r';\s*([^=;:"]+)(?:=((?:"[^"]*"|[^";:])*))?')
NAMES = "UID EMAIL N FN TEL ORG TITLE ADR BDAY LANG LANGUAGE CATEGORIES NOTE"
NAME = re.compile(rf"^(?:[\w.-]+\.)?({NAMES.replace(' ', '|')})\s*[;:]", re.IGNORECASE)
AGENT = re.compile(r"^AGENT[^:]*:\s*$", re.IGNORECASE)
COLUMNS = (
    "uid", "email", "email 2", "email 3", "first name", "last name", "full name", "phone", "phone 2", "phone 3",
    "organisation", "title", "street", "city", "region", "postal code", "country", "birthday", "language", "tags",
    "note",
)  # fmt: skip
BIRTHDAY = re.compile(r"^(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?$")


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a card: `item1.TEL;TYPE=cell,pref:+33…`."""

    name: str
    parameters: dict[str, str]
    value: str

    @property
    def preference(self) -> int:
        """Smaller is dearer."""
        if not self.parameters:
            return 101
        if self.parameters.get("PREF", "").isdecimal():
            return int(self.parameters["PREF"])
        return 1 if "PREF" in self.parameters or "pref" in self.parameters.get("TYPE", "").lower() else 101


Card = dict[str, list[Property]]


def write_table(stream: BinaryIO, lines: TableLines, *, encoding: str, columns: list[str] | None) -> None:
    """First without ``columns``: say which are filled. Then with them: the rows, under their names."""
    cards = (cells_of(card) for card in cards_of(unfolded(stream, encoding)))
    if columns is None:
        filled = {name for cells in cards for name, text in cells.items() if text}
        if not filled:
            raise Refusal("empty_file")
        lines.head(columns=[name for name in COLUMNS if name in filled], positional=False)
        return
    lines.head()
    lines.row(columns)
    for cells in cards:
        lines.row([cells.get(name, "") for name in columns])


def unfolded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The logical lines: one that begins with a blank goes on, and so does quoted-printable that ends in `=`."""
    reader = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline=None)
    held = ""
    while line := reader.readline(LONGEST_LINE):
        text = line.rstrip("\n").removeprefix("\ufeff")
        soft = held.endswith("=") and "QUOTED-PRINTABLE" in held.partition(":")[0].upper()
        if held and (soft or text[:1] in (" ", "\t")):
            if len(held) < LONGEST_VALUE:
                held = held[:-1] + text if soft else held + text[1:]
            continue
        if held:
            yield held
        held = text
    if held:
        yield held


def cards_of(lines: Iterator[str]) -> Iterator[Card]:
    """The properties of each card; a card inside a card (AGENT) is left out, one that never ends ends with the next."""
    card: Card | None = None
    inner, before = 0, ""
    for line in lines:
        start = line[:5].upper()
        if start == "BEGIN" and BEGIN.match(line):
            if card and not inner and not AGENT.match(before):
                yield card
                card = {}
            elif card is not None:
                inner += 1
            else:
                card = {}
        elif card is not None and start[:3] == "END" and END.match(line):
            inner -= 1
            if inner < 0:
                yield card
                card, inner = None, 0
        elif card is not None and not inner and (found := property_of(line)):
            held = card.setdefault(found.name, [])
            if len(held) < MOST_OF_A_KIND:
                held.append(found)
        before = line
    if card:
        yield card


def property_of(line: str) -> Property | None:
    """A line taken apart, its value decoded; None for what is not wanted, or longer than any text."""
    wanted = NAME.match(line)
    if not wanted or len(line) > LONGEST_VALUE:
        return None
    head, _colon, value = split_at_colon(line)
    parameters: dict[str, str] = {}
    for key, said in PARAMETER.findall(head) if ";" in head else ():
        # vCard 2.1 writes `TEL;CELL` for `TEL;TYPE=cell`.
        place, text = (key.strip().upper(), said.replace('"', "")) if said else parameter_of_old(key.strip())
        parameters[place] = f"{parameters[place]},{text}" if place in parameters else text
    return Property(wanted[1].upper(), parameters, decoded(value, parameters))


def split_at_colon(line: str) -> tuple[str, str, str]:
    """Name and value; a colon inside quotation marks belongs to a parameter."""
    head, colon, value = line.partition(":")
    while colon and head.count('"') % 2:
        more, colon, value = value.partition(":")
        head = f"{head}:{more}"
    return head, colon, value


def parameter_of_old(word: str) -> tuple[str, str]:
    if word.upper() in ("QUOTED-PRINTABLE", "BASE64", "B"):
        return "ENCODING", word
    return ("PREF", "") if word.upper() == "PREF" else ("TYPE", word)


def decoded(value: str, parameters: dict[str, str]) -> str:
    """Text out of quoted-printable and of the character set that a card of version 2.1 names."""
    quoted = bool(parameters) and parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE"
    if not quoted and value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    if quoted:
        raw = quopri.decodestring(raw)
    for charset in (parameters.get("CHARSET", "utf-8"), "utf-8", "cp1252"):
        try:
            return raw.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("utf-8", "replace")


def cells_of(card: Card) -> dict[str, str]:
    """The cells of a card by the name of their column."""
    cells: dict[str, str] = {}
    for name, column in (("UID", "uid"), ("TITLE", "title"), ("NOTE", "note"), ("FN", "full name")):
        cells[column] = text_of(first(card, name))
    cells["organisation"] = " ".join(filter(None, parts_of(first(card, "ORG"))))
    cells["birthday"] = birthday_of(text_of(first(card, "BDAY")))
    cells["language"] = text_of(first(card, "LANG")) or text_of(first(card, "LANGUAGE"))
    categories = [item for one in card.get("CATEGORIES", ()) for item in listed(one.value)]
    cells["tags"] = ", ".join(dict.fromkeys(filter(None, categories)))
    for column, text in (*numbered(card, "EMAIL", "email", EMAILS), *numbered(card, "TEL", "phone", PHONES)):
        cells[column] = text
    cells.update(name_of(card, cells["full name"]))
    cells.update(address_of(card))
    return {column: cell_text(text) for column, text in cells.items()}


def first(card: Card, name: str) -> str:
    found = card.get(name)
    return min(found, key=lambda one: one.preference).value if found else ""


def numbered(card: Card, name: str, column: str, most: int) -> Iterator[tuple[str, str]]:
    """The values of a property that may come several times, the preferred one first."""
    found = sorted(card.get(name, ()), key=lambda one: one.preference)
    values = dict.fromkeys(filter(None, (without_scheme(text_of(one.value)) for one in found)))
    for number, value in enumerate(list(values)[:most], start=1):
        yield (column if number == 1 else f"{column} {number}"), value


def without_scheme(value: str) -> str:
    scheme, colon, rest = value.partition(":")
    return rest.strip() if colon and scheme.lower() in ("mailto", "tel") else value


def name_of(card: Card, full: str) -> dict[str, str]:
    """First and last name; of a card that gives the full name only, its last word is the last name."""
    last, given = (*parts_of(first(card, "N")), "", "")[:2]
    if not (last or given):
        given, _blank, last = full.rpartition(" ")
    return {"first name": given, "last name": last}


def address_of(card: Card) -> dict[str, str]:
    _box, _more, street, city, region, code, country = (*parts_of(first(card, "ADR")), *[""] * 7)[:7]
    return {"street": street, "city": city, "region": region, "postal code": code, "country": country}


def birthday_of(text: str) -> str:
    """`19960415` -> 1996-04-15; a day without its year is left out."""
    match = BIRTHDAY.match(text.strip())
    return "-".join(match.groups()) if match else ("" if text.startswith("--") else text)


def text_of(value: str) -> str:
    return ", ".join(filter(None, parts_of(value))) if ";" in value.replace("\\;", "") else unescaped(value)


def parts_of(value: str) -> list[str]:
    """The components of a structured value; `\\;` is no separator."""
    if "\\" not in value:
        return [part.strip() for part in value.split(";")]
    return [unescaped(part) for part in re.split(r"(?<!\\);", value)]


def listed(value: str) -> list[str]:
    return [unescaped(part) for part in re.split(r"(?<!\\)[,;]", value)]


def unescaped(text: str) -> str:
    if "\\" in text:
        text = re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], text)
    return text.strip()
