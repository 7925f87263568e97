"""Tuples: an object with one property per position, because all items of a strict array have one schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from structkit.schema.keywords import POSITION_NAME
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.array import build_array, undeclared_items
from structkit.schema.nodes.build_field import build_field
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import POSITIONS, describe
from structkit.schema.nodes.node import Field, Node, WireError, reject_ambiguous
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.scalar import validate_bounds
from structkit.schema.nodes.stated_bounds import state_bounds
from structkit.schema.unsatisfiable import UnsatisfiableSchema
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
    names: tuple[str, ...] | None = None
    """Of a named tuple: the natural names of the positions, under which the type also reads them."""
    kind = "object"
    is_identity = False

    @cached_property
    def object(self) -> ObjectNode:
        """The object node with the same fields."""
        return ObjectNode(self.fields if self.extra_items is None else (*self.fields, self.extra_items))

    @property
    def schema(self) -> JSON:
        """The schema: a closed object with one property per position."""
        return self.object.schema

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the items under the names of their positions; an array of an invalid length unchanged."""
        return (
            self.object.dump(self.as_object(value))
            if isinstance(value, list) and self.has_valid_length(value)
            else value
        )

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the array; of a named tuple, an object where a position is absent before one that is not.

        Raises:
            WireError: An array cannot express such a gap.
            AmbiguousFormError: An item of an array has several meanings.
        """
        if isinstance(wire, list) and self.has_valid_length(wire):
            self._reject_ambiguous_items(wire)
        if not isinstance(wire, dict) or not wire.keys() <= self.object.by_wire.keys():
            return wire
        natural = self.object.load(wire)
        extra_items = natural.get(self.extra_items.name, []) if self.extra_items else []
        items = [natural[field.name] for field in takewhile(lambda field: field.name in natural, self.fields)]
        has_gap = len(items) < len(natural.keys() - {self.extra_items and self.extra_items.name})
        if self.names and has_gap:
            return {name: natural[f.name] for name, f in zip(self.names, self.fields, strict=True) if f.name in natural}
        if has_gap or (extra_items and len(items) < len(self.fields)):
            raise WireError(GAP).with_step(self.fields[len(items)].name)
        return items + extra_items

    def _reject_ambiguous_items(self, wire: list[JSONValue]) -> None:
        """Validate that the items of a tuple which is written as an array have one meaning.

        Raises:
            AmbiguousFormError: One has several.
        """
        for position, (field, item) in enumerate(zip(self.fields, wire, strict=False)):
            try:
                reject_ambiguous(field.node, item)
            except WireError as error:
                raise error.with_step(position) from None
        if self.extra_items is not None:
            reject_ambiguous(self.extra_items.node, wire[len(self.fields) :])

    def has_valid_length(self, value: list[JSONValue]) -> bool:
        """Return whether an array has as many items as the positions allow."""
        min_length = sum(field.absence == "never" for field in self.fields)
        return min_length <= len(value) and (self.extra_items is not None or len(value) <= len(self.fields))

    def as_object(self, value: list[JSONValue]) -> JSON:
        """Return the items of an array under the names of their positions."""
        fixed = {field.name: item for field, item in zip(self.fields, value, strict=False)}
        return fixed if self.extra_items is None else {**fixed, self.extra_items.name: value[len(self.fields) :]}

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is a list of a valid length whose items match."""
        return (
            isinstance(value, list)
            and self.has_valid_length(value)
            and self.object.matches_value(self.as_object(value))
        )

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is an object with these names."""
        return self.object.matches_wire(wire)


GAP = "null means that the tuple ends before this item, and later items are not null: write a value here"


def build_tuple(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build a tuple: an array where all positions have one schema, else an object with one property per position.

    It ends before a position that no value fits, as parts of an `allOf` may contradict each other there.

    Raises:
        UnsatisfiableSchema: No value fits a position that an array must have.
    """
    validate_bounds({**schema, "type": "array"}, path)
    parts, further_items = _parts(schema, compiler)
    min_items = schema.get("minItems", 0)
    unique = {"uniqueItems": True} if schema.get("uniqueItems") is True else {}
    if further_items is False and all(part == parts[0] for part in parts):
        return _build_uniform(parts, min_items, unique, path, compiler)
    compiler.note(path, "rewritten", "tuple: an object with one property per position")
    fields = _build_fields(parts, min_items, path, compiler)
    if not fields:
        return _build_uniform([], min_items, {}, path, compiler)
    parts, further_items = parts[: len(fields)], further_items if len(fields) == len(parts) else False
    names = tuple(filter(None, map(_own_name, parts)))
    description = None if len(names) == len(parts) else POSITIONS
    texts = description, state_bounds(unique, path, compiler)
    if further_items is False:
        return describe(TupleNode(tuple(fields), names=None if description else names), *texts)
    name = unused_name("rest", [field.name for field in fields])
    bounds: JSON = {key: max(0, schema[key] - len(parts)) for key in ("minItems", "maxItems") if key in schema}
    extra_items = Field(name, name, build_array({"type": "array", "items": further_items, **bounds}, path, compiler))
    return describe(TupleNode(tuple(fields), extra_items), *texts)


def _build_uniform(parts: list[JSONValue], min_items: int, unique: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build an array whose positions have one schema; it is empty where no value fits that, or there are none."""
    bounds: JSON = {"type": "array", "minItems": min_items, "maxItems": len(parts), **unique}
    return build_array({**bounds, "items": parts[0] if parts else False}, path, compiler)


def _build_fields(parts: list[JSONValue], min_items: int, path: JSONPath, compiler: Compiler) -> list[Field]:
    """Build a property per position, up to one that no value fits and that an array need not have."""
    fields: list[Field] = []
    for position, part in enumerate(parts):
        name = unused_name(wire_name(_own_name(part) or f"item_{position}"), [field.name for field in fields])
        is_required = position < min_items
        try:
            fields.append(build_field(name, part, is_required, (*path, position), compiler, is_exact=True))
        except UnsatisfiableSchema:
            if is_required:
                raise
            compiler.note((*path, position), "dropped", "no value can fit it")
            break
    return fields


def _own_name(part: JSONValue) -> str | None:
    """Return the name that a position has in a named tuple."""
    return part.get(POSITION_NAME) if isinstance(part, dict) else None


def _parts(schema: JSON, compiler: Compiler) -> tuple[list[JSONValue], JSONValue]:
    """Return the schemas of the positions and that of further items (false where there are none), in any draft."""
    words = ("items", "additionalItems") if isinstance(schema.get("items"), list) else ("prefixItems", "items")
    parts = schema[words[0]]
    if False in parts:  # an array ends before an item that nothing fits
        parts, schema = parts[: parts.index(False)], {**schema, words[1]: False}
    parts = parts[: schema.get("maxItems")]
    needs_items = schema.get("minItems", 0) > len(parts)
    default = undeclared_items(schema, compiler.is_open or needs_items)
    further_items = schema.get(words[1], default)
    return parts, False if schema.get("maxItems") == len(parts) else further_items
