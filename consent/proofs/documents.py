"""The proof as a page for people: one sheet of A4, for a file, a judge or an authority.

Head, facts, seal and evidence have their place; the text as shown is set smaller until the sheet holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import segno
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from consent.ledger.models import Action, EventSource
from consent.ledger.queries import TITLES
from consent.ledger.showing import answered_by
from consent.proofs.labels import label_of, said
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.papers import paper
from portal.ui.numbers import moment_text, number

Line = tuple[str, str]
# Not for people: a salt only keeps the digest from being guessed; the text has its own place.
UNSAID = frozenset({"salt", "text"})
# What the facts above say already, where both say the same.
TOLD = {
    "method": "source",
    "purpose": "purpose",
    "purpose_version": "purpose_version",
    "channel": "channel",
    "notice": "notice_version",
    "notice_digest": "notice",
}
DIGEST = re.compile(r"[0-9a-f]{64}")
LONGEST_LINE, LONGEST_VALUE, LONGEST_PROGRAM, LONGEST_CODE = 700, 200, 60, 16
# Sizes of the page and of the text as shown (in points), tried in this order until all of it is on one sheet.
SIZES = ((8, 8.5), (8, 8), (8, 7.5), (7.5, 7), (7.5, 6.5), (7, 6), (7, 5.5), (6.5, 5.5))
# Then the text goes into an annex, in letters one can read, and the sheet says so.
ANNEXED = (8, 7, 6, 5)
ANNEX = "annex"
# About how many letters of a line of evidence stand side by side.
ROW_LABEL, ROW_VALUE = 22, 40


def proof_pdf(proof: dict[str, Any], *, organisation: Organisation, now: datetime | None = None) -> bytes:
    """One proof (``consent.proofs.building``) as a PDF, in the active language and the organisation's time zone."""
    event = proof["event"]
    documents = [entry["document"] for entry in proof.get("evidence") or [] if entry.get("document")]
    with timezone.override(organisation.zone):
        return paper(
            "consent/proofs/proof.html",
            {
                "organisation_name": organisation.name,
                "event": event,
                "headline": headline(organisation, event),
                "facts": list(facts(organisation, event, documents)),
                "paragraphs": paragraphs(text_of(proof, documents)),
                "text_language": (proof.get("notice") or {}).get("language", ""),
                "evidence": halves([line for document in documents for line in evidence_lines(document, event)]),
                "seals": list(seal_lines(proof)),
                "check_url": check_url(),
                "qr": segno.make(check_url(), error="m").svg_data_uri(border=0),
                "made_at": now or timezone.now(),
            },
            looks=[*map(sized, SIZES), *map(annexed, ANNEXED)],
            annex=ANNEX,
        )


def sized(sizes: tuple[float, float]) -> str:
    page, text = sizes
    return f"html {{ font-size: {page}pt }} .shown {{ font-size: {text}pt }}"


def annexed(page: float) -> str:
    return (
        f"html {{ font-size: {page}pt }} .shown {{ font-size: 8.5pt; break-before: page; anchor: {ANNEX!r} }}"
        " .goes-on { display: block }"
    )


def check_url() -> str:
    return f"{settings.ACCORD.base_url}/v"


def headline(organisation: Organisation, event: dict[str, Any]) -> str:
    """``Agreed: Newsletter by e-mail``, with the person's number."""
    names = {"purpose": purpose_name(organisation, event), "channel": Channel(event["channel"]).label}
    return _("Contact %(contact)s. %(what)s") % {
        "contact": event["contact"],
        "what": str(TITLES[Action(event["action"])]) % names,
    }


def purpose_name(organisation: Organisation, event: dict[str, Any]) -> str:
    purpose = Purpose.objects.filter(organisation=organisation, key=event["purpose"]).first()
    return purpose.name_in(get_language()) if purpose else str(event["purpose"])


def facts(organisation: Organisation, event: dict[str, Any], documents: list[dict[str, Any]]) -> Iterator[Line]:
    yield _("Organisation"), f"{organisation.name} ({event['organisation']})"
    yield _("Person"), person(event, documents)
    yield _("Purpose"), purpose_text(organisation, event)
    yield _("Basis"), str(Basis(event["basis"]).label) if event.get("basis") in Basis.values else ""
    yield _("When the person chose"), both_times(event["occurred_at"])
    yield _("When it was recorded"), both_times(event["recorded_at"])
    source = str(EventSource(event["source"]).label) if event.get("source") in EventSource.values else ""
    reference = event.get("source_reference")
    yield _("How we know"), f"{source} ({reference})" if reference else source
    if event.get("actor"):
        yield _("Who answered for the person"), str(answered_by(event["actor"]))
    if event.get("notice_version"):
        yield _("Version of the text"), str(event["notice_version"])


