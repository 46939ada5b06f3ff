"""The one-click unsubscribe of RFC 8058 before Django's own request handling: token, one statement, 200.

Mailbox providers post for millions within minutes of a sending, and most of what an ordinary request costs is making a
request object, finding a view and giving a connection back. Here a thread keeps its connection between clicks. Only
what is plainly a good click is answered; all else, a false link or a person's form, goes on to the portal with its body
as it came, so there is one place that explains things to people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import structlog
from django.db import Error, connection
from django.utils import timezone

from consent.ledger.models import EventSource
from consent.links import LinkError, LinkKind, LinkTarget, read_token
from consent.preferences import actions
from consent.preferences.actions import Visit
from consent.preferences.one_click import DONE, LARGEST_BODY, is_one_click
from portal import public_doors
from portal.organisations.client_address import nearest_address
from portal.ui import security

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/u/"
HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(DONE))),
    *{**security.HEADERS, **public_doors.HEADERS}.items(),
]
log = structlog.get_logger(__name__)


class OneClickDoor:
    """WSGI middleware around the portal."""

    def __init__(self, portal: WSGI) -> None:
        self._portal = portal

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        target = click_of(environ)
        if target is None or not recorded(target, visit_of(environ)):
            return self._portal(environ, start_response)
        start_response("200 OK", list(HEADERS))
        return [DONE]


def click_of(environ: Environ) -> LinkTarget | None:
    """Whom a good one-click POST is about; None for anything else, whose body can then still be read."""
    path: str = environ.get("PATH_INFO", "")
    length: str = environ.get("CONTENT_LENGTH") or ""
    if environ["REQUEST_METHOD"] != "POST" or not path.startswith(PREFIX):
        return None
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return None
    try:
        target = read_token(path[len(PREFIX) :].removesuffix("/"))
    except LinkError:
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    if target.kind != LinkKind.CHOICE or not is_one_click(environ.get("CONTENT_TYPE", ""), body):
        return None
    return target


def recorded(target: LinkTarget, visit: Visit) -> bool:
    """Write the withdrawal, committed when this returns; false when the database failed twice.

    A kept connection may have been cut since the last click: the first failure is answered with a fresh one.
    """
    for _attempt in range(2):
        try:
            actions.stop_one(target=target, visit=visit, source=EventSource.ONE_CLICK)
        except Error:
            log.warning("one_click_retried", exc_info=True)
            connection.close()
        else:
            return True
    return False


def visit_of(environ: Environ) -> Visit:
    return Visit(
        ip=nearest_address(environ.get("HTTP_X_FORWARDED_FOR", ""), environ.get("REMOTE_ADDR", "")),
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        at=timezone.now(),
        door=actions.ONE_CLICK,
    )
