"""Consents over HTTP: record what people chose, read the ledger, ask the gate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from django.http import FileResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict, Field, ValidationError, model_validator

from consent.children.schemas import AgeIn, ParentIn, age_of, parent_of
from consent.gate import explain
from consent.ledger.history import PastStanding, standing_as_of
from consent.ledger.intake import Outcome, Report, record_reports
from consent.ledger.models import ConsentEvent, EventSource
from consent.ledger.queries import event_of, events_of, sealed_events
from consent.purposes.queries import named_purpose
from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.ndjson import answer_lines, chunks, is_ndjson
from portal.api.pages import Page, PageQuery, paginate
from portal.api.parsing import read_json
from portal.api.problems import field_problems
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.roles import Capability
from subscribers.contacts.queries import contact_of

router = Router(tags=["consents"])

LINES_AT_ONCE = 10_000
ChannelName = Literal["email", "sms", "push", "phone", "post"]


class ContactNamed(Schema):
    """A contact by exactly one of these."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None

    @model_validator(mode="after")
    def one_identity(self) -> ContactNamed:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("Name the contact by exactly one of id, email, phone, external_id.")
        return self


class ConsentIn(Schema):
    model_config = ConfigDict(extra="forbid")

    contact: ContactNamed
    purpose: str = Field(max_length=50, description="Its key.")
    channel: ChannelName
    action: Literal["grant", "refuse", "withdraw", "object", "ask"] = Field(
        description="`ask`: the person was asked and has not answered (C-12)."
    )
    occurred_at: AwareDatetime | None = Field(None, description="When the person chose; now when left out.")
    source: str = Field("", max_length=60, description="Where the person chose, in your words.")
    notice: str = Field("", max_length=60, description="The version of the text that was shown.")
    evidence: dict[str, Any] | None = Field(
        None, description="What proves it: form, text shown, IP, user agent. A grant needs it; it is stored encrypted."
    )
    age: AgeIn | None = Field(None, description="Of who agrees, where the purpose has an age limit (K-01).")
    parent: ParentIn | None = Field(
        None, description="Under the limit: who agreed as well, with `check`, `how` and `agreed_at` (K-02, K-03)."
    )

    @model_validator(mode="after")
    def only_with_a_grant(self) -> ConsentIn:
        if self.action != "grant" and (self.age or self.parent):
            raise ValueError("age and parent go with a grant.")
        return self


class ConsentOut(Schema):
    id: str
    contact: str
    purpose: str
    channel: str
    action: str
    basis: str
    occurred_at: datetime
    recorded_at: datetime
    source: str = Field(description="As it was given, or how the choice reached us.")
    via: str = Field(description="How the choice reached us: `import`, `api`, `staff`, `one_click`, `link`, `form`.")
    notice: str
    sealed: bool


class ConsentRecordedOut(ConsentOut):
    parent_event: str | None = Field(
        None, description="The agreement of the parent, recorded beside that of a child; left out otherwise."
    )


class StandingOut(Schema):
    purpose: str
    channel: str
    status: str
    since: datetime
    expires_at: datetime | None
    event: str = Field(description="The event it rests on.")


class StandingsOut(Schema):
    at: datetime
    known_at: datetime
    items: list[StandingOut]


class StandingsQuery(Schema):
    at: AwareDatetime | None = Field(None, description="As of which moment; now when left out.")
    known_at: AwareDatetime | None = Field(
        None, description="By what had been recorded until then; all that is known today when left out."
    )


class ConsentQuery(PageQuery):
    contact: str | None = Field(None, description="The contact's id.")
    purpose: str | None = Field(None, description="The purpose's key.")


class ContactabilityOut(Schema):
    allowed: bool
    reasons: list[str] = Field(description="Every reason of the gate that holds.")
    evidence: list[str] = Field(description="The consent events the answer rests on.")


class ContactabilityQuery(Schema):
    purpose: str
    channel: ChannelName


BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ConsentIn.model_json_schema(ref_template="#/components/schemas/{model}")},
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"contact": {"email": "a@example.org"}, "purpose": "newsletter", "channel": "email", '
                '"action": "withdraw"}\n',
            },
        },
    }
}


@router.post("/consents", response={201: ConsentRecordedOut}, exclude_unset=True, openapi_extra=BODIES)
@requires(Capability.CONSENTS_RECORD)
def record(request: ApiRequest) -> Status[dict[str, Any]] | FileResponse:
    """Record what a person chose. A grant without evidence is refused with `evidence_required`.

    NDJSON (`application/x-ndjson`) records many, answered line by line: `{line, id}` or `{line, code, detail}`.
    A child under the age limit agrees together with a parent: both agreements are recorded, or none.
    """
    if is_ndjson(request):
        return answer_lines(answers(request))
    report = report_of(read_json(request.body))
    if isinstance(report, FieldProblem):
        raise InvalidInputError(errors=[report])
    (outcome,) = recorded(request, [report])
    if outcome.error is not None:
        raise outcome.error
    assert outcome.id is not None  # noqa: S101 - for the type checker
    parents = {"parent_event": str(outcome.parent_id)} if outcome.parent_id else {}
    return Status(201, {**consent_out(event_of(request.organisation, outcome.id)), **parents})


