"""A picture somebody uploads for a notice, made anew: what people get is never a byte of what was sent.

So nothing hides in it: no place, no camera, no comment, no second file behind the first. SVG is not among the formats:
it can carry script.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from consent.notices.errors import file_refusal
from portal.errors import InvalidInputError
from portal.organisations.logos import whole_only

EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
MOST_UPLOADED = 5 * 1024**2
# A file of some kilobytes can unfold to gigabytes: the header says how many pixels, before any is made.
MOST_PIXELS = 24_000_000
# As wide as the public page on a sharp screen; and light enough for a phone.
LARGEST = (1600, 1600)
MOST_STORED = 300_000


@dataclass(frozen=True)
class MadeAnew:
    """The bytes that are kept, and the extension they have from now on."""

    content: bytes
    extension: str


def picture_of(content: bytes) -> MadeAnew:
    """The picture made of an uploaded one; raises ``invalid_input`` with a code ``picture_*`` at ``file``."""
    if len(content) > MOST_UPLOADED:
        raise file_refusal("picture_too_large", _("The picture is larger than 5 MB. Export it smaller."))
    kind, picture = opened(content)
    while True:
        written = encoded(picture, kind)
        if len(written) <= MOST_STORED:
            return MadeAnew(written, EXTENSIONS[kind])
        if kind == "PNG":
            kind = "WEBP"  # a photograph weighs a tenth so, and keeps its size
            continue
        smaller = (max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4))
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)


def opened(content: bytes) -> tuple[str, Image.Image]:
    """The format, by its content and not its name, and the pixels of the first frame, upright."""
    try:
        with whole_only(), Image.open(BytesIO(content), formats=tuple(EXTENSIONS)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise too_many_pixels()
            kind = str(picture.format)
            mode = "RGB" if kind == "JPEG" else "RGBA"
            # Made small first, so that the largest takes the memory of its pixels once.
            small = picture if picture.mode in ("RGB", "RGBA") else picture.convert(mode)
            small.thumbnail(LARGEST, Image.Resampling.LANCZOS)
            return kind, fresh(ImageOps.exif_transpose(small).convert(mode))
    except InvalidInputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise too_many_pixels() from None
    except Exception:  # the readers of formats raise whatever a broken file makes them trip over
        detail = _("This is not a picture we can read. Send PNG, JPEG or WebP; SVG is not taken.")
        raise file_refusal("picture_unreadable", detail) from None


def too_many_pixels() -> InvalidInputError:
    detail = _("The picture has more than 24 million pixels. Export it smaller.")
    return file_refusal("picture_too_many_pixels", detail)


def fresh(picture: Image.Image) -> Image.Image:
    """The same pixels in a picture that knows nothing else: no profile, no comment, no place."""
    made = Image.new(picture.mode, picture.size)
    made.paste(picture)
    return made


def encoded(picture: Image.Image, kind: str) -> bytes:
    written = BytesIO()
    if kind == "PNG":
        picture.save(written, "PNG", optimize=True)
    else:
        picture.save(written, kind, quality=85)
    return written.getvalue()
