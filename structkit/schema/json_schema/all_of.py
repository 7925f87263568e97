"""`allOf` as one schema: the intersection of two schemas, or a superset of it where it cannot be written.

A superset is enough for the wire, since the reply is validated against the original afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from structkit.schema.json_equality import equality_key
from structkit.schema.json_schema.array_positions import merge_positions
from structkit.schema.json_schema.closed_objects import schema_of_key, with_shared_keys
from structkit.schema.json_types import type_names
from structkit.schema.keywords import ADDITIONAL_BOUNDS, GENERATED_DESCRIPTION, MAY_BE_REQUIRED
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import join_sentences, shorten_json

LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
SCHEMAS = frozenset({"items", "propertyNames", "additionalProperties"})
ANNOTATIONS = frozenset({"title", "default", "examples", "example", "$comment", "deprecated", "readOnly", "writeOnly"})
TEXTS = frozenset({"description", GENERATED_DESCRIPTION})

GROUPS = (("if", "then", "else"), ("contains", "minContains", "maxContains"))
"""Keywords that have a meaning only together with the first of them."""


ALTERNATIVES = frozenset({"anyOf", "oneOf", "if", "then", "else", "dependentSchemas"})
"""Keywords whose subschemas constrain only some of the values."""

NUMBER_TYPES = frozenset({"integer", "number"})


def merge(first: JSON, second: JSON, path: JSONPath = ()) -> JSON:
    """Return one schema for two; a part that both have is `allOf` of the two parts.

    Raises:
        UnsatisfiableSchema: No value can fit both.

    >>> merge({"type": "integer", "minimum": 1}, {"type": "number", "minimum": 3, "maximum": 9})
    {'type': 'integer', 'minimum': 3, 'maximum': 9}
    >>> merge({"pattern": "^a"}, {"pattern": "b$"})
    {'pattern': '^a', 'x-structkit-also': [{'pattern': 'b$'}]}
    >>> merge({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"minLength": 1}}})
    {'properties': {'a': {'allOf': [{'type': 'string'}, {'minLength': 1}]}}}
    """
    first, second = with_shared_keys(_without_strays(first), _without_strays(second), path)
    first, second = merge_positions(first, second, _merge_schemas)
    merged = dict(first)
    for keyword, value in _with_separate_groups(first, second).items():
        if keyword not in merged:
            merged[keyword] = value
        elif keyword in _RULES:
            merged[keyword] = _RULES[keyword](merged[keyword], value, path)
        elif merged[keyword] != value and keyword not in ANNOTATIONS:
            merged[ADDITIONAL_BOUNDS] = [*merged.get(ADDITIONAL_BOUNDS, ()), {keyword: value}]
    return merged


def _with_separate_groups(first: JSON, second: JSON) -> JSON:
    """Return the second schema, with its `if` or `contains` kept apart if the first has one too."""
    for group in GROUPS:
        members = {word: second[word] for word in group if word in second}
        if members and group[0] in first:
            second = {word: value for word, value in second.items() if word not in group}
            if members != {word: first[word] for word in group if word in first}:
                second[ADDITIONAL_BOUNDS] = [*second.get(ADDITIONAL_BOUNDS, ()), members]
    return second


def _without_strays(schema: JSON) -> JSON:
    """Return a schema without the keywords that have no meaning, as `minContains` without `contains`."""
    strays = {word for head, *dependents in GROUPS if head not in schema for word in dependents if word in schema}
    return {word: value for word, value in schema.items() if word not in strays} if strays else schema


def _merge_schemas(first: JSONValue, second: JSONValue, _path: JSONPath = ()) -> JSONValue:
    if first is False or second is False:
        return False
    return first if first == second or second is True else second if first is True else {"allOf": [first, second]}


def _merge_maps(first: JSON, second: JSON, path: JSONPath) -> JSON:
    shared = {
        key: _merge_schemas(first[key], second[key], path)
        for key in first
        if key in second and first[key] != second[key]
    }
    return {**first, **second, **shared}


def _merge_types(first: JSONValue, second: JSONValue, path: JSONPath) -> JSONValue:
    names = [name for name in type_names(first) if name in type_names(second)]
    if {*type_names(first), *type_names(second)} >= NUMBER_TYPES and not NUMBER_TYPES & {*names}:
        names.append("integer")
    if not names:
        raise UnsatisfiableSchema(f"contradiction: a value cannot be {first} and {second} at once", path=path)
    return names[0] if len(names) == 1 else names


def _merge_constants(first: JSONValue, second: JSONValue, path: JSONPath) -> JSONValue:
    if equality_key(first) != equality_key(second):
        reason = f"contradiction: a value cannot be {shorten_json(first)} and {shorten_json(second)} at once"
        raise UnsatisfiableSchema(reason, path=path)
    return first


def _merge_enums(first: list[JSONValue], second: list[JSONValue], path: JSONPath) -> list[JSONValue]:
    keys = {equality_key(value) for value in second}
    shared = [value for value in first if equality_key(value) in keys]
    if not shared:
        raise UnsatisfiableSchema("contradiction: no value is in both enums", path=path)
    return shared


_RULES: dict[str, Callable[[Any, Any, JSONPath], JSONValue]] = {
    **dict.fromkeys(LOWER_BOUNDS, lambda first, second, _: max(first, second)),
    **dict.fromkeys(UPPER_BOUNDS, lambda first, second, _: min(first, second)),
    **dict.fromkeys(MAPS, _merge_maps),
    **dict.fromkeys(SCHEMAS, _merge_schemas),
    "allOf": lambda first, second, _: [*first, *second],
    ADDITIONAL_BOUNDS: lambda first, second, _: [*first, *second],
    "required": lambda first, second, _: [*dict.fromkeys([*first, *second])],
    "type": _merge_types,
    "enum": _merge_enums,
    "const": _merge_constants,
    **dict.fromkeys(TEXTS, lambda first, second, _: join_sentences(dict.fromkeys((first, second)))),
}


def has_object_alternatives(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> bool:
    """Return whether the alternatives of an object schema are objects, too.

    >>> either = {"anyOf": [{"required": ["a"]}, {"type": "null"}]}
    >>> has_object_alternatives(either, lambda part: part), has_object_alternatives({"if": {}}, lambda part: part)
    (False, True)
    """
    if schema.keys().isdisjoint(ALTERNATIVES) or schema.keys() & {"discriminator", "enum", "const"}:
        return False
    parts = [resolve(part) for word in ("anyOf", "oneOf") for part in schema.get(word, ())]
    return "type" in schema or all(part.get("type", "object") == "object" for part in parts)


def with_alternatives(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> JSON:
    """Return an object schema with the properties that its `anyOf`, `if` and the like add, as optional ones.

    No value fits one that the object itself forbids.

    >>> either = [{"properties": {"b": {"type": "null"}}}, {"properties": {"c": {"type": "null"}}}]
    >>> with_alternatives({"type": "object", "properties": {}, "anyOf": either}, lambda part: part)["properties"]
    {'b': {'type': 'null'}, 'c': {'type': 'null'}}
    """
    declared = schema.get("properties", {})
    alternatives: dict[str, list[JSONValue]] = {}
    for name, part in (*_branch_properties(schema, resolve), *_conditional_properties(schema, resolve)):
        if name not in declared:
            alternatives.setdefault(name, []).append(part if schema_of_key(schema, name) is not False else False)
    properties = {**declared, **{name: _any_of(schemas) for name, schemas in alternatives.items()}}
    return {**schema, "properties": properties} if properties else schema


def key_rules_of_alternatives(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> JSON:
    """Return the keys that the alternatives of an object schema require, and its `dependentSchemas` without references.

    >>> key_rules_of_alternatives({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, lambda part: part)
    {'x-structkit-keys': ['a', 'b'], 'dependentSchemas': {}}
    """
    dependent = {name: part and resolve(part) for name, part in schema.get("dependentSchemas", {}).items()}
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("dependentSchemas", {}).values()]
    alternatives += [schema[word] for word in ("then", "else") if word in schema]
    names = [name for part in alternatives for name in resolve(part).get("required", ())]
    return {MAY_BE_REQUIRED: names, "dependentSchemas": dependent}


def _branch_properties(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> Iterator[tuple[str, JSONValue]]:
    """Yield the properties that any branch of `anyOf` or `oneOf` declares."""
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from resolve(branch).get("properties", {}).items()


def _conditional_properties(schema: JSON, resolve: Callable[[JSONValue], JSON]) -> Iterator[tuple[str, JSONValue]]:
    """Yield the properties that conditions add, as they are in each case; any value fits where a case has none."""
    cases: list[tuple[JSONValue, JSONValue]] = []
    for part in (schema, *schema.get(ADDITIONAL_BOUNDS, ())):
        cases += [(part.get("then", True), part.get("else", True))] if "if" in part else []
        cases += [(case, True) for case in part.get("dependentSchemas", {}).values()]
    for pair in cases:
        if_true, if_false = (resolve(case).get("properties", {}) for case in pair)
        for name in {**if_true, **if_false}:
            yield from ((name, if_true.get(name, True)), (name, if_false.get(name, True)))


def _any_of(schemas: list[JSONValue]) -> JSONValue:
    different = [part for position, part in enumerate(schemas) if part not in schemas[:position]]
    if True in different:
        cases = "; ".join(shorten_json(part) for part in different if part is not True)
        return {"description": f"In some cases: {cases}."} if cases else True
    return different[0] if len(different) == 1 else {"anyOf": different}
