"""The fields of a core schema and their names in JSON: the one that is written, and others that are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from structkit.values import JSON

NO_DEFAULT = object()

OWN_NAME = "structkit_own_name"
"""Metadata key of a field whose aliases are all paths: its own name, which pydantic alone does not read, is
that in JSON."""


def with_one_name(field: JSON) -> JSON:
    """Return the field with the same first name for validation and serialization, and never excluded.

    Its other aliases are read as well. The exceptions are a field whose default `SkipJsonSchema` hides, which is
    excluded where it has that default, and a field with `init=False`, which its class sets.
    """
    if field.get("init", True) is False:
        return {**field, "serialization_exclude": True}
    alias = field.get("validation_alias")
    if (hidden := _hidden_default(field["schema"])) is not NO_DEFAULT:
        return {**field, "serialization_exclude_if": lambda value: value == hidden}
    exclusions = field.keys() & {"serialization_exclude", "serialization_exclude_if"}
    if not exclusions and (alias is None or isinstance(alias, str)) and alias == field.get("serialization_alias"):
        return field
    names = {"validation_alias", "serialization_alias"}
    bare = {key: value for key, value in field.items() if key not in exclusions | names}
    name = _first_name(alias)
    if name is None:
        return bare
    return {**bare, "validation_alias": _with_first(name, alias), "serialization_alias": name}


def with_own_name(name: str, field: JSON) -> JSON:
    """Return a field whose aliases are all paths so that its own name is read, too, and written."""
    alias = field.get("validation_alias")
    if alias is None or _first_name(alias) is not None:
        return field
    metadata = {**(field.get("metadata") or {}), OWN_NAME: True}
    return {**field, "validation_alias": [[name], *_paths(alias)], "metadata": metadata}


def _hidden_default(schema: JSON) -> Any:
    """Return the default of a field that `SkipJsonSchema` hides from the model; that default need not be written."""
    functions = schema.get("schema", {}).get("metadata", {}).get("pydantic_js_annotation_functions", ())
    is_hidden = any(type(getattr(function, "__self__", None)).__name__ == "SkipJsonSchema" for function in functions)
    return schema.get("default", NO_DEFAULT) if is_hidden else NO_DEFAULT


def _first_name(alias: Any) -> str | None:
    """Return the first alias that is not a path; None where only the field's own name remains."""
    if alias is None or isinstance(alias, str):
        return alias
    return next((path[0] for path in _paths(alias) if len(path) == 1), None)


def _paths(alias: list[Any]) -> list[list[Any]]:
    """Return the aliases of a field, each as a path."""
    return alias if isinstance(alias[0], list) else [alias]


def _with_first(name: str, alias: Any) -> Any:
    """Return an alias that reads a name before all others."""
    other_paths = [path for path in _paths(alias) if path != [name]] if isinstance(alias, list) else []
    return [[name], *other_paths] if other_paths else name


def named_fields(fields: Any) -> Iterable[tuple[str, JSON]]:
    """Return the fields of a core schema by their Python names; those of a class may be a list, or a dict by name."""
    if isinstance(fields, dict):
        return fields.items()
    return ((field["name"], field) for field in fields if isinstance(field, dict) and "name" in field)


def field_alias(name: str, field: JSON) -> str:
    """Return the name of a field in JSON."""
    alias = field.get("validation_alias")
    return name if alias is None else _first_name(alias) or name


def fields_inside(schema: JSON) -> Any:
    """Return the fields of a class's core schema, which are inside of that, and may be inside of validators."""
    while isinstance(schema.get("schema"), dict):
        schema = schema["schema"]
    return schema.get("fields", ())
