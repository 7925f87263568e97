"""Fields of a core schema, validated and serialized under one name."""

from __future__ import annotations

from typing import Any

from structkit.values import JSON

NO_DEFAULT = object()


def with_one_name(field: JSON) -> JSON:
    """Return the field with the same name for validation and serialization, and never excluded.

    The exceptions are a field whose default `SkipJsonSchema` hides, which is excluded where it has that default, and a
    field with `init=False`, which its class sets.
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
    return bare if name is None else {**bare, "validation_alias": name, "serialization_alias": name}


def _hidden_default(schema: JSON) -> Any:
    """Return the default of a field that `SkipJsonSchema` hides from the model; that default need not be written."""
    functions = schema.get("schema", {}).get("metadata", {}).get("pydantic_js_annotation_functions", ())
    is_hidden = any(type(getattr(function, "__self__", None)).__name__ == "SkipJsonSchema" for function in functions)
    return schema.get("default", NO_DEFAULT) if is_hidden else NO_DEFAULT


def _first_name(alias: Any) -> str | None:
    """Return the first alias that is not a path; None where only the field's own name remains."""
    if alias is None or isinstance(alias, str):
        return alias
    paths = alias if isinstance(alias[0], list) else [alias]
    return next((path[0] for path in paths if len(path) == 1), None)
