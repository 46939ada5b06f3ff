"""Where the people of an import were handed to the engine, computed from the snapshots (I-12)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from pyroaring import BitMap64

from consent.audiences.models import Audience
from consent.audiences.snapshots import loaded, unpacked_ids
from consent.ledger.spans import span
from portal.channels import Channel
from subscribers.imports.afterwards import LotAudience
from subscribers.imports.models import Import

# Index: contacts_by_import.
BROUGHT = """
SELECT string_agg(int8send(c.id), ''::bytea) FROM subscribers_contact c
WHERE c.organisation_id = %(organisation)s AND c.source_import_id = %(import)s
"""
# Index: events_by_time.
CONSENTING = """
SELECT string_agg(int8send(e.contact_id), ''::bytea) FROM (
    SELECT DISTINCT e.contact_id FROM consent_consentevent e
    WHERE e.organisation_id = %(organisation)s AND e.recorded_at BETWEEN %(since)s AND %(until)s
        AND e.source = 'import' AND e.source_reference = %(reference)s
) e
"""


def handed_off_ids(audience: Audience) -> BitMap64:
    """Whom the engine was given: the snapshot as far as it went, without those the gate left out on the way."""
    ids = loaded(audience)
    ids = BitMap64(ids[: ids.rank(audience.handed_off["upto"])])
    return ids - BitMap64.deserialize(bytes(audience.left_out)) if audience.left_out else ids


def handed_off_audiences(source: Import) -> Iterator[Audience]:
    """The audiences that can hold people of this import, newest first, one snapshot in memory at a time."""
    since = source.started_at or source.created_at
    found = Audience.objects.filter(
        organisation_id=source.organisation_id, test=False, snapshot_at__gte=since, handed_off__upto__gt=0
    )
    for pk in list(found.order_by("-pk").values_list("pk", flat=True)):
        yield Audience.objects.select_related("purpose").get(pk=pk)


def handed_off_after(source: Import) -> BitMap64:
    """Everybody who was handed off since this import began."""
    ids = BitMap64()
    for audience in handed_off_audiences(source):
        ids |= handed_off_ids(audience)
    return ids


def people_of_lot(source: Import) -> BitMap64:
    """Who came with the import, and who agreed by it, erased or not."""
    parameters = {**span(source), "import": source.pk}
    ids = BitMap64()
    with connection.cursor() as cursor:
        for statement in (BROUGHT, CONSENTING):
            cursor.execute(statement, parameters)
            (packed,) = cursor.fetchone()
            ids |= BitMap64(unpacked_ids(bytes(packed))) if packed else BitMap64()
    return ids


def audiences_of_lot(source: Import) -> list[LotAudience]:
    """The audiences in which people of the lot were handed off, newest first, with how many of them."""
    people = people_of_lot(source)
    found = []
    for audience in handed_off_audiences(source):
        count = people.intersection_cardinality(handed_off_ids(audience))
        if count:
            found.append(
                LotAudience(
                    id=audience.pk,
                    name=audience.name,
                    purpose=audience.purpose.name,
                    channel=str(Channel(audience.channel).label),
                    handed_off_at=audience.claimed_at,
                    people=count,
                )
            )
    return found
