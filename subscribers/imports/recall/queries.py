"""What is known of a lot that is recalled: how many people, and where they were handed off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from subscribers.imports.afterwards import LotAudience
from subscribers.imports.models import Import


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallReport:
    """``brought``: contacts that came with the lot and are still here; ``audiences``: where its people were handed off.

    ``erased`` and ``kept``: what deleting the lot would do now, the kept by reason; ``consents``: what it would revert.
    """

    brought: int = 0
    consents: int = 0
    erased: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    audiences: Sequence[LotAudience] = ()


def recall_report(source: Import) -> RecallReport:
    raise NotImplementedError
