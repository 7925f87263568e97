"""Fields of a core schema, read and written by one name."""

from __future__ import annotations

from typing import Any

from structkit.values import JSON

UNSAID = object()


def plainly_named(field: JSON) -> JSON:
    """The field by one name on both ways, and never left out."""
    alias = field.get("validation_alias")
    if (hidden := _hidden_default(field["schema"])) is not UNSAID:
        return {**field, "serialization_exclude_if": lambda value: value == hidden}
    known = field.keys() & {"serialization_exclude", "serialization_exclude_if"}
    if not known and (alias is None or isinstance(alias, str)) and alias == field.get("serialization_alias"):
        return field
    plain = {key: value for key, value in field.items() if key not in known}
    for key in ("validation_alias", "serialization_alias"):
        plain.pop(key, None)
    name = _first_name(alias)
    return plain if name is None else {**plain, "validation_alias": name, "serialization_alias": name}


def _hidden_default(schema: JSON) -> Any:
    """The default of a field that `SkipJsonSchema` keeps from the model: it need not be written."""
    told = schema.get("schema", {}).get("metadata", {}).get("pydantic_js_annotation_functions", ())
    is_hidden = any(type(getattr(function, "__self__", None)).__name__ == "SkipJsonSchema" for function in told)
    return schema.get("default", UNSAID) if is_hidden else UNSAID


def _first_name(alias: Any) -> str | None:
    """The alias, or the first of several that is no path; None where the field's own name has to do."""
    if alias is None or isinstance(alias, str):
        return alias
    paths = alias if isinstance(alias[0], list) else [alias]
    return next((path[0] for path in paths if len(path) == 1), None)
