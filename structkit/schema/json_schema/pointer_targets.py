"""Targets of references that no keyword declares as schemas, or that a rewritten keyword would move, under `$defs`."""

from __future__ import annotations

from typing import Any

from structkit.schema.json_schema.child_schemas import (
    SCHEMA_KEYWORDS,
    SCHEMA_LIST_KEYWORDS,
    SCHEMA_MAP_KEYWORDS,
    child_schemas,
)
from structkit.schema.json_schema.vocabulary import is_keyword
from structkit.schema.naming import unused_name
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.json_pointer import escape_key, pointer_keys

MOVING_KEYWORDS = frozenset({"additionalItems", "dependencies", "extends"})
"""Keywords whose schemas are moved when they are rewritten."""

MOVING_SIBLINGS = frozenset({"nullable", "x-nullable", "discriminator"})
"""Keywords that move the schemas of others when they are rewritten."""

ADDRESSES = frozenset({"$id", "id", "$anchor", "$dynamicAnchor"})
NO_SCHEMA: Any = None
"""What is under a pointer that leads nowhere, or to a value that is not a schema."""


def with_targets_in_definitions(document: JSON) -> JSON:
    """Return a document whose pointers lead to schemas, in places that no rewriting of keywords moves.

    A part with an address of its own changes what the pointers inside it mean; such a document is returned unchanged.

    >>> with_targets_in_definitions({"items": {"$ref": "#/parts/a"}, "parts": {"a": {"type": "string"}}})
    {'items': {'$ref': '#/$defs/a'}, '$defs': {'a': {'type': 'string'}}}
    """
    moves = _Moves(document, keeps_places=True)
    rewritten = moves.run(document)
    if moves.has_addresses or not moves.definitions:
        return document
    remaining = {key: value for key, value in rewritten.items() if key not in moves.emptied_keys}
    return {**remaining, "$defs": {**remaining.get("$defs", {}), **moves.definitions}}


def extract_schema(schema: JSON, document: JSON) -> JSON:
    """Return a schema of a document with every schema that it refers to, under `$defs`.

    >>> document = {"components": {"schemas": {"A": {"items": {"$ref": "#/components/schemas/A"}}, "B": {}}}}
    >>> extract_schema({"$ref": "#/components/schemas/A"}, document)
    {'$ref': '#/$defs/A', '$defs': {'A': {'items': {'$ref': '#/$defs/A'}}}}
    """
    moves = _Moves(document, keeps_places=False)
    rewritten = moves.run(schema)
    return {**rewritten, "$defs": moves.definitions} if moves.definitions else rewritten


class _Moves:
    """The schemas that are moved to `$defs`.

    Attributes:
        definitions: Each moved schema, rewritten, by its name.
        emptied_keys: The keys of the root that are not keywords, and under which such a schema was.
        has_addresses: Whether a part below the root has an address of its own.
    """

    def __init__(self, document: JSON, *, keeps_places: bool) -> None:
        """Store the document, and whether a schema stays where it is if it can."""
        self._document = document
        self._keeps_places = keeps_places
        self._names: dict[str, str] = {}
        definitions = document.get("$defs")
        self._used = {*definitions} if keeps_places and isinstance(definitions, dict) else set[str]()
        self._remaining: list[tuple[str, JSON]] = []
        self.definitions: dict[str, JSONValue] = {}
        self.emptied_keys = set[str]()
        self.has_addresses = False

    def run(self, schema: JSON) -> JSON:
        """Return a schema with its references rewritten, after moving their targets, and those of the targets."""
        rewritten = self._rewrite(schema, is_root=True)
        while self._remaining:
            name, target = self._remaining.pop()
            self.definitions[name] = self._rewrite(target)
        return rewritten

    def _rewrite(self, part: JSON, *, is_root: bool = False) -> JSON:
        self.has_addresses |= not is_root and any(isinstance(part.get(word), str) for word in ADDRESSES)
        rewritten = dict(part)
        if isinstance(part.get("$ref"), str):
            rewritten["$ref"] = self._moved_pointer(part["$ref"])
        for path, child in child_schemas(part):
            if isinstance(child, dict):
                set_child(rewritten, part, path, self._rewrite(child))
        return rewritten

    def _moved_pointer(self, pointer: str) -> str:
        """Return the pointer to where the target of a pointer is after the move."""
        keys = [*pointer_keys(pointer)]
        if not pointer.startswith("#/") or (self._keeps_places and _is_fixed(self._document, keys)):
            return pointer
        canonical = "/".join(map(escape_key, keys))
        if canonical not in self._names:
            target = look_up(self._document, keys)
            if not isinstance(target, dict | bool):
                return pointer
            is_in_place = self._keeps_places and keys[:-1] == ["$defs"]  # and has a name that a discriminator may need
            self._add(canonical, keys[-1] if is_in_place else unused_name(keys[-1], self._used), target)
            self.emptied_keys |= set() if is_keyword(keys[0]) else {keys[0]}
        return f"#/$defs/{escape_key(self._names[canonical])}"

    def _add(self, pointer: str, name: str, target: JSON | bool) -> None:
        self._names[pointer] = name
        self._used.add(name)
        self.definitions[name] = True
        if isinstance(target, dict):
            self._remaining.append((name, target))


def _is_fixed(document: JSON, keys: list[str]) -> bool:
    """Return whether keywords lead to a place, and none of them is rewritten so that the place moves."""
    part: JSONValue = document
    position = 0
    while position < len(keys):
        keyword = keys[position]
        if (
            not isinstance(part, dict)
            or keyword not in part
            or keyword in MOVING_KEYWORDS
            or MOVING_SIBLINGS & part.keys()
        ):
            return False
        step = 1 if keyword in SCHEMA_KEYWORDS and isinstance(part[keyword], dict) else 2
        if step == 2 and keyword not in SCHEMA_MAP_KEYWORDS | SCHEMA_LIST_KEYWORDS - {"items"}:  # noqa: PLR2004
            return False
        part = look_up(part, keys[position : position + step])
        position += step
    return True


def set_child(copied: JSON, original: JSON, path: JSONPath, child: JSONValue) -> None:
    """Put a schema into a shallow copy of a part, under the path that `child_schemas` has yielded with it."""
    keyword = str(path[0])
    if len(path) == 1:
        copied[keyword] = child
        return
    if copied[keyword] is original[keyword]:
        copied[keyword] = original[keyword].copy()
    copied[keyword][path[1]] = child


def look_up(document: JSON, keys: list[str]) -> JSONValue:
    """Return what is in a document at the keys of a pointer; NO_SCHEMA if nothing is."""
    part: JSONValue = document
    for key in keys:
        try:
            part = part[int(key)] if isinstance(part, list) else part[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return NO_SCHEMA
    return part
