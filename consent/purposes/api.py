"""Purposes over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from consent.purposes.actions import Materiality, PurposeValues, create_purpose, update_purpose
from consent.purposes.models import Purpose, PurposeVersion
from consent.purposes.queries import purpose_by_key, versions_of
from consent.purposes.rules import Shortcoming, kind_for, shortcomings
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.organisations.roles import Capability

router = Router(tags=["purposes"])

BasisName = Literal["consent", "soft_opt_in", "legitimate_interest", "contract", "legal_obligation"]
ChannelName = Literal["email", "sms", "push", "phone", "post"]
KindName = Literal["message", "tracking"]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-zA-Z]{2})?$")]


class PurposeText(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=100)
    description: str = ""


class SoftOptInFacts(Schema):
    """The facts without which soft opt-in reaches nobody (B-03)."""

    model_config = ConfigDict(extra="forbid")

    collected_directly: bool = Field(False, description="The address came from the person.")
    sale: str = Field("", max_length=500, description="On which sale or service it was collected.")
    similar: str = Field("", max_length=500, description="How what is offered is similar to it.")
    same_legal_person: bool = Field(False, description="The company that sold is the one that writes.")
    objection_text: str = Field("", max_length=2000, description="How people could say no when they gave the address.")
    free_accounts: bool = Field(False, description="A free account counts as a sale (C-654/23); the CNIL says no.")
    free_accounts_reason: str = Field("", max_length=2000)


class Balance(Schema):
    """The balance of interests (B-06)."""

    model_config = ConfigDict(extra="forbid")

    date: date
    author: str = Field(min_length=1, max_length=200)
    summary: str = Field("", max_length=10_000)
    document: str = Field("", max_length=500, description="Where the whole of it is kept; stands for the summary.")


class Extras(Schema):
    """What a purpose may say besides the least it must."""

    model_config = ConfigDict(extra="forbid")

    description: str = ""
    double_opt_in: bool = False
    valid_for_days: int | None = Field(None, ge=1, le=36500)
    public: bool = True
    texts: dict[LanguageCode, PurposeText] = Field(
        default_factory=dict,
        description="Language -> name and description; `name` and `description` are those in the organisation's own.",
    )
    parent: str | None = Field(None, max_length=50, description="The key of the purpose it is shown below.")
    renew_before_days: int | None = Field(None, ge=0, le=3650)
    ask_again_after_days: int = Field(182, ge=0, le=3650, description="After a refusal, or silence (C-12).")
    age_limit: int | None = Field(None, ge=0, le=99, description="Null: that of G 8 in the organisation's country.")
    data_categories: list[str] = Field(default_factory=list, max_length=100)
    recipients: list[str] = Field(default_factory=list, max_length=100)
    retention: str = Field("", max_length=200, description="How long the data is kept for it.")
    retention_from: str = Field("", max_length=200, description="From what that is counted.")
    special_category: bool = False
    explicit_wording: str = ""
    soft_opt_in: SoftOptInFacts | None = None
    balance: Balance | None = None
    profession_note: str = Field("", description="Legitimate interest: how it is about people's work (B-05).")


class PurposeIn(Extras):
    key: str = Field(max_length=50, pattern=r"^[a-z][a-z0-9_-]*$")
    name: str = Field(min_length=1, max_length=100)
    basis: BasisName
    channels: list[ChannelName] = Field(min_length=1)
    kind: KindName | None = Field(None, description="`tracking` for opens and clicks; left out: by the key `tracking`.")
    replaces: str | None = Field(
        None, max_length=50, description="A purpose's key: whoever said no to it has objected to this one (B-14)."
    )
    replaces_reason: str = ""


class PurposeChanges(Extras):
    """What may change; the key and the kind never do."""

    name: str = Field(default_factory=str, min_length=1, max_length=100)
    basis: BasisName = "consent"
    channels: list[ChannelName] = Field(default_factory=list, min_length=1)
    material: bool | None = Field(
        None, description="Does it change what people agreed to? Whoever agreed is then due for renewal (C-10)."
    )
    material_reason: str = ""


class ShortcomingOut(Schema):
    code: str
    loc: list[str]
    detail: str


class PurposeOut(Schema):
    key: str
    name: str
    description: str
    basis: BasisName
    channels: list[ChannelName]
    double_opt_in: bool
    valid_for_days: int | None
    public: bool
    kind: KindName
    texts: dict[str, PurposeText]
    parent: str | None
    renew_before_days: int | None
    ask_again_after_days: int
    age_limit: int | None
    data_categories: list[str]
    recipients: list[str]
    retention: str
    retention_from: str
    special_category: bool
    explicit_wording: str
    soft_opt_in: SoftOptInFacts | None
    balance: dict[str, str] | None
    profession_note: str
    replaces: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    missing: list[str] = Field(description="What its basis demands and it has not: `soft_opt_in.sale`, …")
    warnings: list[ShortcomingOut]


class VersionOut(Schema):
    number: int
    values: dict[str, Any]
    digest: str = Field(description="SHA-256 of `values` in canonical JSON (RFC 8785).")
    created_at: datetime
    created_by: str
    material: bool
    reason: str


def purpose_out(purpose: Purpose) -> dict[str, Any]:
    organisation = purpose.organisation
    today = timezone.localdate(timezone=organisation.zone)
    lacks = shortcomings(purpose, today=today)
    plain = {name: getattr(purpose, name) for name in PurposeOut.model_fields if name not in COMPUTED}
    own = {"name": purpose.name, "description": purpose.description}
    return {
        **plain,
        "texts": {organisation.locale: own, **purpose.texts},
        "parent": purpose.parent.key if purpose.parent else None,
        "replaces": purpose.replaces.key if purpose.replaces else None,
        "soft_opt_in": purpose.soft_opt_in or None,
        "balance": purpose.balance or None,
        "missing": [found.path for found in lacks if found.missing],
        "warnings": [shortcoming_out(found) for found in lacks],
    }


COMPUTED = {"texts", "parent", "replaces", "soft_opt_in", "balance", "missing", "warnings"}


def shortcoming_out(found: Shortcoming) -> dict[str, Any]:
    return {"code": found.code, "loc": list(found.loc), "detail": str(found.detail)}


def values_of(body: Extras) -> dict[str, Any]:
    """What was sent, as the actions take it."""
    given = body.model_dump(exclude_unset=True)
    for name in ("soft_opt_in", "balance"):
        if name in given:
            given[name] = getattr(body, name).model_dump(mode="json") if given[name] is not None else {}
    return given


def shows_facts(given: dict[str, Any]) -> bool:
    """Whoever sends the facts of a basis sends all of them; the contract's least body sends none."""
    return bool(given.get("soft_opt_in") or given.get("balance"))


