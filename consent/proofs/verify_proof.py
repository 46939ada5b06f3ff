#!/usr/bin/env python3
"""Check a consent proof (accord-proof/1) with no access to the system that wrote it, and no network.

Needs Python 3.9 or newer and the package "cryptography", nothing else:

    python -m venv v && v/bin/pip install cryptography && v/bin/python verify_proof.py proof.json

It recomputes the leaf of the event (SHA-256 over canonical JSON, RFC 8785), the audit path of the Merkle tree
(RFC 6962), the hash and the Ed25519 signature of the seal, every later seal in the file, and the digests of evidence
and notice.
Exit 0: everything fits. Exit 1: something does not, with a stable code and a sentence. Exit 2: wrong usage.
The key in the file is the file's own word: with --key or --keys only the keys you give are trusted.
"""
# ruff: noqa: UP017, RUF001 - it runs on Python 3.9, and speaks French

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Any

FORMAT = "accord-proof/1"
LARGEST_BYTES = 8 * 1024 * 1024
DEEPEST = 64
MOST_SEALS = 1000
MOST_STEPS = 64
LARGEST_NUMBER = 2**53 - 1
FIRST_PREVIOUS = "0" * 64
# A key may be written down a moment after the clock of its first seal was read, and used for a minute after it is
# retired.
KEY_SLACK = timedelta(minutes=5)
CLOCK_SLACK = timedelta(minutes=2)

MEMBERS = {"format", "event", "leaf", "path", "seal", "seal_hash", "signature", "chain", "keys", "evidence", "notice"}
OPTIONAL = {"evidence", "notice"}
EVENT_NEEDS = ("id", "organisation", "contact", "purpose", "channel", "action", "occurred_at", "recorded_at")
SEAL_MEMBERS = {"organisation", "number", "first", "last", "count", "root", "previous", "signed_at", "key_id"}

HASH = re.compile(r"[0-9a-f]{64}")
KEY_ID = re.compile(r"[0-9a-f]{16}")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)", re.ASCII)

