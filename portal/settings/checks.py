"""Start-up checks: what would be unsafe in production is refused, with the way to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

NO_MAIL = ("consolemail", "dummymail", "filemail", "memorymail")
SHORTEST_SECRET = 40
OWN_SERVERS = {
    "DATABASE_URL": "postgresql://user:password@host/name",
    "BROKER_URL": "redis://host/0",
    "VALKEY_URL": "redis://host/1",
}


@register(Tags.security)
def production_is_safe(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Errors for each unsafe production value; nothing in the other profiles."""
    return [*_keys(), *_servers(), *_addresses()] if settings.ACCORD.production else []


def require_safe_production() -> None:
    """For the web server and the worker, which run no system checks: raises ImproperlyConfigured."""
    found = production_is_safe(None)
    if found:
        lines = [f"{message.id}: {message.msg} {message.hint}" for message in found]
        raise ImproperlyConfigured("\n".join(["Accord does not start in production:", *lines]))


def _keys() -> Iterator[Error]:
    accord = settings.ACCORD
    if accord.master_key_generated:
        yield Error(
            "ACCORD_MASTER_KEY is not set: the key that wraps every other key would lie beside the data.",
            hint="Make one with `openssl rand -base64 32` and keep it where the backups are not.",
            id="accord.E001",
        )
    if len(accord.secret_key) < SHORTEST_SECRET or len(set(accord.secret_key)) < 10:
        yield Error(
            "ACCORD_SECRET_KEY can be guessed: sessions and links to reset a password are signed with it.",
            hint="Make one with `openssl rand -base64 48`.",
            id="accord.E006",
        )
    if settings.DEBUG or accord.debug:
        yield Error("ACCORD_DEBUG is on.", hint="Unset ACCORD_DEBUG.", id="accord.E005")


def _servers() -> Iterator[Error]:
    accord = settings.ACCORD
    for name in accord.own_servers:
        if name == "VALKEY_URL" and "BROKER_URL" in accord.own_servers:
            continue  # a Redis for the broker will do for both
        yield Error(
            f"{name} is not set: the embedded servers are for trying Accord, not for production.",
            hint=f"Set {name}={OWN_SERVERS[name]}",
            id="accord.E003",
        )
    if not accord.email_url or accord.email_url.startswith(NO_MAIL):
        yield Error(
            "EMAIL_URL names no mail server: invitations and codes would never arrive.",
            hint="Set EMAIL_URL=smtp+tls://user:password@host:587",
            id="accord.E004",
        )


def _addresses() -> Iterator[Error]:
    accord = settings.ACCORD
    if not accord.base_url.startswith("https://"):
        yield Error(
            "ACCORD_BASE_URL must start with https:// in production: links in e-mails are made from it.",
            hint="Set ACCORD_BASE_URL=https://your.host",
            id="accord.E002",
        )
    if "*" in accord.allowed_hosts:
        yield Error(
            "ACCORD_ALLOWED_HOSTS holds *: the portal would answer to any name a visitor makes up.",
            hint="Name the hosts, with commas; the one of ACCORD_BASE_URL needs no mention.",
            id="accord.E007",
        )
    if any(ip_network(network).prefixlen == 0 for network in accord.trusted_proxies):
        yield Error(
            "ACCORD_TRUSTED_PROXIES trusts everybody: any visitor could choose the address a proof shows.",
            hint="Name the networks of your own proxies, such as 10.0.0.0/8",
            id="accord.E008",
        )
