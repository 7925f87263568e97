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


BOUNDS_BY_TYPE = {
    "a string": ("pattern", "format", "minLength", "maxLength"),
    "a number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "an array": ("minItems", "maxItems", "uniqueItems"),
    "an object": ("minProperties", "maxProperties"),
}
"""The keywords that bound the values of one type only, by that type with its article."""


TYPES_OF_RULES: dict[str, frozenset[str]] = {
    **{word: frozenset({kind}) for word, kind in TYPE_BY_KEYWORD.items()},
    **dict.fromkeys(BOUNDS_BY_TYPE["a number"], frozenset({"integer", "number"})),
    **dict.fromkeys(BOUNDS_BY_TYPE["an array"], frozenset({"array"})),
    **dict.fromkeys((*BOUNDS_BY_TYPE["an object"], "propertyNames"), frozenset({"object"})),
}
"""The types of the values that a keyword is a rule for; values of other types pass it."""


def bounds_by_type(schema: JSON) -> dict[str, JSON]:
    """Return the bounds of a schema by the type of their values.

    >>> bounds_by_type({"minLength": 1, "maxItems": 2, "title": "A name"})
    {'a string': {'minLength': 1}, 'an array': {'maxItems': 2}}
    """
    bounds = {kind: {word: schema[word] for word in words if word in schema} for kind, words in BOUNDS_BY_TYPE.items()}
    return {kind: each for kind, each in bounds.items() if each}


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
