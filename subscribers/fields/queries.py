"""Reads of fields: an organisation has some dozens, so they are read whole."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.errors import NotFoundError
from subscribers.fields.models import Field
from subscribers.fields.values import Customs, Kind, Reader


def declared_fields() -> QuerySet[Field]:
    """The fields of the organisation in scope, by key."""
    return Field.objects.order_by("key")


def field_of(key: str) -> Field:
    """The field with this key; ``not_found`` otherwise."""
    found = Field.objects.filter(key=key).first()
    if found is None:
        raise NotFoundError
    return found


def field_readers(customs: Customs) -> dict[str, Reader]:
    """Key -> the function that turns a value into its stored form."""
    return {row.key: Kind(row.type, tuple(row.choices), customs).reader() for row in declared_fields()}
