"""Members come by invitation, and an organisation keeps an owner."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django_scopes import scope

from portal.accounts.models import User
from portal.mail.actions import send_queued_mail
from portal.mail.models import MailState, OutgoingMail
from portal.organisations.models import Membership, Organisation
from tests.people import client_of, membership_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_folder(settings: object, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path)  # type: ignore[attr-defined]
    return tmp_path


def invite(owner: User, email: str, *roles: str) -> str:
    """Invite through the page, send the mail, and answer the path of the link in it."""
    answer = client_of(owner).post("/o/acme/members/invite/", {"email": email, "roles": roles})
    assert answer.status_code == 302, answer.content.decode()
    mail = OutgoingMail.objects.latest("pk")
    folder = Path(__import__("django.conf").conf.settings.EMAIL_FILE_PATH)
    send_queued_mail(mail_id=mail.pk)
    text = max(folder.glob("*.log"), key=lambda file: file.stat().st_mtime).read_text()
    found = re.search(r"/accounts/invitation/[\w-]+/", text)
    assert found, text
    return found.group()


def test_an_invited_person_sets_a_password_and_is_inside(owner: User, acme: Organisation, mail_folder: Path) -> None:
    path = invite(owner, "New.One@acme.example", "marketer")
    visitor = Client()
    assert "Acme" in visitor.get(path).content.decode()
    answer = visitor.post(path, {"name": "New One", "password": "correct horse battery"})
    assert answer.status_code == 302
    assert answer["Location"] == "/o/acme/"
    assert visitor.get("/o/acme/").status_code == 200
    assert membership_of(User.objects.get(email="new.one@acme.example"), acme).roles == ["marketer"]


def test_an_invitation_is_used_once(owner: User, mail_folder: Path) -> None:
    path = invite(owner, "new@acme.example", "viewer")
    Client().post(path, {"name": "New", "password": "correct horse battery"})
    answer = Client().get(path)
    assert answer.status_code == 410
    assert "invitation_ended" in answer.content.decode()


def test_a_weak_password_is_told_at_its_field_and_uses_nothing_up(owner: User, mail_folder: Path) -> None:
    path = invite(owner, "new@acme.example", "viewer")
    answer = Client().post(path, {"name": "New", "password": "short"})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert Client().get(path).status_code == 200


def test_the_mail_at_rest_holds_no_readable_address(owner: User, mail_folder: Path) -> None:
    client_of(owner).post("/o/acme/members/invite/", {"email": "secret@acme.example", "roles": ["viewer"]})
    mail = OutgoingMail.objects.latest("pk")
    assert b"secret" not in bytes(mail.content or b"")
    send_queued_mail(mail_id=mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.content) == (MailState.SENT, None)


def test_the_last_owner_stays(owner: User, acme: Organisation) -> None:
    member = membership_of(owner, acme)
    answer = client_of(owner).post(f"/o/acme/members/{member.pk}/roles/", {"roles": ["viewer"]})
    assert answer.status_code == 200
    assert "owner" in answer.content.decode()
    assert membership_of(owner, acme).roles == ["owner"]


def test_a_former_member_finds_nothing(owner: User, marketer: User, acme: Organisation) -> None:
    member = membership_of(marketer, acme)
    client_of(owner).post(f"/o/acme/members/{member.pk}/end/")
    assert client_of(marketer).get("/o/acme/").status_code == 404
    with scope(organisation=acme):
        assert Membership.objects.get(pk=member.pk).ended_at is not None


def test_only_those_who_manage_members_invite(marketer: User, stranger: User) -> None:
    assert client_of(marketer).get("/o/acme/members/invite/").status_code == 403
    assert client_of(stranger).get("/o/acme/members/invite/").status_code == 404
