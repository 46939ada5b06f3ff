"""What the page of a collection point shows beside its words: who acted, how many signed up, and code to paste."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from consent.collection.models import CollectionPoint
from consent.collection.queries import days_of
from consent.purposes.models import Basis
from portal.organisations.links import absolute, organisation_url
from portal.organisations.models import Membership
from portal.ui import numbers
from portal.ui.components import Point, Text

WEEKS = 12


def names_of(references: Sequence[str]) -> dict[str, str]:
    """What to call those who acted, by their references in the audit log: members by name, others as they are."""
    ids = {reference: int(reference.removeprefix("member:")) for reference in references if "member:" in reference}
    members = Membership.objects.select_related("user").filter(pk__in=ids.values())
    known = {member.pk: member.user.name or member.user.email for member in members}
    return {reference: known.get(ids.get(reference, 0), reference) for reference in references}


def charts(point: CollectionPoint) -> tuple[list[Point], list[Point]]:
    """The share confirmed week by week, and the confirmed sign-ups of each of the last thirty days."""
    today = timezone.localdate()
    days = days_of(point, until=today, days=7 * WEEKS)
    weeks = []
    for week in range(WEEKS):
        part = days[7 * week : 7 * week + 7]
        submitted = sum(day.submitted for day in part)
        share = round(100 * sum(day.recorded for day in part) / submitted) if submitted else 0
        weeks.append(Point(numbers.day(part[0].day), share))
    return weeks, [Point(numbers.day(day.day), day.recorded) for day in days[-30:]]


def import_address(point: CollectionPoint) -> str:
    """The first step of an import that has this point chosen already."""
    return f"{organisation_url(point.organisation, 'subscribers:import_new')}?collection_point={point.key}"


def import_code(point: CollectionPoint) -> str:
    """How a program imports a file of the point."""
    options = {
        "collection_point": point.key,
        "consents": point.choices[:1],
        "origin": {"kind": "own_form", "name": point.name, "collected_by": point.organisation.name},
        "basis": str(Basis.CONSENT),
        "evidence_note": "…",
        "mapping": {"email": "email", "date": "consent.occurred_at", "language": "language"},
        "dry_run": True,
    }
    return (
        f"curl {absolute('/api/v1/imports')} -H 'Authorization: Bearer …' \\\n"
        f"  -F file=@people.csv \\\n  -F options='{json.dumps(options, ensure_ascii=False)}'"
    )


def codes(point: CollectionPoint) -> dict[str, Text]:
    """What the client pastes into a site of theirs: a script, plain HTML, or JSON of their own."""
    address = absolute(f"/s/{point.organisation.slug}/{point.key}")
    choice = point.choices[0] if point.choices else {"purpose": "newsletter", "channel": "email"}
    body = json.dumps(
        {"email": "ada@mail.example", "choices": [choice], "token": "…", "altcha": "…"}, ensure_ascii=False
    )
    return {
        "address": address,
        "script_code": f'<script src="{address}/embed.js" defer></script>',
        "html_code": (
            f'<form method="post" action="{address}">\n'
            f'  <label>{_("E-mail address")} <input type="email" name="email" autocomplete="email" required></label>\n'
            f"  <button>{_('Continue')}</button>\n</form>"
        ),
        "json_code": f"curl {address}/challenge\n"
        f"curl -X POST -H 'Content-Type: application/json' \\\n  -d '{body}' \\\n  {address}",
    }
