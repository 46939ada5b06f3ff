"""What each version of a form showed: over HTTP for integrators, side by side for people."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from django_scopes import scope

from consent.collection.actions import publish_point, update_point
from consent.collection.models import CollectionPoint
from portal.accounts.models import User
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.consent.collection.forms import TEXTS
from tests.people import api_of, client_of
from tests.portal.seals.keeping import superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(acme: Organisation, point: CollectionPoint) -> CollectionPoint:
    """A form whose second version says something else in English, and no longer speaks French."""
    system = Actor.system(acme)
    texts = {"en": {**TEXTS["en"], "intro": "Twice a month, what is new."}}
    with scope(organisation=acme):
        changed = update_point(
            actor=system, point=point, changes={"texts": texts, "languages": ["en"], "double_opt_in": False}
        )
        return publish_point(actor=system, point=changed)


def test_each_version_is_answered_word_for_word(acme: Organisation, viewer: User, two: CollectionPoint) -> None:
    system = api_of(viewer, acme)
    newest, oldest = system.get("/collection-points/newsletter/versions").json()["items"]
    assert (newest["number"], newest["languages"]) == (2, ["en"])
    assert (oldest["number"], oldest["languages"], oldest["published_by"]) == (1, ["en", "fr"], "system")
    found = system.get("/collection-points/newsletter/versions/1").json()
    document = found.pop("document")
    assert found == oldest
    assert document["languages"]["fr"]["intro"] == "Une fois par mois, les nouveautés."
    assert hashlib.sha256(rfc8785.dumps(document)).hexdigest() == oldest["digest"]


def test_versions_come_in_pages(acme: Organisation, viewer: User, two: CollectionPoint) -> None:
    system = api_of(viewer, acme)
    first = system.get("/collection-points/newsletter/versions?limit=1").json()
    second = system.get(f"/collection-points/newsletter/versions?limit=1&cursor={first['next_cursor']}").json()
    assert [page["items"][0]["number"] for page in (first, second)] == [2, 1]
    assert second["next_cursor"] is None


def test_what_is_not_there_and_what_is_of_others_is_not_found(
    acme: Organisation, other: Organisation, viewer: User, stranger: User, two: CollectionPoint
) -> None:
    system, theirs = api_of(viewer, acme), api_of(stranger, other)
    for path in ("newsletter/versions/3", "newsletter/versions/0", f"newsletter/versions/{10**20}", "other/versions"):
        assert system.get(f"/collection-points/{path}").status_code == 404, path
    for path in ("newsletter/versions", "newsletter/versions/1"):
        assert theirs.get(f"/collection-points/{path}").status_code == 404, path


def test_two_versions_stand_side_by_side(viewer: User, two: CollectionPoint) -> None:
    browser = client_of(viewer)
    assert (
        "/o/acme/collection-points/newsletter/compare/"
        in browser.get("/o/acme/collection-points/newsletter/").content.decode()
    )
    page = browser.get("/o/acme/collection-points/newsletter/compare/").content.decode()
    assert "<del>Once</del> a month, what is new." in " ".join(page.split())
    assert "<ins>Twice</ins> a month, what is new." in " ".join(page.split())
    assert "I want to receive “Newsletter” by" in page
    same = browser.get("/o/acme/collection-points/newsletter/compare/?from=1&to=1&language=fr").content.decode()
    assert "<del>" not in same and "Une fois par mois" in same
    assert browser.get("/o/acme/collection-points/newsletter/compare/?from=7").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_version_that_was_changed_at_the_tables_can_be_looked_at(
    acme: Organisation, viewer: User, two: CollectionPoint
) -> None:
    """That is just when somebody looks."""
    system, browser = api_of(viewer, acme), client_of(viewer)
    for change in ("{}", '{"languages": {"en": null}}', '{"languages": {"en": {"choices": [{}], "fields": [{}]}}}'):
        with superuser() as cursor:
            cursor.execute("UPDATE consent_formversion SET document = %s WHERE number = 1", [change])
        assert system.get("/collection-points/newsletter/versions").status_code == 200
        assert system.get("/collection-points/newsletter/versions/1").status_code == 200
        assert browser.get("/o/acme/collection-points/newsletter/compare/").status_code == 200


def test_a_form_that_was_never_published_has_nothing_to_compare(
    acme: Organisation, viewer: User, point: CollectionPoint
) -> None:
    with scope(organisation=acme):
        CollectionPoint.objects.filter(pk=point.pk).update(number=0)
    assert client_of(viewer).get("/o/acme/collection-points/newsletter/compare/").status_code == 404
