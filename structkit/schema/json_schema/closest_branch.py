"""The branch of `anyOf` or `oneOf` that an invalid value was probably written for: the one whose errors help."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from structkit.schema.json_schema.vocabulary import ASSERTIONS
from structkit.schema.json_types import is_of_type, json_type, type_names
from structkit.values import JSON, JSONValue

IN_PLACE = ("anyOf", "oneOf", "allOf")

MAX_LEVELS = 3
"""Levels of lists in lists whose items are compared."""

MAX_ITEMS = 20
"""Items of a list that are compared."""


def find_closest_branch(
    branches: list[JSONValue], value: JSONValue, resolve: Callable[[JSONValue], JSON]
) -> JSONValue | None:
    """Return the only branch that is closest to a value; None if several are, or if none accepts its type.

    Only the keywords of the branch itself are compared: validating every branch would take exponentially long in a
    schema that contains itself.

    Args:
        branches: The schemas.
        value: The value, which fits none of them.
        resolve: Returns a schema, or the one that its `$ref` leads to.

    >>> cat = {"properties": {"kind": {"const": "cat"}, "age": {"type": "integer"}}}
    >>> cow = {"properties": {"kind": {"const": "cow"}, "age": {"type": "integer"}}}
    >>> find_closest_branch([{"type": "string"}, cat, cow], {"kind": "cow", "age": "3"}, dict) == cow
    True
    """
    resolved = [(branch, _merged(resolve(branch), resolve)) for branch in _without_cycles(branches, resolve)]
    possible = [(branch, schema) for branch, schema in resolved if _accepts(schema, value)]
    if any(_has_constant_of_type(schema, value) for _, schema in resolved):
        return None  # one of the constants may be meant as well
    distances = [_distance(schema, value, resolve) for _, schema in possible]
    if not possible or distances.count(min(distances)) > 1:
        return None
    return possible[distances.index(min(distances))][0]


def _without_cycles(branches: list[JSONValue], resolve: Callable[[JSONValue], JSON]) -> list[JSONValue]:
    """Return the branches of `anyOf` or `oneOf`, and those of another `anyOf` instead of a branch that leads back.

    What is left of a cycle is only what can be wrong with the value itself.

    >>> document = {"anyOf": [{"$ref": "#"}, {"type": "integer"}]}
    >>> _without_cycles(document["anyOf"], lambda branch: document if "$ref" in branch else branch)
    [{'type': 'integer'}]
    """
    remaining, finite, expanded = [*branches], list[JSONValue](), {id(branches)}
    while remaining:
        branch = remaining.pop(0)
        schema = resolve(branch)
        if not _leads_to(branches, schema, resolve):
            finite.append(branch)
        elif schema.keys() & ASSERTIONS == {"anyOf"} and id(schema["anyOf"]) not in expanded:
            expanded.add(id(schema["anyOf"]))
            remaining[:0] = schema["anyOf"]
    return finite


def _leads_to(branches: list[JSONValue], schema: JSON, resolve: Callable[[JSONValue], JSON]) -> bool:
    """Return whether a schema contains the same branches for the same value."""
    stack, visits = [schema], set[int]()
    while stack:
        part = stack.pop()
        inner = [part[word] for word in IN_PLACE if isinstance(part.get(word), list)]
        if any(each is branches for each in inner):
            return True
        if id(part) not in visits:
            visits.add(id(part))
            stack += [resolve(each) for each in chain(*inner)]
    return False


def _with_parts(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> list[JSON]:
    """Return a schema and the parts of its `allOf`, at any depth."""
    parts, visits, stack = list[JSON](), set[int](), [schema]
    while stack:
        part = stack.pop()
        if id(part) not in visits:
            visits.add(id(part))
            parts.append(part)
            inner = part.get("allOf")
            stack += map(resolve, inner) if isinstance(inner, list) else ()
    return parts


def _merged(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> JSON:
    """Return the keywords of a schema and of its `allOf` by which branches are compared."""
    parts = _with_parts(schema, resolve)
    if len(parts) == 1:
        return schema
    merged: JSON = {}
    for part in reversed(parts):
        merged |= {word: part[word] for word in ("type", "const", "enum", "items") if word in part}
    properties = [(name, each) for part in parts for name, each in _properties(part).items()]
    constants = {name: each for name, each in properties if isinstance(each, dict) and "const" in each}
    required = {name: None for part in parts for name in part.get("required", ())}
    return {**merged, "properties": {**dict(properties), **constants}, "required": [*required]}


def _accepts(schema: JSON, value: JSONValue) -> bool:
    """Return whether a schema allows the type and the constants of a value."""
    if "const" in schema or "enum" in schema:
        return bool(value in schema.get("enum", [schema.get("const")]))
    names = type_names(schema["type"]) if "type" in schema else []
    return (not names or any(is_of_type(value, str(name)) for name in names)) and _has_constants(schema, value)


def _has_constant_of_type(schema: JSON, value: JSONValue) -> bool:
    """Return whether a scalar has the type of a constant that it does not equal."""
    constants = schema.get("enum", [schema["const"]] if "const" in schema else [])
    is_scalar = not isinstance(value, dict | list | None)
    return is_scalar and isinstance(constants, list) and json_type(value) in map(json_type, constants)


def _has_constants(schema: JSON, value: JSONValue) -> bool:
    """Return whether an object has the constants of its schema, as far as it has these properties."""
    return not isinstance(value, dict) or all(len(values) > 1 for values in _other_values(schema, value))


def _other_values(schema: JSON, value: JSON) -> list[list[JSONValue]]:
    """Return the constants, or the values of the enum, of each property of an object that has none of them."""
    properties = _properties(schema)
    parts = [(properties[key], item) for key, item in value.items() if isinstance(properties.get(key), dict)]
    enums = [([part["const"]] if "const" in part else part.get("enum"), item) for part, item in parts]
    return [values for values, item in enums if isinstance(values, list) and item not in values]


def _distance(
    schema: JSON, value: JSONValue, resolve: Callable[[JSONValue], JSON], levels: int = MAX_LEVELS
) -> tuple[int, int]:
    """Return how many values are not among those of an enum, and how many keys are missing or not declared.

    Of a list, the keys of its items count.
    """
    if isinstance(value, list) and levels and isinstance(items := schema.get("items"), dict):
        item = _merged(resolve(items), resolve)
        distances = [_distance(item, each, resolve, levels - 1) for each in value[:MAX_ITEMS]]
        are_other = sum(not _accepts(item, each) for each in value[:MAX_ITEMS])
        return are_other + sum(other for other, _ in distances), sum(keys for _, keys in distances)
    if not isinstance(value, dict):
        return 0, 0
    missing = [name for name in schema.get("required", ()) if name not in value]
    return len(_other_values(schema, value)), len(missing) + len(value.keys() - _properties(schema).keys())


def _properties(schema: JSON) -> JSON:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}
