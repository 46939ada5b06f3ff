"""Segments, audiences and callers that the tests of audiences, engine and public pages share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone
from django_scopes import scope

from consent.audiences.actions import (
    AudienceDraft,
    approve_audience,
    create_audience,
    submit_audience,
)
from consent.audiences.models import Audience
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.api.actions import issue_engine_token, issue_member_token
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.segments.models import Segment
from tests.people import actor_of, membership_of

EVERYBODY: dict[str, Any] = {"all": []}


def new_segment(organisation: Organisation, rule: dict[str, Any] | None = None, name: str = "Everybody") -> Segment:
    now = timezone.now()
    with scope(organisation=organisation):
        return Segment.objects.create(
            organisation=organisation, name=name, rule=rule or EVERYBODY, created_at=now, updated_at=now
        )


def new_audience(
    user: User, organisation: Organisation, everyone: Segment, purpose_of: Purpose, /, **values: Any
) -> Audience:
    """A draft by this member."""
    draft = AudienceDraft(
        **{
            "name": "Spring",
            "segment": str(everyone.pk),
            "purpose": purpose_of.key,
            "channel": "email",
            "fields": ["first_name"],
            **values,
        }
    )
    with scope(organisation=organisation):
        return create_audience(actor=actor_of(user, organisation), organisation=organisation, draft=draft)


def submitted(user: User, audience: Audience) -> Audience:
    with scope(organisation=audience.organisation):
        return submit_audience(actor=actor_of(user, audience.organisation), audience=audience)


def approved(user: User, audience: Audience) -> Audience:
    with scope(organisation=audience.organisation):
        return approve_audience(actor=actor_of(user, audience.organisation), audience=audience)


@dataclass
class Caller:
    """A program with a token, at one of the APIs."""

    token: str
    base: str

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        arguments: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.token}", **headers}}
        if method == "post":
            arguments |= {"data": json.dumps(body) if body is not None else "", "content_type": "application/json"}
        return getattr(Client(), method)(self.base + path, **arguments)

    def get(self, path: str, **headers: str) -> Any:
        return self.request("get", path, **headers)

    def post(self, path: str, body: Any = None) -> Any:
        return self.request("post", path, body)


def member_caller(user: User, organisation: Organisation) -> Caller:
    membership = membership_of(user, organisation)
    with scope(organisation=organisation):
        issued = issue_member_token(
            actor=Actor.system(organisation),
            membership=membership,
            name="test",
            scopes=sorted(membership.capabilities),
        )
    return Caller(issued.secret, "/api/v1")


def engine_caller(mode: str = "live", *organisations: Organisation) -> Caller:
    issued = issue_engine_token(actor=Actor.system(), name=mode, mode=mode, organisations=organisations)
    return Caller(issued.secret, "/api/engine/v1")


def lines_of(response: Any) -> list[dict[str, Any]]:
    """The objects of an NDJSON stream."""
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
