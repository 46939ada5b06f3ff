"""The families of fields this app provides, registered when it starts."""

from __future__ import annotations

from subscribers.segments.attributes import AttributeFields
from subscribers.segments.basics import CONTACT_FIELD_NAMES, ContactFields
from subscribers.segments.references import SegmentFields
from subscribers.segments.vocabulary import register_field_family


def register_families() -> None:
    contact = ContactFields()
    for name in CONTACT_FIELD_NAMES:
        register_field_family(name, contact)
    register_field_family("attributes", AttributeFields())
    register_field_family("segment", SegmentFields())
