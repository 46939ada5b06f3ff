"""Tokens in e-mails: they round-trip, nobody else can write one, and none is lost when the master key
changes.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from consent.links import (
    CHANNEL_CODES,
    TOKEN_LENGTH,
    LinkError,
    LinkKind,
    LinkTarget,
    make_token,
    read_token,
    token_maker,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

targets = st.builds(
    LinkTarget,
    organisation_id=st.integers(0, 2**32 - 1),
    contact_id=st.integers(0, 2**63 - 1),
    purpose_id=st.integers(0, 2**32 - 1),
    channel=st.sampled_from(sorted(CHANNEL_CODES)),
    kind=st.sampled_from(LinkKind),
)


@given(targets)
def test_a_token_says_what_it_was_made_of(target: LinkTarget) -> None:
    token = make_token(target)

    assert read_token(token) == target
    assert len(token) == TOKEN_LENGTH == 48
    assert set(token) <= set(ALPHABET)


@given(targets, st.integers(0, TOKEN_LENGTH * 6 - 1))
def test_a_token_with_any_bit_flipped_is_refused(target: LinkTarget, bit: int) -> None:
    token = make_token(target)
    place, shift = divmod(bit, 6)
    other = ALPHABET[ALPHABET.index(token[place]) ^ (1 << shift)]

    with pytest.raises(LinkError):
        read_token(token[:place] + other + token[place + 1 :])


@given(st.one_of(st.text(max_size=80), st.text(ALPHABET, min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH)))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(LinkError):
        read_token(text)


@given(targets)
def test_a_token_has_one_spelling(target: LinkTarget) -> None:
    token = make_token(target)

    for other in (
        token + "=",
        token + "\n",
        " " + token,
        token[:-1],
        token.replace("-", "+").replace("_", "/") + "A",
    ):
        with pytest.raises(LinkError):
            read_token(other)


@given(targets, st.lists(st.integers(0, 2**63 - 1), max_size=5))
def test_the_bulk_maker_makes_the_same_tokens(target: LinkTarget, contacts: list[int]) -> None:
    make = token_maker(target.organisation_id, target.purpose_id, target.channel, kind=target.kind)

    assert [make(contact) for contact in contacts] == [
        make_token(replace(target, contact_id=contact)) for contact in contacts
    ]


def test_a_token_outlives_the_master_key_it_was_made_under(settings: Settings) -> None:
    target = LinkTarget(1, 2, 3, "email")
    before = make_token(target)
    old = settings.ACCORD

    settings.ACCORD = replace(old, master_key=b"n" * 32, previous_master_keys=(old.master_key,))
    assert read_token(before) == target
    assert make_token(target) != before

    settings.ACCORD = replace(old, master_key=b"n" * 32, previous_master_keys=())
    with pytest.raises(LinkError):
        read_token(before)


def test_an_unknown_channel_is_never_put_into_a_token() -> None:
    with pytest.raises(KeyError):
        make_token(LinkTarget(1, 2, 3, "pigeon"))


def test_the_key_is_not_the_master_key() -> None:
    from portal.crypto import link_keys

    assert link_keys().key != settings.ACCORD.master_key