# The page /v says the same sentences: it takes them from here.
SENTENCES = {
    "en": {
        "valid": "The proof is whole: nothing in it was altered.",
        "unreadable": "The file cannot be read.",
        "too_large": "The file is larger than any proof (8 MB): it was not read.",
        "truncated": "The file is cut short: its end is missing. Get it again.",
        "not_a_proof": "This is not a proof file of the format accord-proof/1 ({place}).",
        "leaf_mismatch": "The event was altered: its fingerprint is not the one in the file.",
        "path_broken": "The path from the event to the seal is broken: it cannot belong to a seal of {count} events.",
        "root_mismatch": "The event is not in this seal: the path does not lead to the root that was sealed.",
        "seal_altered": "The seal was altered: its hash is not the one in the file.",
        "signature_invalid": "The signature of seal {number} is not valid: it was altered, or signed with another key.",
        "key_missing": "The key {key} that signed seal {number} is not in the file.",
        "key_mismatch": "The key {key} was altered: its name is not its own fingerprint.",
        "key_untrusted": "Seal {number} is signed with the key {key}, which is not among the keys you trust.",
        "chain_broken": "The chain of seals is broken at seal {number}: one was altered, left out or slipped in.",
        "other_organisation": "The event and its seal belong to different organisations.",
        "evidence_altered": "The evidence was altered: its fingerprint is not the one in the event.",
        "notice_altered": "The text shown was altered: its fingerprint is not the one in the event.",
        "dates_impossible": "The dates cannot be right ({place}).",
        "cryptography_missing": 'The Python package "cryptography" is missing. Install it: pip install cryptography',
    },
    "fr": {
        "valid": "La preuve est intacte\u00a0: rien n’y a été modifié.",
        "unreadable": "Le fichier ne peut pas être lu.",
        "too_large": "Le fichier est plus gros que toute preuve (8\u00a0Mo)\u00a0: il n’a pas été lu.",
        "truncated": "Le fichier est tronqué\u00a0: sa fin manque. Procurez-vous-le à nouveau.",
        "not_a_proof": "Ce n’est pas un fichier de preuve au format accord-proof/1 ({place}).",
        "leaf_mismatch": "L’événement a été modifié\u00a0: son empreinte n’est pas celle du fichier.",
        "path_broken": "Le chemin de l’événement au scellé est rompu\u00a0: "
        "il ne peut pas appartenir à un scellé de {count} événements.",
        "root_mismatch": "L’événement n’est pas dans ce scellé\u00a0: le chemin ne mène pas à la racine scellée.",
        "seal_altered": "Le scellé a été modifié\u00a0: son empreinte n’est pas celle du fichier.",
        "signature_invalid": "La signature du scellé {number} n’est pas valable\u00a0: "
        "il a été modifié, ou signé avec une autre clé.",
        "key_missing": "La clé {key} qui a signé le scellé {number} n’est pas dans le fichier.",
        "key_mismatch": "La clé {key} a été modifiée\u00a0: son nom n’est pas sa propre empreinte.",
        "key_untrusted": "Le scellé {number} est signé avec la clé {key}, qui n’est pas de celles que vous acceptez.",
        "chain_broken": "La chaîne des scellés est rompue au scellé {number}\u00a0: "
        "un scellé a été modifié, retiré ou ajouté.",
        "other_organisation": "L’événement et son scellé appartiennent à des organisations différentes.",
        "evidence_altered": "Le justificatif a été modifié\u00a0: son empreinte n’est pas celle de l’événement.",
        "notice_altered": "Le texte affiché a été modifié\u00a0: son empreinte n’est pas celle de l’événement.",
        "dates_impossible": "Les dates ne peuvent pas être justes ({place}).",
        "cryptography_missing": "Le paquet Python «\u00a0cryptography\u00a0» manque. "
        "Installez-le\u00a0: pip install cryptography",
    },
}
LABELS = {
    "en": {
        "organisation": "Organisation",
        "contact": "Person (contact number)",
        "action": "What happened",
        "purpose": "Purpose",
        "channel": "Channel",
        "basis": "Legal basis",
        "occurred_at": "When the person chose (UTC)",
        "recorded_at": "When it was recorded (UTC)",
        "source": "How it is known",
        "actor": "Who answered for the person",
        "notice_version": "Version of the text shown",
        "text": "Text shown",
        "evidence": "Evidence",
        "seal": "Seal",
        "signed_at": "Sealed (UTC)",
        "later": "Later seals in the file",
        "key": "Signing key",
        "key_from_file": "This key is the file's own word. To be sure who signed, compare it with the key that the "
        "organisation or its host gives you by another way.",
        "key_given": "This key is one that you gave.",
        "evidence_present": "in the file, unaltered",
        "evidence_absent": "not in the file (it may have been destroyed, as the law asks); its fingerprint is sealed",
        "evidence_none": "none recorded",
        "text_absent": "not in the file",
        "in_words": "Contact {contact} of {organisation} {action} “{purpose}” by {channel}.",
    },
    "fr": {
        "organisation": "Organisation",
        "contact": "Personne (numéro de contact)",
        "action": "Ce qui s’est passé",
        "purpose": "Finalité",
        "channel": "Canal",
        "basis": "Base légale",
        "occurred_at": "Date du choix (UTC)",
        "recorded_at": "Date d’enregistrement (UTC)",
        "source": "Comment on le sait",
        "actor": "Qui a répondu pour la personne",
        "notice_version": "Version du texte affiché",
        "text": "Texte affiché",
        "evidence": "Justificatif",
        "seal": "Scellé",
        "signed_at": "Scellé le (UTC)",
        "later": "Scellés suivants dans le fichier",
        "key": "Clé de signature",
        "key_from_file": "Cette clé est affirmée par le fichier lui-même. Pour savoir avec certitude qui a signé, "
        "comparez-la à celle que l’organisation ou son hébergeur vous donne par une autre voie.",
        "key_given": "Cette clé est de celles que vous avez données.",
        "evidence_present": "dans le fichier, intact",
        "evidence_absent": "pas dans le fichier (il a pu être détruit, comme la loi le demande)\u00a0; "
        "son empreinte est scellée",
        "evidence_none": "aucun enregistré",
        "text_absent": "pas dans le fichier",
        "in_words": "Le contact {contact} ({organisation}) {action} «\u00a0{purpose}\u00a0» par {channel}.",
    },
}
ACTIONS = {
    "en": {
        "grant": "agreed to",
        "confirm": "confirmed",
        "refuse": "refused",
        "withdraw": "withdrew from",
        "object": "objected to",
        "expire": "is no longer bound by an agreement, which expired, to",
        "pause": "paused",
        "resume": "resumed",
        "revert": "has an imported agreement undone for",
        "reset": "has to confirm again, because of a new address,",
    },
    "fr": {
        "grant": "a accepté",
        "confirm": "a confirmé",
        "refuse": "a refusé",
        "withdraw": "a retiré son accord à",
        "object": "s’est opposé à",
        "expire": "n’a plus d’accord valable, par expiration, pour",
        "pause": "a mis en pause",
        "resume": "a repris",
        "revert": "a vu annuler un accord importé pour",
        "reset": "doit confirmer à nouveau, à cause d’une nouvelle adresse,",
    },
}
CHANNELS = {
    "en": {"email": "e-mail", "sms": "SMS", "push": "push message", "phone": "phone", "post": "post"},
    "fr": {"email": "e-mail", "sms": "SMS", "push": "notification", "phone": "téléphone", "post": "courrier"},
}


