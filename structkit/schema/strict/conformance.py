"""Whether a reply has the structure of its schema, which constrained decoding guarantees."""

from __future__ import annotations

from structkit.schema.json_types import is_of_type
from structkit.values import JSON, JSONValue
from structkit.values.json_pointer import reference_targets


def conforms(wire: JSONValue, schema: JSON) -> bool:
    """Return whether a value fits the types, properties, constants and enums of a strict schema.

    Bounds are not checked, because servers that constrain decoding with a grammar ignore some of them.

    >>> schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    >>> conforms({"n": 3}, schema), conforms({"m": 3}, schema), conforms({"n": "3"}, schema)
    (True, False, False)
    """
    targets = reference_targets(schema)

    def fits(value: JSONValue, part: JSON) -> bool:
        if "$ref" in part:
            return fits(value, targets[part["$ref"]])
        if "anyOf" in part:
            return any(fits(value, branch) for branch in part["anyOf"])
        return _fits_scalar(value, part) and parts_fit(value, part)

    def parts_fit(value: JSONValue, part: JSON) -> bool:
        if isinstance(value, list):
            return all(fits(item, part["items"]) for item in value)
        if not isinstance(value, dict):
            return True
        properties = part["properties"]
        has_keys = {*part["required"]} <= value.keys() <= properties.keys()
        return has_keys and all(fits(item, properties[name]) for name, item in value.items())

    return fits(wire, schema)


def _fits_scalar(value: JSONValue, part: JSON) -> bool:
    """Return whether a value has a type that the schema names, and equals its constant or one of its enum."""
    names = part["type"] if isinstance(part["type"], list) else [part["type"]]
    if not any(is_of_type(value, name) for name in names):
        return False
    return value in part.get("enum", [value]) and value == part.get("const", value)
