"""Every write of segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.errors import InvalidInputError, NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.segments.compiling import read_rule
from subscribers.segments.errors import SegmentInUseError, SegmentNameTakenError
from subscribers.segments.models import Segment
from subscribers.segments.uses import users_of

LONGEST_NAME = 200


def create_segment(*, actor: Actor, name: str, rule: dict[str, Any], now: datetime | None = None) -> Segment:
    """Save a rule under a name; raises ``invalid_rule``, ``invalid_input`` or ``segment_name_taken``."""
    actor.require(Capability.SEGMENTS_EDIT)
    organisation, at = organisation_of(actor), now or timezone.now()
    read_rule(rule, organisation=organisation)
    segment = Segment(
        organisation=organisation,
        name=checked_name(name),
        rule=rule,
        created_by_id=actor.user_id,
        created_at=at,
        updated_at=at,
    )
    with transaction.atomic():
        save_unless_taken(segment)
        audit.record(actor=actor, action="segment.created", target=segment, details={"rule": shape(rule)}, at=at)
    return segment


def update_segment(
    *,
    actor: Actor,
    segment: Segment,
    name: str | None = None,
    rule: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> Segment:
    """Change the name, the rule or both; audiences already submitted keep the rule they were submitted with."""
    actor.require(Capability.SEGMENTS_EDIT)
    organisation, at = organisation_of(actor), now or timezone.now()
    with transaction.atomic():
        # Changes of rules wait for each other: two at once could close a circle that neither sees.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        locked = locked_segment(organisation, segment)
        if rule is not None and rule != locked.rule:
            read_rule(rule, organisation=organisation, own_id=locked.pk)
            locked.rule, locked.last_count, locked.counted_at = rule, None, None
        if name is not None:
            locked.name = checked_name(name)
        locked.updated_at = at
        save_unless_taken(locked)
        audit.record(actor=actor, action="segment.updated", target=locked, details={"rule": shape(locked.rule)}, at=at)
    return locked


def archive_segment(*, actor: Actor, segment: Segment, now: datetime | None = None) -> None:
    """Take a segment out of use; the row stays for the audiences that came from it. Raises ``segment_in_use``."""
    actor.require(Capability.SEGMENTS_EDIT)
    at = now or timezone.now()
    with transaction.atomic():
        locked = locked_segment(organisation_of(actor), segment)
        users = users_of(locked)
        if users:
            raise SegmentInUseError(_("Still used by: %(names)s.") % {"names": ", ".join(users)})
        locked.archived_at = at
        locked.save(update_fields=["archived_at"])
        audit.record(actor=actor, action="segment.archived", target=locked, at=at)


def organisation_of(actor: Actor) -> Organisation:
    assert actor.organisation is not None, "segments belong to an organisation"  # noqa: S101
    return actor.organisation


def locked_segment(organisation: Organisation, segment: Segment) -> Segment:
    """The row as it is now, ours until the transaction ends; ``not_found`` when it was archived meanwhile."""
    found = (
        Segment.objects.select_for_update(no_key=True)
        .filter(organisation=organisation, pk=segment.pk, archived_at=None)
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def checked_name(name: str) -> str:
    """The name without blanks around it; raises ``invalid_input``."""
    tidy = name.strip()
    if not tidy or len(tidy) > LONGEST_NAME or not tidy.isprintable():
        raise InvalidInputError.at("name", code="invalid_value", detail=_("Give a name of 1 to 200 characters."))
    return tidy


def save_unless_taken(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        raise SegmentNameTakenError from None


def shape(rule: Any) -> Any:
    """A rule without its values, which may be somebody's address: what the audit may keep."""
    if isinstance(rule, dict):
        return {key: "…" if key == "value" else shape(part) for key, part in rule.items()}
    return [shape(part) for part in rule] if isinstance(rule, list) else rule
