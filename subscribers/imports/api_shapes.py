"""What programs send about an import and are told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from subscribers.imports import queries
from subscribers.imports.actions import ReadingChoice
from subscribers.imports.models import Import, ImportDocument, ImportState
from subscribers.imports.passport.documents import documents_of
from subscribers.imports.passport.points import ShownNotice
from subscribers.imports.passport.risks import risks_of
from subscribers.imports.passport.rules import Declaration
from subscribers.imports.quarantine.queries import sample_of
from subscribers.imports.undo.queries import undo_until

Flag = Literal["role_address", "disposable_domain", "probable_typo"]


class ConsentClaim(Schema):
    """A consent that every row of the file is said to prove."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=50)
    channel: Literal["email", "sms", "push", "phone", "post"]


class OriginIn(Schema):
    """Where the people of a file come from."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["own_form", "own_sale", "partner", "bought", "public", "migration"]
    name: str = Field(min_length=1, max_length=200)
    collected_by: str = Field(min_length=1, max_length=200)
    collected_on: date | None = None
    partners: str = Field(
        "",
        max_length=100_000,
        description="For partner and bought lists: the list of partners that people saw, as text (I-02).",
    )


class ImportOptions(Schema):
    """How a file is read, where it comes from, and what it is said to prove."""

    model_config = ConfigDict(extra="forbid")

    origin: OriginIn
    basis: Literal["consent", "soft_opt_in", "legitimate_interest", "contract"]
    mapping: dict[str, str | None] | None = Field(None, description="Column to target; guessed when left out.")
    consents: list[ConsentClaim] = Field([], max_length=50)
    evidence_note: str = Field("", max_length=10_000)
    occurred_at: AwareDatetime | None = None
    collection_point: str | None = Field(
        None, max_length=40, description="Key of the collection point at which these people were asked (N-01)."
    )
    notice_language: str | None = Field(
        None,
        max_length=10,
        description="In which all of them were asked; left out, each row's own `language`, else the form's first.",
    )
    update: Literal["fill", "overwrite", "skip"] = "fill"
    dry_run: bool = False
    encoding: str | None = Field(None, max_length=40, description="Detected when left out, as all that follows.")
    delimiter: str | None = Field(None, max_length=4)
    quote: Literal['"', "'", ""] | None = None
    header: bool | None = Field(None, description="Whether the first row names the columns.")
    skipped_lines: int | None = Field(None, ge=0, le=100_000, description="Lines above the first row that are no rows.")
    part: str | None = Field(None, max_length=200, description="The sheet, or the file in the archive, to read.")
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    preset: str | None = Field(None, max_length=40, description="The tool whose export this is, as in `GET`.")
    reject_flags: list[Flag] = Field([], description="Flags whose rows are rejected; otherwise they are counted.")
    cleared: dict[str, str] = Field(
        {}, description="Column that looks like special-category data to the written reason why it is none."
    )

    def choice(self) -> ReadingChoice:
        return ReadingChoice(
            encoding=self.encoding,
            delimiter=self.delimiter,
            quote=self.quote,
            header=self.header,
            skipped_lines=self.skipped_lines,
            part=self.part,
            date_order=self.date_order,
            preset=self.preset,
            mapping=self.mapping,
            update_rule=self.update,
            reject_flags=self.reject_flags,
            cleared=self.cleared,
        )

    def declaration(self) -> Declaration:
        return Declaration(
            origin_kind=self.origin.kind,
            origin_name=self.origin.name,
            collected_by=self.origin.collected_by,
            collected_on=self.origin.collected_on,
            partners=self.origin.partners,
            basis=self.basis,
            consents=[claim.model_dump() for claim in self.consents],
            evidence_note=self.evidence_note,
            occurred_at=self.occurred_at,
            collection_point=self.collection_point or "",
            notice_language=self.notice_language or "",
        )


class RowCounts(Schema):
    """read = created + updated + unchanged + rejected + duplicate + suppressed, always."""

    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    duplicate: int
    suppressed: int


class OriginOut(Schema):
    kind: str
    name: str
    collected_by: str
    collected_on: date | None


class NoticeOut(Schema):
    """A notice that these people may have been shown, by their dates: a version in one language, while it was shown."""

    version: str
    language: str
    sha256: str
    url: str
    shown_from: datetime
    shown_until: datetime | None


class DocumentOut(Schema):
    id: str
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime


class SampleRow(Schema):
    """A row whose proof somebody looks up: `verdict` is `proven`, `unproven` or null."""

    row: int
    contact: str | None
    verdict: str | None
    note: str


class UndoOut(Schema):
    """`until`: when it stops being possible; `counts`: what it removed, restored, reverted and left, once undone."""

    until: datetime | None
    undone_at: datetime | None
    counts: dict[str, Any]


class DomainSlip(Schema):
    suggestion: str
    rows: int


class ImportSummary(Schema):
    id: str
    state: str
    dry_run: bool
    file_name: str
    file_sha256: str
    file_kind: str
    encoding: str
    delimiter: str
    mapping: dict[str, str | None]
    dropped_columns: list[str]
    origin: OriginOut
    basis: str
    consents: list[dict[str, str]]
    collection_point: str | None = Field(description="Key of the point at which these people were asked.")
    update: str
    progress: float
    rows: RowCounts
    rejects_by_code: dict[str, int]
    stages: dict[str, dict[str, int]]
    warnings: list[str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class ImportOut(ImportSummary):
    """An import with all that is known of its reading, its outcome and what was done with it since."""

    parts: list[str] = Field(description="Names of the sheets, or of the files in the archive.")
    part: str | None
    quote: str
    header: bool
    skipped_lines: int
    date_order: str | None
    columns: list[str]
    doubts: list[str] = Field(description="What was unsure in the reading: `encoding`, …, `mapping:<column>`.")
    preset: str | None = Field(description="The tool whose export this is.")
    sensitive: dict[str, str] = Field(description="Column to why it looks like special-category data.")
    cleared: dict[str, str]
    reject_flags: list[str]
    flags: dict[str, int] = Field(description="Flag to rows.")
    flagged_domains: dict[str, DomainSlip]
    outcomes: dict[str, int] = Field(description="After a dry run: category to rows in its `outcomes/…csv`.")
    risks: list[str] = Field(description="Why a person is asked to confirm this import by typing.")
    occurred_at: datetime | None
    evidence_note: str
    partners: str = Field(description="The list of partners that people saw, as text.")
    notice_language: str | None
    notices: list[NoticeOut]
    documents: list[DocumentOut]
    sample: list[SampleRow]
    art14_due: int = Field(description="Contacts of this import who must still be told where their data comes from.")
    released_at: datetime | None
    frozen_at: datetime | None
    undo: UndoOut


def summary(source: Import) -> dict[str, Any]:
    return {
        "id": str(source.pk),
        "state": source.state,
        "dry_run": source.dry_run,
        "file_name": source.file_name,
        "file_sha256": bytes(source.file_digest).hex(),
        "file_kind": source.file_kind,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "mapping": source.mapping,
        "dropped_columns": queries.dropped(source),
        "origin": {
            "kind": source.origin_kind,
            "name": source.origin_name,
            "collected_by": source.collected_by,
            "collected_on": source.collected_on,
        },
        "basis": source.basis,
        "consents": source.consents,
        "collection_point": source.collection_point or None,
        "update": source.update_rule,
        "progress": queries.progress(source),
        "rows": queries.counts(source),
        "rejects_by_code": source.rejects_by_code,
        "stages": source.stage_counts,
        "warnings": source.warnings,
        "created_at": source.created_at,
        "started_at": source.started_at,
        "finished_at": source.finished_at,
        "error": source.error_code or None,
    }


def shown(source: Import) -> dict[str, Any]:
    quarantined, point = source.state == ImportState.QUARANTINED, queries.point_of(source)
    return summary(source) | {
        "parts": source.parts,
        "part": source.part or None,
        "quote": source.quote,
        "header": source.header,
        "skipped_lines": source.skipped_lines,
        "date_order": source.date_order or None,
        "columns": source.columns,
        "doubts": source.doubts,
        "preset": source.preset or None,
        "sensitive": source.sensitive,
        "cleared": source.cleared,
        "reject_flags": source.reject_flags,
        "flags": source.flags_by_code,
        "flagged_domains": source.flagged_domains,
        "outcomes": source.outcomes,
        "risks": [risk.code for risk in risks_of(queries.situation(source))] if source.dry_run else [],
        "occurred_at": source.occurred_at,
        "evidence_note": source.evidence_note,
        "partners": source.partners,
        "notice_language": source.notice_language or None,
        "notices": [shown_notice(notice) for notice in (point.notices if point else ())],
        "documents": [shown_document(document) for document in documents_of(source)],
        "sample": list(shown_sample(source)) if quarantined else [],
        "art14_due": queries.to_inform(source),
        "released_at": source.released_at,
        "frozen_at": source.frozen_at,
        "undo": {
            "until": None if source.dry_run else undo_until(source),
            "undone_at": source.undone_at,
            "counts": source.undo_counts,
        },
    }


def shown_notice(notice: ShownNotice) -> dict[str, Any]:
    return {
        "version": notice.version,
        "language": notice.language,
        "sha256": notice.sha256,
        "url": notice.url,
        "shown_from": notice.begin,
        "shown_until": notice.end,
    }


def shown_document(document: ImportDocument) -> dict[str, Any]:
    return {
        "id": str(document.pk),
        "kind": document.kind,
        "name": document.name,
        "media_type": document.media_type,
        "size": document.size,
        "sha256": bytes(document.digest).hex(),
        "added_at": document.added_at,
    }


def shown_sample(source: Import) -> Iterator[dict[str, Any]]:
    for row in sample_of(source):
        contact = str(row.contact_id) if row.contact_id else None
        yield {"row": row.line, "contact": contact, "verdict": row.verdict or None, "note": row.note}
