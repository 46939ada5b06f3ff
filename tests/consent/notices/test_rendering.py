"""A notice without pictures and documents is rendered as ever: its digest stands in proofs that were handed out."""

from __future__ import annotations

import hashlib

import pytest

from consent.notices.rendering import html_of, text_of
from consent.notices.structure import (
    ITEMS,
    AttachedFile,
    ConsentChoice,
    Download,
    KnownPurpose,
    Notice,
    Picture,
    PurposeLine,
    Section,
    Wording,
)

KNOWN = {
    "newsletter": KnownPurpose("newsletter", "The letter", "consent"),
    "offers": KnownPurpose("offers", "Offers", "legitimate_interest"),
}
PLAIN = {
    "language": "en",
    "title": "What we do with <your> data",
    "summary": "Acme writes to you.\n\nYou can stop at any time: https://acme.example/stop",
    "items": {code: f"Words about {code} & more.\nSecond line." for code in ITEMS},
    "purposes": (PurposeLine("newsletter", "News.", "3 years"), PurposeLine("offers", "Offers.", "1 year")),
    "choices": (ConsentChoice(("newsletter",), "May we?", "Yes", "No"), ConsentChoice(("offers",), "And these?")),
    "sections": (Section("Our shops", "Twelve of them."), Section("", "Without heading.")),
}
# Of what the release before pictures made of the same words.
TEXT = "a1b061fd13968afc50d47c93c4356149a5ec486f61859242b8b4f34cddde3305"
HTML = {
    "collection": "2941e093fe337ee81cb7317a8361b44e0a3f5f873825e5ca554406bd884f4da3",
    "privacy_policy": "df448ff1704d526f32a58e681849251a288eade261b22a73456cee31b2ae4fa4",
}


def rendered(wording: Wording, kind: str = "collection") -> tuple[str, str]:
    notice = Notice("signup", kind, (wording,))
    return text_of(wording, notice, KNOWN), html_of(wording, notice, KNOWN, address=lambda file: f"/f/{file.sha256}")


@pytest.mark.parametrize("kind", sorted(HTML))
def test_no_byte_differs_from_earlier_releases(kind: str) -> None:
    found = [hashlib.sha256(each.encode()).hexdigest() for each in rendered(Wording(**PLAIN), kind)]
    assert found == [TEXT, HTML[kind]]


def test_what_is_written_about_a_picture_is_never_markup() -> None:
    file = AttachedFile('a"b', '"><b>.png', "image/png", 10, 1, 2)
    picture = Picture(file, '"><script>alert(1)</script>', place="rights")
    wording = Wording(**PLAIN, pictures=(picture,), downloads=(Download(file, "<i>Title"),))
    text, html = rendered(wording)
    assert "<script" not in html and "<b>" not in html and "<i>" not in html
    assert 'alt="&quot;&gt;&lt;script&gt;' in html
    assert "<script>alert(1)</script>" in text, "the text is plain, and says what was written"


def test_a_picture_stands_where_it_was_put() -> None:
    file = AttachedFile("ff", "map.png", "image/png", 10, 30, 20)
    section = Section("Our shops", "Twelve of them.", Picture(file, "A map of our shops"))
    placed = Picture(file, "A hand", place="rights", icon=True)
    _text, html = rendered(Wording(**{**PLAIN, "sections": (section,), "pictures": (placed,)}))
    summary = '<summary><img src="/f/ff" alt="A hand" width="30" height="20" loading="lazy" class="icon"> Your rights'
    assert summary in html
    map_of_shops = '<p>Twelve of them.</p>\n<p class="picture"><img src="/f/ff" alt="A map of our shops"'
    assert map_of_shops in html


def test_a_file_that_is_gone_is_left_out() -> None:
    wording = Wording(**PLAIN, pictures=(Picture(alternative="Gone"),), downloads=(Download(title="Gone, too"),))
    assert "Gone" not in "".join(rendered(wording))
