"""What the fields of evidence are called, and what their codes mean, in the reader's language."""

from __future__ import annotations

import re
from datetime import date, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.children.rules import ParentCheck
from consent.collection.models import PointKind
from consent.ledger.models import EventSource
from consent.purposes.models import Basis
from portal.channels import Channel
from portal.ui.components import Text
from portal.ui.numbers import current_locale, day, moment_text
from subscribers.contacts.models import Origin

# Of an IPv4 address the last byte goes, of an IPv6 address what lies behind the site.
KEPT_BITS = {4: 24, 6: 48}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
LABELS: dict[str, Text] = {
    "address": _("Address given"),
    "age": _("Age"),
    "age_limit": _("Age limit"),
    "agreed_at": _("Agreed on"),
    "answer": _("Answer"),
    "attachment": _("Document attached"),
    "authority_check": _("How parental authority was checked"),
    "basis": _("Basis"),
    "changed_by": _("Changed by"),
    "channel": _("Channel"),
    "channels": _("Channels"),
    "checked_by": _("Checked by"),
    "child": _("Child"),
    "chosen": _("Boxes ticked"),
    "collected_by": _("Collected by"),
    "collected_on": _("Collected on"),
    "collection_point": _("Collection point"),
    "confirmed_at": _("Confirmed on"),
    "confirmed_by_event": _("Confirmed by event"),
    "consents": _("Agreements declared"),
    "declared_at": _("Declared on"),
    "declared_by": _("Declared by"),
    "delimiter": _("Separator"),
    "documents": _("Documents"),
    "door": _("Way in"),
    "double_opt_in": _("Confirmation by e-mail"),
    "email": _("E-mail address"),
    "encoding": _("Encoding"),
    "entered_at": _("Entered on"),
    "entered_by": _("Entered by"),
    "file": _("File"),
    "file_evidence": _("Evidence of the file"),
    "form": _("Form"),
    "form_digest": _("Fingerprint of the form"),
    "form_url": _("Page of the form"),
    "form_version": _("Version of the form"),
    "from": _("Shown from"),
    "import": _("Import"),
    "introduction": _("Introduction shown"),
    "ip": _("IP address (shortened)"),
    "key": _("Key"),
    "kind": _("Nature"),
    "language": _("Language"),
    "line": _("Line of the file"),
    "mail": _("Message no."),
    "mail_sent_at": _("Message sent on"),
    "mapping": _("Columns"),
    "media_type": _("Format"),
    "method": _("How we know"),
    "name": _("Name"),
    "note": _("Note"),
    "notice": _("Notice shown"),
    "notice_digest": _("Fingerprint of the notice"),
    "occurred_at": _("When the person chose"),
    "opened_at": _("Page of confirmation opened on"),
    "origin": _("Origin"),
    "page": _("Page"),
    "pair": _("Answers of child and parent, no."),
    "parental": _("Agreement of a parent"),
    "partners": _("Partners"),
    "phone": _("Phone number"),
    "point_kind": _("Where people are asked"),
    "preselected": _("Ticked in advance"),
    "purpose": _("Purpose"),
    "purpose_version": _("Version of the purpose"),
    "purposes": _("Purposes"),
    "reason": _("Reason"),
    "received_at": _("Received on"),
    "reference": _("Reference"),
    "reported": _("As reported"),
    "required": _("Required to go on"),
    "served_at": _("Form shown on"),
    "sha256": _("Fingerprint (SHA-256)"),
    "shown": _("Shown there"),
    "size": _("Size in bytes"),
    "stopped": _("Stopped"),
    "submitted_at": _("Form sent on"),
    "title": _("Title"),
    "until": _("Shown until"),
    "url": _("Address of the page"),
    "user_agent": _("Program used"),
    "warnings": _("Warnings"),
    "what_was_done": _("What was done to check"),
}
SAID: dict[str, dict[str, Text]] = {
    "answer": {"yes": _("Yes"), "no": _("No")},
    "authority_check": {str(value): label for value, label in ParentCheck.choices},
    "basis": {str(value): label for value, label in Basis.choices},
    "channel": {str(value): label for value, label in Channel.choices},
    "door": {
        "json": _("form on another site"),
        "one_click": _("one click in the mail program"),
        "preferences": _("preference page"),
        "unsubscribe": _("unsubscribe page"),
    },
    "kind": {
        **{str(value): label for value, label in Origin.choices},
        "address_changed": _("address changed"),
        "import": _("import of a file"),
        "import_row": _("line of an imported file"),
        "paper": _("paper"),
        "phone": _("phone call"),
        "form": _("form"),
    },
    "method": {**{str(value): label for value, label in EventSource.choices}, "link": _("link in a message")},
    "point_kind": {str(value): label for value, label in PointKind.choices},
    "preselected": {"nothing": _("nothing")},
    "required": {"nothing": _("nothing")},
    "stopped": {"everything": _("everything")},
}


def label_of(name: str) -> str:
    """The name of a field for people; one that nobody here knows keeps its own."""
    return str(LABELS.get(name) or name.replace("_", " "))


def said(name: str, value: Any) -> str:
    """A single value for people: codes as words, times in the organisation's zone, an IP address cut short."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    text = str(value)
    if name in SAID and text in SAID[name]:
        return str(SAID[name][text])
    if name == "language":
        return language_name(text)
    if name.endswith("ip"):
        return truncated_ip(text)
    return time_text(text) or text


def time_text(text: str) -> str:
    """A moment or a day as the reader writes it; empty for what is none."""
    try:
        if MOMENT.fullmatch(text):
            return moment_text(datetime.fromisoformat(text))
        return day(date.fromisoformat(text)) if DAY.fullmatch(text) else ""
    except ValueError:
        return ""


def language_name(code: str) -> str:
    try:
        return Locale.parse(code, sep="-").get_display_name(current_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


def truncated_ip(value: str) -> str:
    """``192.0.2.0/24`` for ``192.0.2.77``; the file holds the whole address."""
    try:
        address = ip_address(value)
    except ValueError:
        return value
    return str(ip_network(f"{address}/{KEPT_BITS[address.version]}", strict=False))
