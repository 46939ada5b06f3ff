"""Shape of what the builder posts beside the tree of conditions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.api.errors import InvalidJsonError
from portal.api.parsing import read_json
from portal.errors import InvalidInputError

LONGEST_RULE = 64 * 1024


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("What others will look for: “French newsletter readers”.")
    )


def rule_from_text(text: str) -> dict[str, Any] | None:
    """A rule pasted as JSON; None when it is none."""
    if len(text) > LONGEST_RULE:
        return None
    try:
        found = read_json(text)
    except (InvalidJsonError, InvalidInputError):
        return None
    return found if isinstance(found, dict) else None
