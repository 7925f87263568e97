"""Keywords in another spelling, as `property` for `properties`: JSON Schema ignores them, and any value is valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from jsonschema import Draft202012Validator

from structkit.errors import SchemaError
from structkit.schema.json_schema.vocabulary import ANNOTATIONS, ASSERTIONS, is_keyword, looks_like_schema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

MIN_SIMILARITY = 0.77
"""How similar a key is to the keyword that it stands for, capitals aside: `property` is, and `prototype` is not."""

SYNONYMS = {
    **dict.fromkeys(("props", "field", "fields", "keys", "attributes", "members", "columns"), "properties"),
    **dict.fromkeys(("args", "params", "parameters"), "properties"),
    **dict.fromkeys(("element", "elements"), "items"),
}
"""Names that libraries for validation and data models have for a keyword."""

SCALAR_TYPES = ("string", "integer", "number")
LISTS_OF_VALUES = ("values", "choices", "options", "allowed", "symbols", "oneof", "anyof")
ADJECTIVES_OF_VALUES = ("allowed", "possible", "valid", "accepted")
SCALAR_SYNONYMS = {
    **SYNONYMS,
    **dict.fromkeys(LISTS_OF_VALUES, "enum"),
    **dict.fromkeys((f"{word}values" for word in ADJECTIVES_OF_VALUES), "enum"),
}
"""The same beside a scalar type, or beside nothing that constrains a value."""


KEYWORDS = {word.casefold(): word for word in sorted(ASSERTIONS | ANNOTATIONS - {"links", "media"}) if word.isalpha()}
"""The keywords that may be meant, by their letters in lower case."""

BOUNDS = {"string": "Length", "array": "Items", "object": "Properties", "integer": "imum", "number": "imum"}
"""How the bounds of each type end, of which libraries for validation have only `min` and `max`."""

PATTERN_NAMES = frozenset({"regex", "regexp"})
"""What validators call a pattern."""

METASCHEMA = Draft202012Validator(Draft202012Validator.META_SCHEMA)

MIN_WARNING_SIMILARITY = 0.85
"""How similar an unknown keyword without the value of one is to the one that was probably meant."""


def meant_keyword(name: str, part: JSON) -> str:
    """Return the keyword that an unknown one in a part probably stands for, or "".

    >>> meant_keyword("min_length", {"min_length": 1}), meant_keyword("min", {"type": "integer", "min": 1})
    ('minLength', 'minimum')
    >>> meant_keyword("_format", {"_format": "date"}), meant_keyword("min_length", {"min_length": "short"})
    ('', '')
    """
    suffix = BOUNDS.get(str(part.get("type")), "")
    word = f"{name}{suffix}" if suffix and name in {"min", "max"} else _closest_keyword(str(name))
    return word if word and word not in part and METASCHEMA.is_valid({word: part[name]}) else ""


@lru_cache
def _closest_keyword(name: str) -> str:
    if name in PATTERN_NAMES:
        return "pattern"
    close = get_close_matches(name.replace("_", "").casefold(), KEYWORDS, 1, MIN_WARNING_SIMILARITY)
    return KEYWORDS[close[0]] if close and name[:1].isalpha() else ""


def validate_keyword_names(part: JSON, path: JSONPath) -> None:
    """Validate that no key of a schema stands for a keyword that the schema does not have.

    Raises:
        SchemaError: A key is nearly a keyword, and its value is what that keyword has.

    >>> validate_keyword_names({"type": "array", "item": {"type": "string"}}, ())
    Traceback (most recent call last):
    structkit.errors.SchemaError: item: not a JSON Schema: write "items" for "item"
    """
    for name, value in part.items():
        word = "" if is_keyword(name) or not isinstance(value, dict | list) else _similar_keyword(name, part)
        if word and word not in part and VALUES[word](value):
            message = f"not a JSON Schema: write {shorten_json(word)} for {shorten_json(name)}"
            raise SchemaError(message, path=(*path, name))


def _similar_keyword(name: str, part: JSON) -> str:
    """Return the keyword that a key is similar to, or ""."""
    name = str(name).replace("_", "").casefold()
    close = get_close_matches(name, VALUES, 1, MIN_SIMILARITY)
    is_scalar = part.get("type") in SCALAR_TYPES or ASSERTIONS.isdisjoint(part)
    synonyms = SCALAR_SYNONYMS if is_scalar else SYNONYMS
    return close[0] if close else synonyms.get(name, "")


def _has_only_schemas(value: JSONValue) -> bool:
    """Return whether a list or a map has schemas, and nothing else."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(children) and all(map(looks_like_schema, children))


def _is_schema_map(value: JSONValue) -> bool:
    """Return whether an object has schemas, or the names of types, and nothing else."""
    if not isinstance(value, dict) or not value or looks_like_schema(value):
        return False
    return all(looks_like_schema(child if isinstance(child, dict) else {"type": child}) for child in value.values())


def _is_item_schema(value: JSONValue) -> bool:
    return looks_like_schema(value) or (isinstance(value, list) and _has_only_schemas(value))


def _is_constant_list(value: JSONValue) -> bool:
    return isinstance(value, list) and bool(value) and not any(isinstance(item, dict | list) for item in value)


def _is_name_list(value: JSONValue) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


VALUES: Mapping[str, Callable[[JSONValue], bool]] = {
    "properties": _is_schema_map,
    "items": _is_item_schema,
    "enum": _is_constant_list,
    "required": _is_name_list,
}
"""Keywords without which a value is hardly constrained, and what their values are."""
