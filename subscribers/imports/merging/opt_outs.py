"""Opt-outs in a file (I-07): whom another tool must not write to, we must not either. They never create a contact.

An address goes on the suppression list as a keyed hash, a hash of another tool as it is; whoever is known by it also
withdraws, in the stages. A bounce only blocks the address: the person has said nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.channels import Channel
from portal.crypto import KeyedHasher, keyed_hashes
from subscribers.imports.columns.statuses import Said
from subscribers.imports.merging.dating import collected_at
from subscribers.imports.merging.matching import holders
from subscribers.imports.models import Import
from subscribers.imports.stages import Stop
from subscribers.imports.values.cells import list_of, text_of
from subscribers.imports.values.converting import NULL
from subscribers.imports.values.rows import HASHES, StagedRows
from subscribers.suppression.models import HashType, SuppressionReason
from subscribers.suppression.recording import Prepared, contacts_of, fresh_entries, record_prepared, tied_contacts
from subscribers.suppression.rules import channels_of, digests

Place = tuple[str, bytes]  # channel and digest
REASONS = {Said.BOUNCE: SuppressionReason.BOUNCE, Said.COMPLAINT: SuppressionReason.COMPLAINT}


@dataclass(frozen=True, slots=True)
class OptOut:
    """One row: what goes on the list, on which channels nobody may write, since when, and who it is by external id."""

    line: str
    entries: tuple[Prepared, ...]
    channels: tuple[str, ...]
    at: datetime
    external_id: str
    only_blocks: bool

    @property
    def reason(self) -> str:
        return str(self.entries[0].reason) if self.entries else str(SuppressionReason.IMPORTED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many entries the list got, which contacts stop, and how many rows named nobody who could be remembered."""

    suppressed: int
    stops: list[Stop]
    unknown: int


def opt_outs_of(source: Import, rows: StagedRows) -> list[OptOut]:
    """The rows of a chunk as what they ask for. Hashes many, so it is done ahead of the merge."""
    hasher = keyed_hashes(source.organisation_id)
    claimed = tuple(dict.fromkeys(consent["channel"] for consent in source.consents))
    otherwise = collected_at(source)
    names = list(rows.columns)
    return [
        opt_out(dict(zip(names, cells, strict=True)), hasher, claimed, otherwise)
        for cells in zip(*rows.columns.values(), strict=True)
    ]


def opt_out(row: dict[str, str], hasher: KeyedHasher, claimed: tuple[str, ...], otherwise: datetime) -> OptOut:
    wanted = tuple(list_of(row.get("channels", NULL))) or claimed
    said = row.get("said", NULL)
    reason = REASONS.get(Said(said), SuppressionReason.IMPORTED) if said != NULL else SuppressionReason.IMPORTED
    # A file that claims text messages and holds e-mail addresses: in doubt nobody is written to.
    entries = tuple(entries_of(row, wanted, reason, hasher)) or tuple(entries_of(row, (), reason, hasher))
    reached = tuple(dict.fromkeys(entry.channel for entry in entries)) or tuple(map(str, Channel))
    stopped_at = row.get("stopped_at", NULL)
    return OptOut(
        line=row["line"],
        entries=entries,
        channels=tuple(dict.fromkeys((*wanted, *reached))) if wanted and entries else wanted or reached,
        at=otherwise if stopped_at == NULL else datetime.fromisoformat(stopped_at),
        external_id=row.get("external_id", NULL),
        only_blocks=reason == SuppressionReason.BOUNCE,
    )


def entries_of(
    row: dict[str, str], wanted: Sequence[str], reason: SuppressionReason, hasher: KeyedHasher
) -> Iterator[Prepared]:
    """An entry for each address and hash on each channel; ``wanted`` names the channels, none of them: all."""
    for column in ("email_key", "phone"):
        if row.get(column, NULL) != NULL:
            address = text_of(row[column])
            version, digest = hasher.current(address.encode())
            others = tuple(digests(hasher, address))
            for channel in wanted_among(channels_of(column), wanted):
                yield Prepared(channel, reason, HashType.KEYED, version, digest, address, others)
    for name in HASHES:
        if row.get(name, NULL) != NULL:
            digest = bytes.fromhex(row[name].rpartition("x")[2])
            reachable = [channel for channel in wanted if channel in ADDRESSED] or [str(Channel.EMAIL)]
            for channel in reachable:
                yield Prepared(channel, reason, HashType(name), 0, digest, others=(digest,))


ADDRESSED = (*channels_of("email_key"), *channels_of("phone"))


def wanted_among(channels: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [channel for channel in channels if not wanted or channel in wanted]


def record_opt_outs(source: Import, opt_outs: Sequence[OptOut], now: datetime) -> Recorded:
    """Put the addresses and hashes on the list; in a dry run count what would be put there."""
    entries = [entry for opt_out in opt_outs for entry in opt_out.entries]
    held: dict[Place, int | None] = {}
    if source.dry_run:
        fresh = fresh_entries(source.organisation_id, entries)
        held |= zip(fresh, contacts_of(source.organisation_id, list(fresh.values())), strict=True)
        suppressed = len(fresh)
    else:
        suppressed = len(record_prepared(source.organisation_id, entries, now=now))
    held |= tied_contacts(source.organisation_id, entries)
    named = holders(source.organisation_id, "external_id", [opt_out.external_id for opt_out in opt_outs])
    unknown = sum(not opt_out.entries and not named[number] for number, opt_out in enumerate(opt_outs))
    return Recorded(suppressed, list(stops_of(opt_outs, held, named)), unknown)


def stops_of(opt_outs: Sequence[OptOut], held: dict[Place, int | None], named: Sequence[str]) -> Iterator[Stop]:
    """Who is known by an address, a hash or an external id, each contact and channel once."""
    channels: dict[int, dict[str, datetime]] = defaultdict(dict)
    for number, opt_out in enumerate(opt_outs):
        if opt_out.only_blocks:
            continue
        known = [held.get((entry.channel, digest)) for entry in opt_out.entries for digest in entry.others]
        if named[number]:
            known.append(int(named[number]))
        for contact in {one for one in known if one is not None}:
            for channel in opt_out.channels:
                channels[contact].setdefault(channel, opt_out.at)
    for contact, stopped in sorted(channels.items()):
        for at in sorted(set(stopped.values())):
            yield Stop(contact, tuple(channel for channel, since in stopped.items() if since == at), at)
