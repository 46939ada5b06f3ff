"""Statements that the database plans once: for the doors that run the same one thousands of times a second.

Django binds parameters on the client, so each run is parsed and planned anew; for the ledger's statement that costs
more than running it. Here parameters are bound by the server and the plan is kept with the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


class PreparedCursor(ServerBindingCursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, **{**options, "prepare": True})  # type: ignore[misc]


def prepared_rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement whose plan is kept, and answer its rows; it takes part in the transaction that is open."""
    connection.ensure_connection()
    raw: Any = connection.connection
    if raw.prepare_threshold is None:  # Django's default; its own cursors bind on the client and never prepare
        raw.prepare_threshold = 1
    server_side: Any = PreparedCursor
    wrapped: Any = connection
    with wrapped._prepare_cursor(server_side(raw)) as cursor:  # Django's own wrapping: its errors, its query log
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
