"""Spreadsheets: XLSX, XLS and ODS, read with calamine. Runs in a child process."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from subscribers.imports.formats.hyperlinks import addresses_of
from subscribers.imports.formats.lines import TableLines, cell_text
from subscribers.imports.formats.refusals import Refusal

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

ROWS_FOR_GUESSING = 1000
HALF_A_SECOND = datetime.timedelta(milliseconds=500)
CARRIAGE_RETURN = re.compile("_x000[dD]_")  # how Excel writes one inside a cell


def write_table(stream: BinaryIO, lines: TableLines, *, part: str) -> None:
    """The rows of one sheet: the one named, else the one most likely to hold the people."""
    content = stream.read()
    book = opened(content)
    names = sheets_of(book)
    if part and part not in names:
        raise Refusal("no_such_part")
    part, doubtful = (part, False) if part else likeliest(book, names)
    sheet = book.get_sheet_by_name(part)
    if sheet.start is None:
        raise Refusal("empty_sheet")
    links = addresses_of(content, part)
    del content, book
    lines.head(parts=names, part=part, doubtful=doubtful)
    _top, left = sheet.start  # the empty rows above are given, the empty columns before are not
    for number, row in enumerate(sheet.iter_rows()):
        cells = list(map(text_of, row))
        lines.row(linked(cells, links.get(number, {}), left) if links else cells)


def opened(content: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        raise Refusal("encrypted_file") from None
    except (CalamineError, OSError, ValueError):
        raise Refusal("broken_file") from None


def sheets_of(book: CalamineWorkbook) -> list[str]:
    """The names of the sheets with cells that somebody can see, or of all if none is to be seen."""
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    shown = [sheet for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    names = [sheet.name for sheet in shown or sheets]
    if not names:
        raise Refusal("empty_file")
    return names


def likeliest(book: CalamineWorkbook, names: Sequence[str]) -> tuple[str, bool]:
    """The first of the longest sheets, of those with an address if any has one; is there another with rows?"""
    if len(names) == 1:
        return names[0], False
    sizes = {name: size_of(book.get_sheet_by_name(name)) for name in names}
    best = max(names, key=lambda name: sizes[name])
    if not sizes[best][1]:
        raise Refusal("empty_file")
    return best, sum(1 for _addresses, rows in sizes.values() if rows > 1) > 1


def size_of(sheet: CalamineSheet) -> tuple[bool, int]:
    return holds_address(sheet.iter_rows()), sheet.height if sheet.start else 0


def holds_address(rows: Iterable[Sequence[Any]]) -> bool:
    first = islice(rows, ROWS_FOR_GUESSING)
    return any(isinstance(cell, str) and "@" in cell for row in first for cell in row)


def linked(cells: list[str], links: dict[int, str], left: int) -> list[str]:
    """Cells whose text is no address take the one that they link to."""
    for column, address in links.items():
        place = column - left
        if 0 <= place < len(cells) and "@" not in cells[place]:
            cells[place] = address
    return cells


def text_of(value: Any) -> str:
    """A cell as text: dates as ISO 8601, whole numbers without a point, text as it stands."""
    if isinstance(value, str):
        plain = value.isprintable() and "_x000" not in value
        return value if plain else cell_text(CARRIAGE_RETURN.sub("\r", value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(value, ".15g")
    if isinstance(value, datetime.datetime):
        moment = (value + HALF_A_SECOND).replace(microsecond=0)
        return moment.isoformat() if moment.time() != datetime.time() else moment.date().isoformat()
    if isinstance(value, datetime.time):
        return value.replace(microsecond=0).isoformat()
    return "" if value is None else str(value)
