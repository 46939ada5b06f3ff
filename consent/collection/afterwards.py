"""Extension point: what follows once an agreement is recorded, such as a receipt to the person.

A listener is registered in ``AppConfig.ready()`` and called after the commit, in the organisation's scope; what it
raises is logged and undoes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django_scopes import scope

from portal.organisations.models import Organisation


@dataclass(frozen=True)
class Confirmed:
    """An agreement that is in force: whose, the events that say so, and the language it was given in."""

    organisation: Organisation
    contact_id: int
    events: Sequence[int]
    language: str


Listener = Callable[[Confirmed], None]

_listeners: dict[str, Listener] = {}


def register_after_confirmation(name: str, listener: Listener) -> None:
    """Call ``listener`` after each; a second one with the same name replaces the first."""
    _listeners[name] = listener


def after_confirmation(confirmed: Confirmed) -> None:
    """Call every listener once this transaction is committed."""

    def tell() -> None:
        with scope(organisation=confirmed.organisation):
            for listener in _listeners.values():
                listener(confirmed)

    transaction.on_commit(tell, robust=True)
