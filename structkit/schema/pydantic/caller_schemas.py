"""The JSON Schemas that callers put into types (`json_schema_extra`, `WithJsonSchema`), where they are not valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from structkit.schema.json_schema.child_schemas import (
    SCHEMA_KEYWORDS,
    SCHEMA_LIST_KEYWORDS,
    SCHEMA_MAP_KEYWORDS,
    child_schemas,
)
from structkit.schema.json_schema.vocabulary import TYPES
from structkit.schema.keywords import IGNORED_SCHEMA
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

CALLER_METADATA = ("pydantic_js_extra", "pydantic_js_annotation_functions", "pydantic_js_functions")
"""Where pydantic keeps what the caller has put into a JSON Schema, in the order in which they are left out."""

TEXTS = frozenset({"title", "description"})
CALLER_ANNOTATIONS = TEXTS | {"examples", "deprecated", "readOnly"}
"""What is used of a schema of the caller's that is otherwise not one."""


def has_caller_schema(core: Any) -> bool:
    """Return whether a part of a core schema has a JSON Schema, or changes to it, of the caller's or of its class."""
    metadata = core.get("metadata")
    return bool(metadata) and any(key in metadata for key in CALLER_METADATA)


def has_class_extra(cls: type[Any], config: Mapping[str, Any]) -> bool:
    """Return whether a class, or the root of a root model, has a `json_schema_extra`."""
    root = getattr(cls, "model_fields", {}).get("root")
    return config.get("json_schema_extra") is not None or getattr(root, "json_schema_extra", None) is not None


def without_caller_schemas(core: Any) -> Iterator[Any]:
    """Yield a part of a core schema with less and less of what the caller has put into its JSON Schema.

    It has no `ref`, as pydantic would return the invalid schema that it already has for that.
    """
    metadata = dict(core["metadata"])
    for key in CALLER_METADATA:
        if metadata.pop(key, None):
            yield {**{word: value for word, value in core.items() if word != "ref"}, "metadata": dict(metadata)}


def drop_invalid_texts(part: JSON) -> None:
    """Remove a title or a description that is not text, in place."""
    for word in TEXTS:
        if not isinstance(part.get(word, ""), str):
            del part[word]


def invalid_keyword(part: JSONValue) -> str | None:
    """Return why a part of a JSON Schema is not one; None where it is.

    >>> invalid_keyword({"type": "list", "items": {"type": "int"}})
    '`type` cannot be "list"'
    >>> invalid_keyword({"anyOf": [{"type": "string"}, {"required": True}]})
    '`required` cannot be true'
    """
    stack, visited = [part], set[int]()  # a part may contain itself, which is reported later
    while stack:
        inner = stack.pop()
        if id(inner) in visited or isinstance(inner, bool):
            continue
        visited.add(id(inner))
        if not isinstance(inner, dict):
            return f"a schema cannot be {shorten_json(inner)}"
        if (invalid := next((word for word, value in inner.items() if not _is_valid(word, value)), None)) is not None:
            return f"`{invalid}` cannot be {shorten_json(inner[invalid])}"
        stack += (child for _, child in child_schemas(inner))
    return None


def replace_with_valid(part: JSON, valid: JSON, reason: str) -> None:
    """Replace a part by the schema without the caller's additions, in place; annotations of the caller's stay."""
    annotations = {word: part[word] for word in CALLER_ANNOTATIONS & part.keys()}
    part.clear()
    part |= {**valid, **annotations, IGNORED_SCHEMA: reason}


def _is_valid(word: str, value: JSONValue) -> bool:
    is_valid = VALID_VALUES.get(word)
    return is_valid is None or is_valid(value)


def _is_text(value: JSONValue) -> bool:
    return isinstance(value, str)


def _is_number(value: JSONValue) -> bool:
    return not isinstance(value, str | bool | list | dict | None)  # pydantic has decimals and dates here too


def _is_count(value: JSONValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: JSONValue) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_types(value: JSONValue) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(_is_text(name) and name in TYPES for name in names)


def _is_schema(value: JSONValue) -> bool:
    return isinstance(value, dict | bool)


def _are_schemas(value: JSONValue) -> bool:
    return isinstance(value, list) and bool(value)


VALID_VALUES: Mapping[str, Callable[[JSONValue], bool]] = {
    **dict.fromkeys(SCHEMA_KEYWORDS, _is_schema),
    **dict.fromkeys(SCHEMA_LIST_KEYWORDS, _are_schemas),
    **dict.fromkeys(SCHEMA_MAP_KEYWORDS, lambda value: isinstance(value, dict)),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("minContains", "maxContains"), _is_count),
    **dict.fromkeys(("pattern", "format", "$ref"), _is_text),
    "type": _are_types,
    "required": _are_texts,
    "enum": lambda value: isinstance(value, list),
    "items": lambda value: isinstance(value, dict | bool | list),
}
"""Whether a value of a keyword is valid; others have no effect on the strict schema, or no wrong value."""
