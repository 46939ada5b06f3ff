"""Every write to purposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.purposes.errors import BasisInUseError, KeyTakenError
from consent.purposes.models import Purpose
from consent.purposes.queries import has_events
from portal import audit
from portal.channels import Channel
from portal.errors import FieldProblem, InvalidInputError, NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability


@dataclass(frozen=True)
class PurposeValues:
    """What a purpose says; the key is given once, at its creation."""

    name: str
    basis: str
    channels: Sequence[str]
    description: str = ""
    double_opt_in: bool = False
    valid_for_days: int | None = None
    public: bool = True


PURPOSE_VALUES = tuple(value.name for value in fields(PurposeValues))


def create_purpose(*, actor: Actor, key: str, values: PurposeValues, now: datetime | None = None) -> Purpose:
    """A new reason to write to people (B-01); raises ``key_taken`` or ``invalid_input``."""
    actor.require(Capability.PURPOSES_EDIT)
    organisation = organisation_of(actor)
    at = now or timezone.now()
    purpose = Purpose(organisation=organisation, key=key, created_at=at, updated_at=at)
    assign(purpose, asdict(values))
    if Purpose.objects.filter(organisation=organisation, key=key).exists():
        raise KeyTakenError
    try:
        with transaction.atomic():
            purpose.save()
            audit.record(
                actor=actor, action="purpose.created", target=purpose, details=asdict(values) | {"key": key}, at=at
            )
    except IntegrityError:  # another request was quicker
        raise KeyTakenError from None
    return purpose


def update_purpose(*, actor: Actor, purpose: Purpose, changes: dict[str, Any], now: datetime | None = None) -> Purpose:
    """Change what a purpose says, never its key; ``basis_in_use`` once people have chosen on its basis (B-14)."""
    actor.require(Capability.PURPOSES_EDIT)
    at = now or timezone.now()
    with transaction.atomic():
        # Locked: a first choice recorded meanwhile reads the purpose with a share lock and waits for us.
        locked = Purpose.objects.select_for_update().filter(organisation=organisation_of(actor), pk=purpose.pk).first()
        if locked is None:
            raise NotFoundError
        changed = {name: value for name, value in changes.items() if getattr(locked, name) != value}
        if "basis" in changed and has_events(locked):
            raise BasisInUseError
        assign(locked, changed)
        if changed:
            locked.updated_at = at
            locked.save()
            details = {"key": locked.key, "changes": changed}
            audit.record(actor=actor, action="purpose.updated", target=locked, details=details, at=at)
    return locked


def organisation_of(actor: Actor) -> Organisation:
    assert actor.organisation is not None, "purposes belong to an organisation"  # noqa: S101 - for the type checker
    return actor.organisation


def assign(purpose: Purpose, values: dict[str, Any]) -> None:
    """Put the values on the purpose; ``invalid_input`` with every problem when they don't hold together."""
    for name, value in values.items():
        setattr(purpose, name, list(value) if name == "channels" else value)
    # In the portal's own order, each once, so that the same set of channels is the same value.
    purpose.channels = [channel for channel in Channel.values if channel in purpose.channels] + [
        channel for channel in purpose.channels if channel not in Channel.values
    ]
    try:
        purpose.clean_fields(exclude=["organisation"])
    except ValidationError as error:
        raise InvalidInputError(errors=field_problems(error)) from None


def field_problems(error: ValidationError) -> list[FieldProblem]:
    return [
        FieldProblem((name,), problem.code or "invalid_value", " ".join(problem.messages))
        for name, problems in error.error_dict.items()
        for problem in problems
    ]
