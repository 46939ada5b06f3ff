"""A picture somebody chose as a logo, made anew: the first frame as a small PNG without anything else in it.

What browsers get is never a byte of what was uploaded. SVG is not among the formats: it can carry script.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFile, ImageOps

from portal.errors import InvalidInputError, type_of_text
from portal.ui.contrast import stands_out_on_white

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_UPLOADED = 1024**2
# A file of some kilobytes can unfold to gigabytes: the header says how many pixels, before any is made.
MOST_PIXELS = 8_000_000
LEAST_SIDE = 32
LARGEST = (600, 200)
# Public pages weigh less than 30 KB with everything in them.
MOST_STORED = 10_000
# Of a logo on white this share of the pixels must stand out from it: thin letters cover a tenth.
LEAST_VISIBLE = 0.01
COLOURS = 256
ONE_AT_A_TIME = Lock()

DETAILS: dict[str, type_of_text] = {
    "logo_too_large": _("The file is larger than 1 MB. Export the logo smaller: 600 by 200 pixels are enough."),
    "logo_unreadable": _("This is not a picture we can read. Send the logo as PNG, JPEG or WebP; SVG is not taken."),
    "logo_too_many_pixels": _("The picture has too many pixels. Export it smaller: 600 by 200 are enough."),
    "logo_too_small": _("The picture is too small to be sharp: each side needs at least 32 pixels."),
    "logo_too_pale": _(
        "On white this logo can hardly be seen. Choose a darker one, or one with a coloured ground of its own."
    ),
}


@dataclass(frozen=True)
class Logo:
    """What is kept: the PNG, its SHA-256 in hex, and its size in pixels."""

    png: bytes
    digest: str
    width: int
    height: int


def refusal(code: str) -> InvalidInputError:
    return InvalidInputError.at("logo", code=code, detail=DETAILS[code])


def logo_of(content: bytes) -> Logo:
    """The logo made of an uploaded picture; raises ``invalid_input`` with one of the codes above at ``logo``."""
    if len(content) > MOST_UPLOADED:
        raise refusal("logo_too_large")
    picture = trimmed(opened(content))
    if is_pale_picture(picture):
        raise refusal("logo_too_pale")
    png, (width, height) = small_png(picture)
    return Logo(png, hashlib.sha256(png).hexdigest(), width, height)


def opened(content: bytes) -> Image.Image:
    """The pixels, as they are to be seen, with transparency."""
    try:
        with whole_only(), Image.open(BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise refusal("logo_too_many_pixels")
            return ImageOps.exif_transpose(picture).convert("RGBA")
    except InvalidInputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise refusal("logo_too_many_pixels") from None
    except Exception:  # the readers of formats raise whatever a broken file makes them trip over
        raise refusal("logo_unreadable") from None


@contextmanager
def whole_only() -> Iterator[None]:
    """WeasyPrint, once loaded, has Pillow take half a picture for a whole one, everywhere in the process."""
    with ONE_AT_A_TIME:
        usual = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = usual


def trimmed(picture: Image.Image) -> Image.Image:
    """Without transparent margins, no larger than is shown, and in a new picture: no profile, no comment, no place."""
    box = picture.getbbox()
    if box is None:
        raise refusal("logo_too_pale")
    cut = picture.crop(box)
    if min(cut.size) < LEAST_SIDE:
        raise refusal("logo_too_small")
    cut.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    fresh = Image.new("RGBA", cut.size)
    fresh.paste(cut)
    return fresh


def is_pale_picture(picture: Image.Image) -> bool:
    """Whether hardly a pixel of it stands out from a white page."""
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    pixels = picture.width * picture.height
    colours: list[tuple[int, tuple[int, int, int]]] = page.convert("RGB").getcolors(pixels) or []  # type: ignore[assignment]
    return sum(count for count, colour in colours if stands_out_on_white(colour)) < LEAST_VISIBLE * pixels


def small_png(picture: Image.Image) -> tuple[bytes, tuple[int, int]]:
    """In all its colours if that is small enough; else in fewer, and then in fewer pixels."""
    while True:
        for version in (picture, picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)):
            written = BytesIO()
            version.save(written, "PNG", optimize=True)
            if written.tell() <= MOST_STORED:
                return written.getvalue(), version.size
        smaller = (max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4))
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)
