"""REST operations on suppression."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["suppression"])
