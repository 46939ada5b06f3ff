"""Answers that reach us through somebody: a paper, a call, a system of the client (C-13). The proof comes along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.children.addresses import normal_phone, sound_email
from consent.children.rules import Age, Parent
from consent.collection.answers import Answer
from consent.collection.documents import choice_key, words_of
from consent.collection.errors import PointNotLiveError, WrongKindError
from consent.collection.models import CollectionPoint, EvidenceFile, FormVersion, PointKind, PointState, SignUpState
from consent.collection.queries import version_at, version_of
from consent.collection.recording import record_answer
from consent.collection.scans import kept_scan
from consent.collection.signatories import signed_by
from consent.collection.signing_up import ask_to_confirm, keep_count
from consent.ledger.errors import BeforeNoticeError, EvidenceRequiredError, FutureDateError
from consent.ledger.intake import checked_evidence
from consent.purposes.errors import UnknownPurposeError
from portal import audit
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.roles import Capability
from subscribers.contacts.actions import checked

REPORTED = (PointKind.PAPER, PointKind.PHONE, PointKind.API)


class ScanRequiredError(InvalidInputError):
    code = "scan_required"
    title = _("Attach a scan of the paper: it is the proof (C-01; GDPR art. 7(1)).")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("scan",), self.code, self.title)])


class ReferenceRequiredError(InvalidInputError):
    code = "reference_required"
    title = _("Name the call: its number in your telephone system, or where its recording is kept (C-01).")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("reference",), self.code, self.title)])


@dataclass(frozen=True)
class Report:
    """``choices``: ``{purpose, channel, action: grant|refuse}``; ``evidence``: plain JSON about how it was answered.

    ``age`` and ``parent``: where the point asks for the age.
    """

    contact: Mapping[str, Any]
    choices: Sequence[Mapping[str, Any]]
    language: str = ""
    occurred_at: datetime | None = None
    form_version: int | None = None
    reference: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    scan: UploadedFile[Any] | None = None
    age: Age | None = None
    parent: Parent | None = None


@dataclass(frozen=True)
class Outcome:
    """``contact_id`` None while the person's own click is awaited."""

    contact_id: int | None
    events: Sequence[int] = ()


def report_sign_up(*, actor: Actor, point: CollectionPoint, report: Report, now: datetime | None = None) -> Outcome:
    """Record what somebody reports for a person, or ask the person to confirm where the point has double opt-in.

    Under the age limit it takes the parent's agreement as well, in the same transaction; a parent of whom only an
    address is told is asked by a message, and so is the child (K-02).

    Raises ``wrong_kind``, ``point_not_live``, ``scan_required``, ``reference_required``, ``evidence_required``,
    ``unknown_purpose``, ``before_notice``, ``future_date``, ``suppressed``, ``invalid_input``, and what
    ``consent.children`` refuses.
    """
    actor.require(Capability.CONTACTS_EDIT)
    actor.require(Capability.CONSENTS_RECORD)
    at = now or timezone.now()
    require_reportable(point, report, actor)
    version = shown_version(point, report, report.occurred_at or at)
    answer = reported_answer(actor, point, version, report, at)
    answer = signed_by(actor, point, version, answer, age=report.age, parent=report.parent, now=at)
    scan = kept_scan(actor, point, report.scan, at) if report.scan else None
    try:
        return take_report(actor, point, version, answer, scan, at)
    except Exception:
        if scan:
            scan.file.delete(save=False)
        raise


@transaction.atomic
def take_report(
    actor: Actor, point: CollectionPoint, version: FormVersion, answer: Answer, scan: EvidenceFile | None, now: datetime
) -> Outcome:
    if scan:
        scan.save()
        said = {"sha256": bytes(scan.digest).hex(), "media_type": scan.media_type, "size": str(scan.size)}
        answer = replace(answer, facts={**answer.facts, "attachment": said})
    if answer.parent or (version.document["double_opt_in"] and answer.email and answer.yes):
        sign_up = ask_to_confirm(point=point, version=version, answer=answer, now=now, attachment=scan)
        details = {"form": point.key, "sign_up": sign_up.pk}
        audit.record(actor=actor, action="collection.reported", target=point, details=details, at=now)
        return Outcome(None)
    contact, events = record_answer(
        actor=actor, point=point, version=version, answer=answer, now=now, parental=answer.parental
    )
    keep_count(point, version, answer, now, SignUpState.RECORDED if answer.yes else SignUpState.REFUSED)
    if scan:
        EvidenceFile.objects.filter(pk=scan.pk).update(contact=contact)
    return Outcome(contact.pk, events)


def require_reportable(point: CollectionPoint, report: Report, actor: Actor) -> None:
    if point.kind not in REPORTED:
        raise WrongKindError
    if point.state != PointState.LIVE:
        raise PointNotLiveError
    if point.kind == PointKind.PAPER and report.scan is None and actor.kind == ActorKind.MEMBER:
        raise ScanRequiredError
    if point.kind == PointKind.PHONE and not report.reference and actor.kind == ActorKind.MEMBER:
        raise ReferenceRequiredError
    if actor.kind == ActorKind.TOKEN and not report.evidence:
        raise EvidenceRequiredError


def shown_version(point: CollectionPoint, report: Report, occurred_at: datetime) -> FormVersion:
    """What the person had before them; ``before_notice`` when there was nothing yet."""
    if report.form_version is None:
        version = version_at(point, occurred_at)
        if version is None:
            raise BeforeNoticeError
        return version
    named = version_of(point, report.form_version)
    if named is None:
        detail = _("There is no such version of this form.")
        raise InvalidInputError.at("form_version", code="not_found", detail=detail)
    if occurred_at < named.published_at:
        raise BeforeNoticeError
    return named


def reported_answer(
    actor: Actor, point: CollectionPoint, version: FormVersion, report: Report, now: datetime
) -> Answer:
    language = report.language if report.language in version.document["languages"] else ""
    language = language or next(iter(version.document["languages"]))
    words = words_of(version.document, language)
    known = {choice["key"] for choice in words["choices"]}
    keys = [(choice_key(choice["purpose"], choice["channel"]), choice["action"]) for choice in report.choices]
    for number, (key, _action) in enumerate(keys):
        if key not in known:
            raise UnknownPurposeError("consents", number, "purpose")
    occurred_at = report.occurred_at or now
    if occurred_at > now:
        raise FutureDateError
    person = report.contact
    values: Any = {name: person[name] for name in ("first_name", "last_name", "attributes") if person.get(name)}
    checked(point.organisation, values)  # told now: nobody could mend it when the person confirms
    evidence = checked_evidence(dict(report.evidence))
    return Answer(
        email=sound_email(str(person.get("email") or ""), "contact", "email"),
        phone=normal_phone(point.organisation, str(person.get("phone") or ""), "phone"),
        external_id=str(person.get("external_id") or ""),
        values=values,
        yes=[key for key, action in keys if action == "grant"],
        no=[key for key, action in keys if action == "refuse"],
        language=language,
        submitted_at=occurred_at.isoformat(),
        source="api" if actor.kind == ActorKind.TOKEN else "staff",
        actor=actor.reference[:60],
        facts={
            "kind": str(point.kind),
            "entered_by": actor.reference,
            "entered_at": now.isoformat(),
            **({"reference": report.reference} if report.reference else {}),
            **({"reported": evidence} if evidence else {}),
        },
    )
