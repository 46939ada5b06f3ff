"""The way in leads to the right page, and the dashboard shows what the member may see."""

from collections.abc import Iterator

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability, Role
from portal.ui import registry
from portal.ui.registry import DashboardCard, MenuEntry, register_card, register_menu
from tests.people import client_of, new_member, new_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_menu", {})
    monkeypatch.setattr(registry, "_cards", {})
    yield


def card(key: str, capability: Capability | None = None) -> DashboardCard:
    return DashboardCard(
        key=key,
        title=f"Card {key}",
        template="portal/cards/figures.html",
        query=lambda organisation: {"figures": [("Name", organisation.name)]},
        capability=capability,
    )


def test_a_visitor_is_led_to_sign_in() -> None:
    assert Client().get("/").headers["Location"] == "/accounts/login/?next=/"


def test_a_member_of_one_organisation_is_led_there(marketer: User) -> None:
    assert client_of(marketer).get("/").headers["Location"] == "/o/acme/"


def test_a_member_of_two_chooses(marketer: User) -> None:
    second = new_organisation("second", name="Second")
    Membership.objects.model._base_manager.create(organisation=second, user=marketer, roles=[Role.VIEWER])
    page = client_of(marketer).get("/").content.decode()
    assert 'href="/o/acme/"' in page
    assert 'href="/o/second/"' in page


def test_somebody_without_an_organisation_is_told_what_to_do(db: None) -> None:
    user = User.objects.create_user(email="alone@nowhere.example", password="x" * 12)
    assert "Ask an owner" in client_of(user).get("/").content.decode()


def test_cards_and_menu_show_what_the_role_allows(acme: Organisation, viewer: User) -> None:
    register_card(card("open"))
    register_card(card("secret", Capability.AUDIT_VIEW))
    register_menu(MenuEntry("home", "Overview", "portal:dashboard", "home"))
    register_menu(MenuEntry("audit", "Audit trail", "portal:dashboard", "history", Capability.AUDIT_VIEW))
    register_menu(MenuEntry("later", "Not built yet", "nowhere:at_all", "x"))
    page = client_of(viewer).get("/o/acme/").content.decode()
    assert "Card open" in page
    assert "Card secret" not in page
    assert 'aria-current="page"' in page
    assert "Overview" in page
    assert "Audit trail" not in page
    assert "Not built yet" not in page


def test_a_card_is_asked_for_this_organisation_only(acme: Organisation, other: Organisation) -> None:
    register_card(card("name"))
    page = client_of(new_member(other, Role.VIEWER)).get("/o/other/").content.decode()
    assert "Other" in page
    assert "Acme" not in page
