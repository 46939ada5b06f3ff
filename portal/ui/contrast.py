"""How well colours are told apart (WCAG 2.2): pure, for every place where somebody chooses a colour."""

from __future__ import annotations

import re

# WCAG 2.2, 1.4.11: what one must see to use a page stands out from its ground three to one.
LEAST_CONTRAST = 3.0
COLOUR = re.compile(r"#[0-9a-fA-F]{6}").fullmatch
WHITE, NEARLY_BLACK = "#ffffff", "#101415"
LINEAR = tuple(
    part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (n / 255 for n in range(256))
)

Rgb = tuple[int, int, int]


def rgb(colour: str) -> Rgb:
    """The three parts of ``#rrggbb``, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: Rgb) -> float:
    red, green, blue = colour
    return 0.2126 * LINEAR[red] + 0.7152 * LINEAR[green] + 0.0722 * LINEAR[blue]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours ``#rrggbb``: 1 to 21."""
    light, dark = sorted((luminance(rgb(one)), luminance(rgb(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def stands_out_on_white(colour: Rgb) -> bool:
    return 1.05 / (luminance(colour) + 0.05) >= LEAST_CONTRAST


def is_pale(accent: str) -> bool:
    """True for a colour that can hardly be told from white; no colour is none."""
    return bool(accent) and not stands_out_on_white(rgb(accent))


def ink_on(accent: str) -> str:
    """White or nearly black, whichever reads better on this colour."""
    return WHITE if contrast(accent, WHITE) >= contrast(accent, NEARLY_BLACK) else NEARLY_BLACK


def accent_css(accent: str) -> str:
    """The stylesheet of a public page with this colour, where the device is light; dark ones keep ours."""
    if not accent:
        return ""
    ink = ink_on(accent)
    return f"@media (prefers-color-scheme: light) {{ :root {{ --accent: {accent}; --accent-ink: {ink}; }} }}\n"
