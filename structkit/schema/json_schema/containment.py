"""Whether every value that is asked for by one schema is surely valid for another one."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from structkit.schema.json_equality import equality_key
from structkit.schema.json_types import enumerated_values, is_of_type, type_names
from structkit.values import JSON, JSONValue

ANNOTATIONS = frozenset(
    {"title", "description", "examples", "example", "default", "deprecated", "readOnly", "writeOnly", "$comment"}
    | {"$defs", "definitions", "$schema", "$id", "id", "$anchor", "discriminator"}
)
"""Keywords that constrain no value."""

COMPARED = frozenset({"type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf"})
"""Keywords that are compared; any other one has to be the same in both schemas."""

NOT_COMPARED = frozenset({"patternProperties", "minProperties", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords that make nothing certain: they depend on the keywords beside them."""

CONTAINS = frozenset({"minContains", "maxContains"})
"""Keywords that change what `contains` means, also where they are absent."""

MAX_LEVELS = 20
MAX_COMPARISONS = 10_000
"""Levels, and pairs of schemas of one document, that are compared: definitions may contain themselves, and each other
on many paths. Nothing is certain beyond them."""


class Containment:
    """Compares the schemas of one document.

    Args:
        resolve: Returns a schema, or the target of its `$ref`.
        is_open: Whether undeclared keys are asked for everywhere: then only equal schemas contain each other.
    """

    def __init__(self, resolve: Callable[[JSONValue], JSON], *, is_open: bool = False) -> None:
        """Store both."""
        self._resolve, self._is_open = resolve, is_open
        self._remaining = MAX_COMPARISONS

    def is_contained(self, first: JSONValue, second: JSONValue, levels: int = MAX_LEVELS) -> bool:
        """Return whether every value that *first* asks for is valid for *second*; false where that is not certain.

        An object that declares properties and says nothing of other keys does not ask for them.

        >>> compare = Containment(lambda schema: schema).is_contained
        >>> one, other = ({"type": "object", "properties": {name: {"type": "string"}}} for name in "ab")
        >>> compare(one, other), compare({**one, "required": ["a"]}, other), compare(one, {**other, "required": ["b"]})
        (True, True, False)
        """
        self._remaining -= 1
        if second is True or second == {} or first is False or first == second:
            return True
        if self._is_open:
            return False
        if not isinstance(first, dict) or not isinstance(second, dict) or min(self._remaining, levels) < 0:
            return False
        if "$ref" in second and not second.keys() <= ANNOTATIONS | {"$ref"}:
            return False
        return self._is_contained(self._resolve(first), self._resolve(second), levels - 1)

    def _is_contained(self, first: JSON, second: JSON, levels: int) -> bool:
        if first == second:
            return True
        if (first.keys() | second.keys()) & NOT_COMPARED:
            return False
        if "anyOf" in first:
            return all(self.is_contained(_with_type(part, first), second, levels) for part in first["anyOf"])
        if "anyOf" in second:
            return self.is_contained(first, _without_union(second), levels) and any(
                self.is_contained(first, part, levels) for part in second["anyOf"]
            )
        other_keywords = second.keys() - COMPARED - ANNOTATIONS
        other_keywords |= CONTAINS if "contains" in second else frozenset()
        has_others = {word: first[word] for word in other_keywords & first.keys()} == {
            word: second[word] for word in other_keywords & second.keys()
        }
        return has_others and _are_values_contained(first, second) and self._are_parts_contained(first, second, levels)

    def _are_parts_contained(self, first: JSON, second: JSON, levels: int) -> bool:
        """Compare properties and items."""
        declared, other_declared = first.get("properties", {}), second.get("properties", {})
        if not {*second.get("required", ())} <= {*first.get("required", ())} or "prefixItems" in first:
            return False
        undeclared = second.get("additionalProperties", True)
        pairs = [(part, other_declared.get(name, undeclared)) for name, part in declared.items()]
        if "additionalProperties" in first or not declared:
            other_parts = [part for name, part in other_declared.items() if name not in declared]
            pairs += [(first.get("additionalProperties", True), part) for part in (undeclared, *other_parts)]
        pairs.append((first.get("items", True), second.get("items", True)))
        return all(self.is_contained(part, other, levels) for part, other in pairs)


def _with_type(branch: JSONValue, schema: JSON) -> JSONValue:
    """Return a branch of `anyOf` with the type that the schema around it has."""
    return {"type": schema["type"], **branch} if isinstance(branch, dict) and "type" in schema else branch


def _without_union(schema: JSON) -> JSON:
    return {word: value for word, value in schema.items() if word != "anyOf"}


def _are_values_contained(first: JSON, second: JSON) -> bool:
    """Compare what the schemas say of a whole value: its type, and the list of values."""
    values, other_values = enumerated_values(first), enumerated_values(second)
    if values is not None:
        other_keys = None if other_values is None else frozenset(map(equality_key, other_values))
        return all(_is_scalar_of(value, second, other_keys) for value in values)
    if other_values is not None or "type" not in second:
        return other_values is None
    names = {*type_names(second["type"])} | ({"integer"} if "number" in type_names(second["type"]) else set())
    return "type" in first and {*type_names(first["type"])} <= names


def _is_scalar_of(value: JSONValue, schema: JSON, keys: frozenset[Hashable] | None) -> bool:
    """Return whether a value is a scalar of a schema's type, and among the keys of the values that the schema lists."""
    has_type = "type" not in schema or any(is_of_type(value, name) for name in type_names(schema["type"]))
    is_listed = keys is None or equality_key(value) in keys
    return not isinstance(value, dict | list) and has_type and is_listed
