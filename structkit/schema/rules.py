"""Rules of JSON Schema that are checked here: where jsonschema's own are not exact, or take more than linear time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from structkit.schema.once import ask_once
from structkit.schema.patterns import matches
from structkit.values import JSON, JSONValue


def with_our_rules(validator: Any, schema: JSON) -> Any:
    """A jsonschema validator class with the rules of this file, and each branch of a union tried once.

    Where a reference is dynamic, what a branch means depends on the way to it, and it is tried each time.
    """
    from jsonschema.validators import extend

    extended: Callable[[Any, Any], Any] = extend
    is_dynamic = any(word in str(schema) for word in ("$dynamicRef", "$recursiveRef"))
    ours = RULES if is_dynamic else RULES | UNIONS
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

    return ask_once(try_it, instance, id(branch))


def _pattern(_: Any, wanted: str, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not matches(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def _pattern_properties(validator: Any, wanted: JSON, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for expression, schema in wanted.items() if isinstance(instance, dict) else ():
        for key in filter(lambda key: matches(expression, key), instance):
            yield from validator.descend(instance[key], schema, path=key, schema_path=expression)


def _additional(validator: Any, wanted: JSONValue, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items() if isinstance(instance, dict) else ():
        if key not in declared and not any(matches(expression, key) for expression in patterns):
            yield from validator.descend(value, wanted, path=key)


def _multiple_of(_: Any, step: float, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if type(instance) in {int, float} and not is_multiple(instance, step):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def is_multiple(number: float, step: float) -> bool:
    """Whether a number is a multiple of another, as both are written.

    >>> is_multiple(19.99, 0.01), is_multiple(10**400, 0.5), is_multiple(0.75, 0.5)
    (True, True, False)
    """
    if any(isinstance(each, float) and not math.isfinite(each) for each in (number, step)):
        return False
    return (_as_written(number) / _as_written(step)).denominator == 1


def _as_written(number: float) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


RULES = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "multipleOf": _multiple_of,
    "divisibleBy": _multiple_of,
}
UNIONS = {"allOf": _all_of, "anyOf": _any_of, "oneOf": _one_of}
