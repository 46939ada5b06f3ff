"""Sign-ups that wait, with their scans: what is held of a person before anything is in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.collection.answers import address_digests, unpacked
from consent.collection.expiring import let_go
from consent.collection.models import SignUp, SignUpState
from portal.organisations.models import Organisation
from portal.personal_data.registry import PersonalDataSource, register_source
from subscribers.contacts.models import Contact


def register() -> None:
    register_source(
        PersonalDataSource(
            name="sign_ups",
            label=_("Sign-ups that wait to be confirmed"),
            models=("consent.SignUp",),
            collect=collect,
            erase=erase,
            erase_many=erase_many,
            order=45,
        )
    )


def waiting_for(organisation: Organisation, contact_ids: Sequence[int]) -> list[SignUp]:
    """Sign-ups that wait for the owners of these contacts' addresses. Index: sign_ups_by_address."""
    people = Contact.objects.filter(organisation=organisation, pk__in=contact_ids, email_key__isnull=False)
    digests = [
        digest
        for key in people.values_list("email_key", flat=True)
        for digest in address_digests(organisation, str(key))
    ]
    found = SignUp.objects.filter(organisation=organisation, address_digest__in=digests)
    return list(found.select_related("point")) if digests else []


def collect(organisation: Organisation, contact_id: int) -> dict[str, Any]:
    sign_ups = []
    for row in waiting_for(organisation, [contact_id]):
        if row.payload is None or row.token_hash is None:
            continue
        answer, _more = unpacked(organisation, row.token_hash, row.payload)
        sign_ups.append(
            {
                "form": row.point.key,
                "sent_at": row.created_at.isoformat(),
                "expires_at": row.expires_at.isoformat(),
                "email": answer.email,
                "phone": answer.phone,
                "values": answer.values,
                "chosen": answer.yes,
            }
        )
    return {"waiting": sign_ups} if sign_ups else {}


def erase(organisation: Organisation, contact_id: int, *, now: datetime) -> int:
    return erase_many(organisation, [contact_id], now=now)


def erase_many(organisation: Organisation, contact_ids: Sequence[int], *, now: datetime) -> int:
    """Empty the sign-ups that wait, with the scans of what they say. Scans behind events go with their evidence.

    Of a pair both go: the parent's half names the child, and neither counts without the other (K-02). They are locked
    in the order in which a click locks them.
    """
    found = waiting_for(organisation, contact_ids)
    mine = Q(pk__in=[row.pk for row in found]) | Q(pair__in={row.pair for row in found if row.pair})
    rows = SignUp.objects.select_for_update(of=("self",)).filter(mine, state=SignUpState.WAITING)
    return let_go(list(rows.filter(organisation=organisation).order_by("pk")), now)
