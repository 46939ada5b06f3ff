"""Who may approve a notice: pure decisions on ids."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum


class Eyes(StrEnum):
    OTHER = "other"
    OWN = "own"
    ALONE = "alone"


def eyes_on(user_id: int | None, *, authors: Set[int], approvers: Set[int], officers: Set[int]) -> Eyes:
    """May this person approve what ``authors`` wrote?

    ``OTHER``: yes, a second pair of eyes. ``ALONE``: it is their own, but they are the DPO and nobody else could
    approve. ``OWN``: no.
    """
    if user_id not in authors:
        return Eyes.OTHER
    if user_id in officers and not (set(approvers) - set(authors)):
        return Eyes.ALONE
    return Eyes.OWN
