"""What happens after a chunk of rows is merged: the extension point for the apps above.

A stage runs inside the transaction that merged the chunk, so its rows are written exactly once, with the contacts
they belong to. It reads two tables with its own SQL:

- ``chunk.merged``: ``line bigint, contact_id bigint, is_new boolean, changed boolean, email_moved boolean, phone_moved
  boolean, occurred_at timestamptz``: every row that became or met a contact;
- ``chunk.staged``: ``line bigint, email, email_key, phone, external_id, first_name, last_name, language, country
  text, tags text[], attributes jsonb, occurred_at timestamptz, ip inet``; join them by ``line``.

Nothing is run for a dry run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.errors import FieldProblem

if TYPE_CHECKING:
    from portal.organisations.models import Organisation
    from subscribers.imports.models import Import


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkContext:
    """One merged chunk: its two tables, the contacts it made and met, and the moment the action read."""

    staged: str
    merged: str
    created: int
    known: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody says a file proves, before it is believed."""

    consents: Sequence[dict[str, str]]
    basis: str
    origin_kind: str
    evidence_note: str


StageRun = Callable[[Any, "Import", ChunkContext], dict[str, int] | None]
Validator = Callable[["Organisation", Claim], Sequence[FieldProblem]]
Choices = Callable[["Organisation"], Sequence[tuple[str, str]]]

stages: dict[str, StageRun] = {}
validators: dict[str, Validator] = {}
consent_choices: dict[str, Choices] = {}


def register_stage(
    name: str, run: StageRun, *, validate: Validator | None = None, choices: Choices | None = None
) -> None:
    """Add a stage.

    ``run(cursor, source_import, chunk)`` answers counts to add up under its name in ``Import.stage_counts``.
    ``validate(organisation, claim)`` answers problems with what is claimed, ``loc`` beginning ``("options", ...)``.
    ``choices(organisation)`` answers the consents that can be claimed, as pairs of ``purpose:channel`` and a label.
    """
    stages[name] = run
    if validate:
        validators[name] = validate
    if choices:
        consent_choices[name] = choices


def claim_problems(organisation: Organisation, claim: Claim) -> list[FieldProblem]:
    return [problem for validate in validators.values() for problem in validate(organisation, claim)]


def claimable_consents(organisation: Organisation) -> list[tuple[str, str]]:
    return [pair for choices in consent_choices.values() for pair in choices(organisation)]


def run_stages(cursor: Any, source_import: Import, chunk: ChunkContext) -> dict[str, dict[str, int]]:
    """Run every stage on a merged chunk; the counts of each by its name, of those that count anything (not None)."""
    counted = {name: run(cursor, source_import, chunk) for name, run in stages.items()}
    return {name: counts for name, counts in counted.items() if counts is not None}
