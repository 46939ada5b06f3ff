"""A picture of a notice is made anew: upright, small, and without anything the pixels don't say."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from consent.notices.pictures import MOST_STORED, picture_of
from portal.errors import InvalidInputError
from tests.consent.notices.files import picture


@pytest.mark.parametrize(("kind", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_the_content_says_what_it_is(kind: str, extension: str) -> None:
    made = picture_of(picture(kind))
    assert made.extension == extension
    assert Image.open(BytesIO(made.content)).format == kind


def test_it_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    exif[0x010E] = "At home"
    made = picture_of(picture("JPEG", (200, 100), exif=exif.tobytes()))
    opened = Image.open(BytesIO(made.content))
    assert opened.size == (100, 200)
    assert not opened.getexif() and b"At home" not in made.content


def test_comments_and_profiles_are_left_behind() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Somebody")
    made = picture_of(picture("PNG", pnginfo=info, icc_profile=b"a profile"))
    assert b"Somebody" not in made.content and b"iCCP" not in made.content


def test_transparency_stays() -> None:
    written = BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(written, "PNG")
    assert Image.open(BytesIO(picture_of(written.getvalue()).content)).getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_what_is_heavy_is_made_smaller_until_it_is_light() -> None:
    written = BytesIO()
    Image.effect_noise((1400, 1000), 90).save(written, "PNG")
    made = picture_of(written.getvalue())
    assert len(made.content) <= MOST_STORED
    assert made.extension == "webp"


def test_a_photograph_sent_as_png_keeps_its_size() -> None:
    written = BytesIO()
    Image.radial_gradient("L").resize((1600, 1200)).effect_spread(9).save(written, "PNG")
    assert written.tell() > MOST_STORED
    made = picture_of(written.getvalue())
    assert Image.open(BytesIO(made.content)).size == (1600, 1200)


def test_one_frame_is_kept_of_a_moving_picture() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    written = BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    assert getattr(Image.open(BytesIO(picture_of(written.getvalue()).content)), "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_unreadable"),
        (b"<svg/>", "picture_unreadable"),
        (picture("GIF"), "picture_unreadable"),
        (picture("TIFF"), "picture_unreadable"),
        (picture()[:70], "picture_unreadable"),
        (picture("PNG", (6001, 4000)), "picture_too_many_pixels"),
        (picture("PNG", (20000, 9000)), "picture_too_many_pixels"),
        (b"x" * (5 * 1024**2 + 1), "picture_too_large"),
    ],
)
def test_others_are_refused(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        picture_of(content)
    assert [problem.code for problem in refused.value.errors] == [code]
