"""REST operations on fields."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["fields"])
