"""Where the embedded services of an instance live and listen. Nothing here starts or creates anything."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]

# sockaddr_un holds 108 bytes with the final NUL, and the longest name in the folder is ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 108 - 1 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Addresses:
    """Folders and Unix sockets of one instance, for the settings, the keeper and the probes."""

    var: Path
    sockets: Path
    user: str = "accord"
    database: str = "accord"

    @property
    def run(self) -> Path:
        """Locks and notes of this instance's processes; belongs to whoever runs them."""
        return self.var / "run"

    @property
    def services(self) -> Path:
        """Everything the two servers own: data, logs, sockets. A link when they cannot live below `var`."""
        return self.var / "services"

    @property
    def postgres_data(self) -> Path:
        return self.services / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self.services / "valkey"

    @property
    def logs(self) -> Path:
        return self.services / "log"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def database_settings(self) -> dict[str, Any]:
        """An entry of Django's DATABASES. Not a URL: no parser can lower the case of a folder's name then."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.database,
            "USER": self.user,
            "HOST": str(self.sockets),
        }

    @property
    def database_url(self) -> str:
        """In libpq's form, for psql and psycopg."""
        return f"postgresql://{self.user}@/{self.database}?host={quote(str(self.sockets), safe='')}"

    @property
    def broker_url(self) -> str:
        """For Celery: database 0."""
        return f"redis+socket://{quote(str(self.valkey_socket))}?virtual_host=0"

    @property
    def valkey_url(self) -> str:
        """For redis-py and Django's cache: database 1."""
        return f"unix://{quote(str(self.valkey_socket))}?db=1"


def addresses(var: Path) -> Addresses:
    """The addresses of the instance whose data folder is `var`."""
    var = var.expanduser().resolve()
    sockets = var / "services" / "sockets"
    if len(os.fsencode(sockets)) > LONGEST_SOCKET_FOLDER:
        # Not $TMPDIR: every process of the instance must come to the same answer, whatever its environment.
        digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
        sockets = Path("/tmp") / f"accord-{digest}"  # noqa: S108 (checked for its owner and mode before use)
    return Addresses(var=var, sockets=sockets)


def var_folder() -> Path:
    """The data folder of this instance: `ACCORD_VAR`, or `var` beside manage.py."""
    return Path(os.environ.get("ACCORD_VAR") or ROOT / "var").expanduser().resolve()


def serves_as_store(broker_url: str) -> bool:
    """Whether the broker is a Redis or Valkey that can keep the cache and the rate limits too."""
    return broker_url.startswith(("redis://", "rediss://"))


def uses_embedded_services() -> bool:
    """Whether this instance needs them: not when the environment names real servers for all they do."""
    broker_url = os.environ.get("BROKER_URL", "").strip()
    has_store = bool(os.environ.get("VALKEY_URL")) or serves_as_store(broker_url)
    return not (os.environ.get("DATABASE_URL") and broker_url and has_store)
