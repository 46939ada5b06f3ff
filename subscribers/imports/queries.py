"""Reads of imports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, override
from django_scopes import scope

from portal.errors import NotFoundError
from portal.jobs.models import Job
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact, Origin
from subscribers.contacts.queries import estimated_total
from subscribers.imports.columns.mapping import dropped_columns
from subscribers.imports.models import Import, ImportReject, ImportState
from subscribers.imports.passport.declaring import declaration_of, naming_of
from subscribers.imports.passport.points import NamedPoint, named_point
from subscribers.imports.passport.risks import Situation

COUNTS = ("read", "created", "updated", "unchanged", "rejected", "duplicate", "suppressed")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Not collected from the people themselves: they must be told where their data comes from (G 14).
TOLD_ORIGINS = (Origin.PARTNER, Origin.BOUGHT, Origin.PUBLIC)
ENDED = (ImportState.DONE, ImportState.QUARANTINED, ImportState.FAILED, ImportState.CANCELLED, ImportState.UNDONE)


def imports(organisation: Organisation, *, state: str = "", search: str = "") -> QuerySet[Import]:
    """The imports of an organisation with what a list shows of them. Index: imports_newest_first."""
    jobs = ("job", "undo_job", "delete_job")
    found = Import.objects.filter(organisation=organisation).select_related(*jobs, "created_by")
    if state:
        found = found.filter(state=state)
    if search:
        found = found.filter(file_name__icontains=search)
    return found


def quarantine_card(organisation: Organisation) -> dict[str, Any]:
    """Bought and partner lists that wait for somebody to check their sample (I-04), the oldest first."""
    waiting = Import.objects.filter(organisation=organisation, state=ImportState.QUARANTINED, frozen_at=None)
    return {"imports": list(waiting.order_by("finished_at", "pk")[:5]), "waiting": waiting.count()}


def import_by_id(organisation: Organisation, import_id: str | int) -> Import:
    """Raises NotFoundError, also for what is no id."""
    text = str(import_id)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFoundError
    source = imports(organisation).select_related("organisation").filter(pk=int(text)).first()
    if source is None:
        raise NotFoundError
    return source


def point_of(source: Import) -> NamedPoint | None:
    """The collection point that an import names, with the notices that its people may have been shown."""
    return named_point(source.organisation, naming_of(source.organisation, source, declaration_of(source)))


def counts(source: Import) -> dict[str, int]:
    """The rows by what became of them; `read` is the sum of the others, always."""
    return {name: getattr(source, f"rows_{name}") for name in COUNTS}


def progress(source: Import) -> float:
    """From 0 to 1."""
    if source.state in (ImportState.DONE, ImportState.QUARANTINED, ImportState.UNDONE):
        return 1.0
    return round(source.job.progress, 4) if source.job else 0.0


def job_at_work(source: Import) -> Job | None:
    """The job that reads, imports, undoes or deletes, if one does or waits for its turn."""
    jobs = (source.delete_job, source.undo_job, source.job)
    return next((job for job in jobs if job is not None and not job.ended), None)


def is_being_read(source: Import) -> bool:
    """Is a job about to turn the file into a table? Until then it has no columns."""
    return not source.columns and source.job is not None and not source.job.ended


def dropped(source: Import) -> list[str]:
    return dropped_columns(source.mapping, source.columns)


def to_inform(source: Import) -> int:
    """How many of its contacts must still be told where their data comes from (N-03). Index: contacts_by_import."""
    if source.origin_kind not in TOLD_ORIGINS or source.dry_run:
        return 0
    waiting = Contact.objects.filter(source_import=source, art14_due__isnull=False, art14_sent_at__isnull=True)
    return waiting.filter(organisation=source.organisation).count()


def situation(source: Import) -> Situation:
    """What the risks of an import are judged by."""
    today = timezone.now().astimezone(source.organisation.zone).date()
    return Situation(source, estimated_total(source.organisation), today)


def rejects_csv(source: Import) -> Iterator[str]:
    """The rejected rows as a CSV file, some hundred at a time: their cells, then line, code and detail.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection). The details
    are in the language of whoever asks, which is no longer in force when the stream is sent.
    """
    return rejects_lines(source, get_language() or source.organisation.locale)


def rejects_lines(source: Import, language: str) -> Iterator[str]:
    yield "\ufeff" + csv_lines([[*source.columns, "line", "code", "detail"]])
    width, last = len(source.columns), 0
    while rejects := rejects_after(source, last):
        last = rejects[-1].pk
        with override(language):
            lines = [[*fitted(reject.cells, width), reject.line, reject.code, reject.sentence] for reject in rejects]
        yield csv_lines(lines)


def rejects_after(source: Import, last: int) -> list[ImportReject]:
    """Five hundred rejects; in a scope of their own, since a stream is sent after that of the request has ended."""
    with scope(organisation=source.organisation):
        return list(source.rejects.filter(organisation=source.organisation, pk__gt=last).order_by("pk")[:500])


def fitted(cells: list[str], width: int) -> list[str]:
    """As many cells as there are columns: spare ones follow in the last, so that line and code keep their place."""
    if len(cells) > width:
        return [*cells[: width - 1], " ".join(cells[width - 1 :])]
    return [*cells, *[""] * (width - len(cells))]


def csv_lines(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue()


def harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def examples_of_rejects(source: Import) -> list[ImportReject]:
    """The first rejected rows, to show on the page. Index: rejects_by_line."""
    return list(source.rejects.filter(organisation=source.organisation).order_by("line")[:10])
