"""The size of a strict schema as vendors count it, and how long its enums may be to stay within a limit."""

from __future__ import annotations

import math
from collections.abc import Iterator

from structkit.dialects import Size
from structkit.schema.strict.definitions import children
from structkit.values import JSON, JSONValue


def measure(schema: JSON) -> Size:
    """Return the size of a strict schema; each definition counts once, as in the text of the schema.

    >>> point = {"type": "object", "properties": {"x": {"enum": ["a", "bc"]}}, "required": []}
    >>> measure(point)
    Size(properties=1, enum_values=2, characters=4, optional=1, unions=0)
    """
    total = Size()
    for part in walk_schema(schema):
        total += _size_without_parts(part)
    return total


def _size_without_parts(part: JSON) -> Size:
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


def walk_schema(schema: JSON) -> Iterator[JSON]:
    """Yield the schema, every part of it, and its definitions."""
    waiting = [schema, *schema.get("$defs", {}).values()]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += (inner for _, inner in children(part))


def max_enum_length(schema: JSON, max_values: float) -> float:
    """Return the length above which enums must not be listed, so that at most *max_values* are listed in total.

    >>> max_enum_length({"anyOf": [{"enum": [1, 2, 3]}, {"enum": [4, 5]}]}, 4)
    2
    """
    lengths = sorted(len(part["enum"]) for part in walk_schema(schema) if "enum" in part)
    limit: float = math.inf
    while lengths and sum(lengths) > max_values:
        limit = lengths.pop() - 1
        lengths = [length for length in lengths if length <= limit]
    return limit


def find_references(schema: JSON, definitions: JSON) -> frozenset[str]:
    """Return the names of the definitions that a schema needs, directly or through others."""
    names: set[str] = set()
    waiting = [schema]
    while waiting:
        for part in walk_schema(waiting.pop()):
            name = part.get("$ref", "").removeprefix("#/$defs/")
            if name and name not in names:
                names.add(name)
                waiting.append(definitions[name])
    return frozenset(names)
