"""Checking the sample of a quarantined import, and letting the import go (I-04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.organisations.actors import Actor
from subscribers.imports.models import Import


def release_import(*, actor: Actor, source: Import, checked: Sequence[Mapping[str, Any]]) -> Import:
    """Store these verdicts (``{"row": line, "verdict": "proven"|"unproven", "note": text}``) and release the import.

    Verdicts may come in parts, and are kept whatever is raised: ``sample_incomplete`` while a row has none (``errors``
    name the rows), ``unproven_sample`` for good once a row is unproven, ``not_quarantined``. Rows that are not in the
    sample raise ``invalid_input``, and nothing is kept.
    """
    raise NotImplementedError
