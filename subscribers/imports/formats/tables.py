"""Any file into one table of delimited text: unpacked, then converted, sealed all the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, cast

from portal.uploads import SealedFile
from subscribers.imports.formats.archives import chosen, members_of, opened_zip, unpacked, unpacked_gzip
from subscribers.imports.formats.detection import Format, Found, format_of
from subscribers.imports.formats.sandbox import MEGABYTE, Conversion, Limits, converted
from subscribers.imports.models import FileKind
from subscribers.imports.problems import NoSuchPartError, UnpacksTooLargeError, UnsupportedArchiveError

QUICK_BYTES = 5 * 1024 * 1024  # read while somebody waits; what is larger takes a job
QUICK_UNPACKED = 50 * 1024 * 1024  # by its own account, which is not believed:
MOST_WHILE_WAITING = 4 * QUICK_UNPACKED
# A workbook of a million rows is unpacked in a gigabyte; the other formats are read row by row.
THOROUGH = Limits(memory=3 * 1024 * MEGABYTE, seconds=1800)
HURRIED = Limits(memory=1024 * MEGABYTE, seconds=30)
PACKED = (Format.ZIP, Format.GZIP)
SHEETS = (Format.XLSX, Format.XLS, Format.ODS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a file turned out to be. Without ``file`` it is delimited text itself, and is read as it came."""

    kind: FileKind
    file: SealedFile | None = None
    parts: list[str] = field(default_factory=list)
    part: str = ""
    doubtful: bool = False
    named: bool = False  # the first row is sure to name the columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """How tables are made: where they are written, their bounds, and who is told how many bytes are done."""

    new_file: Callable[[], SealedFile]
    report: Callable[[int], None] | None
    limits: Limits
    most_bytes: int
    most_columns: int

    def table_of(self, stream: BinaryIO, size: int, part: str = "") -> Table:
        """The table in a file, or in the named part of it. Raises the kinds of UnreadableFileError."""
        found = format_of(stream, size)
        if found.format == Format.CSV and part:
            raise NoSuchPartError
        if found.format == Format.CSV:
            return Table(kind=FileKind.CSV)
        if found.format in PACKED:
            return self._unpacked(stream, size, found, part)
        return self._converted(stream, found, part)

    def _unpacked(self, stream: BinaryIO, size: int, found: Found, part: str) -> Table:
        if found.format == Format.GZIP:
            return self._inner(self._written(unpacked_gzip(stream, size=size, most=self.most_bytes)), part)
        with opened_zip(stream) as archive:
            members = members_of(archive)
            member = members[0] if len(members) == 1 else chosen(members, part)
            file = self._written(unpacked(archive, member, most=self.most_bytes))
        if len(members) == 1:  # the sheets of the only workbook in an archive can be chosen
            return self._inner(file, "" if part == member.name else part)
        names = [member.name for member in members]
        return replace(self._inner(file, ""), parts=names, part=member.name, doubtful=not part)

    def _inner(self, file: SealedFile, part: str) -> Table:
        """The table in what was unpacked; an archive in an archive is refused."""
        try:
            found = format_of(stream_of(file), file.size or 0)
            if found.format in PACKED:
                raise UnsupportedArchiveError
            if found.format == Format.CSV and part:
                raise NoSuchPartError
            if found.format == Format.CSV:
                return Table(kind=FileKind.CSV, file=file)
            with closing(file):
                return self._converted(stream_of(file), found, part)
        except BaseException:
            file.close()
            raise

    def _converted(self, stream: BinaryIO, found: Found, part: str) -> Table:
        kind = FileKind(found.format.value)
        if found.format in SHEETS:
            with self._child("sheets", stream, part=part) as conversion:
                said = conversion.found
                return Table(kind=kind, file=self._written(conversion.pieces), parts=said["parts"], part=said["part"],
                             doubtful=said["doubtful"])  # fmt: skip
        if part:
            raise NoSuchPartError
        module, options = ("vcards", {}) if found.format == Format.VCARD else ("records", self._options(found))
        options["encoding"] = found.encoding
        with self._child(module, stream, columns=None, **options) as conversion:
            said = conversion.found
        with self._child(module, stream, columns=said["columns"], **options) as conversion:
            return Table(kind=kind, file=self._written(conversion.pieces), named=not said["positional"])

    def _options(self, found: Found) -> dict[str, Any]:
        return {"by_line": found.format == Format.NDJSON, "most_columns": self.most_columns}

    @contextmanager
    def _child(self, module: str, stream: BinaryIO, **options: Any) -> Iterator[Conversion]:
        stream.seek(0)
        with converted(module, stream, self.limits, **options) as conversion:
            yield conversion

    def _written(self, pieces: Iterator[bytes]) -> SealedFile:
        file = self.new_file()
        done = 0
        try:
            for piece in pieces:
                done += file.write(piece)
                if done > self.most_bytes:
                    raise UnpacksTooLargeError
                if self.report:
                    self.report(done)
            file.finish()
        except BaseException:
            file.close()
            raise
        return file


def stream_of(file: SealedFile) -> BinaryIO:
    return cast("BinaryIO", file.file)


def is_quick(stream: BinaryIO, size: int) -> bool:
    """Is a file so small, packed and by its own account unpacked, that it can be read while somebody waits?"""
    found = format_of(stream, size)
    if found.format == Format.CSV:
        return True
    if size > QUICK_BYTES:
        return False
    if found.format == Format.ZIP:
        with opened_zip(stream) as archive:
            return sum(info.file_size for info in archive.infolist()) < QUICK_UNPACKED
    if found.format == Format.GZIP:
        stream.seek(-4, 2)
        return int.from_bytes(stream.read(4), "little") < QUICK_UNPACKED
    return True
