"""What a host's own systems may read: organisations and counts, no personal data."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from portal.organisations.queries import OrganisationSummary, organisation_summaries

router = Router(tags=["organisations"])


class OrganisationOut(Schema):
    slug: str
    name: str
    country: str
    members: int
    jobs_running: int
    created_at: datetime


class OrganisationsOut(Schema):
    items: list[OrganisationOut]
    next_cursor: str | None = None


@router.get("/organisations", response=OrganisationsOut)
def organisations(request: HttpRequest) -> dict[str, list[OrganisationSummary] | None]:
    """Every organisation of this host, by name."""
    return {"items": organisation_summaries(), "next_cursor": None}
