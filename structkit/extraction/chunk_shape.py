"""Where the lists and the fields of a type are, which its chunks give."""

from __future__ import annotations

from typing import Any

from structkit.values import JSON, JSONPath
from structkit.values.json_pointer import pointer_keys

MAX_REFERENCES = 50


def list_schema(document: JSON, path: JSONPath) -> JSON:
    """Return the natural schema of the list at a path."""
    schema = _resolve(document, document, "array" if not path else "object")
    for number, key in enumerate(path, 1):
        kind = "array" if number == len(path) else "object"
        schema = _resolve(schema.get("properties", {}).get(key, {}), document, kind)
    return schema


def _resolve(schema: Any, document: JSON, kind: str, depth: int = MAX_REFERENCES) -> JSON:
    """Return a schema with references followed, and of a union the branch of a JSON type."""
    if not isinstance(schema, dict) or not depth:
        return {}
    if (ref := schema.get("$ref")) is not None:
        target: Any = document
        for key in pointer_keys(str(ref).removeprefix("#")):
            target = target.get(key) if isinstance(target, dict) else None
        return _resolve(target, document, kind, depth - 1)
    branches = [_resolve(each, document, kind, depth - 1) for key in ("anyOf", "oneOf") for each in schema.get(key, ())]
    return next((each for each in branches if each.get("type") == kind), schema)
