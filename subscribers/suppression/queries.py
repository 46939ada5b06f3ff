"""Reads of the suppression list. Nothing in it tells an address."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.crypto import keyed_hashes
from portal.errors import NotFoundError
from portal.organisations.models import Organisation
from subscribers.contacts.normalising import InvalidValueError
from subscribers.suppression.models import Suppression
from subscribers.suppression.rules import digests, normal_address


def suppressions(*, channel: str = "", reason: str = "") -> QuerySet[Suppression]:
    """Entries of the organisation in scope. Index: suppressions_newest_first."""
    found = Suppression.objects.select_related("contact").order_by("-pk")
    if channel:
        found = found.filter(channel=channel)
    return found.filter(reason=reason) if reason else found


def entries_of_address(organisation: Organisation, text: str, channels: list[str]) -> QuerySet[Suppression]:
    """The entries this address stands under, on these channels; none for what is no address."""
    wanted: list[bytes] = []
    for channel in channels:
        try:
            address = normal_address(channel, text, country=organisation.country)
        except InvalidValueError:
            continue
        wanted += digests(keyed_hashes(organisation), address)
    return suppressions().filter(channel__in=channels, digest__in=wanted)


def suppression_of(suppression_id: int | str) -> Suppression:
    """One entry; ``not_found`` for any other id, and for what is no id."""
    if not str(suppression_id).isdecimal():
        raise NotFoundError
    found = Suppression.objects.filter(pk=int(suppression_id)).first()
    if found is None:
        raise NotFoundError
    return found


def suppressed_digests(organisation: Organisation, contact_id: int) -> QuerySet[Suppression]:
    """The entries tied to a contact. Index: suppressions_of_contacts."""
    return Suppression.objects.filter(organisation=organisation, contact_id=contact_id).order_by("channel")
