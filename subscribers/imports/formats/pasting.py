"""Text from the clipboard as a file: cells of a spreadsheet, or a list of addresses as mail programs write them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile

ADDRESS = r"[^\s<>,;\"@]+@[^\s<>,;\"@]+"
# `ada@example.org`, `<ada@example.org>`, `Ada Martin <ada@example.org>`, `"Martin, Ada" <ada@example.org>`.
PERSON = re.compile(rf"^\s*(?:(?:mailto:)?({ADDRESS})|(\"?)([^<>]*?)\2\s*<(?:mailto:)?({ADDRESS})>)\s*$", re.IGNORECASE)
SEPARATORS = (r"\n", r"[\n;]", r"[\n;,]")  # the commas of `Martin, Ada <…>` separate nothing
MOST = 0.8  # of the pieces are people, or it is no list of them


@dataclass(frozen=True, slots=True)
class Pasted:
    """One address of a list with the name beside it; ``address`` is the whole piece where there is none in it."""

    address: str
    first_name: str = ""
    last_name: str = ""


def pasted(text: str, name: str = "pasted") -> SimpleUploadedFile:
    """A file to import made of what somebody pasted; ``name`` is what it is called."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    people = people_in(text)
    content = table_of(people) if people else text
    return SimpleUploadedFile(f"{name}.csv", content.encode("utf-8", "replace"), "text/csv")


def people_in(text: str) -> list[Pasted]:
    """The people of a list of addresses; nobody where the text is a table, or something else."""
    if "\t" in text:
        return []
    for separator in SEPARATORS:
        pieces = [piece for piece in re.split(separator, text) if piece.strip()]
        if len(pieces) > 1 and "@" not in pieces[0]:
            pieces = pieces[1:]  # what the column was called
        people = list(map(person_of, pieces))
        if sum(person is not None for person in people) > len(pieces) * MOST:
            return [person or Pasted(piece.strip()) for person, piece in zip(people, pieces, strict=True)]
    return []


def person_of(piece: str) -> Pasted | None:
    match = PERSON.match(piece)
    if not match:
        return None
    alone, _mark, name, address = match.groups()
    return Pasted(alone) if alone else Pasted(address, *names_of(name.strip(" '")))


def names_of(name: str) -> tuple[str, str]:
    """First and last name of `Ada Martin` or `Martin, Ada`; nothing of a name that is an address again."""
    if "@" in name:
        return "", ""
    last, comma, first = name.partition(",")
    if not comma:
        first, _blank, last = name.rpartition(" ")
    return first.strip(), last.strip()


def table_of(people: Sequence[Pasted]) -> str:
    named = any(person.first_name or person.last_name for person in people)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["email", "first name", "last name"] if named else ["email"])
    writer.writerows(rows_of(people, named=named))
    return text.getvalue()


def rows_of(people: Sequence[Pasted], *, named: bool) -> Iterator[list[str]]:
    for person in people:
        yield [person.address, person.first_name, person.last_name] if named else [person.address]
