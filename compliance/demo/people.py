"""Made-up people, the same ones at each run: names from lists, addresses under ``.example`` (RFC 2606)."""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TextIO

COLUMNS = (
    "Adresse e-mail",
    "Prénom",
    "Nom",
    "Téléphone",
    "Langue",
    "Pays",
    "Numéro client",
    "Étiquettes",
    "Ville",
    "Points de fidélité",
    "Date du consentement",
)
FIRST_NAMES = (
    "Adèle Agathe Alice Anaïs Antoine Arthur Aurélie Baptiste Camille Capucine Charlotte Chloé Clara Claire Clément "
    "Elena Élise Emma Enzo Eva Félix Gabriel Hugo Inès Jade Jean Jeanne Julien Lana Léa Léo Lina Louis Louise Lucas "
    "Lucie Manon Marie Martin Mathis Mila Nathan Noé Noémie Nora Olivia Paul Raphaël Romane Rose Sacha Salomé Samuel "
    "Sarah Simon Sofia Théo Thomas Victor Yasmine Zoé"
).split()
LAST_NAMES = (
    "André Bailly Barbier Benoît Bernard Bertrand Blanc Bonnet Boyer Brunet Carpentier Chevalier Colin David Denis "
    "Dubois Dufour Dupont Durand Fabre Faure Fontaine Fournier François Garnier Gauthier Gérard Girard Giraud Guérin "
    "Guillot Henry Hubert Jacquet Joly Lambert Laurent Lefèvre Legrand Lemaire Leroy Lopez Lucas Marchand Martin "
    "Masson Mercier Meunier Meyer Michel Moreau Morel Müller Nguyen Noël Olivier Perrin Petit Picard Renaud Rey "
    "Robert Roche Roussel Roux Roy Simon Vidal Weber"
).split()
CITIES = "Lyon Paris Nantes Lille Bordeaux Toulouse Rennes Strasbourg Marseille Grenoble Dijon Bruxelles Genève".split()
DOMAINS = ("courriel.example", "poste.example", "boite.example", "mail.example", "lettre.example")
COUNTRIES = ("FR", "FR", "FR", "FR", "FR", "FR", "BE", "CH", "LU", "DE")
TAGS = ("client", "prospect", "salon-2026", "boutique", "vip", "presse", "professionnel")
# Numbers that the French regulator keeps for fiction, one range a file.
PHONES = {1: "019900", 2: "026191", 3: "035301", 4: "046571", 5: "053649"}
SPOILED = ("sans-arobase.example", "deux@@arobases.example", "espace au@milieu.example", "")


@dataclass(frozen=True)
class Person:
    """One row of a demo file, as its cells."""

    cells: tuple[str, ...]

    @property
    def email(self) -> str:
        return self.cells[0]


def plain(text: str) -> str:
    """The text in small ASCII letters, for an address."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def people(count: int, *, seed: int, today: date, spoiled: float = 0.0) -> Iterator[Person]:
    """``count`` people; the share ``spoiled`` of them has an address that can't be right, as real files have."""
    chance = random.Random(seed)  # noqa: S311 (a demo must be the same each time, nothing here is secret)
    phones = 0
    for number in range(count):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        address = f"{plain(first)}.{plain(last)}.{seed}{number:05d}@{chance.choice(DOMAINS)}"
        if chance.random() < spoiled:
            address = chance.choice(SPOILED)
        country = chance.choice(COUNTRIES)
        phone = ""
        if country == "FR" and chance.random() < 0.3:
            phone, phones = f"{PHONES[seed]}{phones:04d}", phones + 1
        agreed = today - timedelta(days=chance.randrange(5, 900))
        yield Person(
            (
                address,
                first,
                last,
                phone,
                "de" if country == "DE" else ("en" if chance.random() < 0.12 else "fr"),
                country,
                f"C{seed}{number:06d}",
                ",".join(chance.sample(TAGS, chance.randrange(0, 3))),
                chance.choice(CITIES),
                str(chance.randrange(0, 2000)) if chance.random() < 0.6 else "",
                agreed.isoformat(),
            )
        )


def write_file(stream: TextIO, rows: Iterator[Person]) -> None:
    """A file as a French office writes it: semicolons, a header, quoted where needed."""
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(COLUMNS)
    writer.writerows(person.cells for person in rows)
