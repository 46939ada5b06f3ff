"""How delimited text is written: which delimiter and quotation mark, where its first row is, whether that is a header.

Decided on the first lines of a file, and told with what is unsure.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from subscribers.imports.problems import UnknownDelimiterError

DELIMITERS = ",;\t|"
# Taken only when none of the usual ones makes a table.
RARE_DELIMITERS = ":^~+?#&*!%$=<>\x1f\x1e\xa7\xa6\xac"
SAMPLE_ROWS = 200
LINES_IN_A_CELL = 100
SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
LOOKS_LIKE_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
LOOKS_LIKE_DATA = re.compile(
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$|^\+?[\d .()-]{6,}$|^\d{4}-\d\d-\d\d|^\d\d?[./]\d\d?[./]\d\d(\d\d)?\b"
)
NUMBER = re.compile(r"^[-+]?\d+([.,]\d+)*%?$")
QUOTED_NEIGHBOURS = {mark: re.compile(rf"{mark}([^\w\s{mark}])\s?{mark}") for mark in "\"'"}
UNSEEN = dict.fromkeys(map(ord, "\0\ufeff"))
NULL = "\\N"  # how MySQL writes that there is no value


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one line becomes cells. ``escape``: a backslash stands before marks; ``spaced``: a blank after delimiters."""

    delimiter: str
    quote: str = '"'
    escape: bool = False
    spaced: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What `csv` calls it."""
        quoting = csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": quoting,
            "escapechar": "\\" if self.escape else None,
            "skipinitialspace": self.spaced,
        }

    def is_simple(self, text: str) -> bool:
        """Are there neither marks nor escapes in it, so that the delimiter alone cuts it?"""
        return not (self.quote and self.quote in text) and not (self.escape and "\\" in text)

    def cut(self, text: str) -> list[str]:
        """The cells of a line that is simple."""
        cells = text.split(self.delimiter)
        return [cell.lstrip(" ") for cell in cells] if self.spaced else cells


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sample: its cells, the line it starts on, how many it takes, whether its marks made sense."""

    cells: list[str]
    line: int
    taken: int
    sound: bool


def quoted_row(lines: Sequence[str], place: int, dialect: Dialect) -> tuple[list[str], int]:
    """The row that begins at this line, and how many it takes; 0 when its marks make no sense, -1 when unclosed."""
    texts = [text + "\n" for text in lines[place : place + LINES_IN_A_CELL]]
    reader = csv.reader(texts, **dialect.options, strict=True)
    try:
        row = next(reader)
    except csv.Error as error:
        return [], (-1 if "unexpected end" in str(error) else 0)
    except StopIteration:
        return [], 0
    taken = reader.line_num
    return [cell.replace("\r\n", "\n") for cell in row] if taken > 1 else row, taken


def sample_rows(lines: Sequence[str], dialect: Dialect) -> Iterator[Row]:
    """The rows of the first lines, empty ones left out; a mark that makes no sense is taken for text."""
    place = 0
    while place < len(lines):
        text = lines[place].rstrip("\r")
        taken, sound = 1, True
        if dialect.is_simple(text):
            cells = dialect.cut(text)
        else:
            cells, taken = quoted_row(lines, place, dialect)
            if taken < 1:
                cells, taken, sound = dialect.cut(text), 1, False
        if any(map(str.strip, cells)):
            yield Row(cells, place, taken, sound)
        place += taken


def detect_dialect(
    lines: Sequence[str], *, delimiter: str | None = None, quote: str | None = None
) -> tuple[Dialect, bool]:
    """The dialect of these lines as far as it is not given, and whether the delimiter is sure."""
    lines = [line for line in lines if line.strip() and not line.startswith("#")][:SAMPLE_ROWS] or list(lines)
    text = "\n".join(lines)
    quote = detect_quote(lines) if quote is None else quote
    sure = True
    if delimiter is None:
        delimiter, sure = detect_delimiter(lines, quote)
    dialect = Dialect(delimiter=delimiter, quote=quote, spaced=is_spaced(text, delimiter, quote))
    escaping = Dialect(delimiter=delimiter, quote=quote, spaced=dialect.spaced, escape=True)
    return (escaping if is_escaped(lines, dialect, escaping) else dialect), sure


