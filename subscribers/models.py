"""The models of every room of this app, under the app's own label."""

from subscribers.contacts.models import Contact, TagName
from subscribers.fields.models import Field
from subscribers.imports.models import (
    Import,
    ImportChange,
    ImportDocument,
    ImportReject,
    ImportSample,
    SavedMapping,
)
from subscribers.segments.models import Segment
from subscribers.suppression.models import Suppression

__all__ = [
    "Contact",
    "Field",
    "Import",
    "ImportChange",
    "ImportDocument",
    "ImportReject",
    "ImportSample",
    "SavedMapping",
    "Segment",
    "Suppression",
    "TagName",
]
