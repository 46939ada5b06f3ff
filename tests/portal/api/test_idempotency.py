"""The same POST twice with one Idempotency-Key happens once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.api.actions import purge_idempotency_records
from portal.api.models import IdempotencyRecord
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.portal.api.conftest import bearer, member_token
from tests.portal.api.test_doors import problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


def post(client: Client, name: str = "x", key: str | None = "key-1") -> Any:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/api/v1/things", {"name": name}, "application/json", headers=headers)


def test_a_retry_gets_the_first_answer_and_nothing_happens_twice(owner_client: Client, calls: list[str]) -> None:
    first, second = post(owner_client), post(owner_client)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Content-Type"] == first["Content-Type"]
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert calls == ["x"]


def test_without_a_key_or_with_another_it_happens_again(owner_client: Client, calls: list[str]) -> None:
    for key in (None, None, "a", "b"):
        post(owner_client, key=key)

    assert len(calls) == 4


def test_a_key_belongs_to_one_token(owner_client: Client, owner: User, acme: Organisation, calls: list[str]) -> None:
    post(owner_client)
    post(bearer(member_token(owner, acme)))

    assert len(calls) == 2


def test_a_key_with_another_request_is_refused(owner_client: Client, calls: list[str]) -> None:
    post(owner_client)

    problem(post(owner_client, name="y"), 422, "idempotency_key_reused")
    assert calls == ["x"]


def test_a_key_whose_first_request_still_runs_is_told_to_wait(owner_client: Client, calls: list[str]) -> None:
    post(owner_client)
    IdempotencyRecord.objects.update(status=None)

    response = post(owner_client)
    problem(response, 409, "request_in_progress")
    assert response["Retry-After"] == "2"

    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert post(owner_client).status_code == 201
    assert calls == ["x", "x"]


@pytest.mark.parametrize("name", ["taken", "wrong", "broken"])
def test_a_refused_request_frees_its_key(owner_client: Client, name: str) -> None:
    assert post(owner_client, name=name).status_code >= 400
    assert post(owner_client, name="better").status_code == 201


def test_a_key_is_forgotten_after_a_day(owner_client: Client, calls: list[str]) -> None:
    post(owner_client)
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert post(owner_client, name="y").status_code == 201
    assert calls == ["x", "y"]
    later = timezone.now() + timedelta(hours=25)
    assert purge_idempotency_records(actor=Actor.system(), now=later) == 1


def test_the_kept_answer_is_sealed(owner_client: Client) -> None:
    post(owner_client, name="Ada Martin")

    assert b"Ada" not in bytes(IdempotencyRecord.objects.get().body)


def test_an_upload_is_known_by_its_length_and_stays_on_disk(owner_client: Client, calls: list[str]) -> None:
    def send(content: bytes) -> Any:
        file = SimpleUploadedFile("people.csv", content)
        return owner_client.post("/api/v1/files", {"file": file}, headers={"Idempotency-Key": "file"})

    first, second, other = send(b"x" * 50_000), send(b"x" * 50_000), send(b"y" * 60_000)

    assert first.json() == second.json() == {"size": 50_000, "kind": "BufferedReader"}
    assert calls == ["people.csv"]
    problem(other, 422, "idempotency_key_reused")


def test_a_stream_is_not_kept(owner_client: Client, calls: list[str]) -> None:
    for _n in range(2):
        response = owner_client.post("/api/v1/streams", headers={"Idempotency-Key": "s"})
        assert b"".join(response.streaming_content) == b"{}\n"

    assert calls == ["stream", "stream"]


@pytest.mark.parametrize("key", ["", "é", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(owner_client: Client, key: str) -> None:
    problem(post(owner_client, key=key), 422, "invalid_idempotency_key")


def test_a_key_let_go_by_a_refused_twin_in_that_very_moment_is_busy(owner_client: Client, calls: list[str]) -> None:
    def taken(**_sent: Any) -> None:
        raise IntegrityError("the twin's row was there; it is gone when it is looked for")

    pre_save.connect(taken, sender=IdempotencyRecord)
    try:
        response = post(owner_client)
    finally:
        pre_save.disconnect(taken, sender=IdempotencyRecord)

    problem(response, 409, "request_in_progress")
    assert response["Retry-After"]
    assert calls == []
