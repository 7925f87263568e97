"""Keys that no value of an object may have, because they require another one that is not allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from structkit.schema.json_schema.closed_objects import schema_of_key
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

DEPENDENCIES = ("dependentRequired", "dependentSchemas", "dependencies")


def with_dependent_keys(schema: JSON, excluded: Mapping[str, str]) -> dict[str, str]:
    """Return the excluded keys of an object, each with the reason, and those that require one which is not allowed.

    >>> closed = {"properties": {"a": {}, "b": {}}, "additionalProperties": False}
    >>> with_dependent_keys({**closed, "dependentRequired": {"a": ["b"], "b": ["c"]}}, {})
    {'b': 'it requires "c", which is not allowed', 'a': 'it requires "b", which is not allowed'}
    """
    reasons = dict(excluded)
    dependencies = [item for word in DEPENDENCIES for item in schema.get(word, {}).items()]
    is_changed = bool(dependencies)
    while is_changed:
        before = len(reasons)
        for name, dependency in dependencies:
            if name not in reasons and (reason := _contradiction(dependency, schema, reasons)):
                reasons[name] = reason
        is_changed = len(reasons) > before
    return reasons


def _contradiction(dependency: JSONValue, schema: JSON, excluded: Mapping[str, str]) -> str:
    """Return why an object cannot have a key with that dependency; "" if it may."""
    if dependency is False:
        return "a dependency excludes it"
    for name in _required_keys(dependency):
        if name in excluded or _schema_of(name, schema) is False:
            return f"it requires {shorten_json(name)}, which is not allowed"
    return ""


def _required_keys(dependency: JSONValue) -> Iterator[str]:
    names = dependency.get("required", ()) if isinstance(dependency, dict) else dependency
    yield from names if isinstance(names, list | tuple) else ()


def _schema_of(name: str, schema: JSON) -> JSONValue:
    declared: JSON = schema.get("properties", {})
    return declared[name] if name in declared else schema_of_key(schema, name)
