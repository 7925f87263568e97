"""A small value that conforms to a strict schema, but for patterns of uncommon shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Any

from structkit.values import JSON, JSONValue

DEEP = 8
"""Levels after which lists stay empty and unions take their plainest branch, so that recursion ends."""

MORE = 2
"""With a seed: how many items more than needed a list gets at most, and steps above its bound a number."""

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
"""What is tried, in order, against a pattern and bounds of length; "text" where none fits."""


def sample(schema: JSON, seed: int | None = None) -> JSONValue:
    """A value for *schema*, always the same one; with a *seed*, the one of that seed.

    >>> schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    >>> sample(schema)
    {'n': 3}
    >>> {sample({"enum": ["a", "b"]}, seed) for seed in range(9)} == {"a", "b"}
    True
    """
    return _Sampler(schema.get("$defs", {}), None if seed is None else Random(seed)).value(schema, 0)  # noqa: S311


@dataclass(frozen=True)
class _Sampler:
    definitions: JSON
    chance: Random | None

    def value(self, schema: JSON, depth: int) -> JSONValue:
        if "$ref" in schema:
            return self.value(self.definitions[schema["$ref"].rpartition("/")[2]], depth + 1)
        if "anyOf" in schema:
            return self.value(self._branch(schema["anyOf"], depth), depth + 1)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else self._one(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        return self._typed({**schema, "type": self._one(kind) if isinstance(kind, list) else kind}, depth)

    def _typed(self, schema: JSON, depth: int) -> JSONValue:
        if schema["type"] == "object":
            return {name: self.value(part, depth + 1) for name, part in schema.get("properties", {}).items()}
        if schema["type"] == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self._length(schema, depth))]
        return self._text(schema) if schema["type"] == "string" else self._scalar(schema)

    def _one(self, options: list[Any]) -> Any:
        return self.chance.choice(options) if self.chance else options[0]

    def _more(self) -> int:
        return self.chance.randint(0, MORE) if self.chance else 0

    def _branch(self, branches: list[JSON], depth: int) -> JSON:
        plain = [branch for branch in branches if branch.get("type") not in {None, "object", "array"}]
        return plain[-1] if depth > DEEP and plain else self._one(branches)

    def _length(self, schema: JSON, depth: int) -> int:
        least: int = schema.get("minItems", 0 if depth > DEEP else 1)
        most: int = schema.get("maxItems", least + MORE)
        return min(least if depth > DEEP else least + self._more(), most)

    def _scalar(self, schema: JSON) -> JSONValue:
        if schema["type"] in {"boolean", "null"}:
            return None if schema["type"] == "null" else self._one([True, False])
        step = schema.get("multipleOf", 1)
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
        first = -(-low // step) * step
        number = first + self._more() * step
        high = schema.get("maximum", number)
        fits = number <= high and number < schema.get("exclusiveMaximum", number + 1)
        return number if fits else min(first, high)

    def _text(self, schema: JSON) -> str:
        if "format" in schema:
            return FORMATS.get(schema["format"], "text")
        bounds = range(schema.get("minLength", 0), schema.get("maxLength", len(TEXTS)) + 1)
        fits = [text for text in TEXTS if len(text) in bounds and re.search(schema.get("pattern", ""), text)]
        return self._one(fits[: 1 + MORE]) if fits else "text"
