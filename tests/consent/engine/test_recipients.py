"""The stream of recipients: gated again, resumable, counted once."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.conf import settings
from django_scopes import scope, scopes_disabled

from consent.audiences.models import Audience
from consent.engine import recipients
from consent.engine.api import accepts_gzip
from consent.links import LinkTarget, read_token
from subscribers.contacts.models import Contact
from tests.consent.choices import choose
from tests.consent.engine.conftest import Scene
from tests.consent.stage import Caller, engine_caller, lines_of
from tests.people import new_contact

# The stream reads on a connection of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def claimed(audience: Audience, mode: str = "live") -> Caller:
    engine = engine_caller(mode)
    assert engine.post(f"/audiences/{audience.pk}/claim").status_code == 200
    return engine


def again(audience: Audience) -> Audience:
    with scopes_disabled():
        return Audience.objects.get(pk=audience.pk)


def test_a_line_has_the_shape_of_the_contract(scene: Scene) -> None:
    audience = scene.audience()
    response = claimed(audience).get(f"/audiences/{audience.pk}/recipients")
    assert response["Content-Type"] == "application/x-ndjson"
    first, *_others, end = lines_of(response)
    token = first["unsubscribe_url"].rsplit("/", 1)[1]
    base = settings.ACCORD.base_url
    assert first == {
        "contact": str(scene.ada.pk),
        "address": "Ada.Martin@example.org",
        "language": "fr",
        "fields": {"first_name": "Ada"},
        "art14_due": None,
        "tracking": False,
        "unsubscribe_url": f"{base}/u/{token}",
        "preferences_url": f"{base}/p/{token}",
        "why_url": f"{base}/w/{token}",
        "headers": {
            "List-Unsubscribe": f"<{base}/u/{token}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": f"{audience.pk}:newsletter:acme:accord",
        },
    }
    assert read_token(token) == LinkTarget(scene.acme.pk, scene.ada.pk, scene.newsletter.pk, "email")
    assert end == {"end": True, "sent": 3, "skipped": {}, "next_cursor": None}
    assert again(audience).state == "handed_off"


def test_text_of_every_kind_arrives_as_it_is(scene: Scene, acme: Any) -> None:
    odd = 'a "b" \\ \n \t é 😀 \u2028 <&> \x1f%s %% {x}'
    with scope(organisation=acme):
        Contact.objects.filter(pk=scene.dora.pk).update(first_name=odd, attributes={"city": odd, "n": 1.5})
        from django.utils import timezone

        from subscribers.fields.models import Field

        for key in ("city", "n", "missing"):
            Field.objects.create(
                organisation=acme, key=key, label=key, type="text", justification="x", created_at=timezone.now()
            )
    names = ["first_name", "tags", "phone", "attributes.city", "attributes.n", "attributes.missing"]
    audience = scene.audience(fields=names)
    found = {
        line.get("contact"): line for line in lines_of(claimed(audience).get(f"/audiences/{audience.pk}/recipients"))
    }
    assert found[str(scene.dora.pk)]["fields"] == {
        "first_name": odd,
        "tags": [],
        "phone": None,
        "attributes.city": odd,
        "attributes.n": 1.5,
        "attributes.missing": None,
    }
    assert found[str(scene.dora.pk)]["language"] is None
    assert found[str(scene.ada.pk)]["fields"]["tags"] == ["vip"]


def test_who_withdrew_or_was_erased_after_the_approval_is_left_out(scene: Scene) -> None:
    audience = scene.audience()
    choose(scene.ada, scene.newsletter, "withdraw")
    with scope(organisation=scene.acme):
        scene.dora.delete()
    *lines, end = lines_of(claimed(audience).get(f"/audiences/{audience.pk}/recipients"))
    assert [line["contact"] for line in lines] == [str(scene.seed.pk)]
    assert end["skipped"] == {"not_found": 1, "withdrawn": 1}
    assert again(audience).handed_off == {
        "sent": 1,
        "skipped": {"not_found": 1, "withdrawn": 1},
        "upto": scene.seed.pk,
    }


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_by_cursor_equal_the_whole_and_are_counted_once(
    scene: Scene, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        contact = new_contact(scene.acme, f"person{number}@example.org")
        choose(contact, scene.newsletter, "grant")
    audience = scene.audience()
    for contact in (scene.ada, scene.seed):
        choose(contact, scene.newsletter, "withdraw")
    monkeypatch.setattr(recipients, "SLICE", 4)
    engine = claimed(audience)
    pages, cursor, skipped = [], None, 0
    while True:
        tail = f"&cursor={cursor}" if cursor else ""
        *lines, end = lines_of(engine.get(f"/audiences/{audience.pk}/recipients?limit={size}{tail}"))
        assert len(lines) == end["sent"] <= size
        pages += lines
        skipped += sum(end["skipped"].values())
        cursor = end["next_cursor"]
        if cursor is None:
            break
    counted = again(audience).handed_off
    *whole, end = lines_of(engine.get(f"/audiences/{audience.pk}/recipients"))
    assert pages == whole
    assert (end["sent"], skipped) == (21, 2)
    assert counted == again(audience).handed_off == {**counted, "sent": 21, "skipped": {"withdrawn": 2}}


def test_a_stream_that_breaks_is_resumed_after_the_last_contact_received(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        choose(new_contact(scene.acme, f"person{number}@example.org"), scene.newsletter, "grant")
    audience = scene.audience()
    monkeypatch.setattr(recipients, "SLICE", 5)
    engine = claimed(audience)
    broken = engine.get(f"/audiences/{audience.pk}/recipients")
    received = next(iter(broken.streaming_content)).splitlines()[:3]
    broken.close()
    last = json.loads(received[-1])["contact"]
    assert again(audience).state == "approved"
    *rest, end = lines_of(engine.get(f"/audiences/{audience.pk}/recipients?cursor={last}"))
    assert len(received) + len(rest) == 12
    assert end["sent"] == 9
    assert again(audience).handed_off["sent"] == 12
    assert again(audience).state == "handed_off"


def test_a_test_audience_never_leaves_the_seeds(scene: Scene) -> None:
    audience = scene.audience(test=True)
    engine = claimed(audience, "test")
    *lines, _end = lines_of(engine.get(f"/audiences/{audience.pk}/recipients"))
    assert [line["contact"] for line in lines] == [str(scene.seed.pk)]
    with scope(organisation=scene.acme):
        Contact.objects.filter(pk=scene.seed.pk).update(seed=False)
    *lines, end = lines_of(engine.get(f"/audiences/{audience.pk}/recipients"))
    assert (lines, end["skipped"]) == ([], {"not_found": 1})


def test_it_is_packed_where_gzip_is_accepted(scene: Scene) -> None:
    audience = scene.audience()
    engine = claimed(audience)
    path = f"/audiences/{audience.pk}/recipients"
    plain = b"".join(engine.get(path).streaming_content)
    response = engine.get(path, **{"Accept-Encoding": "gzip, br"})
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(response.streaming_content)) == plain


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("br, deflate", False),
        ("", False),
    ],
)
def test_gzip_is_used_when_the_header_says_so(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("query", "code"), [("cursor=x", "invalid_cursor"), ("limit=0", "invalid_input"), ("limit=x", "invalid_input")]
)
def test_a_wrong_cursor_or_limit_is_refused(scene: Scene, query: str, code: str) -> None:
    audience = scene.audience()
    response = claimed(audience).get(f"/audiences/{audience.pk}/recipients?{query}")
    assert (response.status_code, response.json()["code"]) == (422, code)
