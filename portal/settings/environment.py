"""What the environment says, read once, typed, with the defaults of an embedded instance.

Everything an operator can set is here and in ``docs/reference/settings.md``; a test keeps the two equal.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from portal import embedded

ROOT = Path(__file__).resolve().parent.parent.parent
PROFILES = ("development", "production", "test")
DATABASES = ("postgres", "postgresql", "pgsql")
BROKERS = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
STORES = ("redis", "rediss", "unix")


@dataclass(frozen=True)
class Environment:
    """The settings an operator chooses; sizes in bytes, durations in seconds."""

    profile: str
    var: Path
    base_url: str
    port: int
    secret_key: str
    master_key: bytes
    previous_master_keys: tuple[bytes, ...]
    master_key_generated: bool
    database: dict[str, Any]
    broker_url: str
    valkey_url: str
    email_url: str
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    metrics_token: str
    demo: bool
    own_servers: tuple[str, ...]
    """The variables that name no server, so that the embedded one is used."""
    upload_limit: int
    import_columns_limit: int
    import_file_days: int
    import_undo_days: int
    import_sample_size: int
    document_limit: int
    audience_valid_hours: int
    debug: bool = field(default=False)

    @property
    def production(self) -> bool:
        return self.profile == "production"


def kept_secret(path: Path, length: int = 32) -> str:
    """The secret kept in this file, made on first use: random bytes in base64, readable by the owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(base64.b64encode(secrets.token_bytes(length)).decode())
        try:
            os.link(draft, path)  # the first of several processes wins, and all read the same file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def decoded_key(text: str) -> bytes:
    """A 32-byte key from base64; anything else is refused in words an operator can act on."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        message = "ACCORD_MASTER_KEY must be 32 random bytes in base64: `openssl rand -base64 32` makes one."
        raise ImproperlyConfigured(message)
    return key


def whole_number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isdecimal():
        message = f"{name} is {text!r}; it must be a whole number."
        raise ImproperlyConfigured(message)
    return int(text)


def server_url(name: str, schemes: Sequence[str]) -> str:
    """The address of a server, or nothing; what it holds besides its scheme is for the driver to judge."""
    text = os.environ.get(name, "").strip()
    if text and urlsplit(text).scheme not in schemes:
        # Not the value: it may hold a password.
        message = f"{name} must begin with {', '.join(f'{scheme}://' for scheme in schemes)}."
        raise ImproperlyConfigured(message)
    return text


def proxies(networks: Sequence[str]) -> tuple[str, ...]:
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            message = f"ACCORD_TRUSTED_PROXIES: {error}. Give networks with commas, such as 10.0.0.0/8,192.0.2.7"
            raise ImproperlyConfigured(message) from error
    return tuple(networks)


def read_environment() -> Environment:
    """What the environment says; raises ImproperlyConfigured, in words an operator can act on."""
    env = environ.Env()
    var = embedded.var_folder()
    profile = env.str("ACCORD_SETTINGS", default="development")
    if profile not in PROFILES:
        message = f"ACCORD_SETTINGS is {profile!r}; it must be one of {', '.join(PROFILES)}."
        raise ImproperlyConfigured(message)
    own = embedded.addresses(var)
    port = whole_number("PORT", 8000)
    base_url = env.str("ACCORD_BASE_URL", default="").rstrip("/") or f"http://127.0.0.1:{port}"
    if not base_url.startswith(("https://", "http://")) or not urlsplit(base_url).hostname:
        message = f"ACCORD_BASE_URL is {base_url!r}; it must be an address such as https://accord.example."
        raise ImproperlyConfigured(message)
    master_key = env.str("ACCORD_MASTER_KEY", default="")
    database_url = server_url("DATABASE_URL", DATABASES)
    broker_url = server_url("BROKER_URL", BROKERS)
    valkey_url = server_url("VALKEY_URL", STORES) or (broker_url if embedded.serves_as_store(broker_url) else "")
    return Environment(
        profile=profile,
        var=var,
        port=port,
        base_url=base_url,
        secret_key=env.str("ACCORD_SECRET_KEY", default="") or kept_secret(var / "keys" / "secret", length=48),
        master_key=decoded_key(master_key or kept_secret(var / "keys" / "master")),
        previous_master_keys=tuple(decoded_key(key) for key in env.list("ACCORD_PREVIOUS_MASTER_KEYS", default=[])),
        master_key_generated=not master_key,
        database=env.db_url_config(database_url) if database_url else own.database_settings,
        broker_url=broker_url or own.broker_url,
        valkey_url=valkey_url or own.valkey_url,
        email_url=server_url("EMAIL_URL", tuple(env.EMAIL_SCHEMES)),
        allowed_hosts=tuple(env.list("ACCORD_ALLOWED_HOSTS", default=[])),
        trusted_proxies=proxies(env.list("ACCORD_TRUSTED_PROXIES", default=[])),
        metrics_token=env.str("ACCORD_METRICS_TOKEN", default=""),
        demo=env.bool("ACCORD_DEMO", default=True),
        own_servers=tuple(
            name
            for name, given in {
                "DATABASE_URL": database_url,
                "BROKER_URL": broker_url,
                "VALKEY_URL": valkey_url,
            }.items()
            if not given
        ),
        upload_limit=whole_number("ACCORD_UPLOAD_LIMIT", 2 * 1024**3),
        import_columns_limit=whole_number("ACCORD_IMPORT_COLUMNS", 500),
        import_file_days=whole_number("ACCORD_IMPORT_FILE_DAYS", 30),
        import_undo_days=whole_number("ACCORD_IMPORT_UNDO_DAYS", 30),
        import_sample_size=whole_number("ACCORD_IMPORT_SAMPLE", 59),
        document_limit=whole_number("ACCORD_DOCUMENT_LIMIT", 20 * 1024**2),
        audience_valid_hours=whole_number("ACCORD_AUDIENCE_VALID_HOURS", 72),
        debug=env.bool("ACCORD_DEBUG", default=False),
    )
