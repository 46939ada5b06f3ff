"""Every write to purposes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.purposes.errors import (
    BasisInUseError,
    InvalidParentError,
    KeyTakenError,
    MaterialAnswerRequiredError,
    ReasonRequiredError,
    TrackingExistsError,
)
from consent.purposes.models import Kind, Purpose
from consent.purposes.queries import has_events, named_purpose
from consent.purposes.rules import (
    ASKED_ABOUT,
    NOT_VERSIONED,
    is_material_by_default,
)
from consent.purposes.soundness import require_sound
from consent.purposes.versions import keep_current, spoken, write_version
from consent.renewal.writing import carry_objections
from consent.texts.kept import noted, purpose_text
from portal import audit
from portal.channels import Channel
from portal.errors import FieldProblem, InvalidInputError, NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability


@dataclass(frozen=True)
class PurposeValues:
    """What a purpose says; the key is given once, at its creation. ``parent`` is another purpose's key."""

    name: str
    basis: str
    channels: Sequence[str]
    description: str = ""
    double_opt_in: bool = False
    valid_for_days: int | None = None
    public: bool = True
    kind: str = Kind.MESSAGE.value
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parent: str | None = None
    renew_before_days: int | None = None
    ask_again_after_days: int = 182
    age_limit: int | None = None
    data_categories: Sequence[str] = ()
    recipients: Sequence[str] = ()
    retention: str = ""
    retention_from: str = ""
    special_category: bool = False
    explicit_wording: str = ""
    soft_opt_in: Mapping[str, Any] = field(default_factory=dict)
    balance: Mapping[str, Any] = field(default_factory=dict)
    profession_note: str = ""


PURPOSE_VALUES = tuple(value.name for value in fields(PurposeValues))
LISTS = {"channels", "data_categories", "recipients"}


@dataclass(frozen=True)
class Materiality:
    """Does the change alter what people agreed to (C-10)? None: not said, so the rule of thumb decides.

    ``demanded``: it must be said, where people have chosen.
    """

    answer: bool | None = None
    reason: str = ""
    demanded: bool = False


UNSAID = Materiality()


def create_purpose(
    *,
    actor: Actor,
    key: str,
    values: PurposeValues,
    replaces: str | None = None,
    replaces_reason: str = "",
    complete: bool = False,
    now: datetime | None = None,
) -> Purpose:
    """A new reason to write to people (B-01), in its first version.

    ``replaces``: the key of a purpose whose refusals, withdrawals and objections are carried over, with the reason for
    it (B-14). ``complete``: refuse it without the facts that its basis demands (B-03, B-06).
    Raises ``key_taken``, ``tracking_exists``, ``reason_required``, ``unknown_purpose``, ``invalid_input`` and its kin.
    """
    actor.require(Capability.PURPOSES_EDIT)
    organisation = organisation_of(actor)
    at = now or timezone.now()
    replaced = replaced_purpose(organisation, replaces, replaces_reason)
    purpose = Purpose(
        organisation=organisation,
        key=key,
        replaces=replaced,
        replaces_reason=replaces_reason if replaced else "",
        created_at=at,
        updated_at=at,
    )
    told = asdict(values)
    assign(purpose, told)
    require_sound(purpose, at, complete=complete)
    if Purpose.objects.filter(organisation=organisation, key=key).exists():
        raise KeyTakenError
    try:
        with transaction.atomic():
            purpose.save()
            version = write_version(purpose, by=actor, at=at)
            carried = carry_objections(replaced=replaced, purpose=purpose, now=at) if replaced else 0
            details = {**told, "key": key, **noted([purpose_text(version)])}
            if replaced:
                details |= {"replaces": replaced.key, "reason": replaces_reason, "carried": carried}
            audit.record(actor=actor, action="purpose.created", target=purpose, details=details, at=at)
    except IntegrityError:  # another request was quicker
        raise (TrackingExistsError if purpose.is_tracking and not key_exists(purpose) else KeyTakenError) from None
    return purpose


def replaced_purpose(organisation: Organisation, key: str | None, reason: str) -> Purpose | None:
    if not key:
        return None
    if not reason.strip():
        raise ReasonRequiredError("replaces_reason")
    return named_purpose(organisation, key, "replaces")


def key_exists(purpose: Purpose) -> bool:
    return Purpose.objects.filter(organisation=purpose.organisation_id, key=purpose.key).exists()


