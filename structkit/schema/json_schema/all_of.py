"""`allOf` as one schema: what two schemas say together, or a superset of it where that cannot be written.

A superset is enough for the wire: the reply is checked against the original afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from structkit.schema.json_types import type_names
from structkit.schema.keywords import ADDITIONAL_BOUNDS
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

LARGER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
SMALLER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
BOTH = frozenset({"items", "propertyNames"})
REMARKS = frozenset({"title", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly"})

CONDITION = ("if", "then", "else")


WITHIN_NUMBER = frozenset({"integer", "number"})


def merge(first: JSON, second: JSON, path: JSONPath = ()) -> JSON:
    """The two schemas together; where they share a part, the part is `allOf` the two.

    Raises:
        SchemaError: No value can fit both.

    >>> merge({"type": "integer", "minimum": 1}, {"type": "number", "minimum": 3, "maximum": 9})
    {'type': 'integer', 'minimum': 3, 'maximum': 9}
    >>> merge({"pattern": "^a"}, {"pattern": "b$"})
    {'pattern': '^a', 'x-structkit-also': [{'pattern': 'b$'}]}
    >>> merge({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"minLength": 1}}})
    {'properties': {'a': {'allOf': [{'type': 'string'}, {'minLength': 1}]}}}
    """
    merged = dict(first)
    for keyword, value in _with_condition_apart(first, second).items():
        if keyword not in merged:
            merged[keyword] = value
        elif keyword in _RULES:
            merged[keyword] = _RULES[keyword](merged[keyword], value, path)
        elif merged[keyword] != value and keyword not in REMARKS:
            merged[ADDITIONAL_BOUNDS] = [*merged.get(ADDITIONAL_BOUNDS, ()), {keyword: value}]
    return merged


def _with_condition_apart(first: JSON, second: JSON) -> JSON:
    """The second schema; its `if`, where the first has one too, stays together with its own `then` and `else`."""
    condition = {word: second[word] for word in CONDITION if word in second}
    if not condition or "if" not in first:
        return second
    rest = {word: value for word, value in second.items() if word not in CONDITION}
    is_known = condition == {word: first[word] for word in CONDITION if word in first}
    return rest if is_known else {**rest, ADDITIONAL_BOUNDS: [*rest.get(ADDITIONAL_BOUNDS, ()), condition]}


def _both(first: JSONValue, second: JSONValue, _path: JSONPath) -> JSONValue:
    return first if first == second else {"allOf": [first, second]}


def _map(first: JSON, second: JSON, path: JSONPath) -> JSON:
    shared = {key: _both(first[key], second[key], path) for key in first if key in second and first[key] != second[key]}
    return {**second, **first, **shared}


def _others(first: JSONValue, second: JSONValue, path: JSONPath) -> JSONValue:
    """`additionalProperties`: closed only where both are, because each counts only its own properties."""
    if first is False or second is False:
        return second if first is False else first
    return _both(first, second, path)


def _types(first: JSONValue, second: JSONValue, path: JSONPath) -> JSONValue:
    names = [name for name in type_names(first) if name in type_names(second)]
    if {*type_names(first), *type_names(second)} >= WITHIN_NUMBER and not WITHIN_NUMBER & {*names}:
        names.append("integer")
    if not names:
        raise UnsatisfiableSchema(f"contradiction: a value cannot be {first} and {second} at once", path=path)
    return names[0] if len(names) == 1 else names


def _values(first: list[JSONValue], second: list[JSONValue], path: JSONPath) -> list[JSONValue]:
    shared = [value for value in first if value in second]
    if not shared:
        raise UnsatisfiableSchema("contradiction: no value is in both enums", path=path)
    return shared


_RULES: dict[str, Callable[[Any, Any, JSONPath], JSONValue]] = {
    **dict.fromkeys(LARGER, lambda first, second, _: max(first, second)),
    **dict.fromkeys(SMALLER, lambda first, second, _: min(first, second)),
    **dict.fromkeys(MAPS, _map),
    **dict.fromkeys(BOTH, _both),
    "allOf": lambda first, second, _: [*first, *second],
    ADDITIONAL_BOUNDS: lambda first, second, _: [*first, *second],
    "required": lambda first, second, _: [*dict.fromkeys([*first, *second])],
    "type": _types,
    "enum": _values,
    "additionalProperties": _others,
    "description": lambda first, second, _: first if first == second else f"{first} {second}",
}


def with_alternatives(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> JSON:
    """An object schema whose `anyOf`, `if` and the like bring further properties: all of them, as optional ones.

    >>> either = [{"properties": {"b": {"type": "null"}}}, {"properties": {"c": {"type": "null"}}}]
    >>> with_alternatives({"type": "object", "properties": {}, "anyOf": either}, lambda part: part)["properties"]
    {'b': {'type': 'null'}, 'c': {'type': 'null'}}
    """
    declared = schema.get("properties", {})
    found: dict[str, list[JSONValue]] = {}
    for name, wanted in (*_of_branches(schema, resolve), *_of_conditions(schema, resolve)):
        if name not in declared:
            found.setdefault(name, []).append(wanted)
    return {**schema, "properties": {**declared, **{name: _any(wanted) for name, wanted in found.items()}}}


def _of_branches(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> Iterator[tuple[str, JSONValue]]:
    """The properties that any branch of `anyOf` or `oneOf` declares."""
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from resolve(branch).get("properties", {}).items()


def _of_conditions(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> Iterator[tuple[str, JSONValue]]:
    """The properties that conditions bring, each as it is in either case; where one case is silent, anything goes."""
    cases: list[tuple[JSONValue, JSONValue]] = []
    for part in (schema, *schema.get(ADDITIONAL_BOUNDS, ())):
        cases += [(part.get("then", True), part.get("else", True))] if "if" in part else []
        cases += [(case, True) for case in part.get("dependentSchemas", {}).values()]
    for pair in cases:
        met, unmet = (resolve(case).get("properties", {}) for case in pair)
        for name in {**met, **unmet}:
            yield from ((name, met.get(name, True)), (name, unmet.get(name, True)))


def _any(wanted: list[JSONValue]) -> JSONValue:
    different = [part for position, part in enumerate(wanted) if part not in wanted[:position]]
    if True in different:
        told = "; ".join(shorten_json(part) for part in different if part is not True)
        return {"description": f"In some cases: {told}."} if told else True
    return different[0] if len(different) == 1 else {"anyOf": different}
