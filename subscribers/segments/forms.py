"""Shape of what the builder posts beside the tree of conditions."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
