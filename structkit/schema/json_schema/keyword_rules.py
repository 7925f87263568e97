"""Rules of JSON Schema that replace jsonschema's where those are not exact, or take more than linear time."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

from structkit.schema.expected_values import MISSING, OTHER_FORM, unexpected_key
from structkit.schema.json_equality import equality_key
from structkit.schema.json_schema.branch_evaluation import evaluated_items, evaluated_keys, fits, resolver_of
from structkit.schema.json_schema.closest_branch import find_closest_branch
from structkit.schema.json_schema.patterns import matches
from structkit.schema.json_types import json_type
from structkit.schema.memo import evaluate_once
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

Rule: TypeAlias = Callable[[Any, Any, Any, Any], Iterator[Exception]]


Resolve: TypeAlias = Callable[[JSONValue], JSON]
"""Returns a schema, or the one that its `$ref` leads to."""


def with_exact_rules(validator: Any, resolve: Resolve, *, is_dynamic: bool) -> Any:
    """Return a jsonschema validator class with the rules of this file, which evaluate each branch of a union once.

    Args:
        validator: The class.
        resolve: Follows references in the document.
        is_dynamic: Whether the schema has dynamic references: a branch then depends on the path to it, and is evaluated
            each time.
    """
    from attrs import evolve
    from jsonschema.validators import extend

    extend_class: Callable[[Any, Any], Any] = extend
    rules = {
        "enum": _enum_rule(),
        **RULES,
        "unevaluatedProperties": partial(_unevaluated_properties, is_dynamic=is_dynamic),
        "unevaluatedItems": partial(_unevaluated_items, is_dynamic=is_dynamic),
        **({} if is_dynamic else _union_rules(resolve)),
    }
    exact = extend_class(validator, {word: rule for word, rule in rules.items() if word in validator.VALIDATORS})
    # jsonschema's own would take its class without these rules for every part with `$schema`, so below `"$ref": "#"`.
    exact.evolve = evolve
    return exact


def _all_of(validator: Any, parts: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for part in parts:
        if not fits(validator, part, instance):
            yield from validator.descend(instance, part)


def _union_rules(resolve: Resolve) -> dict[str, Rule]:
    """Return the rules of unions. If no branch fits, the errors are those of the closest branch."""
    from jsonschema.exceptions import ValidationError

    def any_of(validator: Any, branches: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
        if any(fits(validator, branch, instance) for branch in branches):
            return
        closest = find_closest_branch(branches, instance, partial(_resolve_branch, validator, resolve))
        errors = iter(()) if closest is None else validator.descend(instance, closest)
        yield next(errors, None) or ValidationError(OTHER_FORM)
        yield from errors

    def one_of(validator: Any, branches: list[JSONValue], instance: JSONValue, schema: JSON) -> Iterator[Exception]:
        if sum(fits(validator, branch, instance) for branch in branches) > 1:
            yield ValidationError("Input should match only one of the forms that are allowed here, and matches several")
        else:
            yield from any_of(validator, branches, instance, schema)

    return {"allOf": _all_of, "anyOf": any_of, "oneOf": one_of, "if": _condition, "$ref": _reference}


def _resolve_branch(validator: Any, resolve: Resolve, branch: JSONValue) -> JSON:
    """Return the schema of a branch; *resolve* follows pointers, and no addresses and anchors."""
    is_reference = isinstance(branch, dict) and isinstance(branch.get("$ref"), str)
    if not is_reference or branch["$ref"].startswith("#/") or branch["$ref"] == "#":
        return resolve(branch)
    return resolve(resolver_of(validator).lookup(branch["$ref"]).contents)


def _condition(validator: Any, condition: JSONValue, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    word = "then" if fits(validator, condition, instance) else "else"
    if word in schema:
        yield from validator.descend(instance, schema[word], schema_path=word)


def _reference(validator: Any, reference: str, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    """Yield the errors of a definition, which is evaluated once for each value: many paths may lead to it."""
    evaluate: Callable[[JSONValue], Iterator[Exception]] = partial(_evaluate_reference, validator, reference)
    target = id(resolver_of(validator).lookup(reference).contents)
    if not evaluate_once(lambda value: next(evaluate(value), None) is None, instance, "$ref", target):
        yield from evaluate(instance)


def _evaluate_reference(validator: Any, reference: str, instance: JSONValue) -> Iterator[Exception]:
    resolved = resolver_of(validator).lookup(reference)
    yield from validator.descend(instance, resolved.contents, resolver=resolved.resolver)


def _pattern(_: Any, pattern: str, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError("does not match the pattern")


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
        yield ValidationError(unexpected_key(name), path=[name], instance=value, schema=False)
    else:
        yield from validator.descend(value, schema, path=name, schema_path=schema_path)


def _unevaluated_properties(
    validator: Any, part: JSON | bool, instance: JSONValue, schema: JSON, *, is_dynamic: bool
) -> Iterator[Exception]:
    if isinstance(instance, dict):
        evaluated = evaluated_keys(validator, instance, schema, is_dynamic=is_dynamic)
        for name in (name for name in instance if name not in evaluated):
            yield from _member_errors(validator, name, instance[name], part)


def _unevaluated_items(
    validator: Any, part: JSON | bool, instance: JSONValue, schema: JSON, *, is_dynamic: bool
) -> Iterator[Exception]:
    if not isinstance(instance, list):
        return
    evaluated = evaluated_items(validator, instance, schema, is_dynamic=is_dynamic)
    items = {position: item for position, item in enumerate(instance) if position not in evaluated}
    if part is False and items:
        yield _extra_items(items.values())
    elif part is not False:
        for position, item in items.items():
            yield from validator.descend(item, part, path=position)


def _items(validator: Any, part: Any, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    """Yield the errors of a list's items; `items` that is a list describes them by position, before draft 2020-12."""
    if not isinstance(instance, list):
        return
    if isinstance(part, list):
        for position, (item, each) in enumerate(zip(instance, part, strict=False)):
            yield from validator.descend(item, each, path=position, schema_path=position)
    else:
        yield from _further_items(validator, part, instance, len(schema.get("prefixItems", ())))


