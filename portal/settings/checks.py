"""Start-up checks: what would be unsafe in production is refused, with the way to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def production_is_safe(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Errors for each unsafe production value; nothing in the other profiles."""
    accord = settings.ACCORD
    if not accord.production:
        return []
    found: list[CheckMessage] = []
    if accord.master_key_generated:
        found.append(
            Error(
                "ACCORD_MASTER_KEY is not set: the key that wraps every other key would lie beside the data.",
                hint="Make one with `openssl rand -base64 32` and keep it where the backups are not.",
                id="accord.E001",
            )
        )
    if not accord.base_url.startswith("https://"):
        found.append(
            Error(
                "ACCORD_BASE_URL must start with https:// in production: links in e-mails are made from it.",
                hint="Set ACCORD_BASE_URL=https://your.host",
                id="accord.E002",
            )
        )
    if accord.embedded:
        found.append(
            Error(
                "DATABASE_URL is not set: the embedded PostgreSQL is for trying Accord, not for production.",
                hint="Set DATABASE_URL=postgresql://user:password@host/name and BROKER_URL=redis://host/0",
                id="accord.E003",
            )
        )
    if not accord.email_url:
        found.append(
            Error(
                "EMAIL_URL is not set: invitations and codes would be written to a folder.",
                hint="Set EMAIL_URL=smtp+tls://user:password@host:587",
                id="accord.E004",
            )
        )
    if settings.DEBUG:
        found.append(Error("ACCORD_DEBUG is on.", hint="Unset ACCORD_DEBUG.", id="accord.E005"))
    return found
