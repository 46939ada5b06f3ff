"""Files for the tests of imports, and the shortest way to have one read and run."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.uploads import SealedFile
from subscribers.imports import running
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.formats.sandbox import Limits
from subscribers.imports.formats.tables import HURRIED, Maker, Table
from subscribers.imports.models import Import
from subscribers.imports.passport.rules import Declaration
from subscribers.imports.reading.inspecting import inspect_file
from subscribers.imports.reading.streaming import Block, FileFormat, read_blocks

OUR_FORM = Declaration(
    origin_kind="own_form",
    origin_name="Newsletter form",
    collected_by="Acme",
    basis="consent",
)


def csv_upload(content: str | bytes, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content, "text/csv")


def inspected(content: bytes, **choices: Any) -> FileFormat:
    return inspect_file(io.BytesIO(content), size=len(content), **choices)


def table_of(content: bytes, part: str = "", *, most_bytes: int = 1 << 28, limits: Limits = HURRIED) -> Table:
    """What a file turns out to be, with the table it is turned into."""
    maker = Maker(
        new_file=lambda: SealedFile("table", key=b"k" * 32, context=b""),
        report=None,
        limits=limits,
        most_bytes=most_bytes,
        most_columns=500,
    )
    return maker.table_of(io.BytesIO(content), len(content), part)


def table_lines(table: Table) -> list[str]:
    assert table.file is not None
    table.file.seek(0)
    lines: list[str] = table.file.read().decode().split("\n")
    assert lines.pop() == ""
    return lines


def blocks_of(content: bytes, *, block_bytes: int = 1 << 18, **choices: Any) -> list[Block]:
    return list(read_blocks(io.BytesIO(content), inspected(content, **choices), block_bytes=block_bytes))


def rows_of(content: bytes, **options: Any) -> list[tuple[int, list[str]]]:
    """Every row that is read, with the line it starts on."""
    return [pair for block in blocks_of(content, **options) for pair in zip(block.lines, block.rows, strict=True)]


def broken_of(content: bytes, **options: Any) -> list[tuple[int, str]]:
    return [(reject.line, reject.code.value) for block in blocks_of(content, **options) for reject in block.broken]


def imported(
    organisation: Organisation,
    content: str | bytes,
    *,
    declaration: Declaration = OUR_FORM,
    dry_run: bool = False,
    **choice: Any,
) -> Import:
    """Import a file and wait for it; call it in the organisation's scope."""
    source = create_import(
        actor=Actor.system(organisation),
        organisation=organisation,
        upload=csv_upload(content),
        choice=ReadingChoice(**choice),
        declaration=declaration,
        dry_run=dry_run,
    )
    assert source.job_id is not None
    run_job(source.job_id, running.execute_import, on_failure=running.fail_import, on_cancel=running.stop_import)
    source.refresh_from_db()
    return source


def counts_of(source: Import) -> dict[str, int]:
    """The counts that are not zero."""
    names = ("read", "created", "updated", "unchanged", "rejected", "duplicate", "suppressed")
    return {name: count for name in names if (count := getattr(source, f"rows_{name}"))}
