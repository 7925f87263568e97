"""How large a strict schema is, as vendors count, and what to open first where it is too large."""

from __future__ import annotations

import math
from collections.abc import Iterator

from structkit.dialects import Size
from structkit.schema.strict.definitions import children
from structkit.values import JSON, JSONValue


def measure(schema: JSON) -> Size:
    """What a strict schema counts, its definitions once each, as they stand in the text.

    >>> point = {"type": "object", "properties": {"x": {"enum": ["a", "bc"]}}, "required": []}
    >>> measure(point)
    Size(properties=1, enum_values=2, characters=4, optional=1, unions=0)
    """
    total = Size()
    for part in walk(schema):
        total += _own(part)
    return total


def _own(part: JSON) -> Size:
    properties: JSON = part.get("properties", {})
    values: list[JSONValue] = part.get("enum", [])
    constants = [str(value) for value in [*values, part.get("const", "")]]
    return Size(
        properties=len(properties),
        enum_values=len(values),
        characters=sum(len(text) for text in (*properties, *part.get("$defs", ()), *constants)),
        optional=len(properties) - len(part.get("required", properties)),
        unions="anyOf" in part or isinstance(part.get("type"), list),
    )


def walk(schema: JSON) -> Iterator[JSON]:
    """The schema, every part of it, and its definitions."""
    waiting = [schema, *schema.get("$defs", {}).values()]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += (inner for _, inner in children(part))


def max_enum_length(schema: JSON, most: float) -> float:
    """The length up to which enums can stay, so that all values together are at most *most*.

    >>> max_enum_length({"anyOf": [{"enum": [1, 2, 3]}, {"enum": [4, 5]}]}, 4)
    2
    """
    lengths = sorted(len(part["enum"]) for part in walk(schema) if "enum" in part)
    longest: float = math.inf
    while lengths and sum(lengths) > most:
        longest = lengths.pop() - 1
        lengths = [length for length in lengths if length <= longest]
    return longest


def references(schema: JSON, definitions: JSON) -> frozenset[str]:
    """The names of the definitions that a schema needs, directly or through others."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        for part in walk(waiting.pop()):
            name = part.get("$ref", "").removeprefix("#/$defs/")
            if name and name not in found:
                found.add(name)
                waiting.append(definitions[name])
    return frozenset(found)
