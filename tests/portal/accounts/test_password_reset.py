"""A forgotten password: the mail goes through the queue, and its link works once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.mail.actions import send_queued_mail
from portal.mail.models import OutgoingMail
from portal.mail.tasks import send_forgotten_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return tmp_path


def ask(email: str) -> None:
    answer = Client().post("/accounts/password/reset/", {"email": email})
    assert answer.status_code == 302


def test_the_link_in_the_mail_sets_a_new_password(owner: User, folder: Path, settings: Any) -> None:
    ask(owner.email)
    send_queued_mail(mail_id=OutgoingMail.objects.latest("pk").pk)
    text = next(folder.glob("*.log")).read_text()
    found = re.search(r"https?://\S+/accounts/password/reset/key/\S+", text)
    assert found
    assert found.group().startswith(settings.ACCORD.base_url)
    client = Client()
    page = client.get(urlsplit(found.group()).path, follow=True)
    form = page.redirect_chain[-1][0]
    client.post(form, {"password1": "correct horse battery", "password2": "correct horse battery"})
    owner.refresh_from_db()
    assert owner.check_password("correct horse battery")


def test_whoever_asks_learns_nothing_about_who_has_an_account(owner: User, folder: Path) -> None:
    ask("nobody@elsewhere.example")
    ask(owner.email)
    assert OutgoingMail.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_mail_that_the_broker_lost_is_sent_all_the_same(owner: User, folder: Path, monkeypatch: Any) -> None:
    ask(owner.email)
    mail = OutgoingMail.objects.get()
    OutgoingMail.objects.update(created_at="2026-01-01T00:00Z")
    monkeypatch.setattr("portal.mail.tasks.send_mail.delay", lambda mail_id: send_queued_mail(mail_id=mail_id))
    send_forgotten_mail()
    mail.refresh_from_db()
    assert mail.state == "sent"
    assert len(list(folder.glob("*.log"))) == 1
