"""What is pasted becomes a file: a table from a spreadsheet, or addresses in any list."""

from __future__ import annotations

import pytest

from subscribers.imports.formats.pasting import pasted
from tests.subscribers.imports.files import rows_of, table_of


def content_of(text: str) -> bytes:
    return bytes(pasted(text).read())


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.org\nben@example.net",
        "ada@example.org, ben@example.net",
        "ada@example.org; ben@example.net;",
        "ada@example.org;\r\nben@example.net\r\n\r\n",
        "<ada@example.org>,\n<ben@example.net>",
        "E-mail\nada@example.org\nben@example.net",
        "mailto:ada@example.org\nben@example.net",
        '"ada@example.org" <ada@example.org>; ben@example.net',
    ],
)
def test_addresses_may_be_listed_in_any_way(text: str) -> None:
    assert [row for _line, row in rows_of(content_of(text))] == [["ada@example.org"], ["ben@example.net"]]


@pytest.mark.parametrize(
    "text",
    [
        "Ada Martin <ada@example.org>\nBen Schmidt <ben@example.net>",
        '"Ada Martin" <ada@example.org>, Ben Schmidt <ben@example.net>',
        '"Martin, Ada" <ada@example.org>; "Schmidt, Ben" <ben@example.net>',
        "Martin, Ada <ada@example.org>; Schmidt, Ben <ben@example.net>",
        "Martin, Ada <ada@example.org>\nSchmidt, Ben <ben@example.net>",
    ],
)
def test_names_beside_addresses_are_kept(text: str) -> None:
    assert [row for _line, row in rows_of(content_of(text))] == [
        ["ada@example.org", "Ada", "Martin"],
        ["ben@example.net", "Ben", "Schmidt"],
    ]


def test_a_piece_that_is_no_address_stays_to_be_rejected() -> None:
    pieces = [f"p{number}@example.org" for number in range(9)]
    assert len(rows_of(content_of("\n".join([*pieces, "nobody in particular"])))) == 10


@pytest.mark.parametrize(
    "text",
    [
        "email\tname\nada@example.org\tAda\n",
        "email;name\nada@example.org;Ada\n",
        "email,name\nada@example.org,Ada\n",
        "name\tmail\nAda <x>\tada@example.org",
    ],
)
def test_a_table_stays_one(text: str) -> None:
    assert content_of(text).decode() == text


def test_other_formats_are_what_they_are() -> None:
    assert table_of(content_of('[{"email": "ada@example.org"}]')).kind == "json"
    assert table_of(content_of("BEGIN:VCARD\nEMAIL:ada@example.org\nEND:VCARD")).kind == "vcard"


def test_it_has_the_name_it_is_given() -> None:
    assert pasted("ada@example.org", "Pasted rows").name == "Pasted rows.csv"
