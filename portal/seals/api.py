"""Seals over HTTP: how far each chain goes, every seal, the keys; verify now."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from ninja import Query, Router, Schema, Status
from pydantic import Field

from portal.api.authentication import ApiRequest
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.api.rates import Rate, limit
from portal.crypto import signing
from portal.errors import NotFoundError
from portal.jobs.models import Job, JobState
from portal.organisations.links import absolute
from portal.organisations.roles import Capability
from portal.seals.actions import start_verification
from portal.seals.errors import VerificationRunningError
from portal.seals.models import Seal, Verification
from portal.seals.queries import (
    StreamState,
    horizon_seconds,
    key_history,
    results_of,
    seal_numbered,
    seals_of,
    stream_state,
    verification_job,
    verification_jobs,
)
from portal.seals.streams import Stream, stream_named, streams
from portal.seals.words import words_of

router = Router(tags=["seals"])

ON_DEMAND = Rate(12, 3600)  # a verification reads the whole ledger


class HeadOut(Schema):
    number: int
    hash: str = Field(description="SHA-256 of the seal: write it down elsewhere, and nobody can write the chain anew.")
    signed_at: datetime


class ResultOut(Schema):
    """What a verification found. `code` and `detail` are empty when the chain holds; `seal`, `row_ids` and `note` say
    where it does not.
    """

    id: str
    stream: str
    started_at: datetime
    ended_at: datetime
    ok: bool
    rows: int = Field(description="Rows that were found right, all of them when `ok`.")
    seals: int
    head: str | None = Field(description="Hash of the newest seal that was found right.")
    code: str
    detail: str
    seal: int | None
    row_ids: list[str] = Field(description="The first ten at most.")
    note: str = Field(description="What else names it, such as `notice signup/3/fr`.")


class StreamOut(Schema):
    stream: str
    name: str
    sealed: int = Field(description="Rows in all seals.")
    waiting: int = Field(description="Rows that wait for their seal: a minute or two.")
    passed_at: datetime | None = Field(description="When the sealer last looked at everything that was written.")
    horizon: int = Field(description="Every row of a transaction below this number is sealed.")
    head: HeadOut | None
    verification: ResultOut | None = Field(description="The last one, on demand, at night or from the command line.")
    seals_url: str


class SealsOut(Schema):
    streams: list[StreamOut]
    oldest_writer_seconds: float = Field(description="How long the oldest transaction that writes holds up the seals.")
    keys_url: str


class SealOut(Schema):
    """A seal as it was signed: `hash` is the SHA-256 of `seal` in canonical JSON (RFC 8785), and Ed25519 signs its 32
    bytes.
    """

    seal: dict[str, Any]
    hash: str
    signature: str
    total: int = Field(description="Rows sealed up to here.")


class KeyOut(Schema):
    key_id: str
    algorithm: str
    public_key: str = Field(description="32 raw bytes, base64.")
    valid_from: datetime = Field(serialization_alias="from")
    valid_to: datetime | None = Field(serialization_alias="to")


class KeysOut(Schema):
    items: list[KeyOut]


class VerificationOut(Schema):
    """`state`: queued, running, paused, done, failed, cancelled. `done` says that it ran to its end: whether the chains
    hold, `results` and `ok` say.
    """

    id: str
    state: str
    progress: float
    rows: int = Field(description="Rows looked at so far.")
    requested_at: datetime
    finished_at: datetime | None
    ok: bool | None = Field(description="Null until it is done: a chain that was not looked at holds for nobody.")
    error: str | None = Field(description="Why the job failed, as a code.")
    results: list[ResultOut]


@router.get("/seals", response=SealsOut)
@requires(Capability.CONSENTS_VIEW)
def state(request: ApiRequest) -> dict[str, Any]:
    """How far everything is sealed, how much waits, and what the last verification found, chain by chain.

    The chain of the audit log is shown to tokens that may see the audit log.
    """
    visible = [stream for stream in streams() if request.actor.may(stream.capability)]
    return {
        "streams": [state_values(stream_state(stream, request.organisation)) for stream in visible],
        "oldest_writer_seconds": round(horizon_seconds(), 1),
        "keys_url": absolute("/api/v1/seals/keys"),
    }


@router.get("/seals/keys", response=KeysOut, by_alias=True)
@requires(Capability.CONSENTS_VIEW)
def keys(request: ApiRequest) -> dict[str, Any]:
    """Every key that has signed for this organisation, the newest first. Keep them where we can't write."""
    return {"items": [key_values(key) for key in key_history(request.organisation)]}


