"""The signed notes in our pages: ours and unchanged, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as pace
from hypothesis import strategies as st

from consent.collection.tokens import read_signed, signed

SAID = st.fixed_dictionaries({"p": st.integers(0, 10**12), "l": st.sampled_from(["fr", "en"])})
at_ease = pace(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@at_ease
@given(SAID)
def test_a_note_is_read_as_it_was_written(said: dict[str, Any]) -> None:
    assert read_signed("form", signed("form", said)) == {"k": "form", **said}


@at_ease
@given(SAID, st.data())
def test_one_changed_letter_is_noticed(said: dict[str, Any], data: st.DataObject) -> None:
    text = signed("form", said)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("AZaz09_-."))
    changed = text[:place] + letter + text[place + 1 :]
    assert read_signed("form", changed) in (None, {"k": "form", **said})
    assert changed == text or read_signed("form", changed) is None or place >= len(text) - 1


def test_a_note_of_one_kind_never_passes_for_another() -> None:
    assert read_signed("wait", signed("form", {"p": 1})) is None


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "x" * 5000, "eyJrIjoiZm9ybSJ9."])
def test_nonsense_is_no_note(text: str) -> None:
    assert read_signed("form", text) is None


def test_a_note_outlives_the_rotation_of_the_master_key(settings: Any) -> None:
    text = signed("form", {"p": 1})
    old = settings.ACCORD.master_key
    settings.ACCORD = replace(settings.ACCORD, master_key=bytes(32), previous_master_keys=[old])
    assert read_signed("form", text) == {"k": "form", "p": 1}
    settings.ACCORD = replace(settings.ACCORD, master_key=bytes(32), previous_master_keys=[])
    assert read_signed("form", text) is None
