"""JSON and NDJSON as tables: every object a row, whatever it is wrapped in."""

from __future__ import annotations

import json

import pytest

from subscribers.imports.problems import (
    BrokenFileError,
    EmptyFileError,
    TooManyColumnsError,
    UnpacksTooLargeError,
    UnreadableFileError,
)
from tests.subscribers.imports.files import table_lines, table_of

ADA, BEN = {"email": "ada@example.org", "name": "Ada"}, {"email": "ben@example.net", "name": "Ben"}
AS_LINES = ["email,name", "ada@example.org,Ada", "ben@example.net,Ben"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("json", json.dumps([ADA, BEN])),
        ("json", json.dumps({"total": 2, "contacts": [ADA, BEN]}, indent=2)),
        ("json", json.dumps({"meta": {"page": 1}, "data": {"subscribers": [ADA, BEN]}})),
        ("json", json.dumps(ADA, indent=2) + "\n" + json.dumps(BEN, indent=2)),
        ("json", "\ufeff" + json.dumps([ADA, BEN])),
        ("json", json.dumps([["email", "name"], list(ADA.values()), list(BEN.values())])),
        ("ndjson", json.dumps(ADA) + "\n" + json.dumps(BEN) + "\n"),
        ("ndjson", json.dumps(ADA) + "\r\n" + json.dumps(BEN)),
    ],
)
def test_each_object_is_a_row(kind: str, content: str) -> None:
    table = table_of(content.encode())
    assert (table.kind, table_lines(table)) == (kind, AS_LINES)
    assert table.named == ("[[" not in content)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "cp1252"])
def test_json_in_another_encoding_is_read(encoding: str) -> None:
    content = json.dumps([{"email": "zoe@example.org", "name": "Zoé"}], ensure_ascii=False).encode(encoding)
    assert table_lines(table_of(content)) == ["email,name", "zoe@example.org,Zoé"]


def test_columns_are_the_union_of_all_keys() -> None:
    content = json.dumps([{"email": "a@b.example"}, {"email": "c@d.example", "city": "Lyon"}, {"phone": 12}]).encode()
    assert table_lines(table_of(content)) == ["email,city,phone", "a@b.example,,", "c@d.example,Lyon,", ",,12"]


@pytest.mark.parametrize(
    ("value", "columns", "cells"),
    [
        ({"street": "x", "geo": {"lat": 1.5}}, "a.street,a.geo.lat", "x,1.5"),
        (["x", 2, None, "y"], "a", '"x, 2, y"'),
        ([{"v": "x"}, {"v": "y"}], "a.1.v,a.2.v", "x,y"),
        (True, "a", "true"),
        (12345678901234567890, "a", "12345678901234567890"),
        (1e3, "a", "1000.0"),
        ("0033", "a", "0033"),
        ("two\nlines", "a", "two\u2028lines"),
        ("n\0ul", "a", "n\ufffdul"),
        ('"', "a", '""""'),
    ],
)
def test_values_become_cells(value: object, columns: str, cells: str) -> None:
    assert table_lines(table_of(json.dumps([{"id": "7", "a": value}]).encode())) == [f"id,{columns}", f"7,{cells}"]


def test_a_large_document_is_read_to_its_end() -> None:
    people = [{"email": f"p{number}@example.org", "note": "x" * 100} for number in range(20_000)]
    lines = table_lines(table_of(json.dumps({"contacts": people}).encode()))
    assert (len(lines), lines[-1]) == (20_001, f"p19999@example.org,{'x' * 100}")


def test_a_list_of_addresses_alone_is_a_column() -> None:
    assert table_lines(table_of(b'["a@b.example", "c@d.example"]')) == ["value", "a@b.example", "c@d.example"]


def test_an_object_with_an_address_is_a_person_although_it_holds_a_list() -> None:
    content = json.dumps({"email": "a@b.example", "lists": [{"id": 1}, {"id": 2}]}).encode()
    assert table_lines(table_of(content)) == ["email,lists.1.id,lists.2.id", "a@b.example,1,2"]


def test_a_broken_line_of_ndjson_costs_itself_only() -> None:
    content = b'{"email": "a@b.example", "n": 1}\n{"email": "c@d\n\n[1, 2]\n{"email": "e@f.example", "n": 2}\n'
    lines = ["email,n", "a@b.example,1", '"{""email"": ""c@d"', "", '"[1, 2]"', "e@f.example,2"]
    assert table_lines(table_of(content)) == lines


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'[{"email": "a@b.example"}, {"email": ', BrokenFileError),
        (b'[{"email": "a@b.example"}, nonsense]', BrokenFileError),
        (b"[ ]", EmptyFileError),
        (b'[{"a":' * 50_000, UnpacksTooLargeError),
        (b'[{"email": "' + b"x" * 6_000_000 + b'"}]', UnpacksTooLargeError),
        (json.dumps([{f"c{number}": 1 for number in range(501)}]).encode(), TooManyColumnsError),
    ],
)
def test_what_cannot_be_read_is_refused_in_clear_words(content: bytes, error: type[UnreadableFileError]) -> None:
    with pytest.raises(error) as refused:
        table_of(content)
    assert refused.type is error


@pytest.mark.parametrize("content", [b"[email],[name]\na@b.example,A\n", b"{first},{last}\nA,B\n", b"[" * 10_000])
def test_what_only_begins_like_json_is_a_table(content: bytes) -> None:
    assert table_of(content).kind == "csv"
