"""The branch of `anyOf` or `oneOf` that an invalid value was probably written for: the one whose errors help."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from structkit.schema.json_schema.vocabulary import ASSERTIONS
from structkit.schema.json_types import is_of_type, type_names
from structkit.values import JSON, JSONValue

IN_PLACE = ("anyOf", "oneOf", "allOf")


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
    resolved = [(branch, resolve(branch)) for branch in _without_cycles(branches, resolve)]
    possible = [(branch, schema) for branch, schema in resolved if _accepts(schema, value)]
    distances = [_distance(schema, value) for _, schema in possible]
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


def _accepts(schema: JSON, value: JSONValue) -> bool:
    """Return whether a schema allows the type and the constants of a value."""
    if "const" in schema or "enum" in schema:
        return bool(value in schema.get("enum", [schema.get("const")]))
    names = type_names(schema["type"]) if "type" in schema else []
    return (not names or any(is_of_type(value, str(name)) for name in names)) and _has_constants(schema, value)


def _has_constants(schema: JSON, value: JSONValue) -> bool:
    """Return whether an object has the constants of its schema, as far as it has these properties."""
    properties = _properties(schema)
    if not isinstance(value, dict):
        return True
    parts = ((properties[key], item) for key, item in value.items() if key in properties)
    return all(_is_possible_constant(part, item) for part, item in parts if isinstance(part, dict))


def _is_possible_constant(schema: JSON, value: JSONValue) -> bool:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return not isinstance(values, list) or len(values) != 1 or values == [value]


def _distance(schema: JSON, value: JSONValue) -> int:
    """Return how many keys an object lacks, and how many it has that the schema does not declare."""
    if not isinstance(value, dict):
        return 0
    missing = [name for name in schema.get("required", ()) if name not in value]
    return len(missing) + len(value.keys() - _properties(schema).keys())


def _properties(schema: JSON) -> JSON:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}
