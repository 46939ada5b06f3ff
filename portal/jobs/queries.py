"""Reading jobs."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.jobs.models import Job


def jobs(*, state: str = "", queue: str = "") -> QuerySet[Job]:
    """The jobs of the organisation in scope."""
    found = Job.objects.select_related("created_by")
    if state:
        found = found.filter(state=state)
    if queue:
        found = found.filter(queue=queue)
    return found
