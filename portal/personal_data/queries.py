"""What is held about one person, from every source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, sources


@dataclass(frozen=True)
class Holding:
    """What one source holds: ``data`` is ready for JSON."""

    source: PersonalDataSource
    data: dict[str, Any]


def holdings(organisation: Organisation, contact_id: int) -> list[Holding]:
    """What every source holds about this contact, the contact itself first; sources that hold nothing are left out."""
    found = [Holding(source, source.collected(organisation, contact_id)) for source in reversed(sources())]
    return [holding for holding in found if holding.data]
