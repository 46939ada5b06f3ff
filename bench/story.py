"""What is measured, in its order: people come in, are counted, handed off, and leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_scopes import scope

from bench.doors import measure_doors
from bench.handoff import measure_hand_off
from bench.imports import measure_imports
from bench.ledger import measure_ledger
from bench.rates import measure_rates
from bench.segments import measure_segments
from bench.setting import Server, start_server
from bench.table import Line
from consent.purposes.actions import PurposeValues, create_purpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.fields.actions import FieldValues, create_field


def organisations() -> list[Organisation]:
    """Two organisations that may hold the same people, each with a purpose and two fields."""
    return [organisation_named(slug) for slug in ("first", "second")]


def organisation_named(slug: str) -> Organisation:
    organisation = Organisation.objects.create(slug=slug, name=slug)
    actor = Actor.system(organisation)
    with scope(organisation=organisation):
        create_purpose(
            actor=actor,
            key="newsletter",
            values=PurposeValues(name="Newsletter", basis="consent", channels=["email"]),
        )
        for key, kind in (("city", "text"), ("points", "number")):
            create_field(
                actor=actor,
                organisation=organisation,
                values=FieldValues(key=key, label=key, type=kind, justification="bench"),
            )
    return organisation


def measure_all(folder: Path, rows: int) -> list[Line]:
    first, second = organisations()
    lines = measure_imports([first, second], folder, rows)
    lines += measure_segments(second)
    with running("bench.wsgi:application", 18_431) as ours, running("bench.bare:application", 18_432) as bare:
        lines += measure_hand_off(first, ours)
        lines += measure_doors(second, ours, bare)
    lines += measure_ledger(organisation_named("ledger"), rows)
    return lines + measure_rates(organisation_named("rates"), rows)


def measure_the_imports(folder: Path, rows: int) -> list[Line]:
    return measure_imports(organisations(), folder, rows)


def measure_the_ledger(_folder: Path, rows: int) -> list[Line]:
    return measure_ledger(organisation_named("ledger"), rows)


def measure_the_rates(_folder: Path, rows: int) -> list[Line]:
    return measure_rates(organisation_named("rates"), rows)


ALONE = {"imports": measure_the_imports, "ledger": measure_the_ledger, "rates": measure_the_rates}


@contextmanager
def running(application: str, port: int) -> Iterator[Server]:
    server = start_server(application, port)
    try:
        yield server
    finally:
        server.stop()
