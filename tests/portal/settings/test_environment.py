"""What the environment may say, and the words in which the rest is refused."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import embedded
from portal.settings.environment import read_environment

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("ACCORD_[A-Z_]+", "[A-Z]+_URL", "PORT")


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if any(re.fullmatch(pattern, name) for pattern in NAMES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ACCORD_VAR", str(tmp_path))


def test_nothing_needs_to_be_said(tmp_path: Path) -> None:
    found = read_environment()

    assert found.var == tmp_path
    assert found.base_url == "http://127.0.0.1:8000"
    assert found.own_servers == ("DATABASE_URL", "BROKER_URL", "VALKEY_URL")
    assert found.master_key_generated
    assert (tmp_path / "keys" / "master").stat().st_mode & 0o777 == 0o600
    assert read_environment() == found


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ACCORD_SETTINGS", "prod", "must be one of development, production, test"),
        ("ACCORD_MASTER_KEY", "c2hvcnQ=", "openssl rand -base64 32"),
        ("ACCORD_PREVIOUS_MASTER_KEYS", "not base64", "openssl rand -base64 32"),
        ("ACCORD_BASE_URL", "accord.example", "https://accord.example"),
        ("ACCORD_TRUSTED_PROXIES", "10.0.0.1/8", "has host bits set"),
        ("ACCORD_UPLOAD_LIMIT", "2GB", "a whole number"),
        ("PORT", "http", "a whole number"),
        ("DATABASE_URL", "mysql://user:secret@host/name", "postgresql://"),
        ("BROKER_URL", "localhost:6379", "redis://"),
        ("EMAIL_URL", "mail.example:587", "smtp+tls://"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_to_mend_it(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        read_environment()

    assert name in str(refusal.value) or "ACCORD_MASTER_KEY" in str(refusal.value)
    assert words in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("broker_url", "valkey_url", "own", "store"),
    [
        ("redis://broker/0", "", (), "redis://broker/0"),
        ("redis://broker/0", "redis://store/1", (), "redis://store/1"),
        ("amqp://broker/", "redis://store/1", (), "redis://store/1"),
        ("amqp://broker/", "", ("VALKEY_URL",), ""),
    ],
)
def test_a_redis_broker_keeps_the_cache_too(
    broker_url: str, valkey_url: str, own: tuple[str, ...], store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:p%40ss@host:5433/name?sslmode=require")
    monkeypatch.setenv("BROKER_URL", broker_url)
    monkeypatch.setenv("VALKEY_URL", valkey_url)
    found = read_environment()

    assert found.own_servers == own
    assert found.valkey_url == (store or embedded.addresses(found.var).valkey_url)
    assert embedded.uses_embedded_services() == bool(own)
    assert found.database["PASSWORD"] == "p@ss"
    assert found.database["OPTIONS"] == {"sslmode": "require"}


def test_every_setting_is_described() -> None:
    """The reference and the code name the same variables."""
    source = (ROOT / "portal" / "settings" / "environment.py").read_text()
    read = set(re.findall(r'\("([A-Z][A-Z_]+)"', source)) | {"ACCORD_HOST", "ACCORD_VAR"}
    described = re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "reference" / "settings.md").read_text(), re.M)

    assert sorted(described) == sorted(read)
