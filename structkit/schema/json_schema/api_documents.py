"""OpenAPI documents: one of their schemas, with the schemas that it refers to."""

from __future__ import annotations

from structkit.errors import SchemaError
from structkit.schema.json_schema.pointer_targets import extract_schema, look_up
from structkit.schema.json_schema.vocabulary import ASSERTIONS, DEFINITIONS, is_keyword, quote_names
from structkit.values import JSON
from structkit.values.json_pointer import pointer_keys
from structkit.values.text import shorten_json

VERSION_KEYS = ("openapi", "swagger", "asyncapi")
SCHEMA_PLACES = (("components", "schemas"), ("definitions",), ("$defs",))
"""Where a document has its schemas."""

MAX_NAMES = 50
"""Names of schemas that an error lists."""


def is_api_document(document: JSON) -> bool:
    """Return whether a document is one of OpenAPI, or has the schemas of one under `components`."""
    has_version = any(isinstance(document.get(key), str) for key in VERSION_KEYS)
    return has_version or isinstance(look_up(document, ["components", "schemas"]), dict)


def select_schema(document: JSON) -> JSON:
    """Return the schema that is at the root of an API document, with all that it refers to.

    Raises:
        SchemaError: The root has no schema, or one that refers to a schema that does not exist.

    >>> schemas = {"Pet": {"type": "object", "properties": {"friend": {"$ref": "#/components/schemas/Pet"}}}}
    >>> select_schema({"$ref": "#/components/schemas/Pet", "openapi": "3.0.3", "components": {"schemas": schemas}})
    {'$ref': '#/$defs/Pet', '$defs': {'Pet': {'type': 'object', 'properties': {'friend': {'$ref': '#/$defs/Pet'}}}}}
    """
    schema = {key: value for key, value in document.items() if is_keyword(key) and key not in DEFINITIONS}
    if not schema.keys() & ASSERTIONS:
        raise SchemaError(f"an API document is not a JSON Schema: {describe_schemas(document, 'document')}")
    reference = schema.get("$ref")
    if isinstance(reference, str) and look_up(document, [*pointer_keys(reference)]) is None:
        raise SchemaError(f"the $ref {shorten_json(reference)} leads nowhere: {describe_schemas(document, 'document')}")
    return extract_schema(schema, document)


def describe_schemas(document: JSON, variable: str) -> str:
    """Return which schemas a document has, and how one of them is passed.

    >>> describe_schemas({"$defs": {"Cat": {}}}, "schema")
    'pass {"$ref": "#/$defs/NAME", **schema}, where NAME is one of "Cat"'
    """
    for place in SCHEMA_PLACES:
        schemas = look_up(document, [*place])
        if isinstance(schemas, dict) and schemas:
            pointer = "/".join(("#", *place, "NAME"))
            names = quote_names([*schemas], MAX_NAMES)
            return f'pass {{"$ref": "{pointer}", **{variable}}}, where NAME is one of {names}'
    return "it has no named schemas; pass the schema of one of its requests or replies"
