"""Rules of JSON Schema that are checked here: where jsonschema's own are not exact, or take more than linear time."""

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


def with_our_rules(validator: Any, *, is_dynamic: bool) -> Any:
    """A jsonschema validator class with the rules of this file, and each branch of a union tried once.

    Args:
        validator: The class.
        is_dynamic: Whether a reference is: what a branch means depends on the way to it then; it is tried each time.
    """
    from jsonschema.validators import extend

    extended: Callable[[Any, Any], Any] = extend
    ours = {"enum": _enum_rule(), **RULES, **({} if is_dynamic else UNIONS)}
    return extended(validator, {word: rule for word, rule in ours.items() if word in validator.VALIDATORS})


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

    fitting = [branch for branch in branches if _fits(validator, branch, instance)]
    if not fitting:
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")
    if len(fitting) > 1:
        yield ValidationError(f"{instance!r} is valid under each of {', '.join(map(repr, fitting))}")


def _fits(validator: Any, branch: JSONValue, instance: JSONValue) -> bool:
    """Whether a value fits a branch; the errors that would say why multiply from union to union."""

    def try_it(value: JSONValue) -> bool:
        return next(validator.descend(value, branch), None) is None

    return evaluate_once(try_it, instance, id(branch))


def _pattern(_: Any, wanted: str, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not matches(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def _pattern_properties(validator: Any, wanted: JSON, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for expression, schema in wanted.items() if isinstance(instance, dict) else ():
        for name in filter(lambda name: matches(expression, name), instance):
            yield from validator.descend(instance[name], schema, path=name, schema_path=expression)


def _additional(validator: Any, wanted: JSONValue, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items() if isinstance(instance, dict) else ():
        if name not in declared and not any(matches(expression, name) for expression in patterns):
            yield from validator.descend(value, wanted, path=name)


def _multiple_of(_: Any, step: float, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if json_type(instance) == "number" and not is_multiple(instance, step):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def is_multiple(number: JSONValue, step: JSONValue) -> bool:
    """Whether a number is a multiple of another, as both are written.

    >>> is_multiple(19.99, 0.01), is_multiple(10**400, 0.5), is_multiple(0.75, 0.5)
    (True, True, False)
    """
    if any(isinstance(each, float) and not math.isfinite(each) for each in (number, step)):
        return False
    return (_as_written(number) / _as_written(step)).denominator == 1


def _as_written(number: JSONValue) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _unique_items(_: Any, wanted: bool, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if not wanted or not isinstance(instance, list):
        return
    seen: set[Hashable] = set()
    for item in instance:
        if equality_key(item) in seen:
            yield ValidationError(f"the item {shorten_json(item)} is given twice")
            return
        seen.add(equality_key(item))


def _enum_rule() -> Rule:
    """The rule for the enums of one document, the values of each looked through once."""
    known: dict[int, tuple[list[JSONValue], frozenset[Hashable]]] = {}

    def enum(_: Any, wanted: list[JSONValue], instance: JSONValue, __: JSON) -> Iterator[Exception]:
        from jsonschema.exceptions import ValidationError

        if id(wanted) not in known:
            known[id(wanted)] = wanted, frozenset(map(equality_key, wanted))
        if equality_key(instance) not in known[id(wanted)][1]:
            some = f"{wanted[:MOST_SHOWN]!r}{' and others' if len(wanted) > MOST_SHOWN else ''}"
            yield ValidationError(f"{instance!r} is not one of {some}")

    return enum


MOST_SHOWN = 20
"""Values of an enum that are named where none of them is given."""

RULES: dict[str, Rule] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "multipleOf": _multiple_of,
    "divisibleBy": _multiple_of,
    "uniqueItems": _unique_items,
}
UNIONS: dict[str, Rule] = {"allOf": _all_of, "anyOf": _any_of, "oneOf": _one_of}