@router.post("/seals/verifications", response={202: VerificationOut})
@requires(Capability.AUDIT_VIEW)
def verify(request: ApiRequest) -> Status[dict[str, Any]]:
    """Recompute every seal of this organisation now, as a job; ask for it by its id.

    One at a time (409 `verification_running`), and twelve an hour (429).
    """
    limit(f"verification:{request.organisation.pk}", ON_DEMAND)
    job = start_verification(actor=request.actor, organisation=request.organisation)
    if job is None:
        raise VerificationRunningError
    return Status(202, job_values(job, []))


@router.get("/seals/verifications", response=Page[VerificationOut])
@requires(Capability.AUDIT_VIEW)
def verifications(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """Those of every night and those asked for, newest first."""
    found = paginate(verification_jobs(request.organisation), request, "-id")
    results = results_of(request.organisation, found["items"])
    return {**found, "items": [job_values(job, results.get(job.pk, [])) for job in found["items"]]}


@router.get("/seals/verifications/{verification_id}", response=VerificationOut)
@requires(Capability.AUDIT_VIEW)
def verification(request: ApiRequest, verification_id: str) -> dict[str, Any]:
    """How far it is, and once it has ended what it found in each chain."""
    job = verification_job(request.organisation, verification_id)
    return job_values(job, results_of(request.organisation, [job]).get(job.pk, []))


@router.get("/seals/{stream}", response=Page[SealOut])
@requires(Capability.CONSENTS_VIEW)
def listing(request: ApiRequest, stream: str, page: Query[PageQuery]) -> dict[str, Any]:
    """The seals of one chain (`ledger`, `audit`), newest first."""
    found = visible_stream(request, stream)
    return paginate(seals_of(found.name, request.organisation), request, "-number", item=seal_values)


@router.get("/seals/{stream}/{number}", response=SealOut)
@requires(Capability.CONSENTS_VIEW)
def detail(request: ApiRequest, stream: str, number: int) -> dict[str, Any]:
    """One seal by its number."""
    return seal_values(seal_numbered(visible_stream(request, stream), request.organisation, number))


def visible_stream(request: ApiRequest, name: str) -> Stream:
    found = stream_named(name) if name in {stream.name for stream in streams()} else None
    if found is None or not request.actor.may(found.capability):
        raise NotFoundError
    return found


def state_values(found: StreamState) -> dict[str, Any]:
    head = found.head
    return {
        "stream": found.stream.name,
        "name": str(found.stream.label),
        "sealed": found.sealed,
        "waiting": found.waiting,
        "passed_at": found.passed_at,
        "horizon": found.horizon,
        "head": {"number": head.number, "hash": head.hash_text, "signed_at": head.signed_at} if head else None,
        "verification": result_values(found.verified) if found.verified else None,
        "seals_url": absolute(f"/api/v1/seals/{found.stream.name}"),
    }


def seal_values(seal: Seal) -> dict[str, Any]:
    return {
        "seal": seal.facts.document(),
        "hash": seal.hash_text,
        "signature": b64encode(bytes(seal.signature)).decode(),
        "total": seal.total,
    }


def key_values(key: signing.PublicKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "algorithm": "Ed25519",
        "public_key": key.text,
        "valid_from": key.valid_from,
        "valid_to": key.valid_to,
    }


def job_values(job: Job, results: list[Verification]) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "state": job.state,
        "progress": job.progress,
        "rows": job.done,
        "requested_at": job.created_at,
        "finished_at": job.finished_at,
        "ok": all(found.ok for found in results) if job.state == JobState.DONE else None,
        "error": job.error_code or None,
        "results": [result_values(found) for found in results],
    }


def result_values(found: Verification) -> dict[str, Any]:
    return {
        "id": str(found.pk),
        "stream": found.stream,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "ok": found.ok,
        "rows": found.rows,
        "seals": found.seals,
        "head": bytes(found.head_hash).hex() if found.head_hash else None,
        "code": found.code,
        "detail": str(words_of(stream_named(found.stream), found.code)) if found.code else "",
        "seal": found.details.get("seal") or None,
        "row_ids": found.details.get("rows", []),
        "note": found.details.get("note", ""),
    }
