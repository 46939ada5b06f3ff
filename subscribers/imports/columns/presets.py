"""Exports of other tools, recognised by their columns: what each column holds, and what its status words mean.

None of them makes anybody a subscriber. Who left, bounced or complained there is suppressed here (I-07); who is
subscribed there stands on what the importer claims and proves for the whole file.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from subscribers.imports.columns.looks import column_values, is_date, share
from subscribers.imports.columns.naming import plain_name

PRESETS = {
    "mailchimp": _("Mailchimp"),
    "mailchimp_subscribed": _("Mailchimp, subscribed contacts"),
    "mailchimp_unsubscribed": _("Mailchimp, unsubscribed contacts"),
    "mailchimp_cleaned": _("Mailchimp, cleaned contacts"),
    "mailchimp_nonsubscribed": _("Mailchimp, contacts that never subscribed"),
    "brevo": _("Brevo"),
    "listmonk": _("listmonk"),
}
# Names that no other tool uses; so many of them make a file one of its exports.
MAILCHIMP = frozenset(
    ("member rating", "optin time", "optin ip", "confirm time", "confirm ip", "leid", "euid", "gmtoff", "dstoff",
     "last changed", "unsub time", "unsub reason", "clean time", "clean campaign title")
)  # fmt: skip
BREVO = frozenset(
    ("contact id", "ext id", "double opt in", "opt in", "added time", "modified time", "email blacklisted", "whatsapp",
     "sms blacklisted", "blacklisted", "landline number", "contact timezone", "job title", "linkedin")
)  # fmt: skip
LISTMONK = frozenset(("uuid", "email", "name", "attributes", "status"))
# Its words in the names of files, the longest first: `unsubscribed` holds `subscribed`.
MAILCHIMP_KINDS = ("nonsubscribed", "unsubscribed", "cleaned", "subscribed")

# Column by plain name -> target, None for what has no use here; other columns are guessed as in any file.
COLUMNS: dict[str, dict[str, str | None]] = {
    "mailchimp": {
        "email address": "email", "first name": "first_name", "last name": "last_name", "phone number": "phone",
        "tags": "tags", "unsub time": "consent.withdrawn_at",
        **dict.fromkeys(
            ("member rating", "latitude", "longitude", "gmtoff", "dstoff", "timezone", "cc", "region", "last changed",
             "leid", "euid", "notes", "clean time", "clean campaign title", "clean campaign id", "unsub campaign title",
             "unsub campaign id", "unsub reason", "unsub reason other")
        ),
    },
    "brevo": {
        "email": "email", "sms": "phone", "firstname": "first_name", "prenom": "first_name", "lastname": "last_name",
        "nom": "last_name", "ext id": "external_id", "email blacklisted": "consent.status",
        "sms blacklisted": "consent.status", "blacklisted": "consent.status",
        **dict.fromkeys(("contact id", "added time", "modified time", "contact timezone", "landline number",
                         "whatsapp", "linkedin", "job title")),
    },
    "listmonk": {
        "email": "email", "status": "consent.status", "subscription status": "consent.status",
        **dict.fromkeys(("uuid", "attributes", "created at", "updated at", "id")),
    },
}  # fmt: skip
# Columns that count only where something is written in them: tools export them empty.
FILLED = {"brevo": {"double opt in": "consent.status", "opt in": "consent.status"}}


def recognised_preset(columns: Sequence[str], rows: Sequence[Sequence[str]], file_name: str) -> str:
    """The tool whose export this is, a key of `PRESETS`, or ""."""
    names = {plain_name(column) for column in columns}
    if len(names & MAILCHIMP) >= 3:
        kind = mailchimp_kind(columns, rows, file_name)
        return f"mailchimp_{kind}" if kind else "mailchimp"
    if names >= LISTMONK:
        return "listmonk"
    known = names & BREVO
    if "email" in names and len(known) >= 2 and known & {"double opt in", "added time", "email blacklisted"}:
        return "brevo"
    return ""


def mailchimp_kind(columns: Sequence[str], rows: Sequence[Sequence[str]], file_name: str) -> str:
    """Mailchimp exports a file for each kind of contacts: filled columns tell, else the file's name does."""
    for name, kind in (("unsub time", "unsubscribed"), ("clean time", "cleaned")):
        place = next((place for place, column in enumerate(columns) if plain_name(column) == name), None)
        values = column_values(rows, place) if place is not None else []
        if len(values) * 2 > len(rows) and share(values, is_date) > 0.5:
            return kind
    bare = plain_name(file_name).replace(" ", "")
    return next((kind for kind in MAILCHIMP_KINDS if kind in bare), "")


def preset_mapping(preset: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str | None]:
    """What is known of the columns of an export; those that are not named here are guessed."""
    tool = preset.partition("_")[0]
    known, filled = COLUMNS.get(tool, {}), FILLED.get(tool, {})
    mapping: dict[str, str | None] = {}
    for place, column in enumerate(columns):
        name = plain_name(column)
        if name in known:
            mapping[column] = known[name]
        elif name in filled:
            mapping[column] = filled[name] if column_values(rows, place) else None
    if tool == "mailchimp":
        mapping |= mailchimp_proofs(columns, rows)
    return mapping


def mailchimp_proofs(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str | None]:
    """When and whence somebody signed up: OPTIN_*, where it is filled.

    CONFIRM_TIME proves nothing by itself: for people who were imported there it is the day of that import (I-09).
    """
    places = {plain_name(column): place for place, column in enumerate(columns)}
    found: dict[str, str | None] = {
        columns[place]: None for name, place in places.items() if name in ("confirm time", "confirm ip")
    }
    for name, target in (("optin time", "consent.occurred_at"), ("optin ip", "consent.ip")):
        if name in places:
            found[columns[places[name]]] = target if column_values(rows, places[name]) else None
    return found
