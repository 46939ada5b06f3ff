"""What becomes of the rows of an import, added up chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import F

from subscribers.imports.models import Import

MOST_DOMAINS = 100
Stages = dict[str, dict[str, int]]


@dataclass(slots=True)
class Merged:
    """What became of the rows of a chunk; ``read`` is the sum of the others."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    duplicate: int = 0
    suppressed: int = 0
    stages: Stages = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def read(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejected + self.duplicate + self.suppressed


@dataclass(slots=True)
class Totals:
    """The sums of an import that are kept as JSON; they are written with the checkpoint of their chunk."""

    rejects: dict[str, int]
    stages: Stages
    flags: dict[str, int]
    domains: dict[str, dict[str, str | int]]
    outcomes: dict[str, int]

    @classmethod
    def of(cls, source: Import) -> Totals:
        return cls(
            source.rejects_by_code, source.stage_counts, source.flags_by_code, source.flagged_domains, source.outcomes
        )

    def with_chunk(self, merged: Merged, flags: Mapping[str, int], slips: Mapping[str, tuple[str, int]]) -> Totals:
        return Totals(
            summed(self.rejects, merged.codes),
            added(self.stages, merged.stages),
            summed(self.flags, flags),
            with_slips(self.domains, slips),
            summed(self.outcomes, merged.outcomes),
        )

    def write(self, source: Import, merged: Merged) -> None:
        """Add a chunk to its import, in the transaction that merged it."""
        Import.objects.filter(pk=source.pk).update(
            rows_read=F("rows_read") + merged.read,
            rows_created=F("rows_created") + merged.created,
            rows_updated=F("rows_updated") + merged.updated,
            rows_unchanged=F("rows_unchanged") + merged.unchanged,
            rows_rejected=F("rows_rejected") + merged.rejected,
            rows_duplicate=F("rows_duplicate") + merged.duplicate,
            rows_suppressed=F("rows_suppressed") + merged.suppressed,
            rejects_by_code=self.rejects,
            stage_counts=self.stages,
            flags_by_code=self.flags,
            flagged_domains=self.domains,
            outcomes=self.outcomes,
        )


def summed(one: Mapping[str, int], two: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + two.get(name, 0) for name in sorted({*one, *two})}


def added(one: Stages, two: Stages) -> Stages:
    """The counts of the stages, summed name by name."""
    return {stage: summed(one.get(stage, {}), two.get(stage, {})) for stage in sorted({*one, *two})}


def with_slips(
    domains: Mapping[str, dict[str, str | int]], slips: Mapping[str, tuple[str, int]]
) -> dict[str, dict[str, str | int]]:
    """Domains that are probably mistyped: the first hundred of a file, and how many rows have each."""
    found = dict(domains)
    for domain, (suggestion, rows) in slips.items():
        known = found.get(domain)
        if known is not None:
            found[domain] = {"suggestion": known["suggestion"], "rows": int(known["rows"]) + rows}
        elif len(found) < MOST_DOMAINS:
            found[domain] = {"suggestion": suggestion, "rows": rows}
    return found
