"""Imports beside raw COPY of the same final rows into tables with the same indexes."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import connection
from django_scopes import scope

from bench.data import MAPPING, write_file
from bench.readers import Watch, watched
from bench.table import Line
from bench.worker import Ran, run_in_worker
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.models import Import
from subscribers.imports.passport.rules import Declaration

TABLES = ("subscribers_contact", "consent_consentevent", "consent_consentstate", "consent_evidence")
JOURNAL = "subscribers_importchange"
MEMORY = 300  # megabytes


@contextmanager
def uploaded(path: Path) -> Iterator[TemporaryUploadedFile]:
    upload = TemporaryUploadedFile(path.name, "text/csv", path.stat().st_size, None)
    upload.file.write(path.read_bytes())
    upload.file.seek(0)
    yield upload
    upload.close()


@dataclass(frozen=True)
class Measured:
    """One import as a worker ran it, and what somebody saw who read contacts meanwhile."""

    ran: Ran
    source: Import
    watch: Watch


def run_import(organisation: Organisation, path: Path) -> Measured:
    with scope(organisation=organisation):
        with uploaded(path) as upload:
            source = create_import(
                actor=Actor.system(organisation),
                organisation=organisation,
                upload=upload,
                choice=ReadingChoice(mapping=MAPPING, update_rule="overwrite"),
                declaration=Declaration(
                    origin_kind="own_form",
                    origin_name="Newsletter form",
                    collected_by="Bench",
                    collected_on=date(2026, 9, 1),
                    basis="consent",
                    consents=[{"purpose": "newsletter", "channel": "email"}],
                    evidence_note="Generated for measuring.",
                ),
            )
        with watched(organisation) as watch:
            ran = run_in_worker(source.job_id or 0)
        source.refresh_from_db()
    if source.state != "done":
        message = f"the import ended {source.state}: {source.error_code}"
        raise RuntimeError(message)
    return Measured(ran, source, watch)


class Copies:
    """The final rows of an import, COPYed again and again into empty tables with the same indexes."""

    def __init__(self, organisation: Organisation, tables: Sequence[str]) -> None:
        self._texts: dict[str, bytes] = {}
        with connection.cursor() as cursor:
            for table in tables:
                buffer = io.BytesIO()
                rows = f"SELECT * FROM {table} WHERE organisation_id = {organisation.pk:d} ORDER BY 1"
                with cursor.copy(f"COPY ({rows}) TO STDOUT") as copy:
                    for block in copy:
                        buffer.write(block)
                self._texts[table] = buffer.getvalue()

    def seconds(self) -> float:
        with connection.cursor() as cursor:
            for table in self._texts:
                cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
                cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            began = time.perf_counter()
            for table, text in self._texts.items():
                with cursor.copy(f"COPY bench_{table} FROM STDIN") as copy:
                    for start in range(0, len(text), 1 << 18):
                        copy.write(text[start : start + (1 << 18)])
            took = time.perf_counter() - began
            for table in self._texts:
                cursor.execute(f"DROP TABLE bench_{table}")
        return took


def measure_imports(organisations: list[Organisation], folder: Path, rows: int) -> list[Line]:
    """New people, the same file again, and with some and all of its rows changed; the limit between all of them."""
    files = {percent: folder / f"changed{percent}.csv" for percent in (0, 10, 100)}
    for percent, path in files.items():
        write_file(path, rows, changed=percent)
    first, second = organisations
    cold = run_import(first, files[0])
    print(f"    the first import of all: {told(cold.ran)}", flush=True)
    copies = Copies(first, TABLES)
    limits, runs = [copies.seconds()], []
    for name, path in (("new", files[0]), ("again", files[0]), ("10 %", files[10]), ("all", files[100])):
        # The only one that can be repeated: its median, for the autovacuum of what was just written takes its share.
        again = [run_import(second, path) for _ in range(3 if name == "again" else 1)]
        runs.append(sorted(again, key=lambda run: run.ran.seconds)[len(again) // 2])
        limits.append(copies.seconds())
        print(f"    {name}: {told(runs[-1].ran)}, the COPYs beside it {limits[-2]:.2f}, {limits[-1]:.2f} s", flush=True)
        print(f"        {runs[-1].watch}", flush=True)
    journal = Copies(second, (JOURNAL,)).seconds()
    new, unchanged, tenth, every = runs
    require_counts(rows, [run.source for run in runs])
    near = [mean(limits[number : number + 2]) for number in range(len(runs))]
    return [
        rate_line(f"import of {rows:,} rows, new", new, near[0], 0.60),
        time_line("the same file again", unchanged, near[1], 0.7),
        time_line("10 % of the rows changed", tenth, near[2], 0.9),
        time_line("every row changed", every, near[3] + journal, 1.0),
        memory_line(runs),
    ]


def told(ran: Ran) -> str:
    return (
        f"{ran.seconds:.2f} s, busy {ran.busy:.2f} s, its child {ran.busy_children:.2f} s;"
        f" {ran.memory:.0f} MB, its child {ran.of_children:.0f} MB"
    )


def require_counts(rows: int, sources: Sequence[Import]) -> None:
    new, again, tenth, every = sources
    people = new.rows_created
    found = [again.rows_unchanged, tenth.rows_updated + tenth.rows_unchanged, every.rows_updated + every.rows_unchanged]
    if new.rows_read != rows or found != [people] * 3 or not people * 0.09 < tenth.rows_updated < people * 0.11:
        message = f"the counts are wrong: {rows} rows, {people} people, then {found}"
        raise RuntimeError(message)


def rate_line(job: str, run: Measured, limit: float, target: float) -> Line:
    people = run.source.rows_created
    return Line(
        job,
        f"{people / run.ran.seconds:,.0f} people/s",
        f"COPY {people / limit:,.0f} people/s",
        limit / run.ran.seconds,
        target,
    )


def time_line(job: str, run: Measured, limit: float, target: float) -> Line:
    took = run.ran.seconds
    return Line(job, f"{took:.2f} s", f"that COPY {limit:.2f} s", took / limit, target, lower_is_better=True)


def memory_line(runs: Sequence[Measured]) -> Line:
    most = max(max(run.ran.memory, run.ran.of_children) for run in runs)
    return Line("memory of a worker", f"{most:.0f} MB", f"{MEMORY} MB", most / MEMORY, 1.0, lower_is_better=True)
