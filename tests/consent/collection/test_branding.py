"""Every page that the public sees carries the logo and the colour of the organisation that asks."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from consent.collection.models import CollectionPoint, FormVersion
from consent.links import LinkTarget, make_token
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.actions import Branding, change_branding
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.collection.forms import delivered, link_in, new_point, path_of, send
from tests.papers import objects_of
from tests.people import actor_of
from tests.portal.organisations.pictures import drawn, file_of

pytestmark = pytest.mark.django_db


def look_of(organisation: Organisation, owner: User, **values: object) -> str:
    """Set the look; the address of the logo."""
    branding = Branding(**{"accent": "#8a4b08", "picture": file_of(drawn()), **values})  # type: ignore[arg-type]
    with scope(organisation=organisation):
        change_branding(actor=actor_of(owner, organisation), organisation=organisation, branding=branding)
    return f"/b/{organisation.slug}/{organisation.logo}.png"


@pytest.fixture
def newsletter(acme: Organisation) -> Purpose:
    return new_purpose(acme)


@pytest.fixture
def point(acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    return new_point(acme, newsletter)


@pytest.fixture
def token(ada: Contact, newsletter: Purpose) -> str:
    choose(ada, newsletter, "grant")
    return make_token(LinkTarget(newsletter.organisation_id, ada.pk, newsletter.pk, "email"))


def test_every_public_page_shows_the_logo_and_the_colour(
    acme: Organisation, owner: User, point: CollectionPoint, token: str
) -> None:
    logo = look_of(acme, owner)
    sent = send(point).content.decode()
    confirm = Client().get(link_in(delivered()[0])).content.decode()
    paths = [path_of(point), f"/u/{token}", f"/p/{token}", f"/p/{token}/receipt", f"/w/{token}", "/n/acme/signup"]
    pages = {path: Client().get(path).content.decode() for path in paths} | {"sent": sent, "confirm": confirm}
    for path, page in pages.items():
        assert f'<img class="logo" src="{logo}" alt="Acme" width="{acme.logo_width}"' in page, path
        assert '<link rel="stylesheet" href="/b/8a4b08.css">' in page, path
        assert "style=" not in page, path


def test_without_a_logo_the_name_stands_there(acme: Organisation, point: CollectionPoint, token: str) -> None:
    for path in (path_of(point), f"/p/{token}"):
        page = Client().get(path).content.decode()
        assert '<p class="sender">Acme</p>' in page
        assert "/b/" not in page


def test_the_text_of_the_logo_is_escaped(acme: Organisation, owner: User, token: str) -> None:
    look_of(acme, owner, logo_text='"><script>')
    assert 'alt="&quot;&gt;&lt;script&gt;"' in Client().get(f"/p/{token}").content.decode()


@pytest.mark.pango
def test_the_receipt_as_a_pdf_carries_the_logo_inside(acme: Organisation, owner: User, token: str) -> None:
    picture = re.compile(rb"/Subtype\s*/Image")
    assert not picture.search(objects_of(Client().get(f"/p/{token}/receipt.pdf").content))
    look_of(acme, owner)
    assert picture.search(objects_of(Client().get(f"/p/{token}/receipt.pdf").content))


def test_another_organisation_keeps_its_own_looks(acme: Organisation, other: Organisation, owner: User) -> None:
    look_of(acme, owner)
    page = Client().get(path_of(new_point(other, new_purpose(other)))).content.decode()
    assert "/b/" not in page
    assert other.name in page


def test_a_collection_point_may_have_a_colour_of_its_own(
    acme: Organisation, owner: User, newsletter: Purpose, point: CollectionPoint
) -> None:
    look_of(acme, owner)
    assert "#8a4b08" in Client().get(f"{path_of(point)}/style.css").content.decode()
    own = new_point(acme, newsletter, key="shop", accent="#0b3d91")
    page = Client().get(path_of(own)).content.decode()
    assert "/b/8a4b08.css" not in page
    assert f"{path_of(own)}/style.css" in page
    assert "#0b3d91" in Client().get(f"{path_of(own)}/style.css").content.decode()


def test_a_new_look_makes_no_new_version_of_a_form(acme: Organisation, owner: User, point: CollectionPoint) -> None:
    Client().get(path_of(point))
    look_of(acme, owner)
    assert Client().get(path_of(point)).status_code == 200
    with scope(organisation=acme):
        assert FormVersion.objects.count() == 1


def test_no_mail_carries_a_picture_that_is_fetched(acme: Organisation, owner: User, point: CollectionPoint) -> None:
    look_of(acme, owner)
    send(point)
    message = delivered()[0]
    parts = [message.body, *[str(part[0]) for part in message.alternatives]]
    assert not any("<img" in part or "/b/" in part for part in parts)


def test_the_look_costs_no_query(acme: Organisation, owner: User, point: CollectionPoint, token: str) -> None:
    def counted() -> dict[str, int]:
        found = {}
        for path in (path_of(point), f"/u/{token}", f"/p/{token}", f"/w/{token}", "/n/acme/signup"):
            Client().get(path)
            with CaptureQueriesContext(connection) as captured:
                assert Client().get(path).status_code == 200
            found[path] = len(captured)
        return found

    before = counted()
    look_of(acme, owner)
    assert counted() == before
