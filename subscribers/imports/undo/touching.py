"""Why a contact that an import created is not removed when the import is undone: somebody has touched it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from subscribers.imports.afterwards import Touch, Window, all_afterwards
from subscribers.imports.models import Import, ImportState
from subscribers.imports.undo import sql

# What the reasons say to people, whatever was left: contacts, values, consents, opt-outs.
REASONS: dict[str, str | Promise] = {
    "restricted": _("Restricted: the data may not even be deleted"),
    "seed": _("Made a seed contact"),
    "edited": _("Edited by a member or by a system of yours"),
    "other_import": _("Changed by another import"),
    "suppressed": _("On the suppression list"),
    "seen": _("Got in touch"),
    "own_choice": _("Chose themselves, or by another import"),
    "handed_off": _("Handed to the engine in an audience"),
    "changed_since": _("The value has changed since"),
    "identity_taken": _("The identity belongs to another contact by now"),
    "last_identity": _("It is the only identity that is left"),
    "newer_choice": _("The agreement rests on something newer"),
    "opt_outs": _("A “no” stays a no"),
    "agreed_elsewhere": _("Agreed elsewhere"),
}


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
