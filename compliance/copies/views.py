"""The page "What we hold about this person", and the same as a file."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from compliance.copies.actions import take_copy
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.roles import Capability
from portal.ui.numbers import day, moment_text

LIKE_A_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\S*)?")


@member_page(Capability.PERSONAL_DATA_EXPORT)
def contact_copy(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Everything that is held, by source."""
    copy = take_copy(actor=request.actor, organisation=request.organisation, contact_id=contact_id, downloaded=False)
    held = [(holding.source, list(lines(holding.data))) for holding in copy.holdings]
    context = {"contact": copy.contact, "copy": copy, "held": held}
    return render(request, "compliance/contact_copy.html", context)


@member_page(Capability.PERSONAL_DATA_EXPORT)
def contact_copy_file(request: MemberRequest, contact_id: int) -> HttpResponse:
    """The same as JSON."""
    copy = take_copy(actor=request.actor, organisation=request.organisation, contact_id=contact_id, downloaded=True)
    response = JsonResponse(copy.document(), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="contact-{contact_id}.json"'
    response["Cache-Control"] = "no-store"
    return response


def lines(data: Any, name: str = "", depth: int = 0) -> list[tuple[int, str, str]]:
    """Nested data as lines of (depth, name, value): what a page can show of anything."""
    if isinstance(data, dict):
        head = [(depth, name, "")] if name and data else []
        inner = depth + 1 if name else depth
        return head + [line for key, value in data.items() for line in lines(value, words(key), inner)]
    if isinstance(data, list) and any(isinstance(item, dict | list) for item in data):
        numbered = ((f"{name} {number}", item) for number, item in enumerate(data, start=1))
        return [line for title, item in numbered for line in lines(item, title, depth)]
    return [(depth, name, plain(data))]


def words(key: str) -> str:
    """``first_name`` as people read it; the file keeps the key."""
    return key.replace("_", " ").capitalize()


def plain(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return ", ".join(str(item) for item in value) if isinstance(value, list) else in_local_words(str(value))


def in_local_words(text: str) -> str:
    """A moment or a day as the page writes them; anything else as it is."""
    if not LIKE_A_DATE.fullmatch(text):
        return text
    try:
        return moment_text(datetime.fromisoformat(text)) if "T" in text else day(date.fromisoformat(text))
    except ValueError:
        return text
