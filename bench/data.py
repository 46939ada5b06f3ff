"""Files of made-up people for measuring: 14 columns, 10 of them mapped, 3 % bad rows, 2 % repeated, quoted cells."""

from __future__ import annotations

import csv
import random
import unicodedata
from pathlib import Path

MAPPING: dict[str, str | None] = {
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "language": "language",
    "country": "country",
    "tags": "tags",
    "city": "attributes.city",
    "points": "attributes.points",
    "consent_date": "consent.occurred_at",
    "consent_ip": "consent.ip",
    "phone": None,
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


def write_file(path: Path, rows: int, *, changed: int = 0, seed: int = 7) -> None:
    """A CSV of so many rows, the same one for the same seed; so many percent of the people live elsewhere by now."""
    chance = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(MAPPING)
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
            row = [
                plain(email),
                chance.choice(FIRST),
                chance.choice(LAST),
                chance.choice(("fr", "en", "de")),
                chance.choice(("FR", "BE", "DE")),
                chance.choice(("client", "prospect", "client,vip", "")),
                chance.choice(("Lyon", "Paris", "Nantes", "Köln, Altstadt")),
                str(chance.randrange(5000)),
                f"2026-0{chance.randrange(1, 10)}-1{chance.randrange(10)} {number % 24:02}:{number % 60:02}:00",
                f"192.0.2.{chance.randrange(256)}" if number % 2 else f"2001:db8::{chance.randrange(65536):x}",
                f"+336{number % 100_000_000:08d}",
                'said "yes", twice',
                "shop 12",
                "",
            ]
            if number % 100 < changed:
                row[6] = "Brest"
            writer.writerow(row)
