"""Declaring and editing fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.fields.errors import FieldExistsError, JustificationRequiredError
from subscribers.fields.models import Field
from subscribers.fields.purposes import purpose_problems
from subscribers.fields.rules import key_problems, shape_problems


@dataclass(frozen=True, kw_only=True)
class FieldValues:
    """What a field is declared with; ``key`` and ``type`` never change afterwards, since values hang on them."""

    key: str
    label: str
    type: str
    justification: str
    choices: list[str] = field(default_factory=list)
    purpose: str = ""

    @property
    def tidy_choices(self) -> list[str]:
        return list(dict.fromkeys(choice.strip() for choice in self.choices if choice.strip()))


def require_justification(justification: str) -> str:
    """The justification, tidied; raises ``justification_required`` (I-10)."""
    if not justification.strip():
        problem = FieldProblem(("justification",), JustificationRequiredError.code, JustificationRequiredError.title)
        raise JustificationRequiredError(errors=[problem])
    return justification.strip()


@transaction.atomic
def create_field(
    *, actor: Actor, organisation: Organisation, values: FieldValues, now: datetime | None = None
) -> Field:
    """Declare a field; ``justification_required``, ``invalid_input`` or ``field_exists`` when it can't be."""
    actor.require(Capability.FIELDS_EDIT)
    choices = values.tidy_choices
    problems = [
        *key_problems(values.key),
        *shape_problems(values.label, values.type, choices),
        *purpose_problems(organisation.pk, values.purpose),
    ]
    if problems:
        raise InvalidInputError(errors=problems)
    justification = require_justification(values.justification)
    declared = Field(
        organisation=organisation,
        key=values.key,
        label=values.label.strip(),
        type=values.type,
        choices=choices,
        justification=justification,
        purpose=values.purpose,
        created_at=now or timezone.now(),
    )
    try:
        with transaction.atomic():
            declared.save(force_insert=True)
    except IntegrityError:
        problem = FieldProblem(("key",), FieldExistsError.code, FieldExistsError.title)
        raise FieldExistsError(errors=[problem]) from None
    audit.record(actor=actor, action="field.created", target=declared, details={"key": declared.key})
    return declared


@transaction.atomic
def update_field(
    *,
    actor: Actor,
    field: Field,
    label: str,
    justification: str,
    choices: list[str] | None = None,
    purpose: str | None = None,
) -> Field:
    """Change the words of a field or add choices; a choice that may be in use is never taken away."""
    actor.require(Capability.FIELDS_EDIT)
    wanted = list(dict.fromkeys(choice.strip() for choice in choices or field.choices if choice.strip()))
    purpose = field.purpose if purpose is None else purpose
    problems = [*shape_problems(label, field.type, wanted), *purpose_problems(field.organisation_id, purpose)]
    if set(field.choices) - set(wanted):
        detail = _("Choices in use can't be taken away; add new ones.")
        problems.append(FieldProblem(("choices",), "choice_in_use", detail))
    if problems:
        raise InvalidInputError(errors=problems)
    field.label, field.choices = label.strip(), wanted
    field.justification = require_justification(justification)
    field.purpose = purpose
    field.save(update_fields=["label", "choices", "justification", "purpose"])
    audit.record(actor=actor, action="field.updated", target=field, details={"key": field.key})
    return field
