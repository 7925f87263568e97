"""Objects that are parts of one `allOf`: a key is allowed only where every part allows it."""

from __future__ import annotations

from structkit.schema.json_schema.backtracking import PatternError
from structkit.schema.json_schema.patterns import matches
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


def schema_of_key(schema: JSON, name: str) -> JSONValue:
    """Return the schema of the value of a key that an object does not declare; False where the key is not allowed.

    >>> schema_of_key({"patternProperties": {"^x": {"type": "null"}}, "additionalProperties": False}, "x1")
    {'type': 'null'}
    """
    parts = matching_parts(schema.get("patternProperties", {}), name)
    if not parts:
        return schema.get("additionalProperties", True)
    return parts[0] if len(parts) == 1 else {"allOf": parts}


def matching_parts(patterns: JSON, name: str) -> list[JSONValue]:
    """Return the schemas of the patterns that a key matches.

    >>> matching_parts({"^x": {"type": "null"}, "y$": True}, "xy")
    [{'type': 'null'}, True]
    """
    return [part for pattern, part in patterns.items() if _fits(pattern, name)]


def _fits(pattern: str, name: str) -> bool:
    try:
        return matches(pattern, name)
    except PatternError:  # validation reports the pattern
        return True


def with_shared_keys(first: JSON, second: JSON, path: JSONPath) -> tuple[JSON, JSON]:
    """Return two schemas, each with the properties that only the other one declares.

    Raises:
        UnsatisfiableSchema: One requires a key that the other does not allow.
    """
    return _with_keys_of(first, second, path), _with_keys_of(second, first, path)


def _with_keys_of(schema: JSON, other: JSON, path: JSONPath) -> JSON:
    if schema.get("additionalProperties", True) is True and not schema.get("patternProperties"):
        return schema
    declared: JSON = schema.get("properties", {})
    parts = {name: schema_of_key(schema, name) for name in other.get("properties", {}) if name not in declared}
    required = {*schema.get("required", ()), *other.get("required", ())}
    if forbidden := sorted(name for name, part in parts.items() if part is False and name in required):
        reason = f"no value can fit: a part of allOf requires {shorten_json(forbidden[0])}, and another one forbids it"
        raise UnsatisfiableSchema(f"{reason} (additionalProperties: false)", path=path)
    restricted = {name: part for name, part in parts.items() if part is not True}
    is_closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    patterns = dict.fromkeys(other.get("patternProperties", {}), False) if is_closed else {}
    keys = {"properties": {**declared, **restricted}} if restricted else {}
    return {**schema, **keys, **({"patternProperties": patterns} if patterns else {})}
