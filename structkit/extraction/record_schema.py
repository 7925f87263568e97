"""The parts of an object type, and its schema for a chunk of a text, which may have only some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from structkit.schema.keywords import OWN_PREFIX
from structkit.values import ABSENT, JSON, JSONPath, JSONValue
from structkit.values.json_pointer import pointer_keys

MAX_REFERENCES = 50

LENGTHS = frozenset({"minItems", "maxItems", "default", f"{OWN_PREFIX}empty"})
"""Keywords of a list that a chunk need not observe: the joined list does."""

OPEN = frozenset({"patternProperties", "allOf", "oneOf", "anyOf", "not", "if", "propertyNames", "dependentSchemas"})
"""Keywords by which the fields of an object depend on each other, or are not known."""

PART_OF_TEXT = "The text is a part of a longer one: null for what this part does not have."


@dataclass(frozen=True)
class RecordPart:
    """A part of an object type: an object whose own parts may come from several chunks, a list, or anything else.

    Args:
        path: Where it is in a value.
        kind: What it is.
        schema: Its schema for a chunk, in which it may be null or empty.
        plain: Its own schema, without references and null.
        names: Its names and descriptions, and those of the objects that it is in.
        is_required: Whether a value without it is not valid.
        accepts_null: Whether it may be null.
        min_items: Of a list, how many items it has at least.
        parts: Of an object, its parts by their keys.
    """

    path: JSONPath
    kind: Literal["object", "list", "field"]
    schema: JSON
    plain: JSON
    names: tuple[str, ...] = ()
    is_required: bool = True
    accepts_null: bool = False
    min_items: int = 0
    parts: Mapping[str, RecordPart] = field(default_factory=dict)

    @cached_property
    def leaves(self) -> tuple[RecordPart, ...]:
        """The parts that are not objects of further parts, in order."""
        return tuple(self._leaves()) if self.kind == "object" else (self,)

    def _leaves(self) -> Iterator[RecordPart]:
        for part in self.parts.values():
            yield from part.leaves

    @property
    def needs_value(self) -> bool:
        """Whether a value is not valid without it."""
        return self.is_required and not self.accepts_null

    def join(self, values: Mapping[JSONPath, JSONValue], *, is_complete: bool = True) -> JSONValue:
        """Return the part of a value, made of values of its leaves; ABSENT if it is left out.

        Args:
            values: The values by their paths; null or ABSENT for none.
            is_complete: Whether what has no value is null where the type allows it, and not left out.
        """
        if self.kind != "object":
            return self._fill(values.get(self.path, ABSENT), is_complete=is_complete)
        joined = {key: part.join(values, is_complete=is_complete) for key, part in self.parts.items()}
        joined = {key: value for key, value in joined.items() if value is not ABSENT}
        has_values = any(_has_value(values.get(leaf.path, ABSENT), leaf) for leaf in self.leaves)
        if has_values or not self.path or (self.needs_value and is_complete):
            return joined
        return self._fill(None, is_complete=is_complete)

    def _fill(self, value: JSONValue, *, is_complete: bool) -> JSONValue:
        if value is not None and value is not ABSENT:
            return value
        if self.is_required and is_complete and "const" in self.schema:
            return self.schema["const"]
        return None if self.is_required and self.accepts_null and is_complete else ABSENT


def _has_value(value: JSONValue, leaf: RecordPart) -> bool:
    return value is not None and value is not ABSENT and value != [] and "const" not in leaf.schema


def record_parts(document: JSON) -> RecordPart | None:
    """Return the parts of a type, from its natural schema; None if it is not an object whose fields have names.

    >>> nested = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    >>> root = record_parts({"type": "object", "properties": {"tenant": nested, "days": {"type": "array"}}})
    >>> [(part.path, part.kind) for part in root.leaves]
    [(('tenant', 'name'), 'field'), (('days',), 'list')]
    """
    root = _part(document, document, (), (), frozenset(), is_required=True)
    return root if root.kind == "object" else None


def chunk_schema(document: JSON, root: RecordPart, name: str) -> JSON:
    """Return the schema of what a chunk is asked for, with the name of the type."""
    described = f"{text} {PART_OF_TEXT}" if (text := root.schema.get("description")) else PART_OF_TEXT
    definitions: JSON = {key: document[key] for key in ("$defs", "definitions", "$schema") if key in document}
    return {**definitions, **root.schema, "title": name, "description": described}


def _part(
    schema: Any,
    document: JSON,
    path: JSONPath,
    names: tuple[str, ...],
    references: frozenset[str],
    *,
    is_required: bool,
) -> RecordPart:
    plain, accepts_null, references = _plain(schema, document, references)
    names = (*names, *_names(path, {**plain, **(schema if isinstance(schema, dict) else {})}))
    if plain.get("type") == "object" and plain.get("properties") and _is_closed(plain):
        required = plain.get("required", ())
        parts = {
            key: _part(each, document, (*path, key), names, references, is_required=key in required)
            for key, each in plain["properties"].items()
        }
        keywords = {key: value for key, value in plain.items() if key != "default"}
        wire = {**keywords, "properties": {key: part.schema for key, part in parts.items()}, "required": [*parts]}
        wire = _nullable(wire, accepts_null=not path)
        return RecordPart(path, "object", wire, plain, names, is_required, accepts_null, parts=parts)
    if plain.get("type") == "array" and "prefixItems" not in plain:
        keywords = {key: value for key, value in plain.items() if key not in LENGTHS}
        return RecordPart(
            path, "list", keywords, plain, names, is_required, accepts_null, int(plain.get("minItems") or 0)
        )
    wire = _nullable(schema, accepts_null=accepts_null)
    return RecordPart(path, "field", wire, plain, names, is_required, accepts_null)


def _is_closed(schema: JSON) -> bool:
    return OPEN.isdisjoint(schema) and not schema.get("additionalProperties")


def _plain(schema: Any, document: JSON, references: frozenset[str]) -> tuple[JSON, bool, frozenset[str]]:
    """Return a schema without references and without null, whether null is allowed, and the references within.

    A reference to what contains it is not followed: then the part is asked for as a whole.
    """
    accepts_null = False
    while isinstance(schema, dict):
        if (ref := schema.get("$ref")) is not None:
            if ref in references:
                return {}, accepts_null, references
            target, references = _target(document, str(ref)), references | {str(ref)}
            schema = {**target, **{key: part for key, part in schema.items() if key != "$ref"}} if target else {}
            continue
        branches = schema.get("anyOf")
        values = [each for each in branches or () if each != {"type": "null"}]
        if not branches or len(values) != 1:
            break
        accepts_null |= len(values) < len(branches)
        outside = {key: part for key, part in schema.items() if key != "anyOf"}
        schema = {**values[0], **outside} if isinstance(values[0], dict) else {}
    plain: JSON = schema if isinstance(schema, dict) else {}
    return plain, accepts_null or _has_null(plain), references


def _has_null(schema: JSON) -> bool:
    branches = [each for key in ("anyOf", "oneOf") for each in schema.get(key, ()) if isinstance(each, dict)]
    types = [each.get("type") for each in (schema, *branches)]
    return any(each == "null" or (isinstance(each, list) and "null" in each) for each in types)


def _nullable(schema: Any, *, accepts_null: bool) -> JSON:
    """Return the schema of a part that may be null, too; a default would be written where the text has nothing."""
    keywords = {key: value for key, value in schema.items() if key != "default"} if isinstance(schema, dict) else {}
    if accepts_null or not keywords or "const" in keywords:
        return keywords
    outside = {key: keywords.pop(key) for key in ("title", "description") if key in keywords}
    return {"anyOf": [keywords, {"type": "null"}], **outside}


def _names(path: JSONPath, schema: JSON) -> tuple[str, ...]:
    """Return the names of a part: its key, its title and its description, and the texts that it is one of."""
    options = [each for each in schema.get("enum", ()) if isinstance(each, str)]
    names = [str(path[-1]) if path else "", schema.get("title"), schema.get("description"), *options]
    return tuple(name for name in names if isinstance(name, str) and name and path)


def _target(document: JSON, ref: str) -> Any:
    target: Any = document
    for key in pointer_keys(ref.removeprefix("#")):
        target = target.get(key) if isinstance(target, dict) else None
    return target if isinstance(target, dict) else None


def list_schema(document: JSON, path: JSONPath) -> JSON:
    """Return the natural schema of the list at a path."""
    schema, *_ = _plain(document, document, frozenset())
    for key in path:
        schema, *_ = _plain(schema.get("properties", {}).get(key, {}), document, frozenset())
    return schema
