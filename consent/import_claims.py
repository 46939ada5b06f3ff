"""What a file claims: purposes and channels that its people are said to have agreed to, and for which rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.ledger.errors import BasisMismatchError
from consent.purposes.errors import ChannelNotOfferedError, UnknownPurposeError
from consent.purposes.models import Purpose
from portal.channels import Channel
from portal.errors import FieldProblem, InvalidInputError
from portal.organisations.models import Organisation
from subscribers.imports.columns.statuses import Said
from subscribers.imports.models import Import
from subscribers.imports.stages import Claim, Columns
from subscribers.imports.values.cells import list_of
from subscribers.imports.values.converting import NULL


def claimable(organisation: Organisation) -> list[tuple[str, str]]:
    """Every purpose on every channel it uses, as ``purpose:channel`` and a label."""
    return [
        (f"{purpose.key}:{channel}", f"{purpose.name} · {Channel(channel).label}")
        for purpose in Purpose.objects.filter(organisation=organisation)
        for channel in purpose.channels
    ]


def problems_of(organisation: Organisation, claim: Claim) -> list[FieldProblem]:
    """What is wrong with the consents a file claims: an unknown purpose, a channel or basis it hasn't (B-13)."""
    purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(organisation=organisation)}
    found: list[FieldProblem] = []
    for number, consent in enumerate(claim.consents):
        purpose = purposes.get(consent.get("purpose", ""))
        place = ("options", "consents", number)
        if purpose is None:
            found += problems_in(UnknownPurposeError(*place, "purpose"))
        elif consent.get("channel") not in purpose.channels:
            found += problems_in(ChannelNotOfferedError(*place, "channel"))
        elif claim.basis and claim.basis != purpose.basis:
            found += problems_in(BasisMismatchError("options", "basis"))
    return found


def problems_in(error: InvalidInputError) -> tuple[FieldProblem, ...]:
    return error.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedConsent:
    """One purpose on one channel. ``waits``: it becomes an agreement only once it is confirmed or proven."""

    purpose_id: int
    key: str
    version: int
    channel: str
    basis: str
    waits: bool
    days: int | None

    def claiming(self, columns: Columns) -> Sequence[int]:
        """The numbers of the rows that claim it: a row may say nothing of consent, or narrow what its file claims."""
        numbers: Sequence[int] = range(len(columns["line"]))
        if "said" in columns:
            numbers = [number for number in numbers if columns["said"][number] in (NULL, Said.GRANT)]
        for name, mine in (("purposes", self.key), ("channels", self.channel)):
            if name in columns:
                named = {cell: cell == NULL or mine in list_of(cell) for cell in set(columns[name])}
                numbers = [number for number in numbers if named[columns[name][number]]]
        return numbers

    def expiries(self, moments: Sequence[str]) -> list[datetime] | None:
        """When agreements of these moments run out (C-11)."""
        if self.days is None:
            return None
        valid = timedelta(days=self.days)
        return [datetime.fromisoformat(moment) + valid for moment in moments]


def claims_of(source: Import, *, held: bool) -> list[ClaimedConsent]:
    """What the file claims, each purpose and channel once."""
    purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(organisation_id=source.organisation_id)}
    pairs = dict.fromkeys((consent["purpose"], consent["channel"]) for consent in source.consents)
    return [
        ClaimedConsent(
            purpose_id=purposes[key].pk,
            key=key,
            version=purposes[key].version,
            channel=channel,
            basis=purposes[key].basis,
            waits=held or purposes[key].double_opt_in,
            days=purposes[key].valid_for_days,
        )
        for key, channel in pairs
        if key in purposes
    ]
