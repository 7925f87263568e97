"""Recognises schemas that are under no keyword: a dict with them would constrain nothing."""

from __future__ import annotations

from structkit.errors import SchemaError
from structkit.schema.json_schema.vocabulary import (
    ASSERTIONS,
    DEFINITIONS,
    TYPES,
    is_keyword,
    looks_like_schema,
    quote_names,
)
from structkit.schema.json_types import type_names
from structkit.values import JSON, JSONPath, JSONValue

SCALAR_KEYWORDS = frozenset(
    {"title", "description", "type", "format", "pattern", "required", "enum", "minimum", "maximum", "id", "$id"}
)
"""Keywords whose value is never a schema."""

ADVICE = {
    "object": 'write {"type": "object", "properties": {...}} around it',
    "array": 'write {"type": "array", "items": {...}} around it',
}
"""What to write around schemas that have no effect, by the type beside them."""

UNSTRUCTURED = frozenset({"type", "required", "minProperties", "maxProperties", "minItems", "maxItems", "uniqueItems"})
"""Keywords beside which a list may have any items, and an object any properties."""


def validate_places(part: JSON, path: JSONPath) -> None:
    """Validate that a part which says nothing else of its contents has no schemas under names that are not keywords.

    Raises:
        SchemaError: It has; they would have no effect.

    >>> validate_places({"type": "object", "name": {"type": "string"}}, ())
    Traceback (most recent call last):
    structkit.errors.SchemaError: not a JSON Schema: what is under "name" has no effect; write {"type": "object", \
"properties": {...}} around it
    """
    if may_be_group(path) and "type" not in part:
        return
    types = [str(name).lower() for name in type_names(part.get("type", "object"))]
    structure = next((name for name in types if name in ADVICE), None)
    stated = {word for word in ASSERTIONS & part.keys() if not isinstance(part[word], bool)}
    if structure and stated <= UNSTRUCTURED:
        is_type = _is_type if "type" in part else lambda _, value: looks_like_schema(value)
        names = [name for name, value in part.items() if not is_keyword(name) and is_type(name, value)]
        if names:
            raise SchemaError(
                f"not a JSON Schema: what is under {quote_names(names, 5)} has no effect; {ADVICE[structure]}",
                path=path,
            )


def may_be_group(path: JSONPath) -> bool:
    """Return whether a part is among the definitions, where it may hold others that a `$ref` leads to."""
    return len(path) > 1 and path[-2] in DEFINITIONS


def is_property_map(part: JSON) -> bool:
    """Return whether a part holds schemas, or names of types, under names that are not keywords.

    >>> is_property_map({"street": {"type": "string"}}), is_property_map({"street": "string"})
    (True, True)
    >>> is_property_map({"title": {"type": "string"}}), is_property_map({"markdownDescription": "a street"})
    (True, False)
    """
    if looks_like_schema(part):
        return False
    if any(looks_like_schema(part[word]) for word in SCALAR_KEYWORDS & part.keys()):
        return True
    return not any(map(is_keyword, part)) and any(_is_type(*item) for item in part.items())


def _is_type(name: str, value: JSONValue) -> bool:
    """Return whether a value is a schema, or names a type; keywords such as `bsonType` do so too."""
    is_name = isinstance(value, str) and value in TYPES and not str(name).casefold().endswith("type")
    return is_name or looks_like_schema(value)
