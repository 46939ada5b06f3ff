"""vCards as a table: one person a row, as any address book writes them."""

from __future__ import annotations

import csv

import pytest

from subscribers.imports.problems import EmptyFileError
from tests.subscribers.imports.files import table_lines, table_of


def people(text: str | bytes) -> list[dict[str, str]]:
    table = table_of(text if isinstance(text, bytes) else text.encode())
    assert (table.kind, table.named) == ("vcard", True)
    return list(csv.DictReader(table_lines(table)))


def card(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def test_a_card_of_each_version_is_a_row() -> None:
    text = (
        card("N:Martin;Ada;;;", "TEL;CELL:06 12 34 56 78", "EMAIL;INTERNET:ada@example.org", version="2.1")
        + card("FN:Ben Schmidt", "N:Schmidt;Ben", "EMAIL;TYPE=work:ben@example.net", version="3.0")
        + card("FN:Cleo", "EMAIL:cleo@example.org", "TEL;VALUE=uri:tel:+33612345678", version="4.0")
    )
    columns = ("first name", "last name", "email", "phone")
    assert [tuple(person[column] for column in columns) for person in people(text)] == [
        ("Ada", "Martin", "ada@example.org", "06 12 34 56 78"),
        ("Ben", "Schmidt", "ben@example.net", ""),
        ("", "Cleo", "cleo@example.org", "+33612345678"),
    ]


@pytest.mark.parametrize(
    ("lines", "column", "text"),
    [
        (["ORG:Acme\\, Inc.;Sales"], "organisation", "Acme, Inc. Sales"),
        (["TITLE:Head"], "title", "Head"),
        (["ADR;TYPE=home:;;12 rue X;Lyon;;69001;France"], "city", "Lyon"),
        (["ADR;TYPE=home:;;12 rue X;Lyon;;69001;France"], "country", "France"),
        (["BDAY:19960415"], "birthday", "1996-04-15"),
        (["BDAY:1996-04-15T00:00:00Z"], "birthday", "1996-04-15"),
        (["NOTE:one\\ntwo\\; three\\, four"], "note", "one\u2028two; three, four"),
        (["NOTE:a long", "  line"], "note", "a long line"),
        (["CATEGORIES:vip,news", "CATEGORIES:vip"], "tags", "vip, news"),
        (["UID:urn:uuid:1"], "uid", "urn:uuid:1"),
        (["LANG:fr"], "language", "fr"),
        (["N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Lef=E8vre;=C9lo=", "die"], "last name", "Lefèvre"),
        (["N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Lef=E8vre;=C9lo=", "die"], "first name", "Élodie"),
        (["item1.EMAIL;type=INTERNET;type=pref:a@b.example"], "email", "a@b.example"),
        (['EMAIL;TYPE="work:x";PREF=1:mailto:a@b.example'], "email", "a@b.example"),
        (["EMAIL:b@b.example", "EMAIL;PREF=1:a@b.example"], "email", "a@b.example"),
        (["EMAIL:b@b.example", "EMAIL;PREF=1:a@b.example"], "email 2", "b@b.example"),
        (["FN:Ada Marie Martin"], "last name", "Martin"),
    ],
)
def test_properties_become_cells(lines: list[str], column: str, text: str) -> None:
    assert people(card(*lines))[0][column] == text


def test_columns_that_no_card_fills_are_left_out() -> None:
    assert list(people(card("EMAIL:a@b.example") + card("TEL:12"))[0]) == ["email", "phone"]


def test_pictures_and_cards_inside_cards_are_left_out() -> None:
    text = card("PHOTO;ENCODING=b:" + "A" * 300_000, "AGENT:", card("FN:Agent").strip(), "EMAIL:a@b.example")
    assert people(text) == [{"email": "a@b.example"}]


def test_a_card_that_never_ends_ends_with_the_next() -> None:
    text = "BEGIN:VCARD\nEMAIL:a@b.example\n" + card("EMAIL:c@d.example") + "begin:vcard\nEMAIL:e@f.example"
    assert [person["email"] for person in people(text)] == ["a@b.example", "c@d.example", "e@f.example"]


def test_the_encoding_is_found() -> None:
    assert people(card("FN:Zoé Lefèvre").encode("cp1252"))[0]["full name"] == "Zoé Lefèvre"
    assert people(card("FN:Zoé Lefèvre").encode("utf-16"))[0]["full name"] == "Zoé Lefèvre"


def test_cards_of_nobody_are_refused() -> None:
    with pytest.raises(EmptyFileError):
        table_of(card("REV:2026").encode())
