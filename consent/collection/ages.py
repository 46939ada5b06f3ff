"""From which age a child may agree alone (G 8(1)), country by country; below it the parents agree, too (K-01)."""

from __future__ import annotations

DEFAULT_LIMIT = 16
# The member states that chose another age than the sixteen years of the regulation. FR: LIL 45.
LIMITS = {
    **dict.fromkeys(("BE", "DK", "EE", "FI", "LV", "MT", "NO", "PT", "SE", "GB", "IS"), 13),
    **dict.fromkeys(("AT", "BG", "CY", "ES", "IT", "LT"), 14),
    **dict.fromkeys(("CZ", "FR", "GR", "SI"), 15),
}


def age_limit(country: str) -> int:
    return LIMITS.get(country, DEFAULT_LIMIT)