class RefusedError(Exception):
    """The proof does not hold; ``code`` is stable, ``values`` fill the sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = {name: str(value) for name, value in values.items()}

    def sentence(self, language: str) -> str:
        return SENTENCES[language][self.code].format(**self.values)


# --- reading -----------------------------------------------------------------------------------------------------


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object in these bytes; duplicate names, NaN, and numbers no proof holds are refused."""
    if len(raw) > LARGEST_BYTES:
        raise RefusedError("too_large")
    try:
        text = raw.decode("utf-8").strip(" \t\r\n")
    except UnicodeDecodeError:
        raise RefusedError("not_a_proof", place="UTF-8") from None
    try:
        found = json.loads(
            text,
            object_pairs_hook=unique_names,
            parse_constant=refused_number,
            parse_int=whole_number,
            parse_float=fraction,
        )
    except json.JSONDecodeError as error:
        cut = text.startswith("{") and (error.pos >= len(text) or not text.endswith("}"))
        raise RefusedError("truncated" if cut else "not_a_proof", place="JSON") from None
    except (ValueError, RecursionError):
        raise RefusedError("not_a_proof", place="JSON") from None
    if not isinstance(found, dict):
        raise RefusedError("not_a_proof", place="JSON")
    return found


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError("not_a_proof", place="duplicate name")
    return found


def refused_number(text: str) -> Any:
    raise RefusedError("not_a_proof", place="number")


