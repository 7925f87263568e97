"""Values that came in a wrapping that nobody asked for, and how to take it off."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from structkit.values import JSON, JSONValue

LAYERS = 3
"""How many wrappings are taken off at most."""

WRAPPERS = frozenset(
    {"answer", "arguments", "data", "input", "json", "object", "output", "parameters", "response", "result"}
)
"""Keys that say nothing of what they hold."""

CALL = frozenset({"name", "function", "tool"})
BESIDE_PROPERTIES = frozenset(
    {"$schema", "$defs", "additionalProperties", "description", "name", "required", "strict", "title", "type"}
)
TYPES = frozenset({"string", "number", "integer", "boolean", "null", "object", "array"})
SCHEMA_KEYWORDS = frozenset({"$ref", "anyOf", "oneOf", "allOf", "enum", "const"})

Nothing: Final = ...
"""No wrapping: None is a value that may have been wrapped."""


def unwrap(value: JSONValue, *, name: str = "", properties: Collection[str] = ()) -> Iterator[JSONValue]:
    """What is inside *value*, layer by layer, where its wrapping is one that models put around.

    A key that is among the wanted *properties* wraps nothing, and a schema is never taken for a value.

    >>> list(unwrap({"response": {"line_item": {"price": 3}}}, name="LineItem", properties=["price"]))
    [{'line_item': {'price': 3}}, {'price': 3}]
    >>> list(unwrap([{"price": 3}], properties=["price"]))
    [{'price': 3}]
    >>> list(unwrap({"type": "object", "properties": {"price": {"type": "number"}}}, properties=["price"]))
    []
    """
    for _ in range(LAYERS):
        value = _inside(value, name, properties)
        if value is Nothing or (properties and not isinstance(value, (dict, list))):
            return
        if not is_schema(value) or any(key in properties for key in value):
            yield value


def is_schema(value: JSONValue) -> bool:
    """Whether a value looks like a JSON Schema: a known type, or a keyword that only schemas have.

    >>> is_schema({"type": ["string", "null"]}), is_schema({"type": "invoice"})
    (True, False)
    """
    if not isinstance(value, dict):
        return False
    types = value.get("type")
    named = types if isinstance(types, list) else [types]
    return not SCHEMA_KEYWORDS.isdisjoint(value) or any(isinstance(type_, str) and type_ in TYPES for type_ in named)


def _inside(value: JSONValue, name: str, properties: Collection[str]) -> JSONValue:
    if isinstance(value, list):
        return value[0] if properties and len(value) == 1 and isinstance(value[0], dict) else Nothing
    if not isinstance(value, dict):
        return Nothing
    if "properties" in value and "properties" not in properties:
        return _properties(value)
    key = _only_key(value, name)
    return value[key] if key is not None and key not in properties else Nothing


def _properties(value: JSON) -> JSONValue:
    """The values that stand where a schema has its properties."""
    inside = value["properties"]
    alone = value.keys() <= BESIDE_PROPERTIES | {"properties"}
    if not alone or not isinstance(inside, dict) or all(map(is_schema, inside.values())):
        return Nothing
    return inside


def _only_key(value: JSON, name: str) -> str | None:
    """The key that wraps: the only one, or the arguments of a call by that name."""
    keys = [key for key in value if not (key in CALL and isinstance(value[key], str) and _same(value[key], name))]
    if len(keys) != 1 or len(value) > len(keys) + 1:
        return None
    wraps = keys[0].casefold() in WRAPPERS or (len(value) == 1 and _same(keys[0], name))
    return keys[0] if wraps else None


def _same(key: str, name: str) -> bool:
    squashed = name.replace("_", "").casefold()
    return bool(squashed) and key.replace("_", "").casefold() == squashed
