"""Why a contact that an import created is not removed when the import is undone: somebody has touched it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from subscribers.imports.afterwards import Touch, Window, all_afterwards
from subscribers.imports.models import Import, ImportState
from subscribers.imports.undo import sql


@dataclass(frozen=True, slots=True)
class Touches:
    """The reasons in the order in which they count, with their parameters."""

    touches: Sequence[Touch]

    def parameters(self, window: Window) -> dict[str, Any]:
        found: dict[str, Any] = {
            "organisation": window.source.organisation_id,
            "import": window.source.pk,
            "after": window.after,
            "upto": window.upto,
            "now": window.now,
        }
        for touch in self.touches:
            found |= touch.params(window.after, window.upto)
        return found


def touches_of(source: Import) -> Touches:
    """Everything that keeps a contact of this import: what this app knows, then what the apps above know."""
    undone = undone_imports(source)
    own = (
        Touch(reason="restricted", sql="c.restricted_at IS NOT NULL"),
        Touch(reason="seed", sql="c.seed"),
        Touch(reason="edited", sql=sql.OTHER_HANDS),
        Touch(reason="other_import", sql=sql.OTHER_IMPORTS, params=lambda _after, _upto: {"undone": undone}),
        Touch(reason="suppressed", sql=sql.SUPPRESSED),
        Touch(reason="seen", sql="c.last_seen_at > c.created_at"),
    )
    above = [touch for afterwards in all_afterwards() for touch in afterwards.touched(source)]
    return Touches((*own, *above))


def undone_imports(source: Import) -> list[str]:
    """The numbers of this import and of those that are undone: what they wrote touches nothing any more."""
    found = Import.objects.filter(organisation_id=source.organisation_id, state=ImportState.UNDONE)
    return [str(pk) for pk in {source.pk, *found.values_list("pk", flat=True)}]
