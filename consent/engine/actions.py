"""What the engine does with an approved audience: claim, read, report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from pyroaring import BitMap64

from consent.audiences.actions import locked, note, refuse_expired
from consent.audiences.errors import AlreadyClaimedError, NotClaimedError, WrongStateError
from consent.audiences.models import Audience, AudienceState
from consent.audiences.rules import may_become
from consent.engine.informing import note_informed
from portal import audit
from portal.errors import PermissionDeniedError
from portal.organisations.actors import Actor, ActorKind


@transaction.atomic
def claim_audience(*, actor: Actor, audience: Audience) -> Audience:
    """Give it to this credential, once.

    Raises ``already_claimed``, ``audience_expired``, ``wrong_state``.
    """
    require_engine(actor)
    now = timezone.now()
    kept = locked(audience)
    refuse_expired(kept, now)
    if kept.claimed_at is not None:
        raise AlreadyClaimedError
    if kept.state != AudienceState.APPROVED:
        raise WrongStateError
    kept.claimed_by_id, kept.claimed_at = actor.token_id, now
    kept.save(update_fields=["claimed_by", "claimed_at"])
    note(actor, "audience.claimed", kept, now)
    return kept


def open_hand_off(*, actor: Actor, audience: Audience, now: datetime, cursor: int = 0) -> None:
    """Let this credential read the recipients from this contact on, and note that it did (S-03).

    Raises ``not_claimed``, ``audience_expired``, ``wrong_state``.
    """
    require_engine(actor)
    refuse_expired(audience, now)
    if audience.state not in (AudienceState.APPROVED, AudienceState.HANDED_OFF):
        raise WrongStateError
    if audience.claimed_at is None or audience.claimed_by_id != actor.token_id:
        raise NotClaimedError
    audit.record(actor=actor, action="audience.read", target=audience, details={"after": cursor}, at=now)


@transaction.atomic
def note_hand_off(
    *, audience: Audience, upto: int, sent: int, skipped: dict[str, int], left_out: Sequence[int] = ()
) -> None:
    """Add a slice to ``handed_off`` unless its ids were counted before; ``upto`` is the highest id it covers.

    The slices of a stream start above the highest id counted so far, so a stream that is resumed adds only what is
    new. Called before the slice goes out: what may have left counts as handed over. Who was ``left_out`` is kept by
    id: whoever was written to can be told from the snapshot then.
    """
    kept = Audience.objects.select_for_update().only("handed_off", "left_out").get(pk=audience.pk)
    found: dict[str, Any] = kept.handed_off or {"sent": 0, "skipped": {}, "upto": 0}
    if upto <= found["upto"]:
        return
    for reason, count in skipped.items():
        found["skipped"][reason] = found["skipped"].get(reason, 0) + count
    kept.handed_off = {"sent": found["sent"] + sent, "skipped": found["skipped"], "upto": upto}
    if left_out:
        before = BitMap64.deserialize(bytes(kept.left_out)) if kept.left_out else BitMap64()
        kept.left_out = bytes((before | BitMap64(left_out)).serialize())
    kept.save(update_fields=["handed_off", "left_out"])


@transaction.atomic
def finish_hand_off(*, actor: Actor, audience: Audience) -> None:
    """Every recipient has gone out at least once: the audience is handed off. Doing it again changes nothing."""
    now = timezone.now()
    kept = locked(audience)
    if kept.state != AudienceState.APPROVED:
        return
    kept.state = AudienceState.HANDED_OFF
    if not kept.handed_off:
        kept.handed_off = {"sent": 0, "skipped": {}, "upto": 0}
    kept.save(update_fields=["state", "handed_off"])
    counted = {name: kept.handed_off[name] for name in ("sent", "skipped")}
    note(actor, "audience.handed_off", kept, now, **counted)


@transaction.atomic
def complete_audience(*, actor: Actor, audience: Audience, sent: int, failed: int) -> Audience:
    """The engine's own count at the end; the same report a second time is fine.

    Whoever was handed off and had still to be told where their data comes from has been told by the message (I-08).
    Raises ``wrong_state``, ``not_claimed``.
    """
    require_engine(actor)
    now = timezone.now()
    kept = locked(audience)
    if kept.claimed_at is not None and kept.claimed_by_id != actor.token_id:
        raise NotClaimedError
    report = {"sent": sent, "failed": failed}
    if kept.state == AudienceState.COMPLETED and kept.completed == report:
        return kept
    if kept.claimed_at is None or not may_become(kept.state, AudienceState.COMPLETED):
        raise WrongStateError
    kept.state, kept.completed, kept.completed_at = AudienceState.COMPLETED, report, now
    kept.save(update_fields=["state", "completed", "completed_at"])
    note(actor, "audience.completed", kept, now, **report)
    note_informed(actor, kept)
    return kept


def require_engine(actor: Actor) -> None:
    if actor.kind != ActorKind.ENGINE:
        raise PermissionDeniedError
