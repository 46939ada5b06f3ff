"""The lines of a table made from another format: comma, quotation mark, one line a row."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

LINE_BREAK = re.compile("\r\n|[\r\n]")
LINE_SEPARATOR = "\u2028"  # what a line break inside a cell becomes
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
BUFFERED_ROWS = 500


class TableLines:
    """Writes what was found out about a file as one line of JSON, then its rows."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._rows = 0

    def head(self, **found: Any) -> None:
        self._raw.write(json.dumps(found).encode() + b"\n")

    def row(self, cells: Sequence[str]) -> None:
        """One row; one without any text becomes an empty line."""
        self._writer.writerow(cells if any(cells) else ())
        self._rows += 1
        if self._rows % BUFFERED_ROWS == 0:
            self.flush()

    def flush(self) -> None:
        self._raw.write(self._text.getvalue().encode("utf-8", "replace"))
        self._text.seek(0)
        self._text.truncate()


def cell_text(text: str) -> str:
    """Text as it may stand in one line of a table."""
    if text.isprintable():
        return text
    return NOT_TEXT.sub("\ufffd", LINE_BREAK.sub(LINE_SEPARATOR, text))
