"""Whether a value fits a branch of a schema, and which of its keys or items the fitting branches evaluate."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import Any, TypeAlias

from structkit.schema.json_schema.patterns import matches
from structkit.schema.memo import compute_once, evaluate_once
from structkit.values import JSON, JSONValue

Parts: TypeAlias = frozenset[Any]
"""Keys of an object, or positions of an array's items."""

OwnParts: TypeAlias = Callable[[Any, JSON, JSONValue], Parts]
"""Returns the parts of a value that a schema's own keywords evaluate, those in its branches apart."""

ALL_KEYS = frozenset({"additionalProperties", "unevaluatedProperties"})
"""Keywords after which every key of a valid object is evaluated."""

NO_PARTS: Parts = frozenset()


def fits(validator: Any, branch: JSONValue, instance: JSONValue) -> bool:
    """Return whether a value fits a branch, without the errors: their number multiplies from union to union."""
    return evaluate_once(partial(fits_here, validator, branch), instance, id(branch))


def fits_here(validator: Any, branch: JSONValue, instance: JSONValue) -> bool:
    """Return the same, evaluated each time: dynamic references depend on the path to the branch."""
    return next(validator.descend(instance, branch), None) is None


def evaluated_keys(validator: Any, instance: JSON, schema: JSON, *, is_dynamic: bool) -> Parts:
    """Return the keys that a schema evaluates, apart from its `unevaluatedProperties`."""
    return _Evaluation(_own_keys, is_dynamic).parts(validator, _without(schema, "unevaluatedProperties"), instance)


def evaluated_items(validator: Any, instance: list[JSONValue], schema: JSON, *, is_dynamic: bool) -> Parts:
    """Return the positions of the items that a schema evaluates, apart from its `unevaluatedItems`."""
    return _Evaluation(_own_items, is_dynamic).parts(validator, _without(schema, "unevaluatedItems"), instance)


def _without(schema: JSON, keyword: str) -> JSON:
    return {word: value for word, value in schema.items() if word != keyword}


class _Evaluation:
    """Collects the parts of a value from a schema and all its branches that the value fits.

    jsonschema's own functions search patterns in exponential time, and read a few keywords of 2019-09 wrongly.
    """

    def __init__(self, own_parts: OwnParts, is_dynamic: bool) -> None:
        self._own_parts = own_parts
        self._fits = fits_here if is_dynamic else fits
        self._is_dynamic = is_dynamic

    def parts(self, validator: Any, schema: JSON, instance: JSONValue) -> Parts:
        """Return the parts that a schema's keywords and its fitting branches evaluate."""
        branches = self._branches(validator, schema, instance)
        inner = (self._branch_parts(each, branch, instance) for each, branch in branches)
        return self._own_parts(validator, schema, instance).union(*inner)

    def _branch_parts(self, validator: Any, branch: JSONValue, instance: JSONValue) -> Parts:
        if not isinstance(branch, dict):
            return NO_PARTS
        if self._is_dynamic:
            return self.parts(validator, branch, instance)
        key: tuple[Hashable, ...] = (self._own_parts, id(branch))
        return compute_once(partial(self.parts, validator, branch), instance, *key, unfinished=NO_PARTS)

    def _branches(self, validator: Any, schema: JSON, instance: JSONValue) -> Iterator[tuple[Any, JSONValue]]:
        """Yield the schemas that apply to the same value, each with its validator."""
        for target in _referenced(validator, schema):
            yield validator.evolve(schema=target.contents, _resolver=target.resolver), target.contents
        for branch in (*self._fitting(validator, schema, instance), *_dependent_schemas(schema, instance)):
            yield validator, branch

    def _fitting(self, validator: Any, schema: JSON, instance: JSONValue) -> Iterator[JSONValue]:
        for word in ("allOf", "anyOf", "oneOf"):
            yield from (branch for branch in schema.get(word, ()) if self._fits(validator, branch, instance))
        if "if" in schema:
            is_met = self._fits(validator, schema["if"], instance)
            yield from (schema["if"], schema.get("then")) if is_met else (schema.get("else"),)


def resolver_of(validator: Any) -> Any:
    """Return what looks up the references of a validator's schema."""
    return validator._resolver  # noqa: SLF001 (jsonschema's own rules have no other way)


def _referenced(validator: Any, schema: JSON) -> Iterator[Any]:
    """Yield what the references of a schema resolve to: contents, with the resolver for their own references."""
    from referencing.jsonschema import lookup_recursive_ref

    resolver = resolver_of(validator)
    yield from (resolver.lookup(schema[word]) for word in ("$ref", "$dynamicRef") if word in schema)
    if "$recursiveRef" in schema:
        yield lookup_recursive_ref(resolver)


def _dependent_schemas(schema: JSON, instance: JSONValue) -> Iterator[JSONValue]:
    for word in ("dependentSchemas", "dependencies"):
        dependencies = schema.get(word, {}).items() if isinstance(instance, dict) else ()
        yield from (branch for name, branch in dependencies if name in instance)


def _own_keys(_: Any, schema: JSON, instance: JSONValue) -> Parts:
    if not isinstance(instance, dict):
        return NO_PARTS
    if schema.keys() & ALL_KEYS:
        return frozenset(instance)
    patterns = schema.get("patternProperties", ())
    by_pattern = {name for name in instance for pattern in patterns if matches(pattern, name)}
    return frozenset(schema.get("properties", {}).keys() & instance.keys() | by_pattern)


def _own_items(validator: Any, schema: JSON, instance: JSONValue) -> Parts:
    if not isinstance(instance, list):
        return NO_PARTS
    positional = schema.get("items")  # a list of schemas is possible before 2020-12
    positions = len(positional) if isinstance(positional, list) else None
    last_word = "items" if positions is None else "additionalItems"
    if last_word in schema or "unevaluatedItems" in schema:
        return frozenset(range(len(instance)))
    count = max(positions or 0, len(schema.get("prefixItems", ())))
    contains = schema.get("contains", False)
    return frozenset(at for at, item in enumerate(instance) if at < count or fits_here(validator, contains, item))