def detect_quote(lines: Sequence[str]) -> str:
    """An apostrophe if it stands around cells and no quotation mark does, else the quotation mark."""
    single = sum(1 for line in lines if is_enclosed(line.strip(), "'"))
    double = sum(1 for line in lines if '"' in line)
    return "'" if single >= max(len(lines) * 0.5, 1) and not double else '"'


def is_enclosed(line: str, mark: str) -> bool:
    whole = len(line) > 1 and line[0] == line[-1] == mark
    return whole or len(QUOTED_NEIGHBOURS[mark].findall(line)) > 1


def detect_delimiter(lines: Sequence[str], quote: str) -> tuple[str, bool]:
    """The delimiter that cuts most rows into the same number of cells, and whether it is sure.

    A comma for a single column.
    """
    usual = {one: regularity(lines, Dialect(delimiter=one, quote=quote)) for one in DELIMITERS}
    best = max(usual, key=lambda one: usual[one])
    share, width = usual[best]
    if width and share >= 0.5:
        rivals = [other for other, (agreement, _width) in usual.items() if other != best and agreement >= share]
        return best, share >= 0.8 and not rivals
    rare = {one: regularity(lines, Dialect(delimiter=one, quote=quote)) for one in rare_delimiters(lines, quote)}
    found = [one for one, (agreement, cells) in rare.items() if cells and agreement >= 0.9]
    if found:
        return max(found, key=lambda one: rare[one]), False
    return best, not width


def rare_delimiters(lines: Sequence[str], quote: str) -> list[str]:
    """Other marks that may delimit these lines: those between quoted cells, and those that stand in nearly all."""
    text = "\n".join(lines)
    between = Counter(QUOTED_NEIGHBOURS[quote].findall(text)) if quote else Counter[str]()
    found = [mark for mark, count in between.most_common(1) if count > 1 and mark not in "\\@."]
    if len(lines) > 1:
        found += [mark for mark in RARE_DELIMITERS if sum(mark in line for line in lines) >= len(lines) * 0.9]
        found += [" "] if is_spaced_table(lines) else []
    return list(dict.fromkeys(found))


def is_spaced_table(lines: Sequence[str]) -> bool:
    """Blanks delimit cells only where every line has as many, and an address stands in the same place of most."""
    rows = [line.split(" ") for line in lines]
    width = len(rows[0])
    if width < 2 or any(len(row) != width for row in rows):
        return False
    return any(sum(bool(LOOKS_LIKE_EMAIL.match(row[place])) for row in rows) > len(rows) / 2 for place in range(width))


