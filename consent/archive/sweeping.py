"""Stored scans that no row names: of a request that died, or deleted from the database only, by a crash just then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django_scopes import scopes_disabled

from consent.archive.models import ArchivedFile
from consent.collection.models import EvidenceFile
from consent.collection.scans import FOLDER

A_DAY = timedelta(days=1)
NAMES_AT_ONCE = 1000


def sweep_files(*, now: datetime) -> int:
    """Delete what no row names and is a day old, so that none is on its way; how many."""
    if not default_storage.exists(FOLDER):
        return 0
    names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    parts = [names[start : start + NAMES_AT_ONCE] for start in range(0, len(names), NAMES_AT_ONCE)]
    stray = [name for part in parts for name in unnamed(part) if is_old(name, now)]
    for name in stray:
        default_storage.delete(name)
    return len(stray)


def unnamed(names: Sequence[str]) -> list[str]:
    with scopes_disabled():
        active = EvidenceFile.objects.filter(file__in=names).values_list("file", flat=True)
        archived = ArchivedFile.objects.filter(file__in=names).values_list("file", flat=True)
        known = {*active, *archived}
    return [name for name in names if name not in known]


def is_old(name: str, now: datetime) -> bool:
    return default_storage.get_modified_time(name) < now - A_DAY
