"""Every write to collection points: made, changed, published, closed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.collection.documents import BASICS, INPUTS, Document, digest_of
from consent.collection.errors import FormClosedError, NotPublishableError, PointExistsError
from consent.collection.linting import problem, publication_problems
from consent.collection.models import Asking, CollectionPoint, FormVersion, PointKind, PointState
from consent.collection.queries import document_of, materials, version_of
from consent.purposes.actions import field_problems
from consent.purposes.models import Purpose
from consent.texts.kept import form_text, noted
from portal import audit
from portal.errors import FieldProblem, InvalidInputError, NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.ui.contrast import COLOUR
from subscribers.fields.models import Field

# A scheme, a host, perhaps a port: it is written into a header, where a semicolon would begin another rule.
ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?").fullmatch
LONGEST_TEXT = {"title": 150, "intro": 1000, "thanks": 1000}
MOST_CHOICES = 30
INVALID = _("This value is not one this field can take.")


@dataclass(frozen=True)
class PointValues:
    """What a collection point says; the key is given once. ``texts``: language -> title, intro, thanks."""

    name: str
    kind: str = PointKind.FORM
    notice: str = ""
    choices: Sequence[Mapping[str, Any]] = ()
    asking: str = Asking.BOXES
    fields: Sequence[Mapping[str, Any]] = ()
    languages: Sequence[str] = ()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    double_opt_in: bool = True
    age_question: bool = False
    origins: Sequence[str] = ()
    accent: str = ""


POINT_VALUES = tuple(value.name for value in fields(PointValues))


def create_point(*, actor: Actor, key: str, values: PointValues, now: datetime | None = None) -> CollectionPoint:
    """A new collection point, as a draft; raises ``point_exists`` or ``invalid_input``."""
    actor.require(Capability.COLLECTION_EDIT)
    organisation = organisation_of(actor)
    at = now or timezone.now()
    point = CollectionPoint(
        organisation=organisation, key=key, created_at=at, updated_at=at, created_by=actor.reference
    )
    assign(point, asdict(values))
    if CollectionPoint.objects.filter(organisation=organisation, key=key).exists():
        raise PointExistsError
    try:
        with transaction.atomic():
            point.save()
            audit.record(actor=actor, action="collection.created", target=point, details={"key": key}, at=at)
    except IntegrityError:  # another request was quicker
        raise PointExistsError from None
    return point


@transaction.atomic
def update_point(
    *, actor: Actor, point: CollectionPoint, changes: Mapping[str, Any], now: datetime | None = None
) -> CollectionPoint:
    """Change what a point says. What visitors see stays until it is published again; allowed sites count at once."""
    actor.require(Capability.COLLECTION_EDIT)
    at = now or timezone.now()
    locked = locked_point(actor, point)
    before = {name: getattr(locked, name) for name in changes}
    assign(locked, changes)
    changed = sorted(name for name, value in before.items() if getattr(locked, name) != value)
    if changed:
        locked.updated_at = at
        locked.save()
        details = {"key": locked.key, "changed": changed}
        audit.record(actor=actor, action="collection.updated", target=locked, details=details, at=at)
    return locked


@transaction.atomic
def publish_point(*, actor: Actor, point: CollectionPoint, now: datetime | None = None) -> CollectionPoint:
    """Freeze what the point shows as a version, and open it; raises ``not_publishable`` with what stands in the way."""
    actor.require(Capability.COLLECTION_EDIT)
    at = now or timezone.now()
    locked = locked_point(actor, point)
    document = publishable_document(locked, locked.config)
    version = freeze(locked, document, by=actor.reference, at=at)
    locked.state, locked.published_at, locked.published_by = PointState.LIVE, at, actor.reference
    locked.closed_at, locked.closed_by = None, ""
    locked.save()
    details = {"key": locked.key, "version": locked.number, **told_of(version)}
    audit.record(actor=actor, action="collection.published", target=locked, details=details, at=at)
    return locked


@transaction.atomic
def close_point(*, actor: Actor, point: CollectionPoint, now: datetime | None = None) -> CollectionPoint:
    """Take it off: nobody can sign up here any more; who has done so can still confirm."""
    actor.require(Capability.COLLECTION_EDIT)
    at = now or timezone.now()
    locked = locked_point(actor, point)
    if locked.state == PointState.LIVE:
        locked.state, locked.closed_at, locked.closed_by, locked.updated_at = PointState.CLOSED, at, actor.reference, at
        locked.save()
        audit.record(actor=actor, action="collection.closed", target=locked, details={"key": locked.key}, at=at)
    return locked


def current_version(point: CollectionPoint, now: datetime) -> FormVersion:
    """What the point shows now. When a purpose or the notice has a new wording, the form gets a new version by itself,
    so that nobody is ever shown an old one; ``form_closed`` when it may not be shown any more.
    """
    version = version_of(point, point.number)
    if point.state != PointState.LIVE or version is None:
        raise FormClosedError
    config = version.document["config"]
    found = materials(point.organisation, config)
    document = document_of(point, config, found)
    if document == version.document:
        return version
    if publication_problems(config, purposes=found.purposes, notices=found.notices):
        raise FormClosedError
    return renew(point, document, now)


@transaction.atomic
def renew(point: CollectionPoint, document: Document, now: datetime) -> FormVersion:
    actor = Actor.system(point.organisation)
    locked = locked_point(actor, point)
    newest = version_of(locked, locked.number)
    if newest is not None and newest.document == document:  # another visitor was quicker
        return newest
    version = freeze(locked, document, by=actor.reference, at=now)
    locked.save(update_fields=["number"])
    details = {"key": locked.key, "version": locked.number, "because": "wording", **told_of(version)}
    audit.record(actor=actor, action="collection.published", target=locked, details=details, at=now)
    point.number = locked.number
    return version


def publishable_document(point: CollectionPoint, config: Mapping[str, Any]) -> Document:
    found = materials(point.organisation, config)
    problems = publication_problems(config, purposes=found.purposes, notices=found.notices)
    if problems:
        raise NotPublishableError(problems)
    return document_of(point, config, found)


def freeze(point: CollectionPoint, document: Document, *, by: str, at: datetime) -> FormVersion:
    """The next version of the form; the same one where nothing has changed."""
    newest = version_of(point, point.number)
    if newest is not None and newest.document == document:
        return newest
    point.number += 1
    return FormVersion.objects.create(
        organisation=point.organisation,
        point=point,
        number=point.number,
        document=document,
        digest=digest_of(document),
        published_at=at,
        published_by=by,
    )


def told_of(version: FormVersion) -> dict[str, Any]:
    """What the audit log says of a version."""
    return {"digest": bytes(version.digest).hex(), **noted([form_text(version)])}


def locked_point(actor: Actor, point: CollectionPoint) -> CollectionPoint:
    organisation = organisation_of(actor)
    locked = CollectionPoint.objects.select_for_update().filter(organisation=organisation, pk=point.pk).first()
    if locked is None:
        raise NotFoundError
    locked.organisation = organisation
    return locked


def organisation_of(actor: Actor) -> Organisation:
    assert actor.organisation is not None, "collection points belong to an organisation"  # noqa: S101
    return actor.organisation


def assign(point: CollectionPoint, values: Mapping[str, Any]) -> None:
    """Put the values on the point; ``invalid_input`` with every problem when they are not sound."""
    problems: list[FieldProblem] = []
    for name, value in values.items():
        checked = CHECKS.get(name)
        setattr(point, name, checked(point.organisation, value, problems) if checked else value)
    try:
        point.clean_fields(exclude={field.name for field in point._meta.fields} - CLEANED)
    except ValidationError as error:
        problems += field_problems(error)
    if problems:
        raise InvalidInputError(errors=problems)


def checked_choices(
    organisation: Organisation, value: Sequence[Mapping[str, Any]], problems: list[FieldProblem]
) -> Any:
    """Each purpose and channel once; what is preselected or required is refused at once (C-02, C-04)."""
    known = {purpose.key: purpose for purpose in Purpose.objects.filter(organisation=organisation)}
    found: list[dict[str, str]] = []
    for number, choice in enumerate(value[: MOST_CHOICES + 1]):
        purpose = known.get(choice["purpose"])
        if number == MOST_CHOICES:
            problems.append(FieldProblem(("choices",), "too_long", _("This is too long.")))
        elif purpose is None or choice["channel"] not in purpose.channels:
            problems.append(problem("unknown_purpose", "choices", number))
        for name, code in (("preselected", "preselected"), ("required", "required_consent")):
            if choice.get(name):
                problems.append(problem(code, "choices", number, name))
        found.append({"purpose": choice["purpose"], "channel": choice["channel"]})
    return [choice for number, choice in enumerate(found) if choice not in found[:number]]


def checked_fields(organisation: Organisation, value: Sequence[Mapping[str, Any]], problems: list[FieldProblem]) -> Any:
    declared = {f"attributes.{field.key}": field for field in Field.objects.filter(organisation=organisation)}
    found = []
    for number, asked in enumerate(value):
        name = asked["name"]
        if name not in BASICS and (name not in declared or declared[name].type not in INPUTS):
            problems.append(FieldProblem(("fields", number, "name"), "unknown_field", _("A form can't ask for this.")))
        justification = " ".join(str(asked.get("justification", "")).split())[:300]
        found.append({"name": name, "justification": justification, "required": bool(asked.get("required"))})
    return found


def checked_languages(_organisation: Organisation, value: Sequence[str], problems: list[FieldProblem]) -> list[str]:
    spoken = [language for language, _name in settings.LANGUAGES]
    if any(language not in spoken for language in value):
        problems.append(FieldProblem(("languages",), "invalid_value", INVALID))
    return list(dict.fromkeys(value))


def checked_texts(
    _organisation: Organisation, value: Mapping[str, Mapping[str, str]], problems: list[FieldProblem]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for language, texts in value.items():
        for name, text in texts.items():
            loc = ("texts", language, name)
            if name not in LONGEST_TEXT or "\x00" in text:
                problems.append(FieldProblem(loc, "invalid_value", INVALID))
            elif len(text) > LONGEST_TEXT[name]:
                problems.append(FieldProblem(loc, "too_long", _("This is too long.")))
        found[language] = {name: text.strip() for name, text in texts.items() if text.strip()}
    return found


def checked_origins(_organisation: Organisation, value: Sequence[str], problems: list[FieldProblem]) -> list[str]:
    found = [origin.strip().lower().rstrip("/") for origin in value]
    for number, origin in enumerate(found):
        if not ORIGIN(origin):
            detail = _("Write a site as https://www.example.org, without a path.")
            problems.append(FieldProblem(("origins", number), "invalid_origin", detail))
    return list(dict.fromkeys(found))


def checked_accent(_organisation: Organisation, value: str, problems: list[FieldProblem]) -> str:
    if value and not COLOUR(value):
        detail = _("Write a colour as six hexadecimal digits: #0f6b67.")
        problems.append(FieldProblem(("accent",), "invalid_value", detail))
    return value.lower()


CLEANED = {"key", "name", "kind", "notice", "asking"}
CHECKS: dict[str, Any] = {
    "choices": checked_choices,
    "fields": checked_fields,
    "languages": checked_languages,
    "texts": checked_texts,
    "origins": checked_origins,
    "accent": checked_accent,
}
