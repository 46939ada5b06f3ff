"""Many at the same instant: one click is one, whoever presses how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django_scopes import scope

from consent.collection.models import CollectionPoint, FormVersion, SignUp
from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.collection.forms import delivered, link_in, new_point, opened, path_of, send

pytestmark = pytest.mark.django_db(transaction=True)


def status_after(method: str, path: str, data: dict[str, str] | None = None) -> int:
    try:
        return int(getattr(Client(), method)(path, data or {}).status_code)
    finally:
        connection.close()


def at_once(method: str, path: str, data: dict[str, str] | None = None, times: int = 6) -> list[int]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _n: status_after(method, path, data), range(times)))


def test_a_link_pressed_by_many_at_once_is_confirmed_once(point: CollectionPoint, acme: Organisation) -> None:
    send(point)
    link = link_in(delivered()[0])
    assert set(at_once("post", link)) == {200}
    with scope(organisation=acme):
        assert Contact.objects.count() == 1
        assert list(ConsentEvent.objects.order_by("id").values_list("action", flat=True)) == ["grant", "confirm"]


def test_a_form_sent_by_many_clicks_is_one_sign_up(point: CollectionPoint, acme: Organisation) -> None:
    sent = {**opened(point), "email": "nina@mail.example", "choice": "newsletter-email"}
    assert set(at_once("post", path_of(point), sent)) == {200}
    with scope(organisation=acme):
        assert SignUp.objects.count() == 1


def test_a_new_wording_makes_one_new_version_whoever_looks(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(acme, newsletter)
    with scope(organisation=acme):
        Purpose.objects.filter(pk=newsletter.pk).update(description="Every day.")
    assert set(at_once("get", path_of(point))) == {200}
    with scope(organisation=acme):
        assert FormVersion.objects.count() == 2
