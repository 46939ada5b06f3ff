"""What every portal page is drawn with: the menu, the organisations to switch to, the languages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from portal.ui.queries import organisations_of
from portal.ui.registry import menu_for

if TYPE_CHECKING:
    from portal.organisations.models import Organisation


def portal_context(request: HttpRequest) -> dict[str, Any]:
    """Lazy values: public pages and error pages that draw no menu cost no query."""
    organisation = getattr(request, "organisation", None)
    return {
        "current_organisation": organisation,
        "menu": SimpleLazyObject(lambda: _menu(request)),
        "switchable": SimpleLazyObject(lambda: _switchable(request)),
        "languages": settings.LANGUAGES,
        "current_language": get_language(),
        "production": settings.ACCORD.production,
    }


def _menu(request: HttpRequest) -> Sequence[Any]:
    return menu_for(request) if _signed_in(request) else []


def _switchable(request: HttpRequest) -> Sequence["Organisation"]:
    return organisations_of(request.user.pk) if _signed_in(request) and request.user.pk else []


def _signed_in(request: HttpRequest) -> bool:
    return hasattr(request, "user") and request.user.is_authenticated
