"""The production profile: what it refuses, and that its pages find their static files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from portal.settings.checks import production_is_safe, require_safe_production

ROOT = Path(__file__).resolve().parents[3]
SAFE = {
    "profile": "production",
    "base_url": "https://accord.example",
    "secret_key": "uVbJ3vN1c0S8tqkZr5yXo2Lw9PfHdGmAeTiQnRsW",
    "master_key_generated": False,
    "own_servers": (),
    "email_url": "smtp+tls://user:password@mail.example:587",
    "allowed_hosts": ("accord.internal",),
    "trusted_proxies": ("10.0.0.0/8",),
    "debug": False,
}


def test_safe_values_pass_every_check_of_a_deployment(tmp_path: Path) -> None:
    answer = _check(
        tmp_path,
        ACCORD_BASE_URL="https://accord.example",
        ACCORD_SECRET_KEY="uVbJ3vN1c0S8tqkZr5yXo2Lw9PfHdGmAeTiQnRsW",
        ACCORD_MASTER_KEY="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        EMAIL_URL="smtp+tls://user:password@mail.example:587",
    )
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout + answer.stderr


def test_unsafe_values_stop_every_command(tmp_path: Path) -> None:
    answer = _check(tmp_path, ACCORD_DEBUG="1")

    assert answer.returncode == 1
    assert set(re.findall(r"accord\.E\d+", answer.stderr)) == {f"accord.E00{number}" for number in (1, 2, 4, 5)}
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"master_key_generated": True}, "accord.E001"),
        ({"base_url": "http://accord.example"}, "accord.E002"),
        ({"own_servers": ("DATABASE_URL",)}, "accord.E003"),
        ({"own_servers": ("BROKER_URL", "VALKEY_URL")}, "accord.E003"),
        ({"own_servers": ("VALKEY_URL",)}, "accord.E003"),
        ({"email_url": ""}, "accord.E004"),
        ({"email_url": "consolemail://"}, "accord.E004"),
        ({"debug": True}, "accord.E005"),
        ({"secret_key": "secret"}, "accord.E006"),
        ({"secret_key": "0" * 60}, "accord.E006"),
        ({"allowed_hosts": ("*",)}, "accord.E007"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, "accord.E008"),
    ],
)
def test_each_unsafe_value_is_refused_with_the_way_to_mend_it(
    changed: dict[str, Any], code: str, settings: Settings
) -> None:
    settings.ACCORD = replace(settings.ACCORD, **{**SAFE, **changed})

    (found,) = production_is_safe(None)

    assert found.id == code
    assert found.hint
    with pytest.raises(ImproperlyConfigured, match=code):
        require_safe_production()


def test_only_production_is_strict(settings: Settings) -> None:
    settings.ACCORD = replace(settings.ACCORD, **{**SAFE, "profile": "development", "email_url": ""})

    require_safe_production()


@pytest.mark.django_db
def test_pages_name_static_files_by_their_content(settings: Settings, tmp_path: Path) -> None:
    """Collecting them follows every url() of every style sheet, ours and the vendored ones."""
    settings.STATIC_ROOT = tmp_path
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", verbosity=0, interactive=False)

    for path in ("/accounts/login/", "/no-such-page", "/u/no-such-token"):
        page = Client().get(path).content.decode()
        names = re.findall(r'(?:href|src)="/static/([^"#?]+)', page)
        assert names, path
        for name in names:
            assert re.search(r"\.[0-9a-f]{12}\.", name), name
            assert (tmp_path / name).is_file(), name
    assert staticfiles_storage.url("portal/base.css") != "/static/portal/base.css"


def _check(var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` in the production profile, with servers that nobody asks."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    servers = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "BROKER_URL": "redis://127.0.0.1:1/0"}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env={**kept, **servers, "ACCORD_VAR": str(var), "ACCORD_SETTINGS": "production", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
