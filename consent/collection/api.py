"""Collection points over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict, Field

from consent.children.schemas import AgeIn, ParentIn, age_of, parent_of
from consent.collection import actions
from consent.collection.actions import PointValues
from consent.collection.documents import languages_of
from consent.collection.models import CollectionPoint, FormVersion, PointKind
from consent.collection.queries import collection_points, point_by_key, version_numbered, versions_of
from consent.collection.reporting import Report, report_sign_up
from consent.purposes.api import ChannelName
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.links import absolute
from portal.organisations.roles import Capability

router = Router(tags=["collection points"])

KindName = Literal["form", "api", "import", "paper", "phone"]
KEY = r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$"


class ChoiceIn(Schema):
    """One purpose on one channel, asked by itself. ``preselected`` and ``required`` are refused when true."""

    model_config = ConfigDict(extra="forbid")

    purpose: str
    channel: ChannelName
    preselected: bool = False
    required: bool = False


class FieldIn(Schema):
    """``name``: ``first_name``, ``last_name``, ``phone`` or ``attributes.<key>``."""

    model_config = ConfigDict(extra="forbid")

    name: str
    justification: str = ""
    required: bool = False


class PointChanges(Schema):
    """``texts``: language -> ``title``, ``intro``, ``thanks``."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default_factory=str, min_length=1, max_length=100)
    kind: KindName = "form"
    notice: str = Field("", max_length=40)
    choices: list[ChoiceIn] = []
    asking: Literal["boxes", "yes_no"] = "boxes"
    fields: list[FieldIn] = []
    languages: list[str] = []
    texts: dict[str, dict[str, str]] = {}
    double_opt_in: bool = True
    age_question: bool = False
    origins: list[str] = []
    accent: str = ""


class PointIn(PointChanges):
    key: str = Field(max_length=40, pattern=KEY)
    name: str = Field(min_length=1, max_length=100)


class ChoiceOut(Schema):
    purpose: str
    channel: str


class FieldOut(Schema):
    name: str
    justification: str
    required: bool


class PointOut(Schema):
    """``version``: of the form that visitors see, null before the first; ``url``: of a web form's page, else empty."""

    key: str
    name: str
    kind: str
    state: str
    notice: str
    choices: list[ChoiceOut]
    asking: str
    fields: list[FieldOut]
    languages: list[str]
    texts: dict[str, dict[str, str]]
    double_opt_in: bool
    age_question: bool
    origins: list[str]
    accent: str
    version: int | None
    url: str
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    closed_at: datetime | None


def shown(point: CollectionPoint) -> dict[str, Any]:
    plain = {name: getattr(point, name) for name in PointOut.model_fields if name not in ("version", "url")}
    path = f"/s/{point.organisation.slug}/{point.key}"
    url = absolute(path) if point.kind == PointKind.FORM else ""
    return {**plain, "version": point.number or None, "url": url}