def recorded(request: ApiRequest, reports: list[Report]) -> list[Outcome]:
    return record_reports(actor=request.actor, organisation=request.organisation, reports=reports, now=timezone.now())


def report_of(body: Any) -> Report | FieldProblem:
    try:
        given = ConsentIn.model_validate(body)
    except ValidationError as error:
        return field_problems(error.errors())[0]  # type: ignore[arg-type]
    values = given.model_dump(exclude={"contact", "age", "parent"})
    named = given.contact.model_dump(exclude_none=True)
    return Report(contact=named, age=age_of(given.age), parent=parent_of(given.parent), **values)


def answers(request: ApiRequest) -> Iterator[dict[str, Any]]:
    """One answer a line; ten thousand lines are one short transaction."""
    for chunk in chunks(request, LINES_AT_ONCE):
        read = [(number, report_of(body) if isinstance(body, dict) else body) for number, body in chunk]
        outcomes = iter(recorded(request, [report for _number, report in read if isinstance(report, Report)]))
        for number, report in read:
            found = answer(next(outcomes)) if isinstance(report, Report) else refusal(report)
            yield {"line": number, **found}


def answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return refusal(outcome.error.errors[0])
    parents = {"parent_event": str(outcome.parent_id)} if outcome.parent_id else {}
    return {"id": str(outcome.id), **parents}


def refusal(problem: FieldProblem) -> dict[str, Any]:
    return {"code": problem.code, "detail": str(problem.detail), "loc": list(problem.loc)}


@router.get("/consents", response=Page[ConsentOut])
@requires(Capability.CONSENTS_VIEW)
def listing(request: ApiRequest, wanted: Query[ConsentQuery]) -> dict[str, Any]:
    """The ledger, newest first."""
    events = events_of(request.organisation)
    if wanted.purpose is not None:
        events = events.filter(purpose=named_purpose(request.organisation, wanted.purpose))
    if wanted.contact is not None:
        known = wanted.contact.isdecimal() and len(wanted.contact) < 19
        events = events.filter(contact_id=int(wanted.contact)) if known else events.none()
    page = paginate(events, request, "-id")
    sealed = sealed_events(request.organisation, [event.pk for event in page["items"]])
    return {**page, "items": [consent_out(event, sealed=event.pk in sealed) for event in page["items"]]}


def consent_out(event: ConsentEvent, *, sealed: bool = False) -> dict[str, Any]:
    named = event.source == EventSource.API and event.source_reference
    return {
        "id": str(event.pk),
        "contact": str(event.contact_id),
        "purpose": event.purpose.key,
        "channel": event.channel,
        "action": event.action,
        "basis": event.basis,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "source": event.source_reference if named else event.source,
        "via": event.source,
        "notice": event.notice_version,
        "sealed": sealed,
    }


@router.get("/contacts/{contact_id}/consents", response=StandingsOut)
@requires(Capability.CONSENTS_VIEW)
def standings(request: ApiRequest, contact_id: str, wanted: Query[StandingsQuery]) -> dict[str, Any]:
    """Where a person stood at any past moment, for each purpose and channel, computed from the ledger's events.

    `at` looks at when people chose; with `known_at` only what had been recorded by then counts.
    """
    contact, now = contact_of(request.organisation, contact_id), timezone.now()
    at, known_at = wanted.at or now, wanted.known_at or now
    found = standing_as_of(request.organisation, contact.pk, at, known_at=known_at)
    return {"at": at, "known_at": known_at, "items": [standing_out(each) for each in found]}


def standing_out(past: PastStanding) -> dict[str, Any]:
    return {
        "purpose": past.purpose.key,
        "channel": past.channel,
        "status": past.status.value,
        "since": past.stood.standing.since,
        "expires_at": past.stood.standing.expires_at,
        "event": str(past.stood.event_id),
    }


@router.get("/contacts/{contact_id}/contactability", response=ContactabilityOut)
@requires(Capability.CONSENTS_VIEW)
def contactability(request: ApiRequest, contact_id: str, wanted: Query[ContactabilityQuery]) -> dict[str, Any]:
    """May this person be written to, for this purpose on this channel, now? With every reason against it."""
    contact = contact_of(request.organisation, contact_id)
    purpose = named_purpose(request.organisation, wanted.purpose)
    found = explain(contact.pk, purpose, wanted.channel, now=timezone.now())
    return {
        "allowed": found.allowed,
        "reasons": found.reasons,
        "evidence": [str(event_id) for event_id in found.evidence],
    }
