"""What the environment says, read once, typed, with the defaults of an embedded instance.

Everything an operator can set is here and in ``docs/reference/settings.md``; a test keeps the two equal.
"""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environ

from portal import embedded

ROOT = Path(__file__).resolve().parent.parent.parent
PROFILES = ("development", "production", "test")


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
    embedded: bool
    upload_limit: int
    import_columns_limit: int
    import_file_days: int
    audience_valid_hours: int
    debug: bool = field(default=False)

    @property
    def production(self) -> bool:
        return self.profile == "production"


def kept_secret(path: Path) -> str:
    """The secret kept in this file, made on first use: 32 random bytes in base64, readable by the owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
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
        raise ValueError(message)
    return key


def read_environment() -> Environment:
    env = environ.Env()
    var = Path(env.str("ACCORD_VAR", default=str(ROOT / "var"))).resolve()
    profile = env.str("ACCORD_SETTINGS", default="development")
    if profile not in PROFILES:
        message = f"ACCORD_SETTINGS is {profile!r}; it must be one of {', '.join(PROFILES)}."
        raise ValueError(message)
    own = embedded.addresses(var)
    port = env.int("PORT", default=8000)
    master_key = env.str("ACCORD_MASTER_KEY", default="")
    broker_url = env.str("BROKER_URL", default="") or own.broker_url
    return Environment(
        profile=profile,
        var=var,
        port=port,
        base_url=env.str("ACCORD_BASE_URL", default=f"http://127.0.0.1:{port}").rstrip("/"),
        secret_key=env.str("ACCORD_SECRET_KEY", default="") or kept_secret(var / "keys" / "secret"),
        master_key=decoded_key(master_key or kept_secret(var / "keys" / "master")),
        previous_master_keys=tuple(decoded_key(key) for key in env.list("ACCORD_PREVIOUS_MASTER_KEYS", default=[])),
        master_key_generated=not master_key,
        database=(env.db_url("DATABASE_URL") if env.str("DATABASE_URL", default="") else own.database_settings),
        broker_url=broker_url,
        valkey_url=env.str("VALKEY_URL", default="")
        or (broker_url if env.str("BROKER_URL", default="").startswith("redis") else own.valkey_url),
        email_url=env.str("EMAIL_URL", default=""),
        allowed_hosts=tuple(env.list("ACCORD_ALLOWED_HOSTS", default=[])),
        trusted_proxies=tuple(env.list("ACCORD_TRUSTED_PROXIES", default=[])),
        metrics_token=env.str("ACCORD_METRICS_TOKEN", default=""),
        demo=env.bool("ACCORD_DEMO", default=True),
        embedded=not env.str("DATABASE_URL", default=""),
        upload_limit=env.int("ACCORD_UPLOAD_LIMIT", default=2 * 1024**3),
        import_columns_limit=env.int("ACCORD_IMPORT_COLUMNS", default=500),
        import_file_days=env.int("ACCORD_IMPORT_FILE_DAYS", default=30),
        audience_valid_hours=env.int("ACCORD_AUDIENCE_VALID_HOURS", default=72),
        debug=env.bool("ACCORD_DEBUG", default=False),
    )
