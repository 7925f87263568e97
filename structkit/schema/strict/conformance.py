"""Whether a reply has the structure of its schema: what constrained decoding cannot get wrong."""

from __future__ import annotations

from structkit.schema.json_types import is_of_type
from structkit.values import JSON, JSONValue


def conforms(wire: JSONValue, schema: JSON) -> bool:
    """Whether a value fits a strict schema's types, properties, constants and lists of values.

    Bounds are left out: servers that constrain decoding by a grammar ignore some of them.

    >>> schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    >>> conforms({"n": 3}, schema), conforms({"m": 3}, schema), conforms({"n": "3"}, schema)
    (True, False, False)
    """
    definitions: JSON = schema.get("$defs", {})

    def fits(value: JSONValue, part: JSON) -> bool:
        if "$ref" in part:
            return fits(value, definitions[part["$ref"].rpartition("/")[2]])
        if "anyOf" in part:
            return any(fits(value, branch) for branch in part["anyOf"])
        return _is_listed(value, part) and within(value, part)

    def within(value: JSONValue, part: JSON) -> bool:
        if isinstance(value, list):
            return all(fits(item, part["items"]) for item in value)
        if not isinstance(value, dict):
            return True
        known = part["properties"]
        complete = {*part["required"]} <= value.keys() <= known.keys()
        return complete and all(fits(item, known[name]) for name, item in value.items())

    return fits(wire, schema)


def _is_listed(value: JSONValue, part: JSON) -> bool:
    """Whether a value is of the types, and one of the values, that a schema names."""
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    if not any(is_of_type(value, kind) for kind in kinds):
        return False
    return value in part.get("enum", [value]) and value == part.get("const", value)
