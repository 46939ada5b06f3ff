"""Who agreed: the person alone, or under the age limit a child and a holder of parental authority (K-02, K-03)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from consent.children.addresses import sound_parent
from consent.children.errors import ChildAddressRequiredError, SameAddressError
from consent.children.rules import (
    UNDER,
    Age,
    Parent,
    age_text,
    parental_facts,
    require_agreement,
    require_askable,
    require_parent,
)
from consent.collection.answers import Answer
from consent.collection.models import CollectionPoint, FormVersion
from consent.collection.recording import shown_since
from portal.organisations.actors import Actor
from subscribers.contacts.normalising import normalise_email


def signed_by(
    actor: Actor,
    point: CollectionPoint,
    version: FormVersion,
    answer: Answer,
    *,
    age: Age | None,
    parent: Parent | None,
    now: datetime,
) -> Answer:
    """A reported answer with what was said of the age, and with the parent: agreed already, or to be asked by e-mail.

    Who says no to everything does so alone, whatever the age. Raises what ``consent.children`` refuses,
    ``future_date``, ``before_notice``, ``invalid_input``.
    """
    if not answer.yes:
        return answer
    limit: int | None = version.document["age_limit"]
    side = require_parent(age, parent, limit=limit, at=answer.given_at.astimezone(point.organisation.zone))
    if side:
        answer = replace(answer, facts={**answer.facts, "age": age_text(side, limit)})
    if side != UNDER or parent is None:
        return answer
    parent = sound_parent(point.organisation, parent)
    if parent.is_to_be_asked:
        return to_be_asked(answer, parent)
    require_agreement(parent, shown_since=shown_since(version, answer), now=now)
    facts = parental_facts(parent, pair=uuid4(), limit=limit, entered_by=actor.reference, entered_at=now)
    return replace(answer, parental=facts)


def to_be_asked(answer: Answer, parent: Parent) -> Answer:
    """The parent gets the message that a web form sends, and the child one of their own."""
    require_askable(parent)
    if not answer.email:
        raise ChildAddressRequiredError
    if normalise_email(parent.email)[1] == answer.email_key:
        raise SameAddressError
    return replace(answer, parent=parent.email, parental={"name": parent.name} if parent.name else {})
