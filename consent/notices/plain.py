"""The blocks of a draft as plain JSON and back, whatever blocks the editor has.

Texts, choices and yes/no are plain values; what only the editor can choose (a picture, a document) is given out as it
is stored and taken back as it was read. The ids that the editor gives to blocks are kept, so that its history can tell
what changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from portal.errors import FieldProblem

Loc = tuple[str | int, ...]
BLOCK, VALUE = "block", "value"  # names beside the fields of a block: which block it is, and all of one without fields
LONGEST_TEXT = 20_000
MOST_ITEMS = 100
PLAIN_FIELDS: tuple[tuple[type[forms.Field], type], ...] = (
    (forms.BooleanField, bool),
    (forms.ChoiceField, str),
    (forms.CharField, str),
)
CODES = {"invalid_choice": "invalid_value", "max_length": "too_long", "required": "required"}


def plain_blocks(stream: blocks.StreamBlock, raw: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a stream holds, as JSON: each block with its name and its fields."""
    found = []
    for child in raw:
        block = stream.child_blocks.get(child["type"])
        if block is None:
            found.append({BLOCK: child["type"], VALUE: child["value"]})
        else:
            value = plain_value(block, child["value"])
            fields = value if isinstance(block, blocks.StructBlock) else {VALUE: value}
            found.append({BLOCK: child["type"], **fields})
    return found


def plain_value(block: Any, raw: Any) -> Any:
    match block:
        case blocks.StructBlock():
            given = raw or {}
            return {name: plain_value(child, given.get(name)) for name, child in block.child_blocks.items()}
        case blocks.ListBlock():
            return [plain_value(block.child_block, item_value(item)) for item in raw or ()]
        case blocks.StreamBlock():
            return plain_blocks(block, raw or ())
        case _:
            kind = kind_of(block)
            return kind() if kind is not None and raw is None else raw


def item_value(item: Any) -> Any:
    """An item of a list, with or without the wrapping that the editor puts around it."""
    return item["value"] if is_wrapped(item) else item


