"""Whether a row changes its contact is asked of every row, in short; it must be what the long way would answer."""

from __future__ import annotations

import pytest
from django.db import connection

from subscribers.imports.merging import sql

# What a contact can have, and what a row can bring.
CASES = {
    "email": (
        "VALUES ('Ada@x.example', 'ada@x.example'), (NULL, NULL)",
        "VALUES ('Ada@x.example', 'ada@x.example'), ('ADA@x.example', 'ada@x.example'), ('b@x.example', 'b@x.example'),"
        " (NULL, NULL)",
        ("email", "email_key"),
    ),
    "phone": ("VALUES ('+33600'), (NULL)", "VALUES ('+33600'), ('+33601'), (NULL)", ("phone",)),
    "external_id": ("VALUES ('a'), (NULL)", "VALUES ('a'), ('b'), (NULL)", ("external_id",)),
    "first_name": ("VALUES ('Ada'), ('')", "VALUES ('Ada'), ('Eve'), (''), (NULL)", ("first_name",)),
    "tags": (
        "VALUES ('{}'::varchar[]), ('{a,b}')",
        "VALUES ('{a}'::text[]), ('{b,a}'), ('{c,a}'), ('{}'), (NULL)",
        ("tags",),
    ),
    "attributes": (
        """VALUES ('{}'::jsonb), ('{"a": 1, "b": ["x", "y"]}')""",
        """VALUES ('{"a": 1}'::jsonb), ('{"a": 2}'), ('{"b": ["x"]}'), ('{"b": ["x", "y"], "a": 1}'),"""
        """ ('{"a": null}'), ('{"c": 1}'), ('{}'), (NULL)""",
        ("attributes",),
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("update_rule", ["fill", "overwrite"])
@pytest.mark.parametrize("column", CASES)
def test_the_short_question_has_the_answer_of_the_long_one(column: str, update_rule: str) -> None:
    has, brings, names = CASES[column]
    values = sql.new_values([column], update_rule)
    (differs,) = sql.differing([column], update_rule)
    old = ", ".join(f"c.{name}" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ({', '.join(values.values())}) IS DISTINCT FROM ({old}), ({differs}) IS TRUE"
            f" FROM ({has}) AS c({', '.join(names)}) CROSS JOIN ({brings}) AS s({', '.join(names)})"
        )
        answers = cursor.fetchall()
    assert {long for long, _short in answers} == {True, False}
    assert [short for _long, short in answers] == [long for long, _short in answers]
