"""OpenAPI's `discriminator`: the property by which a union's branches differ, as a constant in each branch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_

from structkit.schema.json_schema.vocabulary import ANNOTATIONS, IDENTIFIERS
from structkit.values import JSON, JSONValue

Resolve = Callable[[JSONValue], JSON]
"""Returns a schema, or the target of its `$ref`; an empty one where that cannot be followed."""

UNIONS = ("oneOf", "anyOf")


def read_discriminator(part: JSON, resolve: Resolve) -> JSON:
    """Return a union with the discriminating value as a constant in each branch that does not restrict it.

    The value is the key of the branch in `mapping`, or the last step of its `$ref`. Each branch also contains what the
    part says beside the union, so that it is complete.

    >>> cat = {"properties": {"kind": {"type": "string"}}}
    >>> union = {"oneOf": [{"$ref": "#/$defs/Cat"}], "discriminator": {"propertyName": "kind"}}
    >>> read_discriminator(union, lambda branch: cat)["oneOf"][0]["allOf"][1]
    {'type': 'object', 'properties': {'kind': {'const': 'Cat'}}, 'required': ['kind']}
    """
    name, word = _property_name(part), next((word for word in UNIONS if isinstance(part.get(word), list)), None)
    if name is None or word is None:
        return part
    mapping = part["discriminator"].get("mapping")
    names = _values_by_target(mapping if isinstance(mapping, dict) else {})
    branches = [_with_value(branch, name, names, resolve) for branch in part[word]]
    outside = {key: value for key, value in part.items() if key in ANNOTATIONS or key in IDENTIFIERS}
    base = {key: value for key, value in part.items() if key not in outside and key != word}
    if base not in ({}, {"type": "object"}):
        branches = [{"allOf": [base, branch]} for branch in branches]
    elif all(map(is_, branches, part[word])):
        return part
    del outside["discriminator"]
    return {**outside, word: branches}


def is_without_union(part: JSON) -> bool:
    """Return whether a part has a `discriminator`, and no branches that it could distinguish."""
    return isinstance(part.get("discriminator"), dict | str) and not any(word in part for word in UNIONS)


def _property_name(part: JSON) -> str | None:
    discriminator = part.get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    return name if isinstance(name, str) else None


def _values_by_target(mapping: JSON) -> dict[str, list[str]]:
    """Return the values for each schema, by the last step of its address, which may be its name alone."""
    values: dict[str, list[str]] = {}
    for value, target in mapping.items():
        values.setdefault(str(target).rpartition("/")[2], []).append(value)
    return values


def _with_value(branch: JSONValue, name: str, names: dict[str, list[str]], resolve: Resolve) -> JSONValue:
    """Return a branch that accepts only its own values of the property."""
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    if not isinstance(reference, str) or any(_is_restricted(each) for each in _declarations(branch, name, resolve)):
        return branch
    target = reference.rpartition("/")[2]
    values = names.get(target, [target])
    value = {"const": values[0]} if len(values) == 1 else {"enum": values}
    return {"allOf": [branch, {"type": "object", "properties": {name: value}, "required": [name]}]}


def _declarations(branch: JSONValue, name: str, resolve: Resolve) -> Iterator[JSONValue]:
    """Yield what a branch and the parts of its `allOf` say of a property."""
    stack, visited = [branch], list[JSON]()
    while stack:
        part = resolve(stack.pop())
        if any(part is each for each in visited):
            continue
        visited.append(part)
        properties = part.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield resolve(properties[name])
        stack += part.get("allOf", ()) if isinstance(part.get("allOf"), list) else ()


def _is_restricted(schema: JSONValue) -> bool:
    """Return whether a property has a constant, as in a branch that is complete without the discriminator."""
    return isinstance(schema, dict) and ("const" in schema or len(schema.get("enum", "  ")) == 1)
