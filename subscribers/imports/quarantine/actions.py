"""Checking the sample of a quarantined import, and letting the import go (I-04)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.errors import FieldProblem, InvalidInputError
from portal.jobs.actions import start_job
from portal.organisations.actors import Actor
from portal.organisations.roles import Capability
from subscribers.imports.files import discard_file
from subscribers.imports.lanes import lane_of
from subscribers.imports.models import Import, ImportSample, ImportState, Verdict
from subscribers.imports.passport.rules import is_quarantined
from subscribers.imports.quarantine.checking import Check, read_checks
from subscribers.imports.quarantine.errors import NotQuarantinedError, SampleIncompleteError, UnprovenSampleError

# A lot that ended early waits for its proofs as well: nobody of it may be written to until they are checked.
ENDED = (ImportState.QUARANTINED, ImportState.FAILED, ImportState.CANCELLED)


def release_import(*, actor: Actor, source: Import, checked: Sequence[Mapping[str, Any]]) -> Import:
    """Store these verdicts (``{"row": line, "verdict": "proven"|"unproven", "note": text}``) and release the import.

    Verdicts may come in parts, and are kept whatever is raised: ``sample_incomplete`` while a row has none (``errors``
    name the rows), ``unproven_sample`` for good once a row is unproven, ``not_quarantined``. Rows that are not in the
    sample raise ``invalid_input``, and nothing is kept.
    """
    actor.require(Capability.IMPORTS_RELEASE)
    now = timezone.now()
    with transaction.atomic():
        kept = locked(source)
        sample = list(ImportSample.objects.select_for_update().filter(source_import=kept).order_by("line"))
        store(actor, kept, sample, checked, now)
        refusal = reason_to_wait(sample)
        if refusal is None:
            release(actor, kept, sample, now)
    if refusal is not None:
        raise refusal
    return kept


def locked(source: Import) -> Import:
    """The import as it is now; raises ``not_quarantined``."""
    kept = Import.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=source.pk)
    if kept.state not in ENDED or kept.dry_run or kept.released_at or not is_quarantined(kept.origin_kind):
        raise NotQuarantinedError
    return kept


def store(
    actor: Actor, source: Import, sample: Sequence[ImportSample], checked: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Write the verdicts into the rows of the sample; raises ``invalid_input``, and ``unproven_sample`` for good."""
    rows = {row.line: row for row in sample}
    checks, problems = read_checks(checked, rows)
    if problems:
        raise InvalidInputError(errors=problems)
    if any(row.verdict == Verdict.UNPROVEN for row in sample):
        raise UnprovenSampleError
    for check in checks:
        put(rows[check.row], check, actor, now)
    if checks:
        verdicts = Counter(check.verdict for check in checks)
        audit.record(actor=actor, action="import.sample_checked", target=source, details=dict(verdicts), at=now)


def put(row: ImportSample, check: Check, actor: Actor, now: datetime) -> None:
    row.verdict, row.note = check.verdict, check.note
    row.checked_by_id, row.checked_at = actor.user_id, now
    row.save(update_fields=["verdict", "note", "checked_by", "checked_at"])


def reason_to_wait(sample: Sequence[ImportSample]) -> SampleIncompleteError | UnprovenSampleError | None:
    if any(row.verdict == Verdict.UNPROVEN for row in sample):
        return UnprovenSampleError()
    detail = _("This row has no verdict yet.")
    missing = [
        FieldProblem(("checked", row.line), SampleIncompleteError.code, detail) for row in sample if not row.verdict
    ]
    return SampleIncompleteError(errors=missing) if missing else None


def release(actor: Actor, source: Import, sample: Sequence[ImportSample], now: datetime) -> None:
    """All of the sample is proven: its people may be written to, and a job confirms what the import claims."""
    from subscribers.imports.quarantine.tasks import confirm_lot

    if source.state == ImportState.QUARANTINED:
        source.state = ImportState.DONE
    source.released_at, source.released_by_id = now, actor.user_id
    source.save(update_fields=["state", "released_at", "released_by"])
    discard_file(source)
    start_job(
        actor=actor,
        organisation=source.organisation,
        task=confirm_lot,
        target_id=source.pk,
        queue=lane_of(source),
    )
    details = {"sample": len(sample), "proven": len(sample), "state": source.state}
    audit.record(actor=actor, action="import.released", target=source, details=details, at=now)
