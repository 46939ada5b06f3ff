"""What becomes of the consents of an import when it is released, undone, or its lot deleted.

Released: who is `unconfirmed` by it is confirmed (I-04). Undone or deleted: what rests on it is reverted, and an
agreement from elsewhere that it had refreshed stands again. A "no" is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from consent import import_afterwards_sql as sql
from consent.audiences.lots import audiences_of_lot, handed_off_after
from consent.ledger.evidence import seal_evidence
from consent.ledger.models import Action
from consent.ledger.spans import reference, span
from portal.crypto import sealer
from subscribers.imports.afterwards import LEFT, Afterwards, Refusal, Sweep, Touch, Window, register_afterwards
from subscribers.imports.models import Import, ImportSample, ImportState
from subscribers.imports.passport.rules import QUARANTINED_ORIGINS

NAME = "consents"


def register() -> None:
    register_afterwards(
        NAME,
        Afterwards(
            confirm=Sweep(name=NAME, bounds=bounds, work=confirm),
            revert=Sweep(name=NAME, bounds=bounds, work=revert),
            revertible=revertible,
            touched=touched,
            agreed=agreed,
            refusals=refusals,
            audiences=audiences_of_lot,
        ),
    )


def bounds(source: Import) -> tuple[int, int] | None:
    """The lowest and highest id of the events an import wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SPAN, span(source))
        low, high = cursor.fetchone()
    return (low, high) if low is not None else None


def parameters_of(window: Window) -> dict[str, Any]:
    return {
        "organisation": window.source.organisation_id,
        "reference": reference(window.source),
        "after": window.after,
        "upto": window.upto,
        "now": window.now,
    }


def with_proof(cursor: Any, window: Window, document: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a window, and the document that proves its events, sealed."""
    sealed = seal_evidence(sealer(window.source.organisation_id), document)
    cursor.execute(sql.EVIDENCE_ID)
    (evidence_id,) = cursor.fetchone()
    return parameters_of(window) | {"evidence": evidence_id, "digest": sealed.digest, "payload": sealed.payload}


def confirm(cursor: Any, window: Window) -> dict[str, int]:
    parameters = with_proof(cursor, window, release_document(window.source))
    cursor.execute(sql.UNCONFIRMED, parameters)
    return {"confirmed": write(cursor, Action.CONFIRM, cursor.fetchall(), parameters)}


def write(
    cursor: Any, action: Action, found: Sequence[tuple[Any, ...]], parameters: dict[str, Any], *, proof: bool = True
) -> int:
    """Events and states of everybody found; with ``proof``, the document that all of them name is kept first."""
    if not found:
        return 0
    if proof:
        cursor.execute(sql.KEEP_EVIDENCE, parameters)
    columns = dict(zip(sql.FOUND, (list(column) for column in zip(*found, strict=True)), strict=True))
    cursor.execute(sql.WRITE[action], {**parameters, "action": action.value, **columns})
    return int(cursor.fetchone()[0])


def release_document(source: Import) -> dict[str, Any]:
    """Who looked at which rows, and what they found (I-04); their notes stay with the sample."""
    sample = ImportSample.objects.filter(organisation_id=source.organisation_id, source_import=source).order_by("line")
    return {
        "kind": "import_released",
        "import": str(source.pk),
        "released_at": source.released_at.isoformat() if source.released_at else "",
        "released_by": f"user:{source.released_by_id}" if source.released_by_id else "",
        "sample": [
            {"row": row.line, "verdict": row.verdict, "checked_by": f"user:{row.checked_by_id}"} for row in sample
        ],
    }


def revert(cursor: Any, window: Window) -> dict[str, int]:
    parameters = with_proof(cursor, window, revert_document(window))
    cursor.execute(sql.STANDING, parameters)
    standing = cursor.fetchall()
    resting = [row[:-1] for row in standing if row[-1]]
    write(cursor, Action.REVERT, resting, parameters)
    restored = restore(cursor, window, resting) if resting else 0
    return {"reverted": len(resting), "restored": restored, f"{LEFT}newer_choice": len(standing) - len(resting)}


def revert_document(window: Window) -> dict[str, Any]:
    return {"kind": "import_reverted", "import": str(window.source.pk), "reverted_at": window.now.isoformat()}


def restore(cursor: Any, window: Window, reverted: Sequence[tuple[Any, ...]]) -> int:
    """What people had agreed to before, elsewhere, and the import had only refreshed."""
    contacts, purposes, channels = ([row[place] for row in reverted] for place in range(3))
    given = {"contacts": contacts, "purposes": purposes, "channels": channels, "gone": gone(window.source)}
    parameters = parameters_of(window) | given
    cursor.execute(sql.AGREED_BEFORE, parameters)
    return write(cursor, Action.GRANT, cursor.fetchall(), parameters, proof=False)


def gone(source: Import) -> list[str]:
    """This import and all that are undone or deleted, as the ledger names them."""
    away = Q(state=ImportState.UNDONE) | Q(deleted_at__isnull=False)
    found = Import.objects.filter(away, organisation_id=source.organisation_id).exclude(pk=source.pk)
    return [reference(source), *(f"import:{pk}" for pk in found.values_list("pk", flat=True))]


def not_counted(source: Import) -> list[str]:
    """Those, and the lots that are held: nobody agreed by them."""
    held = Q(frozen_at__isnull=False) | Q(origin_kind__in=QUARANTINED_ORIGINS, released_at=None, dry_run=False)
    found = Import.objects.filter(held, organisation_id=source.organisation_id)
    return [*gone(source), *(f"import:{pk}" for pk in found.values_list("pk", flat=True))]


def revertible(source: Import) -> dict[str, int]:
    """``reverted``: states that rest on the import now; left: agreements that rest on a newer word."""
    with connection.cursor() as cursor:
        cursor.execute(sql.RESTING, span(source))
        resting, newer = cursor.fetchone()
    return {"reverted": resting, f"{LEFT}newer_choice": newer}


def touched(source: Import) -> Sequence[Touch]:
    """Why a person whom the import brought stays after its undo: they chose, or they have been written to."""
    names = gone(source)
    ids = handed_off_after(source)
    return (
        Touch(reason="own_choice", sql=sql.OWN_CHOICE, params=lambda _after, _upto: {"gone": names}),
        Touch(
            reason="handed_off",
            sql=sql.HANDED_OFF,
            params=lambda after, upto: {"handed_off": list(ids[ids.rank(after) : ids.rank(upto)])},
        ),
    )


def agreed(source: Import) -> Sequence[Touch]:
    names = not_counted(source)
    params = {"not_counted": names}
    return (Touch(reason="agreed_elsewhere", sql=sql.AGREED_ELSEWHERE, params=lambda _after, _upto: params),)


def refusals(source: Import, contact_ids: Sequence[int]) -> list[Refusal]:
    """Who of these said no, and on which channel."""
    with connection.cursor() as cursor:
        cursor.execute(sql.REFUSALS, {"organisation": source.organisation_id, "contacts": list(contact_ids)})
        return [Refusal(contact_id=contact_id, channel=channel) for contact_id, channel in cursor.fetchall()]
