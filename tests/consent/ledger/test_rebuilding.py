"""States computed from the events alone are those kept beside them, whatever people did, in whatever order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from consent.ledger.models import Action, ConsentState, EventSource
from consent.ledger.states import rebuild_states
from consent.purposes.actions import Materiality, update_purpose
from consent.purposes.models import Purpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import NOW, choose, new_purpose
from tests.people import new_contact, new_organisation
from tests.subscribers.imports.lots import BOUGHT, brought, released, undone

# Those that imports and links write are left out by is_kept where they would change nothing; so are they here.
WORDS = st.tuples(
    st.sampled_from(Action),
    st.sampled_from([EventSource.FORM, EventSource.IMPORT, EventSource.ONE_CLICK, EventSource.API]),
    st.integers(0, 1),  # of two people
    st.integers(0, 2),  # of three purposes
    st.integers(0, 40),  # days ago
    st.one_of(st.none(), st.integers(-10, 30)),  # until when a pause
)


class Rebuilding(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(WORDS, max_size=14))
    def test_it_finds_nothing_to_put_right(self, words: list[tuple[Any, ...]]) -> None:
        acme = new_organisation("acme")
        people = [new_contact(acme, "ada@example.org"), new_contact(acme, "ben@example.org")]
        purposes = [
            new_purpose(acme, "plain"),
            new_purpose(acme, "double", double_opt_in=True),
            new_purpose(acme, "short", valid_for_days=20),
        ]
        with scope(organisation=acme):
            said(people, purposes, words)
            found = rebuild_states(acme, write=False)
        assert found.differing == 0, found.examples


def said(people: list[Contact], purposes: list[Purpose], words: list[tuple[Any, ...]]) -> None:
    for number, (action, source, person, purpose, days, pause) in enumerate(words):
        now = NOW + timedelta(minutes=number)
        choose(
            people[person],
            purposes[purpose],
            action,
            source=source,
            occurred_at=now - timedelta(days=days),
            paused_until=until(action, pause),
            now=now,
        )


def until(action: Action, days: int | None) -> datetime | None:
    return NOW + timedelta(days=days) if action == Action.PAUSE and days is not None else None


@pytest.mark.django_db
def test_what_an_erased_person_said_leaves_no_state(in_acme: Organisation, ada: Contact) -> None:
    from consent.personal_data import erase

    choose(ada, new_purpose(in_acme), "grant")
    erase(in_acme, ada.pk, now=NOW)
    ada.delete()
    assert rebuild_states(in_acme, write=True).states == 0


@pytest.mark.django_db(transaction=True)
def test_what_imports_brought_held_proved_and_took_back_is_found_again(in_acme: Organisation, ada: Contact) -> None:
    newsletter = new_purpose(in_acme, valid_for_days=1000)
    choose(ada, newsletter, "grant", occurred_at=NOW - timedelta(days=400))
    first = brought(in_acme, "email\nada.martin@example.org\nnew@example.org\n")
    held = brought(in_acme, "email\nada.martin@example.org\nbought@example.org\n", of=BOUGHT)
    assert rebuild_states(in_acme, write=False).differing == 0
    released(held)
    assert rebuild_states(in_acme, write=False).differing == 0
    undone(first)

    found = rebuild_states(in_acme, write=False)

    assert (found.differing, found.examples) == (0, [])
    assert found.states


@pytest.mark.django_db
def test_an_event_means_what_its_purpose_asked_for_when_it_was_recorded(
    in_acme: Organisation, ada: Contact, ben: Contact
) -> None:
    """C-08: today the purpose asks for more than it did when Ada agreed."""
    purpose, actor = new_purpose(in_acme, valid_for_days=400), Actor.system(in_acme)
    choose(ada, purpose, "grant")
    changed = update_purpose(
        actor=actor,
        purpose=purpose,
        changes={"valid_for_days": 100, "double_opt_in": True},
        materiality=Materiality(answer=False, reason="The same letter."),
        now=NOW + timedelta(days=1),
    )
    assert changed.version == 2
    choose(ben, purpose, "grant", now=NOW + timedelta(days=2))

    found = rebuild_states(in_acme, write=True)

    assert (found.differing, found.examples) == (0, [])
    first, second = (ConsentState.objects.get(contact=contact) for contact in (ada, ben))
    assert (first.status, second.status) == ("granted", "unconfirmed")
    assert first.expires_at == NOW + timedelta(days=400)


@pytest.mark.django_db
def test_a_state_put_right_knows_which_words_were_agreed_to(in_acme: Organisation, ada: Contact) -> None:
    """C-10."""
    purpose = new_purpose(in_acme)
    choose(ada, purpose, "grant")
    choose(ada, purpose, "pause", occurred_at=NOW)
    ConsentState.objects.filter(contact=ada).update(purpose_version=7)
    assert rebuild_states(in_acme, write=True).differing == 1
    assert ConsentState.objects.get(contact=ada).purpose_version == 1
