"""Imports beside raw COPY of the same final rows into tables with the same indexes."""

from __future__ import annotations

import io
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import connection
from django_scopes import scope

from bench.data import MAPPING, write_file
from bench.table import Line
from portal.jobs.running import run_job
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.models import Import
from subscribers.imports.rules import Declaration
from subscribers.imports.running import execute_import

TABLES = ("subscribers_contact", "consent_consentevent", "consent_consentstate", "consent_evidence")


@contextmanager
def uploaded(path: Path) -> Iterator[TemporaryUploadedFile | SimpleUploadedFile]:
    upload = TemporaryUploadedFile(path.name, "text/csv", path.stat().st_size, None)
    upload.file.write(path.read_bytes())
    upload.file.seek(0)
    yield upload
    upload.close()


def run_import(organisation: Organisation, path: Path) -> tuple[float, Import]:
    """Seconds from the job's start to its end, and the import."""
    actor = Actor.system(organisation)
    with scope(organisation=organisation):
        with uploaded(path) as upload:
            source = create_import(
                actor=actor,
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
        began = time.perf_counter()
        run_job(source.job_id or 0, execute_import)
        took = time.perf_counter() - began
        source.refresh_from_db()
    if source.state != "done":
        message = f"the import ended {source.state}: {source.error_code}"
        raise RuntimeError(message)
    return took, source


@dataclass(frozen=True)
class Limit:
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


class Copies:
    """The final rows of a first import, COPYed again and again into empty tables with the same indexes."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.rows = 0
        with connection.cursor() as cursor:
            for table in TABLES:
                buffer = io.BytesIO()
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    for block in copy:
                        buffer.write(block)
                self.texts[table] = buffer.getvalue()
            cursor.execute("SELECT count(*) FROM subscribers_contact")
            self.rows = cursor.fetchone()[0]

    def measure(self) -> Limit:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
                cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            cursor.execute("CHECKPOINT") if is_superuser(cursor) else None
            began = time.perf_counter()
            for table, text in self.texts.items():
                with cursor.copy(f"COPY bench_{table} FROM STDIN") as copy:
                    for start in range(0, len(text), 1 << 18):
                        copy.write(text[start : start + (1 << 18)])
            took = time.perf_counter() - began
            for table in TABLES:
                cursor.execute(f"DROP TABLE bench_{table}")
        return Limit(self.rows, took)


def is_superuser(cursor: object) -> bool:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")  # type: ignore[attr-defined]
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]


def measure_imports(organisations: list[Organisation], folder: Path, rows: int) -> list[Line]:
    """New rows and the same file again, each beside the limit measured just before and after."""
    path = folder / "people.csv"
    write_file(path, rows)
    took, source = run_import(organisations[0], path)  # warms caches, and gives the rows of the limit
    copies = Copies()
    limits = [copies.measure()]
    new, source = run_import(organisations[1], path)
    limits.append(copies.measure())
    again, repeated = run_import(organisations[1], path)
    limits.append(copies.measure())
    limit = sorted(limits, key=lambda one: one.rate)[1]
    if repeated.rows_unchanged != source.rows_created:
        message = f"{repeated.rows_unchanged} of {source.rows_created} rows were found unchanged"
        raise RuntimeError(message)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"    import: first (cold) {took:.1f} s, then {new:.1f} s; memory of this process {memory:.0f} MB")
    return [
        Line(
            f"import of {rows:,} rows, new",
            f"{source.rows_created / new:,.0f} people/s",
            f"COPY {limit.rate:,.0f} people/s",
            source.rows_created / new / limit.rate,
            0.40,
        ),
        Line(
            "the same file again",
            f"{again:.2f} s",
            f"that COPY {limit.seconds:.2f} s",
            again / limit.seconds,
            0.7,
            lower_is_better=True,
        ),
    ]