@router.post("/purposes", response={201: PurposeOut})
@requires(Capability.PURPOSES_EDIT)
def create(request: ApiRequest, body: PurposeIn) -> Status[dict[str, Any]]:
    """A new reason to write to people, with one basis.

    `missing` names the facts its basis still demands: until they are there, soft opt-in reaches only who agreed.
    """
    given = values_of(body)
    key = given.pop("key")
    replaces, reason = given.pop("replaces", None), given.pop("replaces_reason", "")
    given["kind"] = given.get("kind") or kind_for(key)
    purpose = create_purpose(
        actor=request.actor,
        key=key,
        values=PurposeValues(**given),
        replaces=replaces,
        replaces_reason=reason,
        complete=shows_facts(given),
    )
    return Status(201, purpose_out(purpose))


@router.get("/purposes", response=Page[PurposeOut])
@requires(Capability.PURPOSES_VIEW)
def listing(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    known = Purpose.objects.filter(organisation=request.organisation)
    return paginate(known.select_related("organisation", "parent", "replaces"), request, item=purpose_out)


@router.get("/purposes/{key}", response=PurposeOut)
@requires(Capability.PURPOSES_VIEW)
def detail(request: ApiRequest, key: str) -> dict[str, Any]:
    return purpose_out(purpose_by_key(request.organisation, key))


@router.patch("/purposes/{key}", response=PurposeOut)
@requires(Capability.PURPOSES_EDIT)
def change(request: ApiRequest, key: str, body: PurposeChanges) -> dict[str, Any]:
    """Change what is sent and leave the rest; 409 `basis_in_use` once people have chosen on the basis.

    What people agreed to gets a new version; new data, recipients or special categories count as material unless
    `material` says no and `material_reason` why.
    """
    purpose = purpose_by_key(request.organisation, key)
    given = values_of(body)
    said = Materiality(given.pop("material", None), given.pop("material_reason", ""))
    update_purpose(actor=request.actor, purpose=purpose, changes=given, materiality=said, complete=shows_facts(given))
    return purpose_out(purpose_by_key(request.organisation, key))


@router.get("/purposes/{key}/versions", response=Page[VersionOut])
@requires(Capability.PURPOSES_VIEW)
def versions(request: ApiRequest, key: str, page: Query[PageQuery]) -> dict[str, Any]:
    """Everything the purpose has said, newest first; nothing of it can be changed."""
    purpose = purpose_by_key(request.organisation, key)
    return paginate(versions_of(purpose), request, "-number", item=version_out)


def version_out(version: PurposeVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "values": version.values,
        "digest": bytes(version.digest).hex(),
        "created_at": version.created_at,
        "created_by": version.created_by,
        "material": version.material,
        "reason": version.reason,
    }
