"""The keys of objects and maps: their number, their names, and what their names say of their values."""

from __future__ import annotations

from structkit.schema.json_schema.closed_objects import matching_parts
from structkit.schema.nodes.context import Compiler
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

SIZE_KEYWORDS = {"minProperties": "minItems", "maxProperties": "maxItems"}
"""The keywords of the number of keys, and those of a list of pairs."""


UNIVERSAL_PATTERNS = frozenset({"", "^", "$", ".*", "^.*", ".*$", "^.*$", ".+", "^.+", ".+$", "^.+$"})
"""Patterns that every key matches, but for the empty one."""


STRUCTURES = frozenset({"properties", "additionalProperties", "items", "prefixItems", "allOf", "anyOf", "oneOf"})
"""Keywords of lists, objects and unions, which have schemas of their own."""


def matches_every_key(schema: JSON) -> bool:
    """Return whether a pattern of an object matches every key, so that no key is an additional one."""
    return not UNIVERSAL_PATTERNS.isdisjoint(schema.get("patternProperties", {}))


def unstated_sizes(schema: JSON, max_keys: int | None) -> JSON:
    """Return the bounds on the number of keys, without those that the declared keys imply.

    Args:
        schema: The schema of an object.
        max_keys: How many keys it can have; None without a limit.

    >>> unstated_sizes({"required": ["a"], "minProperties": 1, "maxProperties": 2}, 3)
    {'maxProperties': 2}
    """
    required = len({*schema.get("required", ())})
    has_implied_minimum = schema.get("minProperties", 0) <= required
    has_implied_maximum = max_keys is not None and schema.get("maxProperties", max_keys) >= max_keys
    implied = {"minProperties": has_implied_minimum, "maxProperties": has_implied_maximum}
    return {word: schema[word] for word in SIZE_KEYWORDS if word in schema and not implied[word]}


def unstated_patterns(schema: JSON, extra_schemas: list[JSONValue]) -> JSON:
    """Return the patterns of undeclared keys that decide which values are valid, as `describe_bounds` takes them.

    Args:
        schema: The schema of an object.
        extra_schemas: The schemas that the value of an undeclared key may have.

    >>> unstated_patterns({"patternProperties": {"^x": False}}, [True])
    {'patternProperties': {'^x': False}}
    """
    is_single = len(extra_schemas) == 1
    patterns: JSON = schema.get("patternProperties", {})
    rules = {
        pattern: part for pattern, part in patterns.items() if part is False or not (is_single or part in (True, {}))
    }
    return {"patternProperties": rules} if rules else {}


def key_schema(schema: JSON, *, is_closed: bool) -> JSONValue:
    """Return the schema of the names of undeclared keys: of a closed object, they match one of its patterns.

    >>> key_schema({"patternProperties": {"^x": {}, "^y": {}}}, is_closed=True)
    {'pattern': '(?:^x)|(?:^y)'}
    """
    names = schema.get("propertyNames", {})
    patterns = [pattern for pattern, part in schema.get("patternProperties", {}).items() if part is not False]
    if not patterns or not is_closed or matches_every_key(schema):
        return names
    pattern = patterns[0] if len(patterns) == 1 else "|".join(f"(?:{each})" for each in patterns)
    return {"allOf": [names, {"pattern": pattern}]} if names else {"pattern": pattern}


def with_pattern_schemas(properties: JSON, schema: JSON, path: JSONPath, compiler: Compiler) -> JSON:
    """Return the properties of an object, each with the schemas of the patterns that its name matches."""
    patterns = schema.get("patternProperties", {})
    if not patterns:
        return properties
    return {
        name: _with_parts(part, matching_parts(patterns, name), (*path, name), compiler)
        for name, part in properties.items()
    }


def _with_parts(part: JSONValue, parts: list[JSONValue], path: JSONPath, compiler: Compiler) -> JSONValue:
    """Return a property with further schemas; not with that of a list or an object, which would repeat its parts."""
    schema: JSON = part if isinstance(part, dict) else {}
    narrower: list[JSONValue] = []
    for each in (each for each in parts if each is not False and not compiler.is_contained(part, each)):
        if compiler.resolve(schema).keys() & STRUCTURES and compiler.resolve(each).keys() & STRUCTURES:
            compiler.note(path, "checked locally", f"patternProperties: {shorten_json(each)}")
        else:
            narrower.append(each)
    if not narrower:
        return part
    return (
        {"allOf": [schema, *narrower]}
        if "$ref" in schema
        else {**schema, "allOf": [*schema.get("allOf", ()), *narrower]}
    )
