"""E-mail addresses that cells of an XLSX sheet link to: `Ada` may stand there, and `mailto:ada@example.org` behind it.

Runs in a child process. Only what stands beside the cells is parsed; the cells themselves are skipped unread.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import IO
from urllib.parse import unquote
from xml.parsers import expat

from subscribers.imports.formats.refusals import Refusal

PIECE_BYTES = 256 * 1024
MOST_BYTES = 64 * 1024 * 1024  # of XML beside the cells
MOST_CELLS = 2_000_000
CELLS_BEGIN = re.compile(rb"<(?:\w+:)?sheetData(?:\s[^<>]*?)?(/?)>")
CELLS_END = re.compile(rb"</(?:\w+:)?sheetData\s*()>")
LONGEST_TAG = 1024
REFERENCE = re.compile(r"^\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?$")
Element = tuple[str, dict[str, str]]


def addresses_of(content: bytes, sheet: str) -> dict[int, dict[int, str]]:
    """Row -> column -> address, counted from 0; nothing for what is no XLSX file, or a file that is odd in this."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            path = path_of_sheet(archive, sheet)
            links = mail_links(archive, relations_of(path)) if path else {}
            return linked_cells(archive, path, links) if links else {}
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, expat.ExpatError, ValueError, EOFError):
        return {}


def path_of_sheet(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where in the archive the sheet of this name lies."""
    workbook = "xl/workbook.xml"
    targets = {
        one["Id"]: one.get("Target", "") for _name, one in elements(archive, relations_of(workbook), "Relationship")
    }
    for _name, one in elements(archive, workbook, "sheet"):
        if one.get("name") == sheet:
            target = next((value for key, value in one.items() if key.rpartition(":")[2] == "id"), "")
            return posixpath.normpath(posixpath.join("xl", targets.get(target, ""))).lstrip("/")
    return ""


def relations_of(path: str) -> str:
    folder, name = posixpath.split(path)
    return f"{folder}/_rels/{name}.rels"


def mail_links(archive: zipfile.ZipFile, path: str) -> dict[str, str]:
    """The relations of a sheet that lead to an e-mail address."""
    if path not in archive.namelist():
        return {}
    found = elements(archive, path, "Relationship")
    return {one["Id"]: address for _name, one in found if (address := mail_address(one.get("Target", "")))}


def mail_address(target: str) -> str:
    scheme, _colon, rest = target.partition(":")
    address = unquote(rest.partition("?")[0]).strip()
    return address if scheme.lower() == "mailto" and "@" in address else ""


def linked_cells(archive: zipfile.ZipFile, path: str, links: dict[str, str]) -> dict[int, dict[int, str]]:
    cells: dict[int, dict[int, str]] = {}
    count = 0
    for _name, one in elements(archive, path, "hyperlink"):
        address = links.get(next((value for key, value in one.items() if key.rpartition(":")[2] == "id"), ""))
        for row, column in places(one.get("ref", "")) if address else ():
            cells.setdefault(row, {})[column] = address or ""
            count += 1
            if count > MOST_CELLS:
                return cells
    return cells


def places(reference: str) -> Iterator[tuple[int, int]]:
    """`A2:B3` -> the places it covers, at most ten thousand."""
    match = REFERENCE.match(reference)
    if not match:
        return
    left, top = column_number(match[1]), int(match[2]) - 1
    right, bottom = (column_number(match[3]), int(match[4]) - 1) if match[3] else (left, top)
    if (right - left + 1) * (bottom - top + 1) > 10_000:
        return
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            yield row, column


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def elements(archive: zipfile.ZipFile, path: str, wanted: str) -> Iterator[Element]:
    """The elements of this name in a part of the archive, without its cells. Whoever declares entities is refused."""
    found: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == wanted:
            found.append((name, attributes))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    with archive.open(path) as stream:
        for piece in without_cells(stream):
            parser.Parse(piece)
            yield from found
            found.clear()
    parser.Parse(b"", True)


def refuse(*_declaration: object) -> None:
    raise Refusal("broken_file")


def without_cells(stream: IO[bytes]) -> Iterator[bytes]:
    """The XML around `sheetData`, which may be gigabytes long."""
    held, inside, given = b"", False, 0
    while piece := stream.read(PIECE_BYTES):
        held += piece
        while mark := (CELLS_END if inside else CELLS_BEGIN).search(held):
            if not inside:
                yield held[: mark.start()]
            inside = not inside and not mark[1]
            held = held[mark.end() :]
        if not inside:
            yield held[:-LONGEST_TAG]
            given += len(piece)
        if given > MOST_BYTES:
            raise ValueError(given)
        held = held[-LONGEST_TAG:]
    if not inside:
        yield held
