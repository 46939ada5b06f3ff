"""Files of made-up people for measuring: 14 columns, 3 % rows that can't be right, 2 % repeated, quoted cells."""

from __future__ import annotations

import csv
import random
import unicodedata
from pathlib import Path

HEADER = [
    "email",
    "first_name",
    "last_name",
    "phone",
    "external_id",
    "language",
    "country",
    "tags",
    "city",
    "points",
    "consent_date",
    "comment",
    "shop",
    "unused",
]
MAPPING: dict[str, str | None] = {
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "phone": "phone",
    "external_id": "external_id",
    "language": "language",
    "country": "country",
    "tags": "tags",
    "city": "attributes.city",
    "points": "attributes.points",
    "consent_date": "consent.occurred_at",
    "comment": None,
    "shop": None,
    "unused": None,
}
FIRST = "Alice Bruno Chloé David Élodie François Gaëlle Hugo Inès Jules Karim Léa Marc Nina Omar Paul".split()
LAST = "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy".split()
DOMAINS = [f"{name}.example" for name in "poste courriel boite mail lettre pli envoi cachet timbre sacoche".split()]


def plain(text: str) -> str:
    """Without accents: addresses that have any are rare."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def write_file(path: Path, rows: int, *, seed: int = 7) -> None:
    """A CSV of so many rows, the same one for the same seed."""
    chance = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        earlier: list[str] = []
        for number in range(rows):
            draw = chance.random()
            if draw < 0.03:
                email = f"not an address {number}"
            elif draw < 0.05 and earlier:
                email = chance.choice(earlier).upper()
            else:
                email = f"{chance.choice(FIRST)[:3].lower()}.{number}@{chance.choice(DOMAINS)}"
                if len(earlier) < 5000:
                    earlier.append(email)
            writer.writerow(
                [
                    plain(email),
                    chance.choice(FIRST),
                    chance.choice(LAST),
                    f"+336{number % 100_000_000:08d}" if chance.random() < 0.3 and draw >= 0.05 else "",
                    f"X{number:09d}",
                    chance.choice(("fr", "en", "de")),
                    chance.choice(("FR", "BE", "DE")),
                    chance.choice(("client", "prospect", "client,vip", "")),
                    chance.choice(("Lyon", "Paris", "Nantes", "Köln, Altstadt")),
                    str(chance.randrange(5000)),
                    f"2026-0{chance.randrange(1, 10)}-1{chance.randrange(10)}",
                    'said "yes", twice',
                    "shop 12",
                    "",
                ]
            )
