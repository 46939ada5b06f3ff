"""Addresses of pages of one organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

if TYPE_CHECKING:
    from portal.organisations.models import Organisation


def organisation_url(organisation: Organisation, name: str, **kwargs: Any) -> str:
    """The path of a page under ``/o/<slug>/``."""
    return reverse(name, kwargs={"organisation": organisation.slug, **kwargs})


def absolute(path: str) -> str:
    """A path as the outside world must write it, from ``ACCORD_BASE_URL``."""
    return f"{settings.ACCORD.base_url}{path}"
