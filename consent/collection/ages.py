"""From which age a child may agree alone (G 8(1)), country by country; below it the parents agree, too (K-01)."""

from __future__ import annotations

DEFAULT_LIMIT = 16
# The member states that chose another age than the sixteen years of the regulation. FR: LIL 45.
LIMITS = {
    **dict.fromkeys(("BE", "EE", "FI", "GB", "IS", "LV", "MT", "NO", "PT", "SE"), 13),
    **dict.fromkeys(("AT", "BG", "CY", "ES", "IT", "LI", "LT"), 14),
    **dict.fromkeys(("CZ", "DK", "FR", "GR", "SI"), 15),
}


def age_limit(country: str) -> int:
    return LIMITS.get(country.upper(), DEFAULT_LIMIT)
