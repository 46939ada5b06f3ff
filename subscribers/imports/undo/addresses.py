"""People have their old addresses again: what hangs on an address follows, as after any other change of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection, transaction

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.changes import AddressChange, tell_address_change
from subscribers.imports.afterwards import Window
from subscribers.imports.undo import sql
from subscribers.suppression.matching import (
    holders_of,
    horizon,
    suppressed_among,
    tie_recent,
    tie_to_contact,
    untie,
)
from subscribers.suppression.rules import channels_of


def follow_restored(window: Window, moved: Mapping[str, Sequence[int]]) -> None:
    """``moved``: the contacts whose address came back, by its column; in the transaction that brought it back."""
    organisation = window.source.organisation
    actor = Actor.system(organisation, reference=f"import:{window.source.pk}")
    for column, contacts in moved.items():
        if not contacts:
            continue
        channels = channels_of(column)
        untie(organisation.pk, list(contacts), channels)
        tie_again(organisation, column, addresses_of(organisation, column, contacts))
        tell_address_change(AddressChange(organisation, list(contacts), frozenset(channels), actor, window.now))


def addresses_of(organisation: Organisation, column: str, contacts: Sequence[int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.ADDRESSES.format(column=column), {"organisation": organisation.pk, "contacts": list(contacts)}
        )
        return [address for (address,) in cursor.fetchall()]


def tie_again(organisation: Organisation, column: str, addresses: list[str]) -> None:
    """An address that comes back may be on the suppression list, or come onto it while this is written."""
    mark = horizon()
    transaction.on_commit(lambda: tie_recent(organisation, mark, {column: addresses}), robust=True)
    suppressed = sorted(suppressed_among(organisation, column, addresses))
    for contact_id in set(holders_of(organisation.pk, suppressed, suppressed).values()):
        tie_whole(organisation, contact_id)


def tie_whole(organisation: Organisation, contact_id: int) -> None:
    from subscribers.contacts.models import Contact

    contact = Contact.objects.only("email_key", "phone").get(organisation=organisation, pk=contact_id)
    tie_to_contact(organisation, contact_id, {"email_key": contact.email_key, "phone": contact.phone})
