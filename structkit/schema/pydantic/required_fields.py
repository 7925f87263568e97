"""Whether the JSON Schema that a caller gives to a class asks for all that reading the class requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from structkit.schema.pydantic.aliases import named_fields
from structkit.values import JSON

DEFINED_ELSEWHERE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if"})
"""Keywords of a schema that may have the properties of an object outside `properties`."""

FIELDS_TYPES = frozenset({"model-fields", "dataclass-args", "typed-dict"})
"""The types of core schemas that have the fields of a class."""


def class_fields(core: Any, definitions: Mapping[str, Any]) -> Any:
    """Return the part of a class's core schema with its fields.

    It is None where there is no class, and where a function may give it other values than the JSON has.
    """
    while core is not None and core["type"] in {"function-after", "model", "dataclass", "definition-ref"}:
        if core.get("custom_init") or core.get("root_model"):
            return None
        core = definitions.get(core["schema_ref"]) if core["type"] == "definition-ref" else core["schema"]
    return core if core is not None and core["type"] in FIELDS_TYPES else None


def omits_object(part: JSON) -> bool:
    """Return whether a JSON Schema allows no object.

    >>> omits_object({"type": "string"}), omits_object({"type": ["object", "null"]}), omits_object({"enum": ["a"]})
    (True, False, True)
    """
    types = part.get("type", "object")
    values = part["enum"] if "enum" in part else [part["const"]] if "const" in part else [{}]
    is_object = types == "object" or (isinstance(types, list) and "object" in types)
    return not is_object or not any(isinstance(value, dict) for value in values)


def omitted_fields(part: JSON, fields: Any) -> Iterator[tuple[str, JSON]]:
    """Yield the fields of a class that its JSON Schema does not ask for; one that may have them in `allOf` does."""
    if DEFINED_ELSEWHERE.isdisjoint(part):
        requested = part.get("properties", {}).keys() & {*part.get("required", ())}
        for name, field in named_fields(fields["fields"]):
            if requested.isdisjoint(_names(name, field)):
                yield name, field


def add_property(part: JSON, name: str, schema: JSON) -> None:
    """Require a property, in place; where it is declared already, it stays so."""
    properties = part.get("properties", {})
    part["properties"] = {**properties, name: properties.get(name, schema)}
    part["required"] = [*part.get("required", ()), *({name} - {*part.get("required", ())})]


def _names(name: str, field: JSON) -> set[str]:
    """Return the keys from which a field may be read: its name, and its aliases that are not paths."""
    alias = field.get("validation_alias") or ()
    paths = [alias] if isinstance(alias, str) else alias
    return {name, *(each if isinstance(each, str) else each[0] for each in paths)}
