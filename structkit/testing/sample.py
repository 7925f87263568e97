"""A small value that conforms to a strict schema, but for patterns of uncommon shape."""

from __future__ import annotations

import re
from typing import Any

from structkit.values import JSON, JSONValue

DEEP = 8
"""Levels after which lists stay empty and unions take their plainest branch, so that recursion ends."""

FORMATS = {
    "date": "2024-02-29",
    "date-time": "2024-02-29T12:30:00Z",
    "time": "12:30:00Z",
    "duration": "PT90S",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
}
TEXTS = ("text", "1", "1.50", "A", "a1", "ABC", "2024-02-29", "", *("x" * length for length in range(1, 101)))
"""What is tried, in order, against a pattern; "text" where none fits."""


def sample(schema: JSON) -> JSONValue:
    """A value for *schema*, always the same one.

    >>> sample({"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]})
    {'n': 3}
    """
    return _sample(schema, schema.get("$defs", {}), 0)


def _sample(schema: JSON, definitions: JSON, depth: int) -> JSONValue:
    if "$ref" in schema:
        return _sample(definitions[schema["$ref"].rpartition("/")[2]], definitions, depth + 1)
    if "anyOf" in schema:
        return _sample(_branch(schema["anyOf"], depth), definitions, depth + 1)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    return _typed({**schema, "type": kind}, definitions, depth)


def _typed(schema: JSON, definitions: JSON, depth: int) -> JSONValue:
    if schema["type"] == "object":
        return {name: _sample(part, definitions, depth + 1) for name, part in schema["properties"].items()}
    if schema["type"] == "array":
        length = schema.get("minItems", 0 if depth > DEEP else 1)
        return [_sample(schema["items"], definitions, depth + 1) for _ in range(length)]
    return _text(schema) if schema["type"] == "string" else _scalar(schema)


def _branch(branches: list[JSON], depth: int) -> JSON:
    plain = [branch for branch in branches if branch.get("type") not in {None, "object", "array"}]
    return plain[-1] if depth > DEEP and plain else branches[0]


def _scalar(schema: JSON) -> JSONValue:
    if schema["type"] in {"boolean", "null"}:
        return {"boolean": True, "null": None}[schema["type"]]
    low: Any = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    step = schema.get("multipleOf", 1)
    return min(-(-low // step) * step, schema.get("maximum", low))


def _text(schema: JSON) -> str:
    if "format" in schema:
        return FORMATS.get(schema["format"], "text")
    return next((text for text in TEXTS if re.search(schema.get("pattern", ""), text)), "text")
