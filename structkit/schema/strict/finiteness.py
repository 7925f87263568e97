"""Definitions that no finite value fits, because each of their values must contain another one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from structkit.dialects import Dialect
from structkit.errors import SchemaError
from structkit.schema.explanation import Note
from structkit.values import JSON, JSONPath

BOUNDS = frozenset({"minItems", "maxItems"})
"""The keywords of the number of items."""

EMPTY = "Always empty."
"""The description of a list of which an item could only be infinite."""


def find_infinite(definitions: JSON) -> set[str]:
    """Return the names of the infinite definitions.

    >>> find_infinite({"a": {"type": "object", "properties": {"next": {"$ref": "#/$defs/a"}}}})
    {'a'}
    """
    finite: set[str] = set()
    while added := {name for name, part in definitions.items() if name not in finite and _is_finite(part, finite)}:
        finite |= added
    return definitions.keys() - finite


def explain_infinite(
    schema: JSON, definitions: JSON, infinite: Collection[str], paths: Mapping[str, JSONPath], dialect: Dialect
) -> list[Note]:
    """Return a note for each infinite definition that a strict schema does not require.

    A branch of a union is not required, nor the items of a list, if the vendor takes a bound on their number.

    Args:
        schema: The schema.
        definitions: Its definitions, by name.
        infinite: The names of the infinite ones.
        paths: Where a definition is inside itself, by its name.
        dialect: What the vendor accepts.

    Raises:
        SchemaError: It requires one.
    """
    may_be_empty = dialect.keywords >= BOUNDS
    roots = [schema, *(part for name, part in definitions.items() if name not in infinite)]
    is_required = any(name in infinite for part in roots for name in _required(part, may_be_empty=may_be_empty))
    notes = [
        Note(path, "dropped", f"only an infinite value fits: {name} requires another {name}")
        for name, path in paths.items()
        if name in infinite
    ]
    if is_required and notes:
        raise SchemaError(f"{notes[0].text}; make it a list, nullable or optional", path=notes[0].path)
    return notes


def without_infinite(schema: JSON, infinite: Collection[str]) -> JSON:
    """Return a schema without the branches that only an infinite value fits, and with empty lists of such items.

    Args:
        schema: A schema that a finite value fits.
        infinite: The names of the infinite definitions.

    >>> without_infinite({"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}, {"a"})
    {'type': 'null'}
    >>> without_infinite({"type": "array", "items": {"$ref": "#/$defs/a"}}, {"a"})
    {'type': 'array', 'items': {'type': 'null'}, 'maxItems': 0, 'description': 'Always empty.'}
    """

    def prune(part: JSON) -> JSON:
        if "anyOf" in part:
            branches = [prune(branch) for branch in part["anyOf"] if not _is_infinite(branch, infinite)]
            siblings = {key: value for key, value in part.items() if key != "anyOf"}
            return {**branches[0], **siblings} if len(branches) == 1 else {**part, "anyOf": branches}
        if "items" in part:
            if not _is_infinite(part["items"], infinite):
                return {**part, "items": prune(part["items"])}
            return {**part, "items": {"type": "null"}, "maxItems": 0, "description": EMPTY}
        if "properties" in part:
            return {**part, "properties": {name: prune(inner) for name, inner in part["properties"].items()}}
        return part

    return prune(schema)


def _is_infinite(schema: JSON, infinite: Collection[str]) -> bool:
    return not _is_finite(schema, infinite, is_infinite=True)


def _is_finite(schema: JSON, names: Collection[str], *, is_infinite: bool = False) -> bool:
    """Return whether a finite value fits a schema, by the names of the definitions that one fits, or that none fits."""
    if "$ref" in schema:
        return (_name(schema) in names) is not is_infinite
    if "anyOf" in schema:
        return any(_is_finite(part, names, is_infinite=is_infinite) for part in schema["anyOf"])
    if schema.get("minItems"):
        return _is_finite(schema["items"], names, is_infinite=is_infinite)
    return all(_is_finite(part, names, is_infinite=is_infinite) for part in schema.get("properties", {}).values())


def _required(schema: JSON, *, may_be_empty: bool) -> Iterator[str]:
    """Yield the definitions that a schema requires: a union has other branches, and a list may be empty."""
    if "$ref" in schema:
        yield _name(schema)
    items = [schema["items"]] if "items" in schema and (schema.get("minItems") or not may_be_empty) else ()
    for part in (*schema.get("properties", {}).values(), *items):
        yield from _required(part, may_be_empty=may_be_empty)


def _name(reference: JSON) -> str:
    return str(reference["$ref"].removeprefix("#/$defs/"))
