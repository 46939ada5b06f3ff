"""Fields over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict
from pydantic import Field as Described

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.roles import Capability
from subscribers.fields.actions import FieldValues, create_field, update_field
from subscribers.fields.models import Field
from subscribers.fields.queries import declared_fields, field_of

router = Router(tags=["fields"])

TypeName = Literal["text", "number", "boolean", "date", "datetime", "choice", "choices"]


class FieldIn(Schema):
    model_config = ConfigDict(extra="forbid")

    key: str = Described(description="Small letters, digits and underscores; never changes.")
    label: str
    type: TypeName
    choices: list[str] | None = None
    justification: str | None = Described(
        None, description="Why this is needed about a person; 422 `justification_required` without."
    )
    purpose: str | None = None


class FieldChanges(Schema):
    model_config = ConfigDict(extra="forbid")

    label: str | None = None
    choices: list[str] | None = Described(None, description="The old ones and new ones.")
    justification: str | None = None
    purpose: str | None = None


class FieldOut(Schema):
    key: str
    label: str
    type: str
    choices: list[str]
    justification: str
    purpose: str
    created_at: datetime


@router.post("/fields", response={201: FieldOut})
@requires(Capability.FIELDS_EDIT)
def create(request: ApiRequest, body: FieldIn) -> Status[Field]:
    """Declare what may be noted about people, with its justification. 409 `field_exists`."""
    values = FieldValues(
        key=body.key,
        label=body.label,
        type=body.type,
        choices=body.choices or [],
        justification=body.justification or "",
        purpose=body.purpose or "",
    )
    return Status(201, create_field(actor=request.actor, organisation=request.organisation, values=values))


@router.get("/fields", response=Page[FieldOut])
@requires(Capability.FIELDS_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, object]:
    """The declared fields."""
    return paginate(declared_fields(), request, "id")


@router.get("/fields/{key}", response=FieldOut)
@requires(Capability.FIELDS_VIEW)
def detail(request: ApiRequest, key: str) -> Field:
    return field_of(key)


@router.patch("/fields/{key}", response=FieldOut)
@requires(Capability.FIELDS_EDIT)
def change(request: ApiRequest, key: str, body: FieldChanges) -> Field:
    """Change the words of a field, or add choices; key and type stay."""
    found = field_of(key)
    return update_field(
        actor=request.actor,
        field=found,
        label=found.label if body.label is None else body.label,
        justification=found.justification if body.justification is None else body.justification,
        choices=body.choices,
        purpose=body.purpose,
    )
