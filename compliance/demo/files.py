"""The files of the demo: two sources of its own, what an earlier tool held, and a partner's."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile

from compliance.demo.people import Person, people, write_file
from subscribers.imports.passport.rules import Declaration

MAPPING = {
    "Adresse e-mail": "email",
    "Prénom": "first_name",
    "Nom": "last_name",
    "Téléphone": "phone",
    "Langue": "language",
    "Pays": "country",
    "Numéro client": "external_id",
    "Étiquettes": "tags",
    "Ville": "attributes.ville",
    "Points de fidélité": "attributes.points",
    "Date du consentement": "consent.occurred_at",
}


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One file of the demo, and what its marketer says of it; collected so many days ago."""

    name: str
    count: int
    seed: int
    days_ago: int
    spoiled: float
    told: Mapping[str, Any]

    def declaration(self, today: date) -> Declaration:
        return Declaration(collected_on=today - timedelta(days=self.days_ago), **self.told)


LOTS = (
    Lot(
        name="formulaire-site.csv",
        count=11_000,
        seed=1,
        days_ago=10,
        spoiled=0.02,
        told={
            "origin_kind": "own_form",
            "origin_name": "Formulaire du site",
            "collected_by": "Atelier Lumière",
            "basis": "consent",
            "consents": [{"purpose": "newsletter", "channel": "email"}],
            "evidence_note": "Case non cochée d'avance ; texte du 10 janvier, version 3.",
        },
    ),
    Lot(
        name="caisse-boutiques.csv",
        count=6_500,
        seed=2,
        days_ago=20,
        spoiled=0.01,
        told={
            "origin_kind": "own_sale",
            "origin_name": "Caisse des boutiques",
            "collected_by": "Atelier Lumière",
            "basis": "consent",
            "consents": [{"purpose": "offres", "channel": "email"}],
            "evidence_note": "Bulletin signé en boutique, conservé au siège.",
        },
    ),
    Lot(
        name="ancien-outil.csv",
        count=2_500,
        seed=3,
        days_ago=200,
        spoiled=0.03,
        told={
            "origin_kind": "migration",
            "origin_name": "Ancien outil d'envoi",
            "collected_by": "Atelier Lumière",
            "basis": "contract",
            "evidence_note": "Export complet de l'ancien outil, sans consentement repris.",
        },
    ),
    # Somebody else's: it ends in quarantine.
    Lot(
        name="partenaire-salon.csv",
        count=400,
        seed=4,
        days_ago=40,
        spoiled=0.01,
        told={
            "origin_kind": "partner",
            "origin_name": "Salon de la décoration",
            "collected_by": "Salon de la décoration",
            "basis": "consent",
            "consents": [{"purpose": "offres", "channel": "email"}],
            "evidence_note": "Bulletins du salon, liste des partenaires affichée au stand.",
        },
    ),
)


def someone(seed: int, position: int, today: date) -> Person:
    """The person at this place of a file, to be spoken of again."""
    lot = next(lot for lot in LOTS if lot.seed == seed)
    found = list(people(position + 1, seed=seed, today=today, spoiled=lot.spoiled))[position]
    return found if "@" in found.email and found.email.count("@") == 1 else someone(seed, position + 1, today)


@contextmanager
def file_of(lot: Lot, today: date) -> Iterator[TemporaryUploadedFile]:
    text = io.StringIO()
    write_file(text, people(lot.count, seed=lot.seed, today=today, spoiled=lot.spoiled))
    content = text.getvalue().encode("cp1252", "replace")  # as the office program of a French shop saves it
    with TemporaryUploadedFile(lot.name, "text/csv", len(content), None) as upload:
        upload.write(content)
        upload.seek(0)
        yield upload
