"""The keywords of JSON Schema: those of every draft, and those that OpenAPI adds."""

from __future__ import annotations

from structkit.schema.json_schema.child_schemas import SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
"""The values of `type`."""

DEFINITIONS = frozenset({"$defs", "definitions"})
"""Keywords whose schemas have no effect until a reference leads to them."""

REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})

ASSERTIONS = (
    (SCHEMA_KEYWORDS | SCHEMA_LIST_KEYWORDS | SCHEMA_MAP_KEYWORDS | REFERENCES) - DEFINITIONS
    | {"type", "enum", "const", "required", "dependentRequired", "uniqueItems", "multipleOf", "pattern", "format"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"}
    | {"minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"}
    | {"divisibleBy", "extends", "disallow"}  # draft 3
)
"""Keywords that constrain a value."""

ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
    | {"contentEncoding", "contentMediaType", "contentSchema", "links", "media"}
    | {"nullable", "discriminator", "example", "xml", "externalDocs"}  # OpenAPI
)
"""Keywords that constrain no value, or only beside others."""

IDENTIFIERS = frozenset(
    {"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"} | DEFINITIONS
)

DATA_KEYS = frozenset(
    {"items", "format", "pattern", "required", "contains", "minimum", "maximum", "dependencies", "extends", "links"}
)
"""Keywords that are common keys of data too."""


def is_keyword(name: str) -> bool:
    """Return whether a key has a meaning in some draft or in OpenAPI, or is an extension's (`x-...`).

    >>> is_keyword("minLength"), is_keyword("x-order"), is_keyword("minlength")
    (True, True, False)
    """
    return name in ASSERTIONS or name in ANNOTATIONS or name in IDENTIFIERS or str(name).startswith("x-")


def quote_names(names: list[str], limit: int = 20) -> str:
    """Return names for a message: at most *limit* of them.

    >>> quote_names(["a", "b", "c"], 2)
    '"a", "b" and 1 more'
    """
    quoted = ", ".join(shorten_json(name, 60) for name in names[:limit])
    return f"{quoted} and {len(names) - limit} more" if len(names) > limit else quoted


def looks_like_schema(part: JSONValue) -> bool:
    """Return whether a JSON value is surely meant as a schema: it has a type, or refers to a schema.

    >>> looks_like_schema({"type": "string"}), looks_like_schema({"type": "cat"}), looks_like_schema({"items": []})
    (True, False, False)
    """
    return isinstance(part, dict) and (_names_types(part) or isinstance(part.get("$ref"), str) or _has_schemas(part))


def _names_types(part: JSON) -> bool:
    names = part.get("type")
    names = names if isinstance(names, list) else [names]
    return bool(names) and all(isinstance(name, str) and name in TYPES for name in names)


def _has_schemas(part: JSON) -> bool:
    unions = (part[word] for word in ("anyOf", "oneOf", "allOf") if isinstance(part.get(word), list))
    return any(looks_like_schema(branch) for branches in unions for branch in branches)
