"""What a worker does when a lot is deleted: its consents are reverted, its people erased, window by window.

Who agreed elsewhere stays. Who said no is put on the suppression list before they are erased, so that no other file
can bring them back. The ledger's lines stay and still verify: they name ids that lead nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.jobs.running import JobRun
from portal.organisations.actors import Actor
from portal.personal_data.actions import erase_people
from subscribers.contacts.models import Contact
from subscribers.imports.afterwards import LEFT, Sweep, Window, all_afterwards
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.recall.queries import agreements, people_of
from subscribers.imports.sweeping import Counts, swept, total
from subscribers.imports.undo.running import created_bounds
from subscribers.imports.undo.sql import LOCK
from subscribers.imports.undo.touching import Touches
from subscribers.suppression.models import SuppressionReason
from subscribers.suppression.recording import Entry, record_suppressions
from subscribers.suppression.rules import REACHED_BY


def execute_deletion(run: JobRun) -> dict[str, Any]:
    """Answers ``{"erased", "suppressed", "consents", "consents_restored", "kept": {reason: n}}``."""
    source = Import.objects.select_related("organisation").get(pk=run.job.target_id)
    touches = agreements(source)
    sweeps = [
        *(afterwards.revert for afterwards in all_afterwards()),
        Sweep(name="people", bounds=created_bounds, work=lambda cursor, window: erase(cursor, window, touches)),
    ]
    return ended_deletion(run, source, swept(run, source, sweeps))


def erase(cursor: Any, window: Window, touches: Touches) -> Counts:
    found = people_of(cursor, window, touches, lock=LOCK)
    wanted = [contact_id for contact_id, reason in found if reason is None]
    if not wanted:
        return total({f"{LEFT}{reason}": 1} for _id, reason in found)
    suppressed = remember_refusals(window, wanted)
    erase_people(organisation=window.source.organisation, contact_ids=wanted, now=window.now)
    kept = ({f"{LEFT}{reason}": 1} for _id, reason in found if reason)
    return total([{"erased": len(wanted), "suppressed": suppressed}, *kept])


def remember_refusals(window: Window, contact_ids: Sequence[int]) -> int:
    """Suppress the addresses of those who said no, on the channels they said it for (G 21(3)); how many were new."""
    refusals = [each for afterwards in all_afterwards() for each in afterwards.refusals(window.source, contact_ids)]
    people = Contact.objects.in_bulk({refusal.contact_id for refusal in refusals})
    entries = [
        Entry(channel=refusal.channel, reason=SuppressionReason.OBJECTION, address=address)
        for refusal in refusals
        if refusal.channel in REACHED_BY and refusal.contact_id in people
        if (address := getattr(people[refusal.contact_id], REACHED_BY[refusal.channel]))
    ]
    if not entries:
        return 0
    outcomes = record_suppressions(window.source.organisation, entries, now=window.now)
    return sum(outcome.created for outcome in outcomes)


@transaction.atomic
def ended_deletion(run: JobRun, source: Import, counted: dict[str, Counts]) -> dict[str, Any]:
    """Rows the import refused are personal data of the same lot, and go with it."""
    now = timezone.now()
    counts = total(counted.values())
    rejects, _by_model = ImportReject.objects.filter(organisation=source.organisation, source_import=source).delete()
    outcome = {
        "erased": counts.get("erased", 0),
        "suppressed": counts.get("suppressed", 0),
        "consents": counts.get("reverted", 0),
        "consents_restored": counts.get("restored", 0),
        "rejects": rejects,
        "kept": {
            name.removeprefix(LEFT): count for name, count in counted.get("people", {}).items() if name.startswith(LEFT)
        },
    }
    source.deleted_at, source.delete_counts = now, outcome
    source.save(update_fields=["deleted_at", "delete_counts"])
    actor = Actor.system(run.organisation, reference=f"job:{run.job.pk}")
    audit.record(actor=actor, action="import.lot_deleted", target=source, details=outcome, at=now)
    run.complete(outcome, done=run.job.expected or 0, expected=run.job.expected or 0)
    return outcome
