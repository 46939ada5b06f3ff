"""Recording choices: the only way an event gets into the ledger, except for the import stage beside it.

Evidence, events and states of a whole batch are written by one SQL statement, so one click costs one round trip and
ten thousand choices cost one too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from consent.ledger import sql
from consent.ledger.errors import EvidenceRequiredError, FutureDateError, InvalidDateError
from consent.ledger.evidence import SealedEvidence, seal_evidence
from consent.ledger.models import Action, EventSource
from consent.ledger.prepared import prepared_rows
from consent.ledger.rules import CLOCK_SKEW, NEEDS_EVIDENCE
from portal.crypto import sealer
from portal.organisations.models import Organisation
from subscribers.contacts.values import EARLIEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing a person did about one purpose on one channel; an empty ``basis`` is the purpose's own.

    ``notice_digest``: SHA-256 of the text shown; ``actor``: who answered, empty when it was the person (C-13);
    ``purpose_version``: the one whose words were shown, that of today when left out (C-08).
    """

    contact_id: int
    purpose_id: int
    channel: str
    action: Action | str
    occurred_at: datetime
    source: EventSource | str
    basis: str = ""
    source_reference: str = ""
    evidence: dict[str, Any] | None = None
    notice_version: str = ""
    notice_digest: bytes | None = None
    collection_point_id: int | None = None
    actor: str = ""
    paused_until: datetime | None = None
    purpose_version: int | None = None

    @property
    def place(self) -> tuple[int, int, str]:
        """What the choice is about: one state."""
        return self.contact_id, self.purpose_id, self.channel


PLAIN = {
    "contact": "contact_id",
    "purpose": "purpose_id",
    "collection_point": "collection_point_id",
    **{
        name: name
        for name in (field.name for field in fields(Choice))
        if name not in {"contact_id", "purpose_id", "collection_point_id", "evidence", "occurred_at"}
    },
}


def record_events(organisation: Organisation | int, choices: Sequence[Choice], *, now: datetime) -> list[int | None]:
    """Write these choices, in their order; call it in the transaction of the action.

    Answers the event id of each, None where nothing was recorded: an unknown contact or purpose, an import that
    would have raised a state (I-06), a second click. Raises ``future_date`` and ``evidence_required``.
    """
    organisation_id = organisation if isinstance(organisation, int) else organisation.pk
    for choice in choices:
        require_sound(choice, now)
    box = sealer(organisation_id)
    sealed = [None if choice.evidence is None else seal_evidence(box, choice.evidence) for choice in choices]
    found: list[int | None] = [None] * len(choices)
    with connection.cursor() as cursor:
        for numbers in rounds(choices):
            cursor.execute(sql.RECORD, batch_parameters(organisation_id, choices, sealed, numbers, now))
            for number, event_id in cursor.fetchall():
                found[number] = event_id
    return found


def require_sound(choice: Choice, now: datetime) -> None:
    require_possible(choice.occurred_at, now)
    if choice.action in NEEDS_EVIDENCE and not choice.evidence:
        raise EvidenceRequiredError


def require_possible(occurred_at: datetime, now: datetime) -> None:
    """Raise ``future_date`` or ``invalid_date`` for a moment at which nobody can have chosen."""
    if occurred_at > now + CLOCK_SKEW:
        raise FutureDateError
    if occurred_at < EARLIEST:
        raise InvalidDateError


def rounds(choices: Sequence[Choice]) -> Iterator[list[int]]:
    """The numbers of the choices, in rounds in which each state is met once: nearly always a single one."""
    left = list(range(len(choices)))
    while left:
        met: set[tuple[int, int, str]] = set()
        now_round: list[int] = []
        later: list[int] = []
        for number in left:
            place = choices[number].place
            (later if place in met else now_round).append(number)
            met.add(place)
        yield now_round
        left = later


def batch_parameters(
    organisation_id: int,
    choices: Sequence[Choice],
    sealed: Sequence[SealedEvidence | None],
    numbers: Sequence[int],
    now: datetime,
) -> dict[str, Any]:
    """One array a column, as :data:`consent.ledger.sql.GIVEN_BATCH` takes them apart again."""
    batch = [choices[number] for number in numbers]
    proofs = [sealed[number] for number in numbers]
    return {
        "organisation": organisation_id,
        "now": now,
        "n": list(numbers),
        # A clock that is a little fast must not make a word that no later one can follow.
        "occurred_at": [min(choice.occurred_at, now) for choice in batch],
        "digest": [proof and proof.digest for proof in proofs],
        "payload": [proof and proof.payload for proof in proofs],
        **{column: [plain(getattr(choice, name)) for choice in batch] for column, name in PLAIN.items()},
    }


def plain(value: Any) -> Any:
    """The text of an enumeration's member; anything else as it is."""
    return str(value) if isinstance(value, Action | EventSource) else value


def stop_by_link(
    *,
    organisation_id: int,
    contact_id: int,
    purpose_id: int | None,
    channel: str,
    source: EventSource,
    evidence: dict[str, Any],
    now: datetime,
) -> list[int]:
    """Evidence, event, state and audit entry of one click, in one statement and one round trip."""
    sealed = seal_evidence(sealer(organisation_id), evidence)
    parameters = {
        "organisation": organisation_id,
        "contact": contact_id,
        "purpose": purpose_id,
        "channel": channel,
        "source": source.value,
        "digest": sealed.digest,
        "payload": sealed.payload,
        "now": now,
    }
    return [event_id for (event_id,) in prepared_rows(sql.STOP, parameters)]
