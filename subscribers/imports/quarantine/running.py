"""What a worker does when an import is released: confirm what it claims."""

from __future__ import annotations

from typing import Any

from portal.jobs.running import JobRun
from subscribers.imports.afterwards import all_afterwards
from subscribers.imports.models import Import
from subscribers.imports.sweeping import swept


def execute_confirmation(run: JobRun) -> dict[str, Any]:
    """Go through all that the lot claims, window by window; answers what was confirmed."""
    source = Import.objects.select_related("organisation").get(pk=run.job.target_id)
    return swept(run, source, [afterwards.confirm for afterwards in all_afterwards()])
