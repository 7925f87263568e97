"""The branches of a union without the values that are always rejected: by a rule beside it, or by `oneOf`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from structkit.schema.json_equality import equality_key, unique_values
from structkit.schema.json_types import enumerated_values
from structkit.schema.keywords import ENUM_MEANINGS
from structkit.schema.nodes.context import Compiler
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.schema.value_meanings import value_meanings
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

DROPPED = {
    "anyOf": "a branch of anyOf whose values a rule beside it excludes",
    "oneOf": "a branch of oneOf whose values fit another branch too",
}
NO_VALUES = {
    "anyOf": "a rule beside anyOf excludes all values of its branches",
    "oneOf": "each one that fits a branch of oneOf fits another branch too, and is rejected; "
    "write anyOf, or additionalProperties: false in its objects",
}


def valid_branches(schema: JSON, word: str, path: JSONPath, compiler: Compiler) -> list[JSON]:
    """Return the branches that some value of theirs is valid for, each without the values that never are.

    Args:
        schema: The schema with the union.
        word: `anyOf` or `oneOf`, which rejects a value that fits another branch too.
        path: Where it is.
        compiler: The compiler.

    Raises:
        UnsatisfiableSchema: None is left.
    """
    parts: list[JSON] = schema.get(word, [])
    if compiler.defaults_apply:  # pydantic's `oneOf` has a discriminator
        return parts
    beside = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
    values_of_parts = [_listed_values(part, compiler) for part in parts]
    valid_values = [values if values is None else compiler.valid_values(values, beside) for values in values_of_parts]
    if word == "oneOf":
        valid_values = _exclusive_values(parts, valid_values, compiler)
    branches: list[JSON] = []
    for part, values, remaining in zip(parts, values_of_parts, valid_values, strict=True):
        if remaining == [] or (word == "oneOf" and values is None and _fits_another(part, parts, compiler)):
            compiler.note(path, "dropped", f"{DROPPED[word]}: {shorten_json(part)}")
        else:
            branches.append(_without_values(part, values, remaining, path, compiler))
    if parts and not branches:
        raise UnsatisfiableSchema(f"no value can fit: {NO_VALUES[word]}", path=path)
    return branches


def _listed_values(part: JSONValue, compiler: Compiler) -> list[JSONValue] | None:
    """Return the different values that a branch lists and accepts; None where it lists or accepts none."""
    target = compiler.resolve(part)
    if target.keys() == {"type"} and target["type"] == "null":
        return [None]
    values = enumerated_values(target) if isinstance(part, dict) else None
    return (compiler.valid_values(unique_values(values), part) or None) if values else None


def _exclusive_values(
    parts: list[JSON], values_of_parts: Sequence[list[JSONValue] | None], compiler: Compiler
) -> list[list[JSONValue] | None]:
    """Return the values of each branch that no other branch accepts."""
    counts = Counter(equality_key(value) for values in values_of_parts for value in values or ())
    other_parts = [part for part, values in zip(parts, values_of_parts, strict=True) if values is None]
    return [
        values if values is None else _values_of_one(values, counts, other_parts, compiler)
        for values in values_of_parts
    ]


def _values_of_one(
    values: list[JSONValue], counts: Counter[Hashable], other_parts: list[JSON], compiler: Compiler
) -> list[JSONValue]:
    """Return the values that only one branch lists, and no other branch accepts."""
    remaining = [value for value in values if counts[equality_key(value)] == 1]
    for other in other_parts:
        remaining = compiler.valid_values(remaining, {"not": other})
    return remaining


def _fits_another(part: JSON, parts: list[JSON], compiler: Compiler) -> bool:
    return any(compiler.is_contained(part, other) for other in parts if other is not part)


def _without_values(
    part: JSON, values: list[JSONValue] | None, remaining: list[JSONValue] | None, path: JSONPath, compiler: Compiler
) -> JSON:
    """Return a branch without the values that do not remain."""
    if values is None or remaining is None or len(remaining) == len(values):
        return part
    keys = {*map(equality_key, remaining)}
    excluded_values = [value for value in values if equality_key(value) not in keys]
    text = shorten_json(excluded_values)
    compiler.note(path, "dropped", f"values of a branch that a rule beside it or another branch excludes: {text}")
    meanings = value_meanings(compiler.resolve(part))  # by position in the enum, which changes
    return {"allOf": [part, {"enum": remaining, **({ENUM_MEANINGS: meanings} if meanings else {})}]}
