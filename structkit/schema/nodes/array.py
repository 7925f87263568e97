"""Lists, sets and other arrays whose items are all of one schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from structkit.schema.descriptions import split_bounds
from structkit.schema.json_schema.all_of import merge
from structkit.schema.json_schema.value_counts import max_values
from structkit.schema.json_types import enumerated_values
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node, WireError
from structkit.schema.nodes.scalar import validate_bounds
from structkit.schema.nodes.stated_bounds import state_bounds
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue


@dataclass(frozen=True)
class ArrayNode:
    """An array whose items are all of one node; `bounds` are the keywords that the dialect supports."""

    items: Node
    bounds: JSON = field(default_factory=dict)

    kind = "array"

    @property
    def is_identity(self) -> bool:
        """Whether the items are."""
        return self.items.is_identity

    @property
    def schema(self) -> JSON:
        """The array schema."""
        return {"type": "array", "items": self.items.schema, **self.bounds}

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the items as wire values."""
        return [self.items.dump(item) for item in value] if isinstance(value, list) else value

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the items as natural values."""
        if not isinstance(wire, list) or self._is_plain:
            return wire
        position, natural = 0, []
        try:
            for position, item in enumerate(wire):  # noqa: B007 (read when an item is rejected)
                natural.append(self.items.load(item))
        except WireError as error:
            raise error.with_step(position) from None
        return natural

    @cached_property
    def _is_plain(self) -> bool:
        return self.items.is_identity

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is a list whose items match."""
        return isinstance(value, list) and all(map(self.items.matches_value, value))

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is a list whose items match."""
        return isinstance(wire, list) and all(map(self.items.matches_wire, wire))


BOUNDS = ("minItems", "maxItems", "uniqueItems")


def build_array(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build an array; its description states the bounds that the dialect does not support.

    It is empty where no value fits its items.

    Raises:
        UnsatisfiableSchema: No value fits the array, or its items, which it must have.
    """
    try:
        return _build_array(schema, path, compiler)
    except UnsatisfiableSchema:
        may_be_empty = not schema.get("minItems") and ("contains" not in schema or schema.get("minContains") == 0)
        if not may_be_empty or schema.get("items") is False:
            raise
        compiler.note(path, "dropped", "items: no value can fit them")
        return _build_array({**schema, "items": False}, path, compiler)


def _build_array(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    if schema.get("items") is False:
        schema = {**schema, "items": {"type": "null"}, "maxItems": 0}
    validate_bounds(schema, path)
    _validate_unique(schema, path, compiler)
    if "contains" in schema and not compiler.defaults_apply:
        _validate_contains(schema, path, compiler)
    supported, unsupported = split_bounds(schema, BOUNDS, compiler.dialect)
    items = compiler.build(schema["items"] if "items" in schema else undeclared_items(schema, {}), (*path, "[]"))
    return describe(ArrayNode(items, supported), state_bounds(unsupported, path, compiler))


def undeclared_items(schema: JSON, default: JSONValue) -> JSONValue:
    """Return the schema of items that neither `items` nor a position declares.

    Args:
        schema: The schema of the array.
        default: The schema of such items where no other keyword speaks of them.

    >>> undeclared_items({"unevaluatedItems": False, "contains": {"type": "integer"}}, {})
    {'type': 'integer'}
    """
    items = schema.get("unevaluatedItems", default)
    if items in (True, {}) or "contains" not in schema:
        return items
    is_required = schema.get("minContains", 1) > 0
    return {"anyOf": [schema["contains"], items]} if items is not False else is_required and schema["contains"]


def _validate_unique(schema: JSON, path: JSONPath, compiler: Compiler) -> None:
    """Validate that the items have enough different values.

    Raises:
        UnsatisfiableSchema: No value can fit.
    """
    min_items = schema.get("minItems", 0)
    if schema.get("uniqueItems") is not True or min_items <= 1:
        return
    count = max_values(schema.get("items", True), compiler.resolve)
    if count is not None and min_items > count:
        reason = f"no value can fit: minItems {min_items} is more than the {count} values of the items"
        raise UnsatisfiableSchema(reason, path=path)


def _validate_contains(schema: JSON, path: JSONPath, compiler: Compiler) -> None:
    """Validate that an array may contain the item that it has to.

    Raises:
        UnsatisfiableSchema: No value can fit.
    """
    count = schema.get("minContains", 1)
    if count < 1:
        return
    for name in (name for name in ("maxContains", "maxItems") if schema.get(name, count) < count):
        raise UnsatisfiableSchema(f"no value can fit: minContains {count} is above {name} {schema[name]}", path=path)
    if not _may_fit_both(schema.get("items", True), schema["contains"], path, compiler):
        reason = "no value can fit: contains requires an item that items excludes"
        raise UnsatisfiableSchema(reason, path=path)


def _may_fit_both(first: JSONValue, second: JSONValue, path: JSONPath, compiler: Compiler) -> bool:
    """Return whether a value may fit two schemas; true where that is not certain."""
    if first is False or second is False:
        return False
    resolved, other = compiler.resolve(first), compiler.resolve(second)
    for values, schema in ((enumerated_values(resolved), second), (enumerated_values(other), first)):
        if values is not None and not compiler.valid_values(values, {"allOf": [schema]}):
            return False
    try:
        merge(resolved, other, path)
    except UnsatisfiableSchema:
        return False
    return True
