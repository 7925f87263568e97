"""What a natural JSON Schema says of a field: its name, its references followed, and its types."""

from __future__ import annotations

from typing import Any, NamedTuple

from structkit.values import JSON, JSONPath, JSONValue, format_path
from structkit.values.json_pointer import pointer_keys

MAX_REFERENCES = 50

JSON_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


class FieldSchema(NamedTuple):
    """A schema without references.

    Args:
        schema: The schema.
        identity: What the same definition has in common wherever it is used, so that recursion is recognized.
    """

    schema: JSON
    identity: int


def field_name(pattern: JSONPath) -> str:
    """Return the name of a field.

    >>> field_name(("lines", "[]", "price")), field_name(("prices", "*")), field_name(())
    ('lines[].price', 'prices.*', 'value')
    """
    names, steps = [""], [*pattern]
    for step in steps:
        if step == "*":
            names[-1] += ".*"
        else:
            names[-1] += format_path(("x", step))[1:]
    return names[0].removeprefix(".") or "value"


def resolve_field(schema: Any, document: JSON) -> FieldSchema:
    """Return a schema with its references followed, and a union of one branch and null as that branch.

    Keywords beside a reference or a union replace those of its target.

    >>> resolve_field({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}, {"$defs": {"A": {"type": "string"}}}).schema
    {'type': 'string'}
    """
    outside: JSON = {}
    for _ in range(MAX_REFERENCES):
        if not isinstance(schema, dict):
            return FieldSchema(outside, 0)
        branches = branches_of(schema)
        if "$ref" not in schema and len(branches) != 1:
            break
        outside = {**{key: part for key, part in schema.items() if key not in {"$ref", "anyOf", "oneOf"}}, **outside}
        schema = branches[0] if "$ref" not in schema else _target(str(schema["$ref"]), document)
    return FieldSchema({**schema, **outside} if outside else schema, id(schema))


def branches_of(schema: JSON) -> list[Any]:
    """Return the branches of a union but for null."""
    return [part for key in ("anyOf", "oneOf") for part in schema.get(key, ()) if part != {"type": "null"}]


def _target(reference: str, document: JSON) -> Any:
    target: Any = document
    for key in pointer_keys(reference.removeprefix("#")):
        target = target.get(key) if isinstance(target, dict) else None
    return target


def value_types(schema: JSON) -> set[str]:
    """Return the JSON types besides null that a schema accepts; empty if it does not say.

    >>> value_types({"type": ["integer", "null"]}), value_types({"enum": ["a", None]}), value_types({})
    ({'integer'}, {'string'}, set())
    """
    declared = schema.get("type", [])
    if declared:
        return {*(declared if isinstance(declared, list) else [declared])} - {"null"}
    if "enum" in schema or "const" in schema:
        values: list[JSONValue] = schema.get("enum", [schema.get("const")])
        return {JSON_TYPES[type(value)] for value in values if type(value) in JSON_TYPES}
    return {"object"} if "properties" in schema else {"array"} if "items" in schema else set()
