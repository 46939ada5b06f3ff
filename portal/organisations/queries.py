"""What host operators may know about organisations (counts, never people), and the logos that anybody may see."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django_scopes import scopes_disabled

from portal.jobs.models import Job, JobState
from portal.organisations.models import Organisation, OrganisationLogo


@dataclass(frozen=True)
class OrganisationSummary:
    """One line of the host's list."""

    slug: str
    name: str
    country: str
    members: int
    jobs_running: int
    created_at: datetime


def organisation_summaries() -> list[OrganisationSummary]:
    """Every organisation with the number of its members and running jobs, by name; two queries."""
    with scopes_disabled():
        running = dict(
            Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
            .values_list("organisation_id")
            .annotate(Count("pk"))
        )
        organisations = Organisation.objects.annotate(
            members=Count("memberships", filter=Q(memberships__ended_at=None))
        ).order_by("name")
        return [
            OrganisationSummary(
                slug=organisation.slug,
                name=organisation.name,
                country=organisation.country,
                members=organisation.members,
                jobs_running=running.get(organisation.pk, 0),
                created_at=organisation.created_at,
            )
            for organisation in organisations
        ]


def logo_picture(slug: str, digest: str) -> bytes | None:
    """The PNG of an organisation's logo, if this is the digest of the one it has now."""
    with scopes_disabled():
        found = OrganisationLogo.objects.filter(organisation__slug=slug, organisation__logo=digest)
        picture: memoryview | bytes | None = found.values_list("png", flat=True).first()
    return None if picture is None else bytes(picture)


def logo_inside(slug: str, digest: str) -> str:
    """The logo as a ``data:`` address, for papers, which fetch nothing; empty without one."""
    picture = logo_picture(slug, digest) if digest else None
    return f"data:image/png;base64,{b64encode(picture).decode()}" if picture else ""