@router.get("/collection-points", response=Page[PointOut])
@requires(Capability.COLLECTION_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    answer = paginate(collection_points().select_related("organisation"), request)
    return {**answer, "items": [shown(point) for point in answer["items"]]}


@router.post("/collection-points", response={201: PointOut})
@requires(Capability.COLLECTION_EDIT)
def create(request: ApiRequest, body: PointIn) -> Status[dict[str, Any]]:
    """A new collection point, as a draft."""
    given = body.model_dump()
    key = given.pop("key")
    return Status(201, shown(actions.create_point(actor=request.actor, key=key, values=PointValues(**given))))


@router.get("/collection-points/{key}", response=PointOut)
@requires(Capability.COLLECTION_VIEW)
def detail(request: ApiRequest, key: str) -> dict[str, Any]:
    return shown(point_by_key(request.organisation, key))


@router.patch("/collection-points/{key}", response=PointOut)
@requires(Capability.COLLECTION_EDIT)
def change(request: ApiRequest, key: str, body: PointChanges) -> dict[str, Any]:
    """Change what is sent and leave the rest. Visitors see it once it is published."""
    point = point_by_key(request.organisation, key)
    return shown(actions.update_point(actor=request.actor, point=point, changes=body.model_dump(exclude_unset=True)))


@router.post("/collection-points/{key}/publish", response=PointOut)
@requires(Capability.COLLECTION_EDIT)
def publish(request: ApiRequest, key: str) -> dict[str, Any]:
    """Freeze what it shows as a version, and open it; 422 `not_publishable` names what stands in the way."""
    return shown(actions.publish_point(actor=request.actor, point=point_by_key(request.organisation, key)))


@router.post("/collection-points/{key}/close", response=PointOut)
@requires(Capability.COLLECTION_EDIT)
def close(request: ApiRequest, key: str) -> dict[str, Any]:
    """Nobody can sign up here any more."""
    return shown(actions.close_point(actor=request.actor, point=point_by_key(request.organisation, key)))


class FormVersionOut(Schema):
    """One version of a form. `digest` is the SHA-256 of the document in canonical JSON (RFC 8785)."""

    number: int
    digest: str
    languages: list[str]
    published_at: datetime
    published_by: str = Field(
        description="As the audit log names them; `system` where the form followed a new wording."
    )


class FormVersionDetailOut(FormVersionOut):
    document: dict[str, Any] = Field(
        description="Everything that was shown, in each language, and what held beside it."
    )


def version_values(version: FormVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "digest": bytes(version.digest).hex(),
        "languages": languages_of(version.document),
        "published_at": version.published_at,
        "published_by": version.published_by,
    }


@router.get("/collection-points/{key}/versions", response=Page[FormVersionOut])
@requires(Capability.COLLECTION_VIEW)
def versions(request: ApiRequest, key: str, page: Query[PageQuery]) -> dict[str, Any]:
    """Every version of the form, newest first; nothing of them can be changed. The proof of an event that came
    through the form names it in `source_reference`, as `{key}/{number}`.
    """
    return paginate(versions_of(point_by_key(request.organisation, key)), request, "-number", item=version_values)


@router.get("/collection-points/{key}/versions/{number}", response=FormVersionDetailOut)
@requires(Capability.COLLECTION_VIEW)
def version(request: ApiRequest, key: str, number: int) -> dict[str, Any]:
    """What the form showed, word for word."""
    found = version_numbered(point_by_key(request.organisation, key), number)
    return {**version_values(found), "document": found.document}


class PersonIn(Schema):
    model_config = ConfigDict(extra="forbid")

    email: str = ""
    phone: str = ""
    external_id: str = ""
    first_name: str = ""
    last_name: str = ""
    attributes: dict[str, Any] = {}


class ConsentIn(Schema):
    model_config = ConfigDict(extra="forbid")

    purpose: str
    channel: ChannelName
    action: Literal["grant", "refuse"] = "grant"


class SignUpIn(Schema):
    """``form_version``: what was shown, the one of that time when left out; ``evidence``: how the person answered."""

    model_config = ConfigDict(extra="forbid")

    contact: PersonIn
    consents: list[ConsentIn] = Field(min_length=1, max_length=100)
    language: str = ""
    occurred_at: AwareDatetime | None = None
    form_version: int | None = None
    evidence: dict[str, Any] = {}
    age: AgeIn | None = Field(None, description="Where the point asks for the age: told with every yes (K-01).")
    parent: ParentIn | None = Field(
        None,
        description="Under the age limit. With `check`, `how` and `agreed_at` the parent has agreed; with an `email` "
        "alone they are asked by a message, and so is the child.",
    )


class SignUpOut(Schema):
    """``state``: ``recorded``, or ``waiting`` for the click in the message sent; then there is no contact yet.

    ``events``: for a child those of the parent too, after the child's own.
    """

    state: str
    contact: str | None
    events: list[str]


@router.post("/collection-points/{key}/sign-ups", response={201: SignUpOut})
@requires(Capability.CONTACTS_EDIT)
def sign_up(request: ApiRequest, key: str, body: SignUpIn) -> Status[dict[str, Any]]:
    """What a person answered to a system of yours, at a collection point of kind `api`, `paper` or `phone`.

    Where the point asks for the age, somebody under the limit agrees together with a parent: `parent_required`
    without one, `parent_check_required` while it is not told how their authority was checked and when they agreed.
    """
    point = point_by_key(request.organisation, key)
    report = Report(
        contact=body.contact.model_dump(),
        choices=[choice.model_dump() for choice in body.consents],
        language=body.language,
        occurred_at=body.occurred_at,
        form_version=body.form_version,
        evidence=body.evidence,
        age=age_of(body.age),
        parent=parent_of(body.parent),
    )
    outcome = report_sign_up(actor=request.actor, point=point, report=report)
    contact = str(outcome.contact_id) if outcome.contact_id else None
    state = "recorded" if contact else "waiting"
    return Status(201, {"state": state, "contact": contact, "events": [str(event) for event in outcome.events]})
