"""Unwrap values that a model has put into a wrapper it was not asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from structkit.values import JSON, JSONValue

MAX_LAYERS = 4
"""How many nested wrappers are removed."""

CALLS = frozenset({"function", "function_call", "tool_call", "tool_calls", "tool_uses"})
"""What the call of a function is put into."""

CONTAINERS = frozenset(
    {
        *("answer", "args", "arguments", "content", "data", "final_answer", "input", "json", "object", "output"),
        *("parameters", "response", "result", "results", "value"),
    }
)
"""Generic keys of an object around the value of a property, which do not describe it."""

SEPARATORS = re.compile(r"[\s_-]+")

LIST_WRAPPERS = frozenset({"array", "items", "list", "values"})
"""The same of a list; another value may have such a property."""

CALL_NAMES = frozenset({"action", "function", "name", "recipient_name", "tool", "tool_name"})
"""Where a call has the name of its function."""

CALL_ARGUMENTS = frozenset({"action_input", "tool_input"})
"""Where some calls have their arguments; without the name of a call, such a key may describe its value."""

CALL_PARTS = (CALL_NAMES, CALL_ARGUMENTS | {"args", "arguments", "input", "parameters"})
"""What a call consists of: the name of its function, and its arguments."""

CALL_TYPES = ("function", "function_call", "tool_call", "tool_use")
CALL_DETAILS = frozenset({"id", "index", "type"})
"""What a call has beside its name and arguments."""

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
        if value is NOT_WRAPPED or (properties and not _may_be_object(value)):
            return
        is_value = not is_schema(value) and not _is_call(value)
        if is_value or any(key in properties for key in value):
            yield value


def unwrap_member(value: JSON, name: str) -> JSONValue:
    """Return what is in an object that only wraps the value of a property, with or without the type of one of them.

    Args:
        value: The object.
        name: The name of the property.

    Returns:
        The value; `NOT_WRAPPED` if the object says more than that.

    >>> unwrap_member({"type": "string", "value": "Ada"}, "name"), unwrap_member({"name": "Ada"}, "name")
    ('Ada', 'Ada')
    >>> unwrap_member({"value": 3, "unit": "kg"}, "weight"), unwrap_member({"first": "Ada"}, "name")
    (Ellipsis, Ellipsis)
    """
    keys = [key for key in value if key != "type" or not _is_type_name(value[key]) or len(value) == 1]
    if len(keys) != 1:
        return NOT_WRAPPED
    key, inner = keys[0], value[keys[0]]
    is_wrapper = _plain(key) in PLAIN_CONTAINERS or _is_list(value, key) or _matches_name(key, name)
    has_own_type = value.get("type") == "object"  # the type of the wrapper
    is_of_type = "type" not in value or key == "type" or has_own_type or _is_of_type(inner, value["type"])
    return inner if is_wrapper and is_of_type else NOT_WRAPPED


def _is_type_name(value: JSONValue) -> bool:
    """Return whether a value is the name of a JSON type; a property called `type` may have any value."""
    return isinstance(value, str) and value in TYPE_NAMES


def json_type_name(value: JSONValue) -> str:
    """Return the JSON type of a value; "integer" for a whole number."""
    return next(name for name, type_ in JSON_TYPES if isinstance(value, type_))


JSON_TYPES: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("boolean", bool),
    ("integer", int),
    ("number", float),
    ("string", str),
    ("array", list),
    ("object", dict),
    ("null", type(None)),
)
TYPE_NAMES = {name: {name, "integer"} if name == "number" else {name} for name, _ in JSON_TYPES}


def _may_be_object(value: JSONValue) -> bool:
    """Return whether a value may be an object, or a text that is the JSON of one, as the arguments of a call are."""
    return isinstance(value, dict | list) or (isinstance(value, str) and value.lstrip().startswith("{"))


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
    if not is_schema_like or not isinstance(values, dict) or all(map(_is_only_schema, values.values())):
        return NOT_WRAPPED
    return values


def _is_only_schema(value: JSONValue) -> bool:
    """Return whether a member of a schema's properties has no value beside its type."""
    has_value = (
        isinstance(value, dict) and value.keys() == {"type", "value"} and _is_of_type(value["value"], value["type"])
    )
    return is_schema(value) and not has_value


def _wrapper_key(value: JSON, name: str) -> str | None:
    """Return the key of the wrapper: the only key, or that of the arguments of a call of the function *name*."""
    keys = [key for key in value if not _is_function_name(key, value[key], name)]
    is_call = len(keys) < len(value) or value.get("type") in CALL_TYPES
    keys = [key for key in keys if not (is_call and key in CALL_DETAILS)]
    if len(keys) == 2 and "type" in keys and not is_call:  # noqa: PLR2004
        keys = [key for key in keys if key != "type" and _is_of_type(value[key], value["type"])]
    if len(keys) != 1:
        return None
    is_only_key = len(value) == 1
    is_wrapper = _plain(keys[0]) in PLAIN_WRAPPERS or (is_call and keys[0].casefold() in CALL_ARGUMENTS)
    is_list = is_only_key and _is_list(value, keys[0])
    return keys[0] if is_wrapper or is_list or (is_only_key and _matches_name(keys[0], name)) else None


def _plain(key: str) -> str:
    """Return a key without what differs between its spellings.

    >>> _plain("Final Answer"), _plain("finalAnswer"), _plain("final_answer")
    ('finalanswer', 'finalanswer', 'finalanswer')
    """
    return SEPARATORS.sub("", key).casefold()


PLAIN_CONTAINERS = frozenset(map(_plain, CONTAINERS))
PLAIN_WRAPPERS = PLAIN_CONTAINERS | frozenset(map(_plain, CALLS))
"""Generic keys of an object around a whole value."""


def _is_of_type(value: JSONValue, type_: JSONValue) -> bool:
    """Return whether a value has the JSON type of a name."""
    return _is_type_name(type_) and json_type_name(value) in TYPE_NAMES[str(type_)]


def _is_list(value: JSON, key: str) -> bool:
    return key.casefold() in LIST_WRAPPERS and isinstance(value[key], list)


def _is_call(value: JSONValue) -> bool:
    """Return whether a value has the name of a function and its arguments, and nothing else."""
    names = value.keys() - CALL_DETAILS if isinstance(value, dict) else frozenset()
    return len(names) == len(CALL_PARTS) and all(not part.isdisjoint(names) for part in CALL_PARTS)


def is_call(value: JSON, names: Collection[str]) -> bool:
    """Return whether an object is the call of a function, although some of its keys are *names* of the type.

    >>> is_call({"name": "person", "arguments": {"name": "Ada"}}, {"name"})
    True
    >>> is_call({"name": "Ada", "input": "a"}, {"name"}), is_call({"name": "a", "input": {}}, {"name", "input"})
    (False, False)
    """
    if not _is_call(value):
        return False
    arguments = next(key for key in value if key in CALL_PARTS[1])
    may_be_arguments = not isinstance(value[arguments], list) and _may_be_object(value[arguments])
    return arguments not in names and may_be_arguments


def _is_function_name(key: str, value: JSONValue, name: str) -> bool:
    """Return whether a member of an object only says that it is a call of the function *name*."""
    return key in CALL_NAMES and isinstance(value, str) and _matches_name(value.removeprefix("functions."), name)


def _matches_name(key: str, name: str) -> bool:
    """Return whether a key is the name of a type, or of a branch of a union (`Invoice_or_none`)."""
    plain_key = key.replace("_", "").casefold()
    return bool(plain_key) and plain_key in (part.replace("_", "").casefold() for part in (name, *name.split("_or_")))
