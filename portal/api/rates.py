"""Rate limits in Valkey: a sliding window made of two counters, one round trip, no script.

When Valkey is away nothing is refused: a limit protects the service, and must not be what takes it down.
The log and the metric ``accord_rate_limits_unavailable_total`` say so, and for a few seconds it is not
asked again.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from functools import cache

import redis
import structlog
from django.conf import settings
from prometheus_client import Counter

from portal.api.errors import RateLimitedError
from portal.crypto.boxes import derived_key

RETRY_SECONDS = 5.0
UNAVAILABLE = Counter("accord_rate_limits_unavailable", "Requests let through because Valkey did not answer")
REFUSED = Counter("accord_rate_limited", "Requests refused with 429", ["door"])

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rate:
    """So many in so many seconds."""

    count: int
    seconds: int = 60


@dataclass(frozen=True)
class Allowance:
    """What is left of a rate, for the headers of the answer."""

    rate: Rate
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """The RateLimit fields of draft-ietf-httpapi-ratelimit-headers-07, as deployed."""
        return {
            "RateLimit-Limit": str(self.rate.count),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.rate.count};w={self.rate.seconds}",
        }


MEMBER_RATE = Rate(1200)
ENGINE_RATE = Rate(6000)
FAILURE_RATE = Rate(30)

_away_until = 0.0


@cache
def valkey(url: str) -> redis.Redis:
    """The client for this server; a slow answer counts as none."""
    return redis.Redis.from_url(url, socket_timeout=0.25, socket_connect_timeout=0.25)


@cache
def hashing_key(master: bytes) -> bytes:
    return derived_key(master, b"accord/rates/1")


def hits(key: str, rate: Rate, now: float) -> float:
    """Count this hit; how many there were in the window that ends now, weighted as if they came evenly."""
    window = int(now // rate.seconds)
    current, previous = (f"accord:rate:{key}:{rate.seconds}:{number}" for number in (window, window - 1))
    with valkey(settings.ACCORD.valkey_url).pipeline(transaction=False) as pipe:
        pipe.incr(current)
        pipe.expire(current, rate.seconds * 2)
        pipe.get(previous)
        count, _expires, before = pipe.execute()
    passed = now / rate.seconds - window
    return float(count) + int(before or 0) * (1 - passed)


def limit(key: str, rate: Rate) -> Allowance | None:
    """Count a hit on ``key`` (``door:who``); raises ``rate_limited`` above the rate, None when Valkey is
    away.

    ``who`` is hashed: an address of a visitor is not kept in the clear, even for a minute.
    """
    global _away_until
    now = time.time()
    if time.monotonic() < _away_until:
        UNAVAILABLE.inc()
        return None
    door, _, who = key.partition(":")
    hashed = hashlib.blake2b(who.encode(), key=hashing_key(settings.ACCORD.master_key), digest_size=12).hexdigest()
    try:
        found = hits(f"{door}:{hashed}", rate, now)
    except redis.RedisError:
        _away_until = time.monotonic() + RETRY_SECONDS
        UNAVAILABLE.inc()
        log.warning("rate_limits.unavailable", door=door)
        return None
    reset = math.ceil(rate.seconds - now % rate.seconds)
    if found > rate.count:
        REFUSED.labels(door).inc()
        refused = Allowance(rate, 0, reset)
        raise RateLimitedError({**refused.headers, "Retry-After": str(reset)})
    return Allowance(rate, int(rate.count - found), reset)