def update_purpose(
    *,
    actor: Actor,
    purpose: Purpose,
    changes: dict[str, Any],
    materiality: Materiality = UNSAID,
    complete: bool = False,
    now: datetime | None = None,
) -> Purpose:
    """Change what a purpose says, never its key; what people may have agreed to gets a new version.

    ``complete``: demand the facts of the basis.
    Raises ``basis_in_use`` once people have chosen on its basis (B-14), ``material_answer_required`` and
    ``reason_required`` (C-10), and what :func:`create_purpose` does.
    """
    actor.require(Capability.PURPOSES_EDIT)
    at = now or timezone.now()
    with transaction.atomic():
        # Locked: a first choice recorded meanwhile reads the purpose with a share lock and waits for us.
        locked = (
            Purpose.objects.select_for_update(of=("self",))
            .select_related("parent")
            .filter(organisation=organisation_of(actor), pk=purpose.pk)
            .first()
        )
        if locked is None:
            raise NotFoundError
        changed = {name: value for name, value in changes.items() if value_of(locked, name) != plain(name, value)}
        used = has_events(locked)
        if changed.keys() & {"basis", "kind"} and used:
            raise BasisInUseError
        if changed:
            change_locked(actor, locked, changed, materiality, at, used=used, complete=complete)
    return locked


def change_locked(
    actor: Actor,
    purpose: Purpose,
    changed: dict[str, Any],
    materiality: Materiality,
    at: datetime,
    *,
    used: bool,
    complete: bool,
) -> None:
    """Assign, count the version up, keep it, and note who did it."""
    before = spoken(purpose)
    versioned = changed.keys() - NOT_VERSIONED
    kept = keep_current(purpose) if versioned else []
    assign(purpose, changed)
    require_sound(purpose, at, complete=complete)
    material = is_material(changed, before, spoken(purpose), materiality, used=used)
    purpose.updated_at = at
    if versioned:
        purpose.version += 1
        if material:
            purpose.material_version, purpose.material_at = purpose.version, at
    purpose.save()
    if versioned:
        kept.append(write_version(purpose, by=actor, at=at, material=material, reason=materiality.reason.strip()))
    details = {"key": purpose.key, "changes": changed, "version": purpose.version, "material": material}
    details |= noted(map(purpose_text, kept)) if kept else {}
    audit.record(actor=actor, action="purpose.updated", target=purpose, details=details, at=at)


def is_material(
    changed: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    said: Materiality,
    *,
    used: bool,
) -> bool:
    """Must whoever agreed be asked again (C-10)? A "no" against the rule of thumb needs its reason."""
    if not changed.keys() & ASKED_ABOUT:
        return said.answer is True
    expected = is_material_by_default(before, after)
    if said.answer is None:
        if said.demanded and used:
            raise MaterialAnswerRequiredError
        return expected
    if not said.answer and not said.reason.strip() and used and (expected or said.demanded):
        raise ReasonRequiredError("material_reason")
    return said.answer


def organisation_of(actor: Actor) -> Organisation:
    assert actor.organisation is not None, "purposes belong to an organisation"  # noqa: S101 - for the type checker
    return actor.organisation


def value_of(purpose: Purpose, name: str) -> Any:
    """A value as :class:`PurposeValues` holds it."""
    if name == "parent":
        return purpose.parent.key if purpose.parent else None
    return getattr(purpose, name)


def plain(name: str, value: Any) -> Any:
    if name == "parent":
        return value or None
    return list(value) if name in LISTS else value


def assign(purpose: Purpose, values: dict[str, Any]) -> None:
    """Put the values on the purpose; ``invalid_input`` with every problem when they don't hold together."""
    for name, value in values.items():
        if name == "parent":
            purpose.parent = parent_of(purpose, value)
        else:
            setattr(purpose, name, plain(name, value))
    settle_texts(purpose, values)
    # In the portal's own order, each once, so that the same set of channels is the same value.
    purpose.channels = [channel for channel in Channel.values if channel in purpose.channels] + [
        channel for channel in purpose.channels if channel not in Channel.values
    ]
    try:
        purpose.clean_fields(exclude=["organisation", "parent", "replaces"])
    except ValidationError as error:
        raise InvalidInputError(errors=field_problems(error)) from None


def settle_texts(purpose: Purpose, values: Mapping[str, Any]) -> None:
    """``name`` and ``description`` are the texts in the organisation's own language; ``texts`` holds the others."""
    texts = {language.lower(): dict(text) for language, text in purpose.texts.items()}
    own = texts.pop(purpose.organisation.locale, None)
    if own and "name" not in values:
        purpose.name = own.get("name") or purpose.name
    if own and "description" not in values:
        purpose.description = own.get("description") or purpose.description
    purpose.texts = {language: text for language, text in texts.items() if any(text.values())}


def parent_of(purpose: Purpose, key: str | None) -> Purpose | None:
    """The purpose it is shown below: one level, no circles."""
    if not key:
        return None
    parent = Purpose.objects.filter(organisation=purpose.organisation_id, key=key).first()
    if parent is None or parent.parent_id is not None or parent.pk == purpose.pk:
        raise InvalidParentError
    if purpose.pk and Purpose.objects.filter(organisation=purpose.organisation_id, parent=purpose).exists():
        raise InvalidParentError
    return parent


def field_problems(error: ValidationError) -> list[FieldProblem]:
    return [
        FieldProblem((name,), problem.code or "invalid_value", " ".join(problem.messages))
        for name, problems in error.error_dict.items()
        for problem in problems
    ]
