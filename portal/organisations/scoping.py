"""The manager of every model that belongs to an organisation: outside a scope, a query raises (django-scopes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django_scopes import ScopedManager

Row = TypeVar("Row", bound=models.Model)

if TYPE_CHECKING:

    class TenantManager(models.Manager[Row]):
        """As the type checker sees it: an ordinary manager of the model it stands on."""

else:

    def TenantManager() -> models.Manager:
        """A manager that only answers ``with scope(organisation=...)``, and then for that organisation alone."""
        return ScopedManager(organisation="organisation")
