"""Definitions that are reached only through many others, which are built before what refers to them."""

from __future__ import annotations

from contextlib import suppress

from structkit.errors import SchemaError
from structkit.schema.json_schema.child_schemas import child_schemas
from structkit.schema.json_schema.document import SchemaDocument
from structkit.values import JSONPath, JSONValue

MIN_DEPTH = 25
"""Levels from which a definition is built in advance: from the root, its nodes would be too deep."""

ITEMS = frozenset({"items", "prefixItems", "additionalProperties", "patternProperties", "additionalItems"})
"""Keywords for the members of a list or map."""

DEFINITIONS = frozenset({"$defs", "definitions"})


def deep_definitions(document: SchemaDocument) -> list[tuple[str, JSONPath]]:
    """Return the `$ref` and the first natural path of each definition far below the root, innermost first.

    >>> parts = {f"d{n}": {"type": "array", "items": {"$ref": f"#/$defs/d{n - 1}"}} for n in range(1, 28)}
    >>> deep = deep_definitions(SchemaDocument({"$ref": "#/$defs/d27", "$defs": {"d0": {}, **parts}}))
    >>> [(pointer, len(path)) for pointer, path in deep]
    [('#/$defs/d0', 27), ('#/$defs/d1', 26), ('#/$defs/d2', 25)]
    """
    finished: list[tuple[str, JSONPath]] = []
    visited = set[str]()
    stack: list[tuple[JSONPath, JSONValue, str]] = [((), document.root, "")]
    while stack:
        path, part, finished_pointer = stack.pop()
        if finished_pointer:
            finished.append((finished_pointer, path))
        if not isinstance(part, dict):
            continue
        pointer = part.get("$ref")
        if isinstance(pointer, str) and pointer not in visited:
            visited.add(pointer)
            with suppress(SchemaError):  # raised again by whatever needs it
                stack += [(path, None, pointer), (path, document.resolve_pointer(pointer, path), "")]
        inner_parts = [(step, inner) for step, inner in child_schemas(part) if step[0] not in DEFINITIONS]
        stack += [((*path, *_natural_steps(step)), inner, "") for step, inner in reversed(inner_parts)]
    return [(pointer, path) for pointer, path in finished if len(path) >= MIN_DEPTH]


def _natural_steps(step: JSONPath) -> JSONPath:
    """Return the steps of a natural path for a step in the schema."""
    return step[1:] if step[0] == "properties" else ("[]",) if step[0] in ITEMS else ()
