"""Tuples: an object with one property a position, because strict arrays have alike items only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from structkit.schema.keywords import POSITION_NAME
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.array import ArrayNode, build_array
from structkit.schema.nodes.build_object import build_field
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.values import JSON, JSONPath, JSONValue


@dataclass(frozen=True)
class TupleNode:
    """`["Ada", 36]` as `{"item_0": "Ada", "item_1": 36}`; items beyond the fixed ones under `extra_items`.

    >>> from structkit.schema.nodes import ScalarNode
    >>> text, number = ScalarNode({"type": "string"}), ScalarNode({"type": "integer"})
    >>> node = TupleNode((Field("name", "name", text), Field("age", "age", number)))
    >>> node.dump(["Ada", 36]), node.load({"name": "Ada", "age": 36})
    ({'name': 'Ada', 'age': 36}, ['Ada', 36])
    """

    fields: tuple[Field, ...]
    extra_items: Field | None = None
    kind = "object"
    is_identity = False

    @cached_property
    def object(self) -> ObjectNode:
        """The same as an object."""
        return ObjectNode(self.fields if self.extra_items is None else (*self.fields, self.extra_items))

    @property
    def schema(self) -> JSON:
        """A closed object, a property a position."""
        return self.object.schema

    def dump(self, value: JSONValue) -> JSONValue:
        """Position by position; a tuple of the wrong length stays one, and is refused."""
        return self.object.dump(self._spread(value)) if isinstance(value, list) and self._is_long(value) else value

    def load(self, wire: JSONValue) -> JSONValue:
        """Back to an array, up to the first position that is absent."""
        if not isinstance(wire, dict) or not wire.keys() <= self.object.by_wire.keys():
            return wire
        natural = self.object.load(wire)
        given = [field.name in natural for field in self.fields]
        length = given.index(False) if False in given else len(given)
        fixed = [natural[field.name] for field in self.fields[:length]]
        return fixed + (natural[self.extra_items.name] if self.extra_items and length == len(given) else [])

    def _is_long(self, value: list[JSONValue]) -> bool:
        least = sum(field.absence == "never" for field in self.fields)
        return least <= len(value) and (self.extra_items is not None or len(value) <= len(self.fields))

    def _spread(self, value: list[JSONValue]) -> JSON:
        fixed = {field.name: item for field, item in zip(self.fields, value, strict=False)}
        return fixed if self.extra_items is None else {**fixed, self.extra_items.name: value[len(self.fields) :]}

    def matches_value(self, value: JSONValue) -> bool:
        """A list of the right length whose items look right."""
        return isinstance(value, list) and self._is_long(value) and self.object.matches_value(self._spread(value))

    def matches_wire(self, wire: JSONValue) -> bool:
        """An object with just these names."""
        return self.object.matches_wire(wire)


def build_tuple(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """A tuple: an array where all items are alike, else an object, a property a position."""
    parts, others = _parts(schema, compiler)
    least = schema.get("minItems", 0)
    if others is False and all(part == parts[0] for part in parts):
        return build_array({"items": parts[0], "minItems": least, "maxItems": len(parts)}, path, compiler)
    compiler.note(path, "rewritten", "tuple: an object, a property a position")
    fields: list[Field] = []
    for position, part in enumerate(parts):
        given = part.get(POSITION_NAME) if isinstance(part, dict) else None
        name = unused_name(wire_name(given or f"item_{position}"), [field.name for field in fields])
        fields.append(build_field(name, part, position < least, (*path, position), compiler))
    if others is False:
        return TupleNode(tuple(fields))
    name = unused_name("rest", [field.name for field in fields])
    return TupleNode(tuple(fields), Field(name, name, ArrayNode(compiler.build(others, (*path, "[]")))))


def _parts(schema: JSON, compiler: Compiler) -> tuple[list[JSONValue], JSONValue]:
    """The positions, and the schema of items beyond them (false where there are none), in any draft."""
    if isinstance(schema.get("items"), list):
        parts, others = schema["items"], schema.get("additionalItems", True)
    else:
        parts, others = schema["prefixItems"], schema.get("items", compiler.allows_extra_keys)
    return parts, False if schema.get("maxItems") == len(parts) else others
