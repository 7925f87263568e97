"""Recognises properties that are not under `properties`: as a schema, such a dict would constrain nothing."""

from __future__ import annotations

from structkit.schema.json_schema.vocabulary import TYPES, is_keyword, looks_like_schema
from structkit.values import JSON, JSONValue

SCALAR_KEYWORDS = frozenset(
    {"title", "description", "type", "format", "pattern", "required", "enum", "minimum", "maximum", "id", "$id"}
)
"""Keywords whose value is never a schema."""


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
    return not any(map(is_keyword, part)) and any(map(_is_type, part.values()))


def _is_type(value: JSONValue) -> bool:
    return looks_like_schema(value) or (isinstance(value, str) and value in TYPES)
