"""A small value that conforms to a strict schema, except where that has an uncommon pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Any

from structkit.values import JSON, JSONValue
from structkit.values.json_pointer import reference_targets

MAX_DEPTH = 8
"""Below it, lists are empty and unions use a scalar branch, so that a recursive schema ends."""

MAX_EXTRA = 2
"""With a seed: the most items that a list has beyond its minimum, and the most steps of a number above its minimum."""

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
FORMS = {
    "ISO 8601 date and time with a UTC offset": "2024-02-29T12:30:00Z",
    "ISO 8601 time with a UTC offset": "12:30:00Z",
    "ISO 8601 date and time": "2024-02-29T12:30:00",
    "ISO 8601 date": "2024-02-29",
    "ISO 8601 time": "12:30:00",
    "ISO 8601 duration": "PT90S",
    "A date, YYYY-MM-DD": "2024-02-29",
    "An IANA time zone": "Europe/Paris",
    "An email address": "ada@example.com",
    "A host name": "example.com",
    "A UUID": "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
    "A fraction": "1/3",
    "A color": "red",
    "A URL": "https://example.com/",
    "An IPv4 or IPv6 address": "192.0.2.1",
    "An IPv4 or IPv6 ": "192.0.2.0/24",
    "An IPv4 network": "192.0.2.0/24",
    "An IPv6 network": "2001:db8::/32",
    "An IPv4 ": "192.0.2.1",
    "An IPv6 ": "2001:db8::1",
    "A complex number": "1+2j",
}
"""How descriptions start that state a form which the schema cannot require, and a text of that form."""

FUTURE = "In the future"
PRESENT_YEAR, FUTURE_YEAR = "2024-", "2996-"
"""Both are leap years."""

TEXTS = ("text", "1", "1.50", "A", "a1", "ABC", "2024-02-29", "", *("x" * length for length in range(1, 101)))
"""Candidates, in order, for a pattern and bounds of length; "text" if none conforms."""


def sample(schema: JSON, seed: int | None = None) -> JSONValue:
    """Return a value for *schema*: without a *seed* always the same one.

    >>> schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    >>> sample(schema)
    {'n': 3}
    >>> {sample({"enum": ["a", "b"]}, seed) for seed in range(9)} == {"a", "b"}
    True
    """
    return _Sampler(reference_targets(schema), None if seed is None else Random(seed)).value(schema, 0)  # noqa: S311


@dataclass(frozen=True)
class _Sampler:
    targets: JSON
    random: Random | None

    def value(self, schema: JSON, depth: int) -> JSONValue:
        if "$ref" in schema:
            return self.value(self.targets[schema["$ref"]], depth + 1)
        if "anyOf" in schema:
            return self.value(self._branch(schema["anyOf"], depth), depth + 1)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else self._choose(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        return self._typed({**schema, "type": self._choose(kind) if isinstance(kind, list) else kind}, depth)

    def _typed(self, schema: JSON, depth: int) -> JSONValue:
        if schema["type"] == "object":
            return {name: self.value(part, depth + 1) for name, part in schema.get("properties", {}).items()}
        if schema["type"] == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self._length(schema, depth))]
        return self._text(schema) if schema["type"] == "string" else self._scalar(schema)

    def _choose(self, options: list[Any]) -> Any:
        return self.random.choice(options) if self.random else options[0]

    def _extra(self) -> int:
        return self.random.randint(0, MAX_EXTRA) if self.random else 0

    def _branch(self, branches: list[JSON], depth: int) -> JSON:
        scalars = [branch for branch in branches if branch.get("type") not in {None, "object", "array"}]
        return scalars[-1] if depth > MAX_DEPTH and scalars else self._choose(branches)

    def _length(self, schema: JSON, depth: int) -> int:
        minimum: int = schema.get("minItems", 0 if depth > MAX_DEPTH else 1)
        maximum: int = schema.get("maxItems", minimum + MAX_EXTRA)
        return min(minimum if depth > MAX_DEPTH else minimum + self._extra(), maximum)

    def _scalar(self, schema: JSON) -> JSONValue:
        if schema["type"] in {"boolean", "null"}:
            return None if schema["type"] == "null" else self._choose([True, False])
        step = schema.get("multipleOf", 1)
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
        first = -(-low // step) * step
        number = first + self._extra() * step
        high = schema.get("maximum", number)
        fits = number <= high and number < schema.get("exclusiveMaximum", number + 1)
        return number if fits else min(first, high)

    def _text(self, schema: JSON) -> str:
        description = schema.get("description", "")
        form = next((text for start, text in FORMS.items() if description.startswith(start)), None)
        if "format" in schema or form:
            text = FORMATS.get(schema["format"], "text") if "format" in schema else str(form)
            return text.replace(PRESENT_YEAR, FUTURE_YEAR) if FUTURE in description else text
        bounds = range(schema.get("minLength", 0), schema.get("maxLength", len(TEXTS)) + 1)
        fits = [text for text in TEXTS if len(text) in bounds and re.search(schema.get("pattern", ""), text)]
        return self._choose(fits[: 1 + MAX_EXTRA]) if fits else "text"
