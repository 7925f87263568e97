"""Unwrap values that a model has put into a wrapper it was not asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from structkit.values import JSON, JSONValue

MAX_LAYERS = 3
"""How many nested wrappers are removed."""

WRAPPERS = frozenset(
    {"answer", "arguments", "data", "input", "json", "object", "output", "parameters", "response", "result"}
)
"""Generic keys, which do not describe their value."""

CALL_NAMES = frozenset({"name", "function", "tool"})
SCHEMA_KEYS = frozenset(
    {"$schema", "$defs", "additionalProperties", "description", "name", "required", "strict", "title", "type"}
)
TYPES = frozenset({"string", "number", "integer", "boolean", "null", "object", "array"})
SCHEMA_KEYWORDS = frozenset({"$ref", "anyOf", "oneOf", "allOf", "enum", "const"})

NOT_WRAPPED: Final = ...
"""Marks a value without a wrapper; None cannot, because it may be the wrapped value."""


def unwrap(
    value: JSONValue,
    *,
    name: str = "",
    properties: Collection[str] = (),
    wrapper_types: tuple[type, ...] = (dict, list),
) -> Iterator[JSONValue]:
    """Yield the values inside *value*, layer by layer, as far as the wrappers are ones that models use.

    One of the expected *properties* is never a wrapper, and a schema is never a value.

    >>> list(unwrap({"response": {"line_item": {"price": 3}}}, name="LineItem", properties=["price"]))
    [{'line_item': {'price': 3}}, {'price': 3}]
    >>> list(unwrap([{"price": 3}], properties=["price"]))
    [{'price': 3}]
    >>> list(unwrap({"type": "object", "properties": {"price": {"type": "number"}}}, properties=["price"]))
    []
    """
    for _ in range(MAX_LAYERS):
        if not isinstance(value, wrapper_types):
            return
        value = _wrapped_value(value, name, properties)
        if value is NOT_WRAPPED or (properties and not isinstance(value, (dict, list))):
            return
        if not is_schema(value) or any(key in properties for key in value):
            yield value


def is_schema(value: JSONValue) -> bool:
    """Return whether a value looks like a JSON Schema: it has a JSON type, or a keyword that only schemas have.

    >>> is_schema({"type": ["string", "null"]}), is_schema({"type": "invoice"})
    (True, False)
    """
    if not isinstance(value, dict):
        return False
    types = value.get("type")
    names = types if isinstance(types, list) else [types]
    return not SCHEMA_KEYWORDS.isdisjoint(value) or any(isinstance(type_, str) and type_ in TYPES for type_ in names)


def _wrapped_value(value: JSONValue, name: str, properties: Collection[str]) -> JSONValue:
    if isinstance(value, list):
        return value[0] if properties and len(value) == 1 and isinstance(value[0], dict) else NOT_WRAPPED
    if not isinstance(value, dict):
        return NOT_WRAPPED
    if "properties" in value and "properties" not in properties:
        return _properties(value)
    key = _wrapper_key(value, name)
    return value[key] if key is not None and key not in properties else NOT_WRAPPED


def _properties(value: JSON) -> JSONValue:
    """Return the values that a model has written where a schema has its properties."""
    values = value["properties"]
    is_schema_like = value.keys() <= SCHEMA_KEYS | {"properties"}
    if not is_schema_like or not isinstance(values, dict) or all(map(is_schema, values.values())):
        return NOT_WRAPPED
    return values


def _wrapper_key(value: JSON, name: str) -> str | None:
    """Return the key of the wrapper: the only key, or that of the arguments of a call of the function *name*."""
    keys = [
        key
        for key in value
        if not (key in CALL_NAMES and isinstance(value[key], str) and _matches_name(value[key], name))
    ]
    if len(keys) != 1 or len(value) > len(keys) + 1:
        return None
    is_wrapper = keys[0].casefold() in WRAPPERS or (len(value) == 1 and _matches_name(keys[0], name))
    return keys[0] if is_wrapper else None


def _matches_name(key: str, name: str) -> bool:
    normalized = name.replace("_", "").casefold()
    return bool(normalized) and key.replace("_", "").casefold() == normalized