def _additional_items(validator: Any, part: Any, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    if isinstance(instance, list) and isinstance(schema.get("items"), list):
        yield from _further_items(validator, part, instance, len(schema["items"]))


def _further_items(validator: Any, part: Any, instance: list[JSONValue], start: int) -> Iterator[Exception]:
    """Yield the errors of the items from a position on."""
    if part is False and instance[start:]:
        yield _extra_items(instance[start:])
        return
    for position in range(start, len(instance)):
        yield from validator.descend(instance[position], part, path=position)


def _extra_items(items: Iterable[JSONValue]) -> Exception:
    """Return the error of a list with items too many; a single one of them, re-asked, would still be one."""
    from jsonschema.exceptions import ValidationError

    return ValidationError(f"not allowed here; leave out {', '.join(map(shorten_json, items))}")


def _required(_: Any, names: list[str], instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    for name in names if isinstance(instance, dict) else ():
        if name not in instance:
            yield ValidationError(MISSING, path=[name])


def _dependent_required(validator: Any, names: JSON, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    """Yield the errors of keys that others require; in the drafts before 2019-09, a key may also require a schema."""
    from jsonschema.exceptions import ValidationError

    present = {name: part for name, part in names.items() if isinstance(instance, dict) and name in instance}
    for name, part in present.items():
        if not isinstance(part, list):
            yield from validator.descend(instance, part, schema_path=name)
            continue
        for dependency in part:
            if dependency not in instance:
                yield ValidationError(f"required, because {shorten_json(name)} is there", path=[dependency])


def _multiple_of(_: Any, step: float, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if json_type(instance) == "number" and not is_multiple(instance, step):
        yield ValidationError("not a multiple")


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
            yield ValidationError(f"write the item {shorten_json(item)} only once")
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
            yield ValidationError("not one of the values")

    return enum


RULES: dict[str, Rule] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "properties": _properties,
    "items": _items,
    "additionalItems": _additional_items,
    "required": _required,
    "dependentRequired": _dependent_required,
    "dependencies": _dependent_required,
    "multipleOf": _multiple_of,
    "divisibleBy": _multiple_of,
    "uniqueItems": _unique_items,
}
