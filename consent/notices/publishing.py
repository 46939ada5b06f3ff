"""The one way a notice is published: approved, clean by the linter, and frozen; all in one transaction.

Whatever door Wagtail opens (button, bulk action, schedule, workflow), it ends in ``NoticePage.publish``, which asks
:func:`require_approval`; and only :func:`publish_revision` gives it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django_scopes import scope
from wagtail.models import Revision

from consent.notices.errors import NoticeIncompleteError, NoticeNotApprovedError
from consent.notices.frozen_files import keep_files, public_address
from consent.notices.lint import Finding, lint
from consent.notices.models import NoticeVersion
from consent.notices.rendering import html_of, text_of
from consent.notices.structure import KnownPurpose, Notice, form_of
from consent.notices.wagtail_models import NoticePage
from consent.purposes.models import Purpose
from consent.texts.kept import noted, notice_text
from portal import audit
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation


@dataclass(frozen=True)
class Decision:
    """Who approves, and when: the audit log and the version name both."""

    actor: Actor
    at: datetime


_approved: ContextVar[int] = ContextVar("approved_revision", default=0)
_ending: ContextVar[int] = ContextVar("ending_notice", default=0)
_decision: ContextVar[Decision | None] = ContextVar("decision", default=None)


@contextmanager
def set_for(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def require_approval(revision: Revision) -> None:
    if _approved.get() != revision.pk:
        raise NoticeNotApprovedError


def require_ending(page: NoticePage) -> None:
    if _ending.get() != page.pk:
        raise NoticeNotApprovedError


def ending(page: NoticePage) -> Any:
    return set_for(_ending, page.pk)


def deciding(actor: Actor, at: datetime) -> Any:
    """While somebody approves."""
    return set_for(_decision, Decision(actor, at))


def known_purposes(organisation: Organisation) -> dict[str, KnownPurpose]:
    with scope(organisation=organisation):
        rows = Purpose.objects.filter(organisation=organisation).values_list("key", "name", "basis", "texts")
        return {key: KnownPurpose(key, *values) for key, *values in rows}


def findings_of(notice: Notice, organisation: Organisation) -> list[Finding]:
    return lint(notice, known_purposes(organisation))


@transaction.atomic
def publish_revision(revision: Revision, *, user: Any = None) -> list[NoticeVersion]:
    """Lint, publish and freeze what was approved; ``notice_incomplete`` with every finding otherwise."""
    decision = _decision.get()
    if decision is None:
        raise NoticeNotApprovedError
    page: NoticePage = revision.as_object()
    organisation = page.root.organisation
    notice = page.structure
    findings = findings_of(notice, organisation)
    if findings:
        raise NoticeIncompleteError(findings)
    with set_for(_approved, revision.pk):
        page.publish(revision, user=user)
    return freeze(actor=decision.actor, organisation=organisation, notice=notice, at=decision.at)


@transaction.atomic
def freeze(*, actor: Actor, organisation: Organisation, notice: Notice, at: datetime) -> list[NoticeVersion]:
    """End the version that is live and write the next, one row a language, with the files they show."""
    known = known_purposes(organisation)
    with scope(organisation=organisation):
        keep_files(organisation, notice, at)
        rows = NoticeVersion.objects.filter(organisation=organisation, notice=notice.key)
        last = rows.order_by("-number").values_list("number", flat=True).first() or 0
        rows.filter(ended_at=None).update(ended_at=at)
        versions = []
        for wording in notice.wordings:
            text = text_of(wording, notice, known)
            versions.append(
                NoticeVersion(
                    organisation=organisation,
                    notice=notice.key,
                    number=last + 1,
                    language=wording.language,
                    kind=notice.kind,
                    title=wording.title,
                    html=html_of(wording, notice, known, address=public_address(organisation)),
                    text=text,
                    digest=hashlib.sha256(text.encode()).digest(),
                    form=form_of(wording),
                    published_at=at,
                    published_by=actor.reference,
                )
            )
        NoticeVersion.objects.bulk_create(versions)
    audit.record(
        actor=actor,
        action="notice.published",
        target_type="notice",
        target_id=notice.key,
        organisation=organisation,
        details={
            "number": last + 1,
            "languages": [version.language for version in versions],
            "digests": [bytes(version.digest).hex() for version in versions],
            **noted(notice_text(version) for version in versions),
            **({"files": [file.sha256 for file in notice.files]} if notice.files else {}),
        },
        at=at,
    )
    return versions
