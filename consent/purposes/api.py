"""Purposes over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from consent.purposes.actions import PurposeValues, create_purpose, update_purpose
from consent.purposes.models import Purpose
from consent.purposes.queries import purpose_by_key
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.roles import Capability

router = Router(tags=["purposes"])

BasisName = Literal["consent", "soft_opt_in", "legitimate_interest", "contract"]
ChannelName = Literal["email", "sms", "push", "phone", "post"]


class PurposeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=50, pattern=r"^[a-z][a-z0-9_-]*$")
    name: str = Field(min_length=1, max_length=100)
    description: str = ""
    basis: BasisName
    channels: list[ChannelName] = Field(min_length=1)
    double_opt_in: bool = False
    valid_for_days: int | None = Field(None, ge=1, le=36500)
    public: bool = True


class PurposeChanges(Schema):
    """What may change; the key never does."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default_factory=str, min_length=1, max_length=100)
    description: str = ""
    basis: BasisName = "consent"
    channels: list[ChannelName] = Field(default_factory=list, min_length=1)
    double_opt_in: bool = False
    valid_for_days: int | None = Field(None, ge=1, le=36500)
    public: bool = True


class PurposeOut(Schema):
    key: str
    name: str
    description: str
    basis: BasisName
    channels: list[ChannelName]
    double_opt_in: bool
    valid_for_days: int | None
    public: bool
    created_at: datetime
    updated_at: datetime


@router.post("/purposes", response={201: PurposeOut})
@requires(Capability.PURPOSES_EDIT)
def create(request: ApiRequest, body: PurposeIn) -> Status[Purpose]:
    """A new reason to write to people, with one basis."""
    given = body.model_dump()
    key = given.pop("key")
    return Status(201, create_purpose(actor=request.actor, key=key, values=PurposeValues(**given)))


@router.get("/purposes", response=Page[PurposeOut])
@requires(Capability.PURPOSES_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    return paginate(Purpose.objects.filter(organisation=request.organisation), request)


@router.get("/purposes/{key}", response=PurposeOut)
@requires(Capability.PURPOSES_VIEW)
def detail(request: ApiRequest, key: str) -> Purpose:
    return purpose_by_key(request.organisation, key)


@router.patch("/purposes/{key}", response=PurposeOut)
@requires(Capability.PURPOSES_EDIT)
def change(request: ApiRequest, key: str, body: PurposeChanges) -> Purpose:
    """Change what is sent and leave the rest; 409 `basis_in_use` once people have chosen on the basis."""
    purpose = purpose_by_key(request.organisation, key)
    return update_purpose(actor=request.actor, purpose=purpose, changes=body.model_dump(exclude_unset=True))
