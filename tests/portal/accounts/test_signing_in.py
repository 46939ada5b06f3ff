"""Signing in and out, the profile, and the doors that stay closed."""

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.people import PASSWORD, client_of

pytestmark = pytest.mark.django_db


def sign_in(user: User, password: str = PASSWORD) -> tuple[Client, int]:
    client = Client()
    return client, client.post("/accounts/login/", {"login": user.email, "password": password}).status_code


def test_a_member_signs_in_with_the_address_and_the_password(marketer: User) -> None:
    client, status = sign_in(marketer)
    assert status == 302
    assert client.get("/o/acme/").status_code == 200


def test_a_wrong_password_opens_nothing(marketer: User) -> None:
    client, status = sign_in(marketer, "wrong")
    assert status == 200
    assert client.get("/o/acme/").status_code == 302


def test_signing_in_goes_on_in_the_persons_language(marketer: User) -> None:
    marketer.language = "fr"
    marketer.save()
    client, _status = sign_in(marketer)
    assert '<html lang="fr"' in client.get("/o/acme/").content.decode()


def test_nobody_signs_up_without_an_invitation() -> None:
    client = Client()
    assert "By invitation" in client.get("/accounts/signup/").content.decode()
    given = {"email": "new@acme.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", given)
    assert not User.objects.exists()


def test_signing_out_takes_a_post(marketer: User) -> None:
    client = client_of(marketer)
    client.get("/accounts/logout/")
    assert client.get("/o/acme/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/o/acme/").status_code == 302


def test_an_unknown_address_is_answered_like_a_known_one(marketer: User) -> None:
    known = Client().post("/accounts/password/reset/", {"email": marketer.email})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@acme.example"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


def test_the_profile_keeps_name_and_language_and_leaves_a_trace(marketer: User) -> None:
    client = client_of(marketer)
    client.post("/accounts/profile/", {"name": "Ada Martin", "language": "fr"})
    marketer.refresh_from_db()
    assert (marketer.name, marketer.language) == ("Ada Martin", "fr")
    assert AuditEntry.objects.filter(action="profile.updated").count() == 1
    assert '<html lang="fr"' in client.get("/accounts/profile/").content.decode()


def test_the_profile_refuses_a_language_we_do_not_have(marketer: User) -> None:
    response = client_of(marketer).post("/accounts/profile/", {"name": "Ada", "language": "tlh"})
    assert 'href="#id_language"' in response.content.decode()
