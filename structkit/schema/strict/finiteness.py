"""Definitions that no finite value fits, because each of their values must contain another one."""

from __future__ import annotations

from collections.abc import Iterator

from structkit.values import JSON


def find_infinite(schema: JSON, definitions: JSON) -> set[str]:
    """Return the names of the infinite definitions that a strict schema requires; a branch of a union is not required.

    >>> infinite = {"type": "object", "properties": {"next": {"$ref": "#/$defs/a"}}}
    >>> find_infinite({"$ref": "#/$defs/a"}, {"a": infinite})
    {'a'}
    >>> find_infinite({"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}, {"a": infinite})
    set()
    """
    finite: set[str] = set()
    while added := {name for name, part in definitions.items() if name not in finite and _is_finite(part, finite)}:
        finite |= added
    infinite = definitions.keys() - finite
    if not infinite or not _is_finite(schema, finite):
        return infinite
    roots = [schema, *(definitions[name] for name in finite)]
    return infinite if any(infinite.intersection(_required(part)) for part in roots) else set()


def _is_finite(schema: JSON, finite: set[str]) -> bool:
    """Return whether a finite value fits a schema, if one fits each of the definitions *finite*."""
    if "$ref" in schema:
        return _name(schema) in finite
    if "anyOf" in schema:
        return any(_is_finite(part, finite) for part in schema["anyOf"])
    if schema.get("minItems"):
        return _is_finite(schema["items"], finite)
    return all(_is_finite(part, finite) for part in schema.get("properties", {}).values())


def _required(schema: JSON) -> Iterator[str]:
    """Yield the definitions that a schema requires: those in a union are not, since another branch may fit."""
    if "$ref" in schema:
        yield _name(schema)
    for part in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else ())):
        yield from _required(part)


def _name(reference: JSON) -> str:
    return str(reference["$ref"].removeprefix("#/$defs/"))
