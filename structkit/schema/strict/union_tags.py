"""Which properties are tags: constants that tell the objects of a union apart."""

from __future__ import annotations

from collections.abc import Iterator

from structkit.errors import SchemaError
from structkit.schema.json_schema.document import SchemaDocument
from structkit.values import JSON, JSONValue

UNIONS = ("anyOf", "oneOf")


def find_tag_names(document: SchemaDocument) -> frozenset[str]:
    """Return the names of the properties that are constant in a branch of a union of several objects.

    >>> cat, dog = ({"properties": {"age": {}, "kind": {"const": name}}} for name in ("cat", "dog"))
    >>> find_tag_names(SchemaDocument({"anyOf": [cat, dog]})), find_tag_names(SchemaDocument({"anyOf": [cat, {}]}))
    (frozenset({'kind'}), frozenset())
    """
    names: set[str] = set()
    for branches in _unions(document):
        properties = [[*_properties(branch, document)] for branch in branches]
        if sum(map(bool, properties)) > 1:
            names |= {name for each in properties for name, schema in each if _is_constant(schema, document)}
    return frozenset(names)


def _unions(document: SchemaDocument) -> Iterator[list[JSONValue]]:
    for part in document.objects():
        branches = [branch for word in UNIONS if isinstance(part.get(word), list) for branch in part[word]]
        if len(branches) > 1:
            yield branches


def _properties(branch: JSONValue, document: SchemaDocument) -> Iterator[tuple[str, JSONValue]]:
    """Yield the properties of a branch and of the parts of its `allOf`."""
    stack, visited = [branch], set[int]()
    while stack:
        part = _resolve(stack.pop(), document)
        if id(part) in visited:
            continue
        visited.add(id(part))
        properties, parts = part.get("properties"), part.get("allOf")
        yield from properties.items() if isinstance(properties, dict) else ()
        stack += parts if isinstance(parts, list) else ()


def _is_constant(schema: JSONValue, document: SchemaDocument) -> bool:
    resolved = _resolve(schema, document)
    values = resolved.get("enum")
    return "const" in resolved or (isinstance(values, list) and len(values) == 1)


def _resolve(schema: JSONValue, document: SchemaDocument) -> JSON:
    """Return the schema or the target of its reference; an empty one for a reference that the compiler will report."""
    try:
        return document.resolve(schema)
    except (SchemaError, TypeError):
        return {}
