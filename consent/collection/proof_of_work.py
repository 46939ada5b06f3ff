"""What keeps robots from our forms: a small calculation by the visitor's browser, or ten seconds of patience.

The challenges are altcha's (self-hosted; no third party hears of a visitor). Each counts once. Without script the
visitor gets a ticket that opens after ten seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import altcha
import redis
import structlog
from django.conf import settings

from consent.collection.errors import AlreadySentError, ProofOfWorkRequiredError, WaitLongerError
from consent.collection.tokens import read_signed, signed, signing_key
from portal.api.rates import Rate, limit, valkey

LARGEST_NUMBER = 60_000  # some tenths of a second on a telephone
VALID = timedelta(hours=24)
PATIENCE = timedelta(seconds=8)
TICKET_VALID = timedelta(hours=1)
TICKET_RATE = Rate(5, 600)
LONGEST_SOLUTION = 2000

log = structlog.get_logger(__name__)


def new_challenge(point_id: int, now: datetime) -> dict[str, Any]:
    """A challenge in altcha's form, good for this form alone."""
    options = altcha.ChallengeOptionsV1(
        algorithm="SHA-256",
        max_number=LARGEST_NUMBER,
        hmac_key=signing_key(),
        expires=now + VALID,
        params={"form": str(point_id)},
    )
    challenge: dict[str, Any] = altcha.create_challenge_v1(options).to_dict()
    # altcha's own scripts write it so.
    return {**challenge, "maxnumber": LARGEST_NUMBER}


def require_work(point_id: int, solution: str, said: str, now: datetime) -> bool:
    """Raise ``proof_of_work_required`` unless a challenge of this form was solved. True when it counts; False when the
    very same answer came with it before: a double click.
    """
    found = read_solution(solution)
    if found is None:
        raise ProofOfWorkRequiredError
    payload, form, until = found
    right, _why = altcha.verify_solution_v1(payload, signing_key(), False)
    if not right or form != point_id or until < now.timestamp():
        raise ProofOfWorkRequiredError
    return spend(str(payload["challenge"]), said, VALID)


def read_solution(text: str) -> tuple[Any, int, int] | None:
    """What the browser found, of which form, and until when it counts; None for what is no solution."""
    if not text or len(text) > LONGEST_SOLUTION:
        return None
    try:
        payload = json.loads(base64.b64decode(text, validate=True))
        params = altcha.extract_params_v1(payload)
        return payload, int(params["form"][0]), int(params["expires"][0])
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def new_ticket(point_id: int, now: datetime) -> str:
    return signed("wait", {"p": point_id, "t": int(now.timestamp()), "n": secrets.token_hex(4)})


def require_patience(point_id: int, ticket: str, said: str, visitor: str, now: datetime) -> bool:
    """Raise unless a ticket of this form has been held for long enough; True when it counts, False for a double click.

    Raises ``proof_of_work_required``, ``wait_longer`` or ``rate_limited``.
    """
    note = read_signed("wait", ticket)
    if note is None or note["p"] != point_id:
        raise ProofOfWorkRequiredError
    age = now.timestamp() - note["t"]
    if age > TICKET_VALID.total_seconds():
        raise ProofOfWorkRequiredError
    if age < PATIENCE.total_seconds():
        raise WaitLongerError
    limit(f"form-ticket:{visitor}", TICKET_RATE)
    return spend(ticket, said, TICKET_VALID)


def spend(what: str, said: str, kept: timedelta) -> bool:
    """Use something up, once: True the first time, False for the same answer again, ``already_sent`` for another.

    When Valkey is away it counts: losing sign-ups would be worse than a repeated one, which must be confirmed anyway.
    """
    key = spent_key(what)
    value = hmac.digest(signing_key(), said.encode(), "sha256").hex()
    try:
        server = valkey(settings.ACCORD.valkey_url)
        if server.set(key, value, nx=True, ex=int(kept.total_seconds())):
            return True
        before = server.get(key)
    except redis.RedisError:
        log.warning("forms.spent_unknown")
        return True
    if before is None or (before.decode() if isinstance(before, bytes) else before) == value:
        return False
    raise AlreadySentError


def spent_key(what: str) -> str:
    return "accord:spent:" + hashlib.sha256(what.encode()).hexdigest()


def give_back(solution: str, ticket: str) -> None:
    """Nothing came of an answer that counted: let the very same one be sent again."""
    found = read_solution(solution)
    try:
        valkey(settings.ACCORD.valkey_url).delete(spent_key(str(found[0]["challenge"]) if found else ticket))
    except redis.RedisError:
        log.warning("forms.spent_unknown")
