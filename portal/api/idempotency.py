"""``Idempotency-Key`` on POST: a retry after a lost answer gets the first answer, and nothing happens twice.

Only successes are kept. A refused request wrote nothing (actions are one transaction), so its key is free
again for the corrected one. A key whose process died is taken over after five minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from portal.api.authentication import Caller
from portal.api.errors import IdempotencyKeyReusedError, InvalidIdempotencyKeyError, RequestInProgressError
from portal.api.models import IdempotencyRecord
from portal.crypto import open_sealed, seal

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=5)
LARGEST_BODY = 4 * 1024**2
KEPT_HEADERS = ("Content-Type", "Location")
# Bodies of any size: reading them here would put an upload into memory.
STREAMED = ("multipart/form-data", "application/x-ndjson", "message/rfc822")


def once(request: HttpRequest, caller: Caller, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Run the operation, or answer what it answered before to the same key of the same token."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None:
        return run()
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise InvalidIdempotencyKeyError
    now = timezone.now()
    record, fresh = claim_key(caller, key, fingerprint(request), now)
    if not fresh:
        return replayed(caller, record)
    try:
        response = run()
    except BaseException:
        record.delete()
        raise
    keep_answer(caller, record, response)
    return response


def fingerprint(request: HttpRequest) -> bytes:
    """SHA-256 of what makes a request the same; of a streamed body only its type and length."""
    media_type = (request.content_type or "").lower()
    parts = [request.method or "", request.get_full_path(), media_type]
    whole = hashlib.sha256("\n".join(parts).encode() + b"\n")
    if media_type in STREAMED:
        whole.update(request.headers.get("Content-Length", "").encode())
    else:
        whole.update(request.body)
    return whole.digest()


def claim_key(caller: Caller, key: str, print_: bytes, now: datetime) -> tuple[IdempotencyRecord, bool]:
    """The record of this key, and True when this request is the one to run."""
    defaults = {"fingerprint": print_, "created_at": now}
    # The unique constraint picks one of two that come at once.
    try:
        record, created = IdempotencyRecord.objects.get_or_create(token=caller.token, key=key, defaults=defaults)
    except IntegrityError:  # the other one was refused and has let go of the key between our two statements
        raise RequestInProgressError from None
    if created:
        return record, True
    return record, taken_over(record, print_, now)


def taken_over(record: IdempotencyRecord, print_: bytes, now: datetime) -> bool:
    """True when an old record has become this request's; raises when the key is busy or was another
    request's.
    """
    age = now - record.created_at
    if age > KEPT or (record.status is None and age > ABANDONED):
        mine = IdempotencyRecord.objects.filter(pk=record.pk, created_at=record.created_at)
        if not mine.update(fingerprint=print_, created_at=now, status=None, headers={}, body=b""):
            raise RequestInProgressError  # another retry was quicker
        return True
    if bytes(record.fingerprint) != print_:
        raise IdempotencyKeyReusedError
    if record.status is None:
        raise RequestInProgressError
    return False


def box_context(record: IdempotencyRecord) -> bytes:
    return f"idempotency:{record.token_id}:{record.key}".encode()


def keep_answer(caller: Caller, record: IdempotencyRecord, response: HttpResponseBase) -> None:
    """Keep a success for the next time; let go of the key after anything else, and after a stream."""
    content = b"" if response.streaming else cast("HttpResponse", response).content
    if response.streaming or not 200 <= response.status_code < 300 or len(content) > LARGEST_BODY:
        record.delete()
        return
    IdempotencyRecord.objects.filter(pk=record.pk).update(
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=seal(caller.organisation, content, context=box_context(record)),
    )


def replayed(caller: Caller, record: IdempotencyRecord) -> HttpResponse:
    content = open_sealed(caller.organisation, bytes(record.body), context=box_context(record))
    response = HttpResponse(content, status=record.status)
    for name, value in record.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response