def is_wrapped(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("type") == "item" and "value" in item


def kind_of(block: Any) -> type | None:
    """The type of a plain value; None for what only the editor can choose."""
    if isinstance(block, blocks.FieldBlock) and not isinstance(block, blocks.ChooserBlock | blocks.RichTextBlock):
        return next((kind for form_field, kind in PLAIN_FIELDS if isinstance(block.field, form_field)), None)
    return None


@dataclass
class Reader:
    """Reads JSON into the blocks of a stream; ``problems`` has everything that is wrong with it.

    ``present``: what the draft holds now, for the ids and for what can only be sent back as it was read.
    """

    stream: blocks.StreamBlock
    present: Sequence[Mapping[str, Any]]
    problems: list[FieldProblem] = field(default_factory=list)
    chosen: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chosen = list(values_chosen(self.stream, self.present))

    def read(self, given: Sequence[Any], loc: Loc, default: str) -> list[dict[str, Any]]:
        """The raw blocks; ``default`` is the block meant where none is named. Those of one language are the same
        block as before.
        """
        return self._stream(self.stream, given, self.present, loc, default)

    def _stream(
        self, stream: blocks.StreamBlock, given: Any, present: Any, loc: Loc, default: str = ""
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        before = list(present or ())
        for place, value in enumerate(self._items(given, loc)):
            name = value.get(BLOCK, default) if isinstance(value, Mapping) else ""
            block = stream.child_blocks.get(name) if isinstance(name, str) else None
            same = counterpart(name, value, before)
            if same is not None:
                before.remove(same)
            if block is None:
                self._unknown(name, value, same, (*loc, place), found)
                continue
            fields = {key: each for key, each in value.items() if key != BLOCK}
            inner = fields if isinstance(block, blocks.StructBlock) else fields.get(VALUE)
            raw = self._value(block, inner, same["value"] if same else None, (*loc, place))
            found.append({"type": name, "value": raw, "id": id_of(same)})
        return found

    def _unknown(self, name: Any, value: Any, same: Any, loc: Loc, found: list[dict[str, Any]]) -> None:
        """A block that this version of the editor does not know: kept when it comes back as it was read."""
        if same is not None and value.get(VALUE) == same["value"]:
            found.append(dict(same))
        else:
            self._problem((*loc, BLOCK), "unknown_section", _("There is no such part of a notice."))

    def _value(self, block: Any, given: Any, present: Any, loc: Loc) -> Any:
        match block:
            case blocks.StructBlock():
                return self._struct(block, given, present, loc)
            case blocks.ListBlock():
                return self._list(block, given, present, loc)
            case blocks.StreamBlock():
                return self._stream(block, given or [], present, loc)
            case _:
                kind = kind_of(block)
                return self._leaf(block, given, kind, loc) if kind else self._chosen(given, loc)

    def _struct(self, block: blocks.StructBlock, given: Any, present: Any, loc: Loc) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            self._problem(loc, "invalid_value", _("This is an object with the fields of the part."))
            return {}
        for name in given:
            if name not in block.child_blocks:
                self._problem((*loc, name), "unknown_section", _("There is no such part of a notice."))
        before = present if isinstance(present, Mapping) else {}
        return {
            name: self._value(child, given.get(name, left_out(child)), before.get(name), (*loc, name))
            for name, child in block.child_blocks.items()
        }

    def _list(self, block: blocks.ListBlock, given: Any, present: Any, loc: Loc) -> list[dict[str, Any]]:
        before = list(present or ())
        found = []
        for place, value in enumerate(self._items(given if given is not None else [], loc)):
            same = before[place] if place < len(before) else None
            wrapped = same if is_wrapped(same) else None
            raw = self._value(block.child_block, value, item_value(same) if same is not None else None, (*loc, place))
            found.append({"type": "item", "value": raw, "id": id_of(wrapped)})
        return found

    def _items(self, given: Any, loc: Loc) -> Sequence[Any]:
        if not isinstance(given, list):
            self._problem(loc, "invalid_value", _("This is a list."))
            return ()
        if len(given) > MOST_ITEMS:
            self._problem(loc, "too_long", _("This is too long."))
        return given[:MOST_ITEMS]

    def _leaf(self, block: blocks.FieldBlock, given: Any, kind: type, loc: Loc) -> Any:
        value = kind() if given is None else given
        if not isinstance(value, kind):
            self._problem(loc, "invalid_value", _("This value is not one this field can take."))
        elif isinstance(value, str) and len(value) > LONGEST_TEXT:
            self._problem(loc, "too_long", _("This is too long."))
        else:
            try:
                return block.field.clean(value)
            except ValidationError as error:
                for each in error.error_list:
                    self._problem(loc, CODES.get(each.code or "", "invalid_value"), " ".join(each.messages))
        return value if isinstance(value, kind) else kind()

    def _chosen(self, given: Any, loc: Loc) -> Any:
        if given is not None and given not in self.chosen:
            detail = _("This is chosen in the editor: send it back as it was read, or leave it out.")
            self._problem(loc, "invalid_value", detail)
        return given

    def _problem(self, loc: Loc, code: str, detail: Any) -> None:
        self.problems.append(FieldProblem(loc, code, detail))


def left_out(block: Any) -> Any:
    """What stands for a part that was not sent: one without content."""
    return {} if isinstance(block, blocks.StructBlock) else None


def counterpart(name: Any, value: Any, before: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The block that this one was before: of the same name, and in the same language where it has one."""
    if not isinstance(value, Mapping):
        return None
    for child in before:
        if child["type"] == name:
            raw = child["value"]
            if not isinstance(raw, Mapping) or raw.get("language") == value.get("language"):
                return child
    return None


def id_of(before: Mapping[str, Any] | None) -> str:
    return str((before or {}).get("id") or uuid.uuid4())


def values_chosen(block: Any, raw: Any) -> Iterator[Any]:
    """Everything in a draft that only the editor can choose."""
    match block:
        case blocks.StructBlock():
            for name, child in block.child_blocks.items():
                yield from values_chosen(child, (raw or {}).get(name))
        case blocks.ListBlock():
            for item in raw or ():
                yield from values_chosen(block.child_block, item_value(item))
        case blocks.StreamBlock():
            for item in raw or ():
                if item["type"] in block.child_blocks:
                    yield from values_chosen(block.child_blocks[item["type"]], item["value"])
        case _:
            if kind_of(block) is None and raw is not None:
                yield raw


# What the description of the API says of blocks

SCHEMAS: dict[type, Callable[[Any], dict[str, Any]]] = {
    bool: lambda _block: {"type": "boolean", "default": False},
    str: lambda block: {"type": "string", "maxLength": getattr(block.field, "max_length", None) or LONGEST_TEXT},
}


def schema_of(block: Any) -> dict[str, Any]:
    """The JSON Schema of a block's plain value."""
    match block:
        case blocks.StructBlock():
            properties = {name: described(child) for name, child in block.child_blocks.items()}
            return {"type": "object", "additionalProperties": False, "properties": properties}
        case blocks.ListBlock():
            return {"type": "array", "items": schema_of(block.child_block), "maxItems": MOST_ITEMS}
        case blocks.StreamBlock():
            return {"type": "array", "items": {"anyOf": stream_schemas(block)}, "maxItems": MOST_ITEMS}
        case _:
            kind = kind_of(block)
            return SCHEMAS[kind](block) if kind else {"description": "Chosen in the editor; send it back as read."}


def described(block: Any) -> dict[str, Any]:
    words = str(getattr(block, "label", "") or "")
    helped = str(getattr(getattr(block, "field", None), "help_text", "") or "")
    said = ". ".join(part for part in (words, helped) if part)
    return {"description": said, **schema_of(block)} if said else schema_of(block)


def stream_schemas(stream: blocks.StreamBlock) -> list[dict[str, Any]]:
    found = []
    for name, block in stream.child_blocks.items():
        inner = schema_of(block)
        fields = inner.get("properties", {VALUE: inner})
        found.append(
            {"type": "object", "title": name, "properties": {BLOCK: {"const": name}, **fields}, "required": []}
        )
    return found
