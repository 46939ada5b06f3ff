"""How files of the same columns were read the last time, offered again the next time they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from portal import audit
from portal.errors import NotFoundError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from subscribers.fields.models import Field
from subscribers.imports.columns.mapping import mapping_problems
from subscribers.imports.models import Import, SavedMapping

MOST = 500  # of one organisation; the one used longest ago goes


def signature_of(columns: Iterable[str]) -> str:
    """SHA-256 of the names of the columns, in any order."""
    return hashlib.sha256("\n".join(sorted(columns)).encode()).hexdigest()


def saved_mappings(organisation: Organisation) -> QuerySet[SavedMapping]:
    """All that is remembered, the one used last first."""
    return SavedMapping.objects.filter(organisation=organisation).order_by("-used_at", "-pk")


def saved_mapping_for(source: Import) -> SavedMapping | None:
    """What was chosen for these columns the last time; nothing for a file whose columns have no names."""
    if not source.columns or not source.header:
        return None
    return saved_mappings(source.organisation).filter(signature=signature_of(source.columns)).first()


def usable_mapping(saved: SavedMapping, columns: Iterable[str]) -> dict[str, str | None]:
    """Its mapping without fields that are no longer declared."""
    names = list(columns)
    chosen = {column: saved.mapping.get(column) for column in names}
    wrong = {problem.loc[-1] for problem in mapping_problems(chosen, names, declared_keys())}
    return {column: None if column in wrong else target for column, target in chosen.items()}


def take_up_saved_mapping(source: Import) -> None:
    """Read an upload as the last one with its columns; it is shown, and can be changed, before anything happens."""
    saved = saved_mapping_for(source)
    if saved is None:
        return
    source.mapping = usable_mapping(saved, source.columns)
    source.doubts = [doubt for doubt in source.doubts if not doubt.startswith("mapping:")]
    for name in ("date_order", "update_rule", "reject_flags", "cleared"):
        if saved.choices.get(name):
            setattr(source, name, saved.choices[name])


def declared_keys() -> list[str]:
    return list(Field.objects.values_list("key", flat=True))


def remember_mapping(source: Import, now: datetime) -> None:
    """Keep how this file is read and where it comes from for the next one with its columns; part of starting it."""
    if not source.columns or not source.header:
        return
    SavedMapping.objects.update_or_create(
        organisation=source.organisation,
        signature=signature_of(source.columns),
        defaults={
            "name": source.origin_name,
            "mapping": source.mapping,
            "choices": choices_of(source),
            "declaration": declaration_to_keep(source),
            "used_at": now,
        },
    )
    kept = saved_mappings(source.organisation).values_list("pk", flat=True)[MOST : MOST * 2]
    SavedMapping.objects.filter(pk__in=list(kept)).delete()


def choices_of(source: Import) -> dict[str, Any]:
    return {
        "date_order": source.date_order,
        "update_rule": source.update_rule,
        "reject_flags": source.reject_flags,
        "cleared": source.cleared,
    }


def declaration_to_keep(source: Import) -> dict[str, Any]:
    """Where such files come from. Dates and proofs belong to one file alone and are asked for each time."""
    return {
        "origin_kind": source.origin_kind,
        "origin_name": source.origin_name,
        "collected_by": source.collected_by,
        "basis": source.basis,
        "consents": source.consents,
        "collection_point": source.collection_point,
        "notice_language": source.notice_language,
    }


@transaction.atomic
def forget_mapping(*, actor: Actor, organisation: Organisation, saved_id: int) -> None:
    """Remember this mapping no longer. Raises NotFoundError."""
    actor.require(Capability.IMPORTS_RUN)
    found = SavedMapping.objects.filter(organisation=organisation, pk=saved_id).first()
    if found is None:
        raise NotFoundError
    audit.record(actor=actor, action="import.mapping_forgotten", target=found, details={"columns": len(found.mapping)})
    found.delete()
