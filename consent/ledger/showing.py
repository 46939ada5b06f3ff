"""Evidence and who answered, as pages show them: where a person was is cut short for everybody who need not know."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.children.rules import PARENT
from portal.ui.components import Text

HIDDEN = "…"
WHERE_FROM = ("ip", "remote_address")
BY_WHAT = ("user_agent",)


def answered_by(actor: str) -> Text:
    """Who answered, for people: empty when it was the person, else as the ledger names them (C-13)."""
    return _("a holder of parental authority") if actor == PARENT else actor


def parent_named(actor: str) -> str:
    """Where a child's agreement and the parent's own stand side by side, the one that is the parent's (K-02)."""
    return str(answered_by(actor)) if actor == PARENT else ""


def shortened(document: Any) -> Any:
    """The same document with its addresses cut to their network and its user agents left out, at any depth."""
    if isinstance(document, dict):
        return {name: shortened_value(name, value) for name, value in document.items()}
    if isinstance(document, list):
        return [shortened(each) for each in document]
    return document


def shortened_value(name: str, value: Any) -> Any:
    if isinstance(value, str) and value:
        if name in WHERE_FROM or name.endswith("_ip"):
            return network_of(value)
        if name in BY_WHAT:
            return HIDDEN
    return shortened(value)


def network_of(text: str) -> str:
    """``192.0.2.…`` and ``2001:db8:1:…``: a network of some hundred, or of one customer."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return HIDDEN
    if isinstance(address, IPv6Address):
        return ":".join(part.lstrip("0") or "0" for part in address.exploded.split(":")[:3]) + f":{HIDDEN}"
    return ".".join(str(address).split(".")[:3]) + f".{HIDDEN}"
