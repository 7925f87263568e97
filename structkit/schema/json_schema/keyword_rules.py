"""Rules of JSON Schema that replace jsonschema's where those are not exact, or take more than linear time."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from fractions import Fraction
from typing import Any, TypeAlias

from structkit.schema.json_equality import equality_key
from structkit.schema.json_schema.patterns import matches
from structkit.schema.json_types import json_type
from structkit.schema.memo import evaluate_once
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

Rule: TypeAlias = Callable[[Any, Any, Any, Any], Iterator[Exception]]


def with_exact_rules(validator: Any, *, is_dynamic: bool) -> Any:
    """Return a jsonschema validator class with the rules of this file, which evaluate each branch of a union once.

    Args:
        validator: The class.
        is_dynamic: Whether the schema has dynamic references: a branch then depends on the path to it, and is evaluated
            each time.
    """
    from jsonschema.validators import extend

    extend_class: Callable[[Any, Any], Any] = extend
    rules = {"enum": _enum_rule(), **RULES, **({} if is_dynamic else UNIONS)}
    return extend_class(validator, {word: rule for word, rule in rules.items() if word in validator.VALIDATORS})


def _all_of(validator: Any, parts: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for part in parts:
        if not _fits(validator, part, instance):
            yield from validator.descend(instance, part)


def _any_of(validator: Any, branches: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if not any(_fits(validator, branch, instance) for branch in branches):
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")


def _one_of(validator: Any, branches: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    matching = [branch for branch in branches if _fits(validator, branch, instance)]
    if not matching:
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")
    if len(matching) > 1:
        yield ValidationError(f"{instance!r} is valid under each of {', '.join(map(repr, matching))}")


def _fits(validator: Any, branch: JSONValue, instance: JSONValue) -> bool:
    """Return whether a value fits a branch, without the errors: their number multiplies from union to union."""

    def is_valid(value: JSONValue) -> bool:
        return next(validator.descend(value, branch), None) is None

    return evaluate_once(is_valid, instance, id(branch))


def _pattern(_: Any, pattern: str, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, schemas: JSON, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for expression, schema in schemas.items() if isinstance(instance, dict) else ():
        for name in filter(lambda name: matches(expression, name), instance):
            yield from _member_errors(validator, name, instance[name], schema, expression)


def _additional(validator: Any, additional: JSONValue, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items() if isinstance(instance, dict) else ():
        if name not in declared and not any(matches(expression, name) for expression in patterns):
            yield from _member_errors(validator, name, value, additional)


def _properties(validator: Any, properties: JSON, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for name, schema in properties.items() if isinstance(instance, dict) else ():
        if name in instance:
            yield from _member_errors(validator, name, instance[name], schema, name)


def _member_errors(
    validator: Any, name: str, value: JSONValue, schema: JSON | bool, schema_path: str | None = None
) -> Iterator[Exception]:
    """Yield the errors of an object's member; jsonschema does not name the key of one that may not be there."""
    from jsonschema.exceptions import ValidationError

    if schema is False:
        yield ValidationError("this key is not allowed here; leave it out", path=[name], instance=value, schema=False)
    else:
        yield from validator.descend(value, schema, path=name, schema_path=schema_path)


def _multiple_of(_: Any, step: float, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if json_type(instance) == "number" and not is_multiple(instance, step):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def is_multiple(number: JSONValue, step: JSONValue) -> bool:
    """Return whether a number is a multiple of another, in decimal digits as both are written.

    >>> is_multiple(19.99, 0.01), is_multiple(10**400, 0.5), is_multiple(0.75, 0.5)
    (True, True, False)
    """
    if any(isinstance(each, float) and not math.isfinite(each) for each in (number, step)):
        return False
    return (_as_fraction(number) / _as_fraction(step)).denominator == 1


def _as_fraction(number: JSONValue) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _unique_items(_: Any, is_required: bool, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if not is_required or not isinstance(instance, list):
        return
    keys: set[Hashable] = set()
    for item in instance:
        if equality_key(item) in keys:
            yield ValidationError(f"the item {shorten_json(item)} is a duplicate")
            return
        keys.add(equality_key(item))


def _enum_rule() -> Rule:
    """Return the rule for the enums of one document, which indexes the values of each enum once."""
    indexes: dict[int, tuple[list[JSONValue], frozenset[Hashable]]] = {}

    def enum(_: Any, values: list[JSONValue], instance: JSONValue, __: JSON) -> Iterator[Exception]:
        from jsonschema.exceptions import ValidationError

        if id(values) not in indexes:
            indexes[id(values)] = values, frozenset(map(equality_key, values))
        if equality_key(instance) not in indexes[id(values)][1]:
            listed_values = f"{values[:MAX_LISTED_VALUES]!r}{' and others' if len(values) > MAX_LISTED_VALUES else ''}"
            yield ValidationError(f"{instance!r} is not one of {listed_values}")

    return enum


MAX_LISTED_VALUES = 20
"""Values of an enum that a message lists."""

RULES: dict[str, Rule] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "properties": _properties,
    "multipleOf": _multiple_of,
    "divisibleBy": _multiple_of,
    "uniqueItems": _unique_items,
}
UNIONS: dict[str, Rule] = {"allOf": _all_of, "anyOf": _any_of, "oneOf": _one_of}
