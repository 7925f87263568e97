"""Definitions that no finite value fits: each value of theirs must hold another one."""

from __future__ import annotations

from collections.abc import Iterator

from structkit.values import JSON


def find_endless(schema: JSON, definitions: JSON) -> set[str]:
    """The names of the endless definitions that a strict schema cannot do without; a branch of a union it can.

    >>> endless = {"type": "object", "properties": {"next": {"$ref": "#/$defs/a"}}}
    >>> find_endless({"$ref": "#/$defs/a"}, {"a": endless})
    {'a'}
    >>> find_endless({"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}, {"a": endless})
    set()
    """
    finite: set[str] = set()
    while found := {name for name, part in definitions.items() if name not in finite and _ends(part, finite)}:
        finite |= found
    endless = definitions.keys() - finite
    if not endless or not _ends(schema, finite):
        return endless
    roots = [schema, *(definitions[name] for name in finite)]
    return endless if any(endless.intersection(_needed(part)) for part in roots) else set()


def _ends(schema: JSON, finite: set[str]) -> bool:
    """Whether a finite value fits, if one fits each of the definitions *finite*."""
    if "$ref" in schema:
        return _name(schema) in finite
    if "anyOf" in schema:
        return any(_ends(part, finite) for part in schema["anyOf"])
    if schema.get("minItems"):
        return _ends(schema["items"], finite)
    return all(_ends(part, finite) for part in schema.get("properties", {}).values())


def _needed(schema: JSON) -> Iterator[str]:
    """The definitions that stand in a schema, but not as one of several."""
    if "$ref" in schema:
        yield _name(schema)
    for part in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else ())):
        yield from _needed(part)


def _name(reference: JSON) -> str:
    return str(reference["$ref"].removeprefix("#/$defs/"))
