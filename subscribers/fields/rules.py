"""What a declared field must look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from portal.errors import FieldProblem
from subscribers.fields.models import FieldType

KEY = re.compile(r"[a-z][a-z0-9_]{0,49}").fullmatch
WITH_CHOICES = frozenset({FieldType.CHOICE.value, FieldType.CHOICES.value})
MOST_CHOICES = 500


def key_problems(key: str) -> list[FieldProblem]:
    if KEY(key):
        return []
    detail = _("Start with a small letter, then small letters, digits and underscores, at most 50.")
    return [FieldProblem(("key",), "invalid_value", detail)]


def shape_problems(label: str, field_type: str, choices: Sequence[str]) -> list[FieldProblem]:
    """What is wrong with the label, the type, and the choices that go with it."""
    found = []
    if not label.strip():
        found.append(FieldProblem(("label",), "required", _("Give the field a name that people can read.")))
    elif len(label) > 100:
        found.append(FieldProblem(("label",), "too_long", _("At most 100 characters.")))
    if field_type not in FieldType.values:
        found.append(FieldProblem(("type",), "invalid_value", _("This is not a type of field.")))
    elif field_type in WITH_CHOICES and not choices:
        found.append(FieldProblem(("choices",), "required", _("List the choices, one a line.")))
    elif field_type not in WITH_CHOICES and choices:
        found.append(FieldProblem(("choices",), "invalid_value", _("Only a choice has choices.")))
    if len(choices) > MOST_CHOICES or any(len(choice) > 100 for choice in choices):
        found.append(FieldProblem(("choices",), "too_long", _("At most 500 choices of 100 characters.")))
    return found
