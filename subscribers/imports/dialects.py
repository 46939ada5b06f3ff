"""Which delimiter, and is the first row a header? Decided on the first lines of a file."""

import csv
import re
from collections import Counter
from collections.abc import Sequence

from subscribers.imports.problems import UnknownDelimiterError

DELIMITERS = ",;\t|"
SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
LOOKS_LIKE_DATA = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|^\+?[\d .()-]{6,}$|^\d{4}-\d\d-\d\d")


def detect_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that cuts most rows into the same number of cells; a comma for a single column."""
    return max(DELIMITERS, key=lambda delimiter: regularity(lines, delimiter))


def regularity(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """How regular a delimiter makes these lines: the share of rows of the usual width, and that width."""
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        widths = [line.count(delimiter) + 1 for line in lines]
    if not widths or widths[0] == 1:
        return (0.0, 0)
    common = Counter(widths).most_common(1)[0]
    # The header counts as much as all the rows: a free text may hold as many commas as it likes.
    agreement = 0.5 * (widths[0] == common[0]) + 0.5 * common[1] / len(widths)
    return (round(agreement, 1), common[0])


def known_delimiter(delimiter: str) -> str:
    """A delimiter somebody chose; UnknownDelimiterError unless it is one printable character or a tab."""
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '\r\n"\0' or delimiter.isalnum():
        raise UnknownDelimiterError
    return delimiter


def is_header(cells: Sequence[str]) -> bool:
    """A first row without an address, a number or a date names the columns."""
    return not any(LOOKS_LIKE_DATA.match(cell.strip()) for cell in cells)


def column_names(cells: Sequence[str], *, header: bool) -> tuple[str, ...]:
    """One distinct name for each column: `city`, `city (2)`, `column 3`."""
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\0", "").split())[:200] if header else ""
        name = name or f"column {number}"
        seen = sum(1 for other in names if other == name or re.fullmatch(re.escape(name) + r" \(\d+\)", other))
        names.append(f"{name} ({seen + 1})" if seen else name)
    return tuple(names)