def regularity(lines: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """How regular a dialect makes these lines: the share of rows of the usual width, and that width; 0 for a column."""
    rows = list(sample_rows(lines, dialect))
    widths = Counter(len(row.cells) for row in rows if len(row.cells) > 1 and row.sound)
    if not widths:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
    regular = [row.cells for row in rows if len(row.cells) == width]
    if not all(any(row[place].strip() for row in regular) for place in (0, width - 1)) and width == 2:
        return 0.0, 0  # it begins or ends each line: a mark of `+33…`, not a delimiter
    return round(count / len(rows), 1), width


def is_spaced(text: str, delimiter: str, quote: str) -> bool:
    """Does a blank stand between delimiters and quotation marks?"""
    return bool(quote) and delimiter != " " and f"{delimiter} {quote}" in text and f"{delimiter}{quote}" not in text


def is_escaped(lines: Sequence[str], plain: Dialect, escaping: Dialect) -> bool:
    """Do backslashes stand before marks? Only where that makes sense of more rows, or a cell says `\\N`."""
    text = "\n".join(lines)
    if plain.quote and f"\\{plain.quote}" in text:
        return unsound(lines, escaping) < unsound(lines, plain)
    doubled = bool(plain.quote) and plain.quote * 2 in text
    return not doubled and NULL in text and any(NULL in row.cells for row in sample_rows(lines, plain))


def unsound(lines: Sequence[str], dialect: Dialect) -> int:
    return sum(not row.sound for row in sample_rows(lines, dialect))


def known_delimiter(delimiter: str) -> str:
    """A delimiter somebody chose; UnknownDelimiterError unless it is one printable character or a tab."""
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '\r\n"\0\\' or delimiter.isalnum():
        raise UnknownDelimiterError
    return delimiter


def first_row(rows: Sequence[Row]) -> int:
    """Where the table begins: titles and notes above it are narrower than its rows, or nearly empty."""
    for place, row in enumerate(rows[:100]):
        width, below = len(row.cells), rows[place + 1 : place + 51]
        if place and (width < 2 or not below):
            continue
        if all(len(other.cells) < width or is_title(other, row) for other in rows[:place]):
            fit = sum(len(other.cells) == width or fits(other.cells, width) for other in below)
            if fit * 2 >= len(below) and not is_title_of(rows, place):
                return place
    return 0


def fits(cells: Sequence[str], width: int) -> bool:
    return len(cells) > width and not any(map(str.strip, cells[width:]))


def is_title(row: Row, header: Row) -> bool:
    return filled(row) <= 1 < filled(header) or filled(row) * 2 <= filled(header)


def is_title_of(rows: Sequence[Row], place: int) -> bool:
    """Is the header only one of the next rows? Spreadsheets fill titles up with empty cells.

    Told by the cells below: at least one column holds data under what would be its name.
    """
    for header in range(place + 1, min(place + 4, len(rows))):
        sparse = is_title(rows[place], rows[header])
        if sparse and is_header(rows[header].cells) and has_contrast(rows, header):
            return True
    return False


def filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell.strip())


def is_header(cells: Sequence[str]) -> bool:
    """A first row without an address, a phone number or a date names the columns; one of numbers alone does not."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    return not any(map(LOOKS_LIKE_DATA.match, texts)) and not (texts and all(map(NUMBER.match, texts)))


def has_contrast(rows: Sequence[Row], header: int) -> bool:
    """Does a column hold addresses, numbers or dates under a cell that is none?"""
    below = [row.cells for row in rows[header + 1 : header + 51]]
    for place, name in enumerate(rows[header].cells):
        values = [cells[place] for cells in below if len(cells) > place and cells[place].strip()]
        if values and sum(map(is_data, values)) > len(values) * 0.6 and not is_data(name):
            return True
    return False


def is_data(cell: str) -> bool:
    cell = cell.strip()
    return bool(LOOKS_LIKE_DATA.match(cell) or NUMBER.match(cell))


def is_ragged(rows: Sequence[Row], width: int) -> bool:
    """Do rows end early as a habit? Two short ones in a row that make a full one are a torn row, and no habit."""
    short = 0
    for place, row in enumerate(rows):
        missing = width + 1 - len(row.cells)
        beside = (*rows[max(place - 1, 0) : place], *rows[place + 1 : place + 2])
        torn = any(len(other.cells) == missing < width for other in beside)
        short += len(row.cells) < width and not torn
    return short > 1 and short * 10 >= len(rows)


def column_names(cells: Sequence[str], *, header: bool) -> tuple[str, ...]:
    """One distinct name for each column: `city`, `city (2)`, `column 3`."""
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.translate(UNSEEN).split())[:200] if header else ""
        name = name or f"column {number}"
        seen = sum(1 for other in names if other == name or re.fullmatch(re.escape(name) + r" \(\d+\)", other))
        names.append(f"{name} ({seen + 1})" if seen else name)
    return tuple(names)
