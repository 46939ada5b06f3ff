"""A contact and a suppression of its address, written at the same time: whoever commits last ties them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.actions import save_contact
from subscribers.suppression.actions import suppress
from subscribers.suppression.models import Suppression
from tests.people import new_contact


@pytest.fixture
def system(in_acme: Organisation) -> Actor:
    return Actor.system(in_acme)


def test_a_contact_committed_after_the_suppression_is_tied(
    in_acme: Organisation, system: Actor, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        contact, _created = save_contact(actor=system, organisation=in_acme, values={"email": "zoe@example.org"})
    suppress(actor=system, organisation=in_acme, addresses=["zoe@example.org"], channel="email")
    Suppression.objects.update(contact=None)  # the suppression's transaction did not see the contact
    for callback in callbacks:
        callback()
    assert Suppression.objects.get().contact_id == contact.pk


def test_a_suppression_committed_after_the_contact_is_tied(
    in_acme: Organisation, system: Actor, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        suppress(actor=system, organisation=in_acme, addresses=["zoe@example.org"], channel="email")
    contact = new_contact(in_acme, "zoe@example.org")  # written by a transaction that did not see the entry
    for callback in callbacks:
        callback()
    assert Suppression.objects.get().contact_id == contact.pk
