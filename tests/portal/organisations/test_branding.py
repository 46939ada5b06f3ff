"""How public pages look: the logo and the colour that an owner sets."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled
from PIL import Image, ImageFile, PngImagePlugin

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError
from portal.organisations.actions import Branding, change_branding
from portal.organisations.logos import MOST_STORED, logo_of
from portal.organisations.models import Organisation, OrganisationLogo
from tests.people import actor_of, client_of
from tests.portal.organisations.pictures import SVG, bomb, drawn, file_of, uploaded

pytestmark = pytest.mark.django_db
PATH = "/o/acme/settings/public-pages/"


def look(owner: User, **given: Any) -> Any:
    return client_of(owner).post(PATH, {"accent": "", "logo_text": "", **given})


def code_of(content: bytes) -> str:
    with pytest.raises(InvalidInputError) as refused:
        logo_of(content)
    return refused.value.errors[0].code


def test_an_owner_sets_the_logo_and_anybody_gets_it(owner: User, acme: Organisation) -> None:
    answer = look(owner, logo=uploaded(file_of(drawn())), accent="#8A4B08", logo_text="The Acme company")
    assert answer.status_code == 302, answer.content.decode()
    acme.refresh_from_db()
    assert (acme.accent, acme.logo_text) == ("#8a4b08", "The Acme company")
    served = Client().get(f"/b/acme/{acme.logo}.png")
    assert hashlib.sha256(served.content).hexdigest() == acme.logo
    assert served["Content-Type"] == "image/png"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in served["Cache-Control"]
    assert not served.cookies
    picture = Image.open(BytesIO(served.content))
    assert picture.size == (acme.logo_width, acme.logo_height)
    assert picture.width <= 600 and picture.height <= 200
    assert len(served.content) <= MOST_STORED
    page = client_of(owner).get("/o/acme/settings/").content.decode()
    assert f'src="/b/acme/{acme.logo}.png"' in page
    assert 'alt="The Acme company"' in page


def test_the_change_is_in_the_audit_log_once(owner: User, acme: Organisation) -> None:
    for _ in range(2):
        look(owner, accent="#8a4b08")
    entry = AuditEntry.objects.get(action="organisation.branding_changed")
    assert entry.details["changed"] == ["accent"]
    assert entry.organisation_id == acme.pk


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_format_becomes_a_png_without_what_came_along(kind: str) -> None:
    said: dict[str, Any] = {"icc_profile": b"a profile of somebody"}
    if kind == "PNG":
        note = PngImagePlugin.PngInfo()
        note.add_text("Author", "Ada Lovelace")
        said["pnginfo"] = note
    else:
        exif = Image.Exif()
        exif[0x013B] = "Ada Lovelace"
        said["exif"] = exif
    content = file_of(drawn(ground="#ffffff"), kind, **said)
    assert b"Ada Lovelace" in content
    logo = logo_of(content)
    assert b"Ada Lovelace" not in logo.png
    picture = Image.open(BytesIO(logo.png))
    assert (picture.format, picture.info.keys() - {"transparency"}) == ("PNG", set())


def test_a_photograph_turned_by_its_camera_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    logo = logo_of(file_of(drawn(size=(300, 100), ground="#ffffff"), "JPEG", exif=exif))
    assert logo.width < logo.height


def test_transparent_margins_are_cut_off() -> None:
    wide = Image.new("RGBA", (1000, 1000))
    wide.paste(drawn(size=(400, 120)), (300, 440))
    logo = logo_of(file_of(wide))
    assert logo.width / logo.height > 2


def test_a_picture_of_very_many_colours_still_stays_small() -> None:
    noise = Image.effect_noise((600, 200), 120).convert("RGB")
    assert len(logo_of(file_of(noise)).png) <= MOST_STORED


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (SVG, "logo_unreadable"),
        (b"", "logo_unreadable"),
        (b"GIF89a" + bytes(50), "logo_unreadable"),
        (file_of(drawn())[:400], "logo_unreadable"),
        (file_of(drawn(), "GIF"), "logo_unreadable"),
        (bomb(), "logo_too_many_pixels"),
        (bomb(5000), "logo_too_many_pixels"),
        (file_of(drawn(size=(120, 31))), "logo_too_small"),
        (file_of(drawn("#ffffff")), "logo_too_pale"),
        (file_of(drawn("#ffee88")), "logo_too_pale"),
        (file_of(drawn("#d8d8d8", ground="#fafafa"), "JPEG"), "logo_too_pale"),
        (file_of(Image.new("RGBA", (200, 80))), "logo_too_pale"),
        (file_of(drawn()) + bytes(1024**2), "logo_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_good_as_a_logo_is_refused_with_a_code(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_half_a_picture_is_refused_also_after_a_pdf_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    assert code_of(file_of(drawn())[:400]) == "logo_unreadable"
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_a_white_logo_is_fine_on_a_ground_of_its_own() -> None:
    assert logo_of(file_of(drawn("#ffffff", ground="#0b3d91"))).width == 600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (SVG, "SVG is not taken"),
        (bomb(), "too many pixels"),
        (file_of(drawn("#ffffff")), "On white this logo can hardly be seen"),
        (file_of(drawn()) + bytes(1024**2), "larger than 1 MB"),
    ],
    ids=["svg", "bomb", "pale", "large"],
)
def test_a_refused_logo_is_told_at_its_field_and_changes_nothing(
    owner: User, acme: Organisation, content: bytes, sentence: str
) -> None:
    look(owner, logo=uploaded(file_of(drawn())))
    acme.refresh_from_db()
    before = acme.logo
    page = look(owner, logo=uploaded(content), accent="#8a4b08")
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert 'id="id_logo_error"' in page.content.decode()
    acme.refresh_from_db()
    assert (acme.logo, acme.accent) == (before, "")


@pytest.mark.parametrize(("accent", "sentence"), [("#ffee88", "Too pale on white"), ("red", "six hexadecimal digits")])
def test_a_colour_nobody_sees_is_refused(owner: User, acme: Organisation, accent: str, sentence: str) -> None:
    assert sentence in look(owner, accent=accent).content.decode()
    acme.refresh_from_db()
    assert acme.accent == ""


def test_both_things_that_are_wrong_are_told_at_once(owner: User, acme: Organisation) -> None:
    with scope(organisation=acme), pytest.raises(InvalidInputError) as refused:
        change_branding(
            actor=actor_of(owner, acme), organisation=acme, branding=Branding(accent="#ffee88", picture=SVG)
        )
    assert [problem.code for problem in refused.value.errors] == ["low_contrast", "logo_unreadable"]


def test_the_reasons_come_in_french(owner: User, acme: Organisation) -> None:
    client = client_of(owner)
    page = client.post(PATH, {"logo": uploaded(SVG)}, headers={"Accept-Language": "fr"}).content.decode()
    assert "Ce n&#x27;est pas une image que nous pouvons lire" in page


def test_a_new_logo_takes_the_place_of_the_old_and_it_can_be_removed(owner: User, acme: Organisation) -> None:
    look(owner, logo=uploaded(file_of(drawn())))
    acme.refresh_from_db()
    first = acme.logo
    look(owner, logo=uploaded(file_of(drawn("#0b3d91"))))
    acme.refresh_from_db()
    assert acme.logo != first
    assert Client().get(f"/b/acme/{first}.png").status_code == 404
    look(owner, remove_logo="on")
    acme.refresh_from_db()
    assert (acme.logo, acme.logo_width) == ("", 0)
    with scopes_disabled():
        assert not OrganisationLogo.objects.exists()


def test_another_organisation_does_not_serve_it(owner: User, acme: Organisation, other: Organisation) -> None:
    look(owner, logo=uploaded(file_of(drawn())))
    acme.refresh_from_db()
    assert Client().get(f"/b/{other.slug}/{acme.logo}.png").status_code == 404


@pytest.mark.parametrize("role", ["marketer", "viewer"])
def test_only_owners_change_the_look(role: str, acme: Organisation, request: pytest.FixtureRequest) -> None:
    member = request.getfixturevalue(role)
    assert look(member, accent="#8a4b08").status_code == 403
    acme.refresh_from_db()
    assert acme.accent == ""


def test_the_other_settings_leave_the_look_alone(owner: User, acme: Organisation) -> None:
    look(owner, logo=uploaded(file_of(drawn())), accent="#8a4b08")
    values = {"name": "Acme SA", "locale": "fr", "time_zone": "Europe/Paris", "country": "FR"}
    assert client_of(owner).post("/o/acme/settings/", values).status_code == 302
    acme.refresh_from_db()
    assert (acme.name, acme.accent, len(acme.logo)) == ("Acme SA", "#8a4b08", 64)


def test_a_colour_is_a_stylesheet_that_follows_from_its_address() -> None:
    answer = Client().get("/b/8a4b08.css")
    assert answer["Content-Type"].startswith("text/css")
    assert "--accent: #8a4b08; --accent-ink: #ffffff" in answer.content.decode()
    assert "immutable" in answer["Cache-Control"]
    assert Client().post("/b/8a4b08.css").status_code == 405
    assert Client().get("/b/red.css").status_code == 404
