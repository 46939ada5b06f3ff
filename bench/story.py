"""What is measured, in its order: people come in, are counted, handed off, and leave."""

from __future__ import annotations

from pathlib import Path

from django_scopes import scope

from bench.imports import measure_imports
from bench.table import Line
from consent.purposes.actions import PurposeValues, create_purpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.fields.actions import FieldValues, create_field


def organisations() -> list[Organisation]:
    """Two organisations that may hold the same people, each with a purpose and two fields."""
    made = []
    for slug in ("first", "second"):
        organisation = Organisation.objects.create(slug=slug, name=slug)
        actor = Actor.system(organisation)
        with scope(organisation=organisation):
            create_purpose(
                actor=actor, key="newsletter", values=PurposeValues(name="Newsletter", basis="consent", channels=["email"])
            )
            for key, kind in (("city", "text"), ("points", "number")):
                create_field(
                    actor=actor, organisation=organisation, values=FieldValues(key=key, label=key, type=kind, justification="bench")
                )
        made.append(organisation)
    return made


def measure_all(folder: Path, rows: int) -> list[Line]:
    both = organisations()
    return measure_imports(both, folder, rows)
