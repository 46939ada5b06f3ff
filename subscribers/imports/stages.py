"""What happens to the people of a chunk besides becoming contacts: the extension point for the apps above.

A stage runs inside the transaction that merged the chunk, so its rows are written exactly once, with the contacts
they belong to. It is told of three kinds of rows:

- ``chunk.new``: rows that became contacts, as columns of COPY cells with the ids of the contacts. What is written for
  them is best made ahead of the transaction, by ``prepare``, and copied where it belongs;
- ``chunk.known``: rows that met contacts, as columns too, and as the table ``chunk.staged``: ``line bigint, contact_id
  bigint, repeated boolean, occurred_at timestamptz, said text, purposes text[], channels text[]``, the identities, and
  the columns of a contact that the file may change. A row is ``repeated`` where an earlier one of the file met the same
  contact: it counts as a duplicate and says nothing;
- stops: rows that say that somebody must not be written to any more, for ``stop``.

In a dry run nothing must be written: ``chunk.new`` has no ids, and what is counted is what would have happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.errors import FieldProblem

if TYPE_CHECKING:
    from portal.organisations.models import Organisation
    from subscribers.imports.models import Import

Columns = Mapping[str, Sequence[str]]
Outcomes = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Rows of a chunk, column by column as cells of COPY text, and the ids of the contacts they became or met."""

    ids: Sequence[str]
    columns: Columns
    now: datetime

    def __len__(self) -> int:
        return len(self.columns["line"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkContext:
    """One merged chunk: who is new, who was known and in which table they lie, and what was made ready for it.

    ``context`` is what ``begin`` answered, ``prepared`` what ``prepare`` did. In ``outcomes`` a stage may leave rows
    under the name of an outcome: a dry run keeps them for download. A row is ``repeated`` (in the order of ``known``)
    where an earlier one of the file met the same contact.
    """

    new: People
    known: People
    repeated: Sequence[bool]
    staged: str
    now: datetime
    context: Any = None
    prepared: Any = None
    outcomes: Outcomes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stop:
    """A contact whom the file says not to write to any more on these channels, since ``at``."""

    contact_id: int
    channels: tuple[str, ...]
    at: datetime


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
Begin = Callable[["Import"], Any]
Prepare = Callable[["Import", Any, People], Any]
StopRun = Callable[[Any, "Import", Any, Sequence[Stop], datetime], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What an app above does with a chunk; see :func:`register_stage`."""

    run: StageRun
    begin: Begin | None = None
    prepare: Prepare | None = None
    stop: StopRun | None = None


stages: dict[str, Stage] = {}
validators: dict[str, Validator] = {}
consent_choices: dict[str, Choices] = {}


def register_stage(
    name: str,
    run: StageRun,
    *,
    begin: Begin | None = None,
    prepare: Prepare | None = None,
    stop: StopRun | None = None,
    validate: Validator | None = None,
    choices: Choices | None = None,
) -> None:
    """Add a stage.

    ``run(cursor, source_import, chunk)`` answers counts to add up under its name in ``Import.stage_counts``, or None.
    ``begin(source_import)`` is called once a run, before any chunk, and answers what the others need (``context``).
    ``prepare(source_import, context, new)`` makes ready what ``run`` will write for people who become contacts. It is
    called ahead of the transaction, in another thread, and again where a chunk has to be merged anew.
    ``stop(cursor, source_import, context, stops, now)`` answers how many it withdrew.
    ``validate(organisation, claim)`` answers problems with what is claimed, ``loc`` beginning ``("options", ...)``.
    ``choices(organisation)`` answers the consents that can be claimed, as pairs of ``purpose:channel`` and a label.
    """
    stages[name] = Stage(run=run, begin=begin, prepare=prepare, stop=stop)
    if validate:
        validators[name] = validate
    if choices:
        consent_choices[name] = choices


def claim_problems(organisation: Organisation, claim: Claim) -> list[FieldProblem]:
    return [problem for validate in validators.values() for problem in validate(organisation, claim)]


def claimable_consents(organisation: Organisation) -> list[tuple[str, str]]:
    return [pair for choices in consent_choices.values() for pair in choices(organisation)]


class StageRuns:
    """The stages of one run of an import."""

    def __init__(self, source_import: Import) -> None:
        self._source = source_import
        self._contexts = {name: stage.begin(source_import) for name, stage in stages.items() if stage.begin}

    def prepared(self, new: People) -> dict[str, Any]:
        """What each stage will write for people who become contacts."""
        return {
            name: stage.prepare(self._source, self._contexts.get(name), new)
            for name, stage in stages.items()
            if stage.prepare
        }

    def run(
        self,
        cursor: Any,
        *,
        new: People,
        known: People,
        repeated: Sequence[bool],
        staged: str,
        prepared: Mapping[str, Any],
    ) -> tuple[dict[str, dict[str, int]], Outcomes]:
        """Run every stage on a merged chunk; the counts of each that counts anything, and the outcomes of rows."""
        counted: dict[str, dict[str, int]] = {}
        outcomes: Outcomes = {}
        for name, stage in stages.items():
            chunk = ChunkContext(
                new=new,
                known=known,
                repeated=repeated,
                staged=staged,
                now=new.now,
                context=self._contexts.get(name),
                prepared=prepared.get(name),
                outcomes=outcomes,
            )
            counts = stage.run(cursor, self._source, chunk)
            if counts is not None:
                counted[name] = counts
        return counted, outcomes

    def stop(self, cursor: Any, stops: Sequence[Stop], now: datetime) -> int:
        """Withdraw what these people agreed to; how many withdrawals were recorded."""
        return sum(
            stage.stop(cursor, self._source, self._contexts.get(name), stops, now)
            for name, stage in stages.items()
            if stage.stop
        )
