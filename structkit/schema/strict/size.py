"""The size of a strict schema as vendors count it, and how long its enums may be to stay within a limit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from structkit.dialects import Dialect, Size
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


def enums_to_open(schema: JSON, dialect: Dialect) -> frozenset[str]:
    """Return the enums that must not be sent, as JSON texts: the longest ones, and only as many as the limits require.

    >>> from structkit.dialects import OPENAI
    >>> enums = [{"enum": [*range(600)]}, {"enum": [*range(500)]}, {"enum": [1, 2]}]
    >>> [len(text) > 2_400 for text in enums_to_open({"anyOf": enums}, OPENAI)]
    [True]
    """
    enums = sorted((part["enum"] for part in walk_schema(schema) if "enum" in part), key=len)
    texts = [json.dumps(values) for values in enums]
    open_texts = {text for text, values in zip(texts, enums, strict=True) if _is_too_long(values, dialect)}
    remaining = [(text, len(values)) for text, values in zip(texts, enums, strict=True) if text not in open_texts]
    while sum(length for _, length in remaining) > dialect.max_size.enum_values:
        longest, _ = remaining[-1]
        open_texts.add(longest)
        remaining = [(text, length) for text, length in remaining if text != longest]
    return frozenset(open_texts)


MAX_UNCOUNTED_VALUES = 250
"""Values of an enum above which OpenAI limits its characters (guide, "Limitations on enum size")."""


def _is_too_long(values: list[JSONValue], dialect: Dialect) -> bool:
    """Return whether one enum alone has too many characters."""
    characters = sum(len(str(value)) for value in values)
    limit = dialect.max_enum_characters if len(values) > MAX_UNCOUNTED_VALUES else math.inf
    return characters > min(limit, dialect.max_size.characters)


def find_references(schema: JSON, definitions: JSON) -> frozenset[str]:
    """Return the names of the definitions that a schema needs, directly or through others."""
    names: set[str] = set()
    waiting = [schema]
    while waiting:
        added = direct_references(waiting.pop()) - names
        names |= added
        waiting += (definitions[name] for name in added)
    return frozenset(names)


def direct_references(schema: JSON) -> set[str]:
    """Return the names of the definitions that a schema refers to itself."""
    return {part["$ref"].removeprefix("#/$defs/") for part in walk_schema(schema) if "$ref" in part} - {""}
