"""Which values of a contact come back when an import is undone. Pure.

A value comes back only while it is still the one the import wrote. An identity that somebody else has by now stays
away, nobody loses their last one, and an address goes together with its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ATTRIBUTE = "attributes."
IDENTITIES = ("email_key", "phone", "external_id")
ADDRESS = ("email", "email_key")
TEXTS = ("first_name", "last_name", "language", "country")

Values = Mapping[str, Any]
Taken = Callable[[str, str], bool]
"""``(column, value)``: does another contact have this identity by now?"""


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the journal: what stood in each place before, and what the import wrote there."""

    id: int
    before: Values
    after: Values


@dataclass(slots=True)
class Restored:
    """A contact's values as they become, the names brought back, and why the others were not: name -> reason."""

    values: dict[str, Any]
    names: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> list[str]:
        """The names as people count them: an address and its key are one."""
        return [name for name in self.names if name != "email_key"]


def merged(changes: Sequence[Change]) -> tuple[dict[str, Any], dict[str, Any]]:
    """First ``before`` and last ``after`` of each place: a contact that was met twice has two changes."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for change in changes:
        for name, value in change.after.items():
            if name == "tags":
                after[name] = [*after.get(name, []), *value]
            else:
                before.setdefault(name, change.before.get(name))
                after[name] = value
    return before, after


def restored(contact: Values, changes: Sequence[Change], *, import_id: int, taken: Taken) -> Restored:
    """What becomes of ``contact`` (its columns, ``attributes``, ``tags`` and ``provenance``)."""
    before, after = merged(changes)
    found = Restored({**contact, "attributes": dict(contact["attributes"])})
    added = after.pop("tags", [])
    for name in after:
        reason = reason_to_leave(contact, name, before, after, taken)
        if reason:
            found.left[name] = reason
        else:
            put(found.values, name, before.get(name))
            found.names.append(name)
    keep_an_identity(contact, found)
    if set(added) & set(contact["tags"]):
        found.values["tags"] = [tag for tag in contact["tags"] if tag not in added]
        found.names.append("tags")
    earlier = changes[0].before.get("provenance") or {}
    found.values["provenance"] = provenance(contact["provenance"] or {}, earlier, found.names, import_id)
    return found


def reason_to_leave(contact: Values, name: str, before: Values, after: Values, taken: Taken) -> str:
    pair = [each for each in ADDRESS if each in after] if name in ADDRESS else [name]
    if any(current(contact, each) != after[each] for each in pair):
        return "changed_since"
    gone = [each for each in pair if each in IDENTITIES and before.get(each) and taken(each, before[each])]
    return "identity_taken" if gone else ""


def current(contact: Values, name: str) -> Any:
    if name.startswith(ATTRIBUTE):
        return contact["attributes"].get(name.removeprefix(ATTRIBUTE))
    return contact.get(name)


def put(values: dict[str, Any], name: str, value: Any) -> None:
    if not name.startswith(ATTRIBUTE):
        values[name] = "" if value is None and name in TEXTS else value
    elif value is None:
        values["attributes"].pop(name.removeprefix(ATTRIBUTE), None)
    else:
        values["attributes"][name.removeprefix(ATTRIBUTE)] = value


def keep_an_identity(contact: Values, found: Restored) -> None:
    """Take identities back when none would be left."""
    if any(found.values[name] for name in IDENTITIES):
        return
    for name in [name for name in found.names if name in (*ADDRESS, *IDENTITIES)]:
        found.values[name] = contact[name]
        found.names.remove(name)
        found.left[name] = "last_identity"


def provenance(given: Values, earlier: Values, names: Sequence[str], import_id: int) -> dict[str, Any] | None:
    """Where a value comes from goes back with it, as far as it came from this import."""
    ours = {name for name in names if str(given.get(name)) == str(import_id)}
    kept = {name: word for name, word in given.items() if name not in ours}
    return {**kept, **{name: word for name, word in earlier.items() if name in ours}} or None


def shortened(change: Change, names: Sequence[str]) -> Change | None:
    """What is left of a change when these names came back; None when nothing is."""
    after = {name: value for name, value in change.after.items() if name not in names and name != "tags"}
    if not after:
        return None
    before = {name: value for name, value in change.before.items() if name not in names}
    return Change(change.id, before, after)


def handed_on(
    left: Mapping[str, str], changes: Sequence[Change], later: Sequence[Change], *, import_id: int
) -> list[Change]:
    """Changes of later imports whose "before" was this import's: what had stood before that is theirs now.

    Should such an import be undone, too, the value of the beginning comes back, in whichever order. Of tags each import
    takes its own away; only where they come from is handed on.
    """
    before, after = merged(changes)
    earlier = changes[0].before.get("provenance") or {}
    found: dict[int, Change] = {}

    def hand_on(name: str, heir: Change | None, stood: Values) -> None:
        if heir is None:
            return
        known = found.get(heir.id, heir)
        given = {key: word for key, word in (known.before.get("provenance") or {}).items() if key != name}
        given |= {name: earlier[name]} if name in earlier else {}
        found[heir.id] = Change(heir.id, {**known.before, **stood, "provenance": given}, known.after)

    for name in (name for name, reason in left.items() if reason == "changed_since"):
        heir = next((each for each in later if name in each.after and each.before.get(name) == after[name]), None)
        hand_on(name, heir, {name: before.get(name)})
    if "tags" in after:
        hand_on("tags", next((each for each in later if tagged_by(each) == str(import_id)), None), {})
    return list(found.values())


def tagged_by(change: Change) -> str:
    """Where the tags came from before this change."""
    return str((change.before.get("provenance") or {}).get("tags", ""))
