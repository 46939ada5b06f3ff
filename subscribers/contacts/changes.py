"""Extension point: what must happen when a contact's address changes (lesson: a new address is not a confirmed one).

A higher app registers a listener in ``AppConfig.ready()``; it runs inside the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation


@dataclass(frozen=True)
class AddressChange:
    """Contacts that now have another address, or none, on these channels (``email``, ``sms``, ``phone``)."""

    organisation: Organisation
    contact_ids: Sequence[int]
    channels: frozenset[str]
    actor: Actor
    at: datetime


Listener = Callable[[AddressChange], None]

_listeners: dict[str, Listener] = {}


def register_address_change(name: str, listener: Listener) -> None:
    """Call ``listener`` for every change of an address; a second one with the same name replaces the first."""
    _listeners[name] = listener


def tell_address_change(change: AddressChange) -> None:
    for listener in _listeners.values():
        listener(change)