def purpose_text(organisation: Organisation, event: dict[str, Any]) -> str:
    name = f"{purpose_name(organisation, event)} ({event['purpose']})"
    if not event.get("purpose_version"):
        return name
    return f"{name}, {_('version %(number)s') % {'number': event['purpose_version']}}"


def person(event: dict[str, Any], documents: list[dict[str, Any]]) -> str:
    """The number the ledger knows; an address only where the evidence itself holds one."""
    number = _("contact number %(contact)s") % {"contact": event["contact"]}
    for document in documents:
        address = document.get("email") or document.get("address")
        if isinstance(address, str) and address:
            return f"{number}, {address}"
    return number


def both_times(text: str) -> str:
    """In the organisation's time zone, and to the microsecond in UTC as it is sealed."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{moment_text(at)} ({text})"


def text_of(proof: dict[str, Any], documents: list[dict[str, Any]]) -> str:
    notice = proof.get("notice") or {}
    shown = [document["text"] for document in documents if isinstance(document.get("text"), str)]
    return "\n\n".join(text for text in [*shown, notice.get("text", "")] if text)


def paragraphs(text: str) -> list[str]:
    """Parted at empty lines; the other lines stay as they are."""
    return [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


def evidence_lines(document: dict[str, Any], event: dict[str, Any] | None = None) -> Iterator[Line]:
    """The fields of a document, one line each, in the reader's words, without what the ``event`` says already."""
    told = {name: str((event or {}).get(of)) for name, of in TOLD.items()}
    for name, value in document.items():
        if name not in UNSAID and not is_empty(value) and told.get(name) != str(value):
            yield label_of(name), shortened(inline(name, value), LONGEST_LINE)


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def inline(name: str, value: Any) -> str:
    """A value of evidence in one line, whatever is nested in it; a fingerprint or a program by its beginning."""
    if isinstance(value, dict):
        return " · ".join(
            _("%(label)s: %(value)s") % {"label": label_of(key), "value": inline(key, item)}
            for key, item in value.items()
            if not is_empty(item)
        )
    if isinstance(value, list):
        return "; ".join(inline(name, item) for item in value)
    text = said(name, value)
    if DIGEST.fullmatch(text):
        return shortened(text, LONGEST_CODE)
    return shortened(text, LONGEST_PROGRAM if name == "user_agent" else LONGEST_VALUE)


def shortened(value: str, longest: int) -> str:
    return value if len(value) <= longest else f"{value[:longest]}…"


def halves(lines: list[Line]) -> list[list[Line]]:
    """Two columns of about the same height, read one after the other."""
    heights = [max(1 + len(label) // ROW_LABEL, 1 + len(value) // ROW_VALUE) for label, value in lines]
    half, height = sum(heights) / 2, 0
    for place, each in enumerate(heights):
        if place and height + each / 2 > half:
            return [lines[:place], lines[place:]]
        height += each
    return [lines] if lines else []


def path_text(steps: int, count: int) -> str:
    if count == 1:
        return _("no step: the event is alone in its seal, and its leaf is the root")
    text = ngettext(
        "%(steps)s step to the root of %(count)s events", "%(steps)s steps to the root of %(count)s events", steps
    )
    return text % {"steps": steps, "count": number(count)}


def seal_lines(proof: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """What an auditor compares: label, value, and whether it is a code."""
    seal, steps = proof["seal"], len(proof["path"])
    yield _("Leaf of the event"), proof["leaf"], True
    yield (
        _("Path"),
        path_text(steps, seal["count"]),
        False,
    )
    yield _("Root"), seal["root"], True
    yield (
        _("Seal"),
        _("number %(number)s, %(at)s") % {"number": seal["number"], "at": both_times(seal["signed_at"])},
        False,
    )
    yield _("Hash of the seal"), proof["seal_hash"], True
    yield _("Signature (Ed25519)"), proof["signature"], True
    yield _("Key"), seal["key_id"], True
    if proof["chain"]:
        newest = proof["chain"][-1]["seal"]
        yield (
            _("Seals after it"),
            ngettext(
                "%(count)s, number %(number)s of %(at)s",
                "%(count)s, the newest number %(number)s of %(at)s",
                len(proof["chain"]),
            )
            % {
                "count": len(proof["chain"]),
                "number": newest["number"],
                "at": moment_text(datetime.fromisoformat(newest["signed_at"])),
            },
            False,
        )
    if proof["event"].get("evidence"):
        yield _("Fingerprint of the evidence"), proof["event"]["evidence"], True
    if proof["event"].get("notice"):
        yield _("Fingerprint of the text"), proof["event"]["notice"], True
