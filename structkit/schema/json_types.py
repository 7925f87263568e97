"""The JSON type of a Python value, and the types that a JSON Schema names."""

from __future__ import annotations

from structkit.values import JSON, JSONValue
from structkit.values.exact_float import ExactFloat

_TYPE_NAMES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    ExactFloat: "number",
    str: "string",
    list: "array",
    dict: "object",
}


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


TYPE_BY_KEYWORD = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "patternProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
}
"""The type that a schema without `type` implies by its keywords."""


def is_of_type(value: JSONValue, name: str) -> bool:
    """Return whether *value* is of the JSON Schema type *name*.

    >>> is_of_type(3, "number"), is_of_type(True, "integer"), is_of_type(3.0, "integer")
    (True, False, True)
    """
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, _PYTHON_TYPES[name])


def json_type(value: JSONValue) -> str:
    """Return the JSON type of a value, "number" for every number; "any" for what is not a JSON value.

    >>> json_type([]), json_type(3), json_type(None)
    ('array', 'number', 'null')
    """
    return _TYPE_NAMES.get(type(value), "any")


def type_names(keyword: JSONValue) -> list[str]:
    """Return the value of the `type` keyword as a list."""
    return keyword if isinstance(keyword, list) else [keyword]


def guess_type(schema: JSON) -> JSONValue:
    """Return the type (or list of types) that a schema names or its keywords imply; None where any type fits."""
    return schema.get("type") or next((TYPE_BY_KEYWORD[word] for word in schema if word in TYPE_BY_KEYWORD), None)


def enumerated_values(schema: JSON) -> list[JSONValue] | None:
    """Return the values that `const` or `enum` lists; None without them.

    >>> enumerated_values({"const": 1}), enumerated_values({"enum": ["a"]}), enumerated_values({"type": "string"})
    ([1], ['a'], None)
    """
    values: list[JSONValue] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return values
