"""The proof as a page for people: one sheet of A4, for a file, a judge or an authority."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import segno
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.ledger.models import Action, EventSource
from consent.ledger.queries import TITLES
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation
from portal.papers import paper
from portal.ui.numbers import moment_text

Line = tuple[str, str]
# Of an IPv4 address the last byte goes, of an IPv6 address what lies behind the site.
KEPT_BITS = {4: 24, 6: 48}
# Not for people: a salt only keeps the digest from being guessed; the text has its own place.
UNSAID = frozenset({"salt", "text"})
LONGEST_VALUE = 300


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
                "text": text_of(proof, documents),
                "evidence": [line for document in documents for line in evidence_lines(document)],
                "seals": list(seal_lines(proof)),
                "check_url": check_url(),
                "qr": segno.make(check_url(), error="m").svg_data_uri(border=0),
                "made_at": now or timezone.now(),
            },
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
    return purpose.name if purpose else str(event["purpose"])


def facts(organisation: Organisation, event: dict[str, Any], documents: list[dict[str, Any]]) -> Iterator[Line]:
    yield _("Organisation"), f"{organisation.name} ({event['organisation']})"
    yield _("Person"), person(event, documents)
    yield _("Purpose"), f"{purpose_name(organisation, event)} ({event['purpose']})"
    yield _("Basis"), str(Basis(event["basis"]).label) if event.get("basis") in Basis.values else ""
    yield _("When the person chose"), both_times(event["occurred_at"])
    yield _("When it was recorded"), both_times(event["recorded_at"])
    source = str(EventSource(event["source"]).label) if event.get("source") in EventSource.values else ""
    reference = event.get("source_reference")
    yield _("How we know"), f"{source} ({reference})" if reference else source
    if event.get("actor"):
        yield _("Who answered for the person"), str(event["actor"])
    if event.get("notice_version"):
        yield _("Version of the text"), str(event["notice_version"])


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


def evidence_lines(document: dict[str, Any], above: str = "") -> Iterator[Line]:
    """The fields of a document, nested ones by their path; an IP address cut short."""
    for name, value in document.items():
        if name in UNSAID or value in ("", None, [], {}):
            continue
        label = f"{above}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from evidence_lines(value, f"{label}: ")
        elif isinstance(value, list):
            yield label, shortened(", ".join(str(item) for item in value))
        else:
            yield label, truncated_ip(str(value)) if name.endswith("ip") else shortened(str(value))


def shortened(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"


def truncated_ip(value: str) -> str:
    """``192.0.2.0/24`` for ``192.0.2.77``; the file holds the whole address."""
    try:
        address = ip_address(value)
    except ValueError:
        return shortened(value)
    return str(ip_network(f"{address}/{KEPT_BITS[address.version]}", strict=False))


def seal_lines(proof: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """What an auditor compares: label, value, and whether it is a code."""
    seal, steps = proof["seal"], len(proof["path"])
    yield _("Leaf of the event"), proof["leaf"], True
    yield (
        _("Path"),
        _("%(steps)s steps to the root of %(count)s events") % {"steps": steps, "count": seal["count"]},
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
            _("%(count)s, the newest number %(number)s of %(at)s")
            % {
                "count": len(proof["chain"]),
                "number": newest["number"],
                "at": moment_text(datetime.fromisoformat(newest["signed_at"])),
            },
            False,
        )
    if (proof["event"]).get("evidence"):
        yield _("Fingerprint of the evidence"), proof["event"]["evidence"], True
    if proof["event"].get("notice"):
        yield _("Fingerprint of the text"), proof["event"]["notice"], True
