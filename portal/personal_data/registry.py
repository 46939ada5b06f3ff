"""The registry that makes access and erasure complete.

Every app registers one source per kind of record in ``AppConfig.ready()``; ``tests/architecture/test_personal_data.py``
walks every model and fails when one that points at a contact is covered by no source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.functional import Promise
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from portal.organisations.models import Organisation


class Collect(Protocol):
    """``(organisation, contact_id)`` -> what is held, ready for JSON: text, numbers, booleans, lists and dicts.

    An empty dict means nothing is held. Called in the organisation's scope.
    """

    def __call__(self, organisation: Organisation, contact_id: int) -> dict[str, Any]: ...


class Erase(Protocol):
    """``(organisation, contact_id, now=)`` -> how many records are gone; in the caller's transaction and scope."""

    def __call__(self, organisation: Organisation, contact_id: int, *, now: datetime) -> int: ...


class EraseMany(Protocol):
    """The same for many contacts at once, in a few statements: ``(organisation, contact_ids, now=)``."""

    def __call__(self, organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int: ...


class Hold(Protocol):
    """``(organisation, contact_ids)``: lock the people; whoever writes about them waits, and then finds none."""

    def __call__(self, organisation: Organisation, contact_ids: Sequence[int]) -> None: ...


@dataclass(frozen=True)
class PersonalDataSource:
    """One kind of record about people.

    ``models`` are the labels of the models it covers (``consent.Evidence``). ``collect``, ``erase`` and ``erase_many``
    are callables or their dotted paths. Sources are erased by rising ``order``: the contact itself, which the others
    are found by, goes last. Before any, ``hold`` locks it. ``kept`` says why records stay after an erasure, empty when
    they don't.
    """

    name: str
    label: str | Promise
    models: Sequence[str]
    collect: Collect | str
    erase: Erase | str
    erase_many: EraseMany | str
    order: int = 100
    kept: str | Promise = ""
    hold: Hold | None = None

    def collected(self, organisation: Organisation, contact_id: int) -> dict[str, Any]:
        query: Collect = import_string(self.collect) if isinstance(self.collect, str) else self.collect
        return query(organisation, contact_id)

    def erased(self, organisation: Organisation, contact_id: int, *, now: datetime) -> int:
        removal: Erase = import_string(self.erase) if isinstance(self.erase, str) else self.erase
        return removal(organisation, contact_id, now=now)

    def erased_many(self, organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
        removal: EraseMany = import_string(self.erase_many) if isinstance(self.erase_many, str) else self.erase_many
        return removal(organisation, contact_ids, now=now)


_sources: dict[str, PersonalDataSource] = {}


def register_source(source: PersonalDataSource) -> None:
    """Add a source; a second one with the same name replaces the first."""
    _sources[source.name] = source


def sources() -> list[PersonalDataSource]:
    """Every source, in the order of erasure."""
    return sorted(_sources.values(), key=lambda source: (source.order, source.name))


def covered_models(of: Iterable[PersonalDataSource] | None = None) -> set[str]:
    """The labels of all the models some source covers, in small letters."""
    return {label.lower() for source in (sources() if of is None else of) for label in source.models}
