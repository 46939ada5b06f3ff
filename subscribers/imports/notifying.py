"""The mail at the end of an import: to the member who started it, with counts and the next step, and nobody's data."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from portal.jobs.models import Job
from portal.mail.actions import queue_mail
from portal.organisations.links import absolute, organisation_url
from portal.organisations.models import Membership
from subscribers.imports.models import Import, ImportState
from subscribers.imports.queries import counts

WATCHED = timedelta(minutes=1)  # a dry run that is shorter is looked at as it ends
TOLD = (ImportState.DONE, ImportState.QUARANTINED, ImportState.FAILED, ImportState.UNDONE)


def tell_end(source: Import, job: Job) -> None:
    """Queue the mail in the transaction that ends the import, so that it goes once, whatever is killed when.

    ``job`` is the one that ended: an undo has its own, and maybe another member to tell. Nobody is told of what they
    stopped themselves, or of a dry run that they have just watched.
    """
    if source.state not in TOLD or (source.dry_run and not long_run(source)):
        return
    member = readers(source, job).first()
    if member is None:
        return
    queue_mail(
        organisation=source.organisation,
        template="import_finished",
        to=member.user.email,
        language=member.user.language or source.organisation.locale,
        context={
            "source": source,
            "counts": counts(source),
            "code": source.error_code,
            "url": absolute(organisation_url(source.organisation, "subscribers:import_detail", import_id=source.pk)),
        },
    )


def long_run(source: Import) -> bool:
    if not (source.started_at and source.finished_at):
        return False
    return source.finished_at - source.started_at > WATCHED


def readers(source: Import, job: Job) -> QuerySet[Membership]:
    """The member who started it, in person or through a token, if that is a member still."""
    return Membership.objects.select_related("user").filter(
        organisation=source.organisation, user=job.created_by_id, user__is_active=True, ended_at=None
    )