def whole_number(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_NUMBER:
        raise RefusedError("not_a_proof", place="number")
    return int(text)


def fraction(text: str) -> float:
    value = float(text) if len(text) < 400 else float("inf")
    if value in (float("inf"), float("-inf")):
        raise RefusedError("not_a_proof", place="number")
    return value


# --- canonical JSON (RFC 8785) -----------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """Canonical JSON of a value that came out of :func:`parsed`."""
    try:
        return written(value, DEEPEST).encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        raise RefusedError("not_a_proof", place="UTF-8") from None


def written(value: Any, depth: int) -> str:
    if depth == 0:
        raise RefusedError("not_a_proof", place="depth")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list):
        return "[" + ",".join(written(item, depth - 1) for item in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(quoted(name) + ":" + written(value[name], depth - 1) for name in names) + "}"


def quoted(text: str) -> str:
    # Python escapes what RFC 8785 escapes, and nothing else.
    return json.dumps(text, ensure_ascii=False)


def number_text(value: float) -> str:
    """A number as ECMAScript writes it, from the shortest digits that read back the same, which repr gives."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    part = part.rstrip("0")
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    exponent = point - 1
    tail = "." + digits[1:] if count > 1 else ""
    return sign + digits[0] + tail + "e" + ("+" if exponent > 0 else "-") + str(abs(exponent))


# --- shapes ------------------------------------------------------------------------------------------------------


def shaped(value: Any, members: set[str], optional: set[str], place: str) -> dict[str, Any]:
    """An object with these members and no others: what nobody checks must not stand in a proof."""
    if not isinstance(value, dict) or set(value) - members or members - optional - set(value):
        raise RefusedError("not_a_proof", place=place)
    return value


def hash_text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not HASH.fullmatch(value):
        raise RefusedError("not_a_proof", place=place)
    return value


def text_of(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise RefusedError("not_a_proof", place=place)
    return value


def bytes_of(value: Any, size: int, place: str) -> bytes:
    """Base64 in its one canonical spelling."""
    try:
        raw = base64.b64decode(text_of(value, place).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise RefusedError("not_a_proof", place=place) from None
    if len(raw) != size or base64.b64encode(raw).decode() != value:
        raise RefusedError("not_a_proof", place=place)
    return raw


def count_of(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RefusedError("not_a_proof", place=place)
    return value


def time_of(value: Any, place: str) -> datetime:
    found = TIME.fullmatch(text_of(value, place))
    if found is None:
        raise RefusedError("not_a_proof", place=place)
    seconds, part, zone = found.groups()
    try:
        moment = datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S").replace(
            microsecond=int((part or "0").ljust(6, "0")), tzinfo=timezone.utc
        )
        if zone != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
            moment = moment - offset if zone[0] == "+" else moment + offset
    except (ValueError, OverflowError):
        raise RefusedError("dates_impossible", place=place) from None
    return moment


# --- the checks --------------------------------------------------------------------------------------------------


def verified(proof: dict[str, Any], trusted: dict[str, bytes] | None = None) -> dict[str, Any]:
    """Everything the proof shows, once all of it was checked; raises :class:`RefusedError`."""
    if proof.get("format") != FORMAT:
        raise RefusedError("not_a_proof", place="format")
    shaped(proof, MEMBERS, OPTIONAL, "members")
    event = checked_event(proof["event"])
    leaf = hash_text(proof["leaf"], "leaf")
    if hashlib.sha256(b"\x00" + canonical(event)).hexdigest() != leaf:
        raise RefusedError("leaf_mismatch")
    seal = checked_seal(proof["seal"], "seal")
    check_path(proof["path"], leaf, seal)
    if hash_text(proof["seal_hash"], "seal_hash") != hash_of_seal(seal):
        raise RefusedError("seal_altered")
    if event["organisation"] != seal["organisation"]:
        raise RefusedError("other_organisation")
    keys = checked_keys(proof["keys"], trusted)
    check_signature(seal, proof["signature"], keys, trusted)
    newest = check_chain(proof["chain"], seal, keys, trusted)
    check_dates(event, seal)
    evidence = checked_evidence(proof.get("evidence"), event)
    notice = checked_notice(proof.get("notice"), event)
    text = notice["text"] if notice else next((d["text"] for d in evidence if isinstance(d.get("text"), str)), "")
    return {
        "event": event,
        "seal": {"number": seal["number"], "signed_at": seal["signed_at"], "key_id": seal["key_id"]},
        "later_seals": newest["number"] - seal["number"],
        "newest_seal": {"number": newest["number"], "signed_at": newest["signed_at"]},
        "evidence": ("present" if evidence else "absent") if "evidence" in event else "none",
        "documents": evidence,
        "text": text,
        "key": "given" if trusted is not None else "file",
    }


def checked_event(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or any(not isinstance(value.get(name), str) for name in EVENT_NEEDS):
        raise RefusedError("not_a_proof", place="event")
    if any(isinstance(item, bool) or not isinstance(item, (str, int)) for item in value.values()):
        raise RefusedError("not_a_proof", place="event")
    return value


def checked_seal(value: Any, place: str) -> dict[str, Any]:
    seal = shaped(value, SEAL_MEMBERS, set(), place)
    for name in ("root", "previous"):
        hash_text(seal[name], place)
    for name in ("number", "count"):
        count_of(seal[name], place)
    for name in ("organisation", "first", "last"):
        text_of(seal[name], place)
    if not KEY_ID.fullmatch(text_of(seal["key_id"], place)):
        raise RefusedError("not_a_proof", place=place)
    time_of(seal["signed_at"], place)
    if (seal["number"] == 1) != (seal["previous"] == FIRST_PREVIOUS):
        raise RefusedError("chain_broken", number=seal["number"])
    return seal


def hash_of_seal(seal: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(seal)).hexdigest()


def check_path(path: Any, leaf: str, seal: dict[str, Any]) -> None:
    """The path leads to the root, and is one that a tree of this many leaves has (RFC 6962, section 2.1.1)."""
    if not isinstance(path, list) or len(path) > MOST_STEPS:
        raise RefusedError("path_broken", count=seal["count"])
    node = bytes.fromhex(leaf)
    for step in path:
        shaped(step, {"side", "hash"}, set(), "path")
        sibling = bytes.fromhex(hash_text(step["hash"], "path"))
        if step["side"] not in ("left", "right"):
            raise RefusedError("path_broken", count=seal["count"])
        pair = sibling + node if step["side"] == "left" else node + sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    left = seal["count"]
    for step in reversed(path):
        if left < 2:
            raise RefusedError("path_broken", count=seal["count"])
        largest = 1 << ((left - 1).bit_length() - 1)
        left = largest if step["side"] == "right" else left - largest
    if left != 1:
        raise RefusedError("path_broken", count=seal["count"])
    if node.hex() != seal["root"]:
        raise RefusedError("root_mismatch")


def checked_keys(value: Any, trusted: dict[str, bytes] | None) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict) or len(value) > MOST_SEALS:
        raise RefusedError("not_a_proof", place="keys")
    found = {}
    for key_id, key in value.items():
        shaped(key, {"algorithm", "public_key", "from", "to"}, {"from", "to"}, "keys")
        if key["algorithm"] != "Ed25519" or not KEY_ID.fullmatch(key_id):
            raise RefusedError("not_a_proof", place="keys")
        raw = bytes_of(key["public_key"], 32, "keys")
        if hashlib.sha256(raw).hexdigest()[:16] != key_id:
            raise RefusedError("key_mismatch", key=key_id)
        since = time_of(key["from"], "keys") if key.get("from") is not None else None
        until = time_of(key["to"], "keys") if key.get("to") is not None else None
        found[key_id] = {"raw": raw, "from": since, "to": until}
    for key_id, raw in (trusted or {}).items():
        found.setdefault(key_id, {"raw": raw, "from": None, "to": None})["raw"] = raw
    return found


def check_signature(
    seal: dict[str, Any], signature: Any, keys: dict[str, dict[str, Any]], trusted: dict[str, bytes] | None
) -> None:
    number, key_id = seal["number"], seal["key_id"]
    if trusted is not None and key_id not in trusted:
        raise RefusedError("key_untrusted", number=number, key=key_id)
    if key_id not in keys:
        raise RefusedError("key_missing", number=number, key=key_id)
    key = keys[key_id]
    if not signature_is_valid(key["raw"], bytes_of(signature, 64, "signature"), bytes.fromhex(hash_of_seal(seal))):
        raise RefusedError("signature_invalid", number=number)
    signed_at = time_of(seal["signed_at"], "seal")
    early = key["from"] is not None and signed_at < key["from"] - KEY_SLACK
    late = key["to"] is not None and signed_at > key["to"] + KEY_SLACK
    if early or late:
        raise RefusedError("dates_impossible", place="key " + key_id)


def signature_is_valid(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise RefusedError("cryptography_missing") from None
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_chain(
    chain: Any, seal: dict[str, Any], keys: dict[str, dict[str, Any]], trusted: dict[str, bytes] | None
) -> dict[str, Any]:
    """The newest seal, once each was found to follow the one before and to be signed."""
    if not isinstance(chain, list) or len(chain) > MOST_SEALS:
        raise RefusedError("not_a_proof", place="chain")
    before = seal
    for link in chain:
        shaped(link, {"seal", "signature"}, set(), "chain")
        after = checked_seal(link["seal"], "chain")
        follows = (
            after["number"] == before["number"] + 1
            and after["previous"] == hash_of_seal(before)
            and after["organisation"] == seal["organisation"]
            and time_of(after["signed_at"], "chain") >= time_of(before["signed_at"], "chain") - CLOCK_SLACK
        )
        if not follows:
            raise RefusedError("chain_broken", number=after["number"])
        check_signature(after, link["signature"], keys, trusted)
        before = after
    return before


def check_dates(event: dict[str, Any], seal: dict[str, Any]) -> None:
    """Nobody chooses after it was recorded, and nothing is recorded after it was sealed."""
    occurred, recorded = time_of(event["occurred_at"], "occurred_at"), time_of(event["recorded_at"], "recorded_at")
    if occurred > recorded + CLOCK_SLACK:
        raise RefusedError("dates_impossible", place="occurred_at")
    if recorded > time_of(seal["signed_at"], "signed_at") + CLOCK_SLACK:
        raise RefusedError("dates_impossible", place="recorded_at")


def checked_evidence(value: Any, event: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents in the file; each is named by the event, or by a document that is."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_SEALS:
        raise RefusedError("not_a_proof", place="evidence")
    named = {event["evidence"]} if "evidence" in event else set()
    found = []
    for entry in value:
        shaped(entry, {"digest", "document"}, {"document"}, "evidence")
        digest, document = hash_text(entry["digest"], "evidence"), entry.get("document")
        if digest not in named:
            raise RefusedError("evidence_altered")
        if document is None:
            continue
        if not isinstance(document, dict):
            raise RefusedError("not_a_proof", place="evidence")
        if hashlib.sha256(canonical(document)).hexdigest() != digest:
            raise RefusedError("evidence_altered")
        named |= {item for item in document.values() if isinstance(item, str) and HASH.fullmatch(item)}
        found.append(document)
    return found


def checked_notice(value: Any, event: dict[str, Any]) -> dict[str, Any] | None:
    if value is None:
        return None
    notice = shaped(value, {"digest", "language", "text", "published_at"}, {"language", "published_at"}, "notice")
    text = text_of(notice["text"], "notice")
    try:
        digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    except UnicodeEncodeError:
        raise RefusedError("not_a_proof", place="UTF-8") from None
    if hash_text(notice["digest"], "notice") != digest or event.get("notice") != digest:
        raise RefusedError("notice_altered")
    language, version = notice.get("language"), event.get("notice_version")
    if language is not None and isinstance(version, str) and version.count("/") == 2:
        if text_of(language, "notice") != version.rsplit("/", 1)[1]:
            raise RefusedError("notice_altered")
    elif language is not None:
        text_of(language, "notice")
    if notice.get("published_at") is not None:
        published = time_of(notice["published_at"], "published_at")
        if published > time_of(event["recorded_at"], "recorded_at") + CLOCK_SLACK:
            raise RefusedError("dates_impossible", place="published_at")
    return notice


# --- telling -----------------------------------------------------------------------------------------------------


def lines_of(found: dict[str, Any], language: str) -> list[tuple[str, str]]:
    """The proof in words: label and value."""
    labels, event, seal = LABELS[language], found["event"], found["seal"]
    lines = [(labels["organisation"], event["organisation"]), (labels["contact"], event["contact"])]
    for name in ("action", "purpose", "channel", "basis", "occurred_at", "recorded_at", "source", "actor"):
        if event.get(name):
            lines.append((labels[name], str(event[name])))
    if event.get("notice_version"):
        lines.append((labels["notice_version"], str(event["notice_version"])))
    lines.append((labels["text"], found["text"] or labels["text_absent"]))
    lines.append((labels["evidence"], labels["evidence_" + found["evidence"]]))
    lines.append((labels["seal"], str(seal["number"])))
    lines.append((labels["signed_at"], seal["signed_at"]))
    lines.append((labels["later"], str(found["later_seals"])))
    lines.append((labels["key"], seal["key_id"]))
    return lines


def in_words(event: dict[str, Any], language: str) -> str:
    return LABELS[language]["in_words"].format(
        contact=event["contact"],
        organisation=event["organisation"],
        action=ACTIONS[language].get(event["action"], event["action"]),
        purpose=event["purpose"],
        channel=CHANNELS[language].get(event["channel"], event["channel"]),
    )


def harmless(text: str) -> str:
    """Text for a terminal: a proof must not be able to move its cursor."""
    plain = (c == "\n" or c.isprintable() or unicodedata.category(c) == "Zs" for c in text)
    return "".join(c if shown else "\\u%04x" % ord(c) for c, shown in zip(text, plain))  # noqa: B905, UP031


def say(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    safe = text.encode(encoding, "backslashreplace").decode(encoding)
    sys.stdout.write(safe + "\n")


def tell(found: dict[str, Any], language: str) -> None:
    say("OK  " + SENTENCES[language]["valid"])
    say("    " + harmless(in_words(found["event"], language)))
    say("")
    lines = lines_of(found, language)
    width = max(len(label) for label, _value in lines)
    for label, value in lines:
        for number, part in enumerate(harmless(value).split("\n")):
            say("  " + (label if number == 0 else "").ljust(width) + "  " + part)
    say("")
    say(LABELS[language]["key_given" if found["key"] == "given" else "key_from_file"])


# --- the command -------------------------------------------------------------------------------------------------


def read_file(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(LARGEST_BYTES + 1)
        with open(name, "rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError):
        raise RefusedError("unreadable") from None


def trusted_keys(given: list[str], file: str | None) -> dict[str, bytes] | None:
    """The keys of the command line; None when there are none. Raises ValueError for one that is no key."""
    if not given and file is None:
        return None
    texts = dict(pair.partition("=")[::2] for pair in given)
    if file is not None:
        for key_id, key in parsed(read_file(file)).items():
            texts[key_id] = key["public_key"] if isinstance(key, dict) else key
    found = {}
    for key_id, text in texts.items():
        raw = bytes_of(text, 32, "key")
        if hashlib.sha256(raw).hexdigest()[:16] != key_id:
            raise ValueError(key_id)
        found[key_id] = raw
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Check a consent proof offline.", epilog="Exit 0: valid. Exit 1: not valid, with a code."
    )
    parser.add_argument("file", help="the proof (JSON); - reads standard input")
    parser.add_argument("--json", action="store_true", help="answer one JSON object")
    parser.add_argument("--language", choices=sorted(SENTENCES), default="en")
    parser.add_argument("--key", action="append", default=[], metavar="KEYID=BASE64", help="trust this key only")
    parser.add_argument("--keys", metavar="FILE", help='trust only the keys of this JSON file: {"key id": "base64"}')
    options = parser.parse_args(arguments)
    try:
        trusted = trusted_keys(options.key, options.keys)
    except (RefusedError, ValueError, KeyError, TypeError):
        parser.error("a key is given as KEYID=BASE64: 32 bytes whose SHA-256 begins with KEYID")
    try:
        found = verified(parsed(read_file(options.file)), trusted)
    except RefusedError as refusal:
        return refused(refusal, options)
    except (MemoryError, RecursionError):
        return refused(RefusedError("not_a_proof", place="size"), options)
    if options.json:
        say(json.dumps({"valid": True, "code": "valid", "sentence": SENTENCES[options.language]["valid"], **found}))
    else:
        tell(found, options.language)
    return 0


def refused(refusal: RefusedError, options: argparse.Namespace) -> int:
    sentence = refusal.sentence(options.language)
    if options.json:
        say(json.dumps({"valid": False, "code": refusal.code, "sentence": sentence}))
    else:
        say("NOT VALID  " + refusal.code + "\n    " + harmless(sentence))
    return 1


if __name__ == "__main__":
    sys.exit(main())
