"""Objects with declared properties: every one required on the wire, null where it may be absent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from structkit.errors import SchemaError
from structkit.schema.nodes.node import Field, WireError
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class ObjectNode:
    """A closed object.

    `extra_keys` is the property that holds, as pairs, the keys beyond the declared ones; None where the
    type takes no others.

    >>> from structkit.schema.nodes import ScalarNode, UnionNode
    >>> nullable = UnionNode((ScalarNode({"type": "string"}), ScalarNode({"type": "null"})))
    >>> node = ObjectNode((Field("note", "note", nullable, "null"),))
    >>> node.dump({}), node.load({"note": None})
    ({'note': None}, {})
    """

    fields: tuple[Field, ...]
    extra_keys: Field | None = None
    is_complete: bool = False
    """Whether every value of the type has all its properties: plain JSON may lack some, and is refused by load."""
    excludes_other_types: bool = False
    """Whether the type takes values of other types, which are not offered."""
    kind = "object"

    @cached_property
    def by_wire(self) -> dict[str, Field]:
        """The fields by the name the model uses."""
        return {field.wire: field for field in self.all_fields}

    @cached_property
    def names(self) -> frozenset[str]:
        """The declared fields' own names."""
        return frozenset(field.name for field in self.fields)

    @cached_property
    def _always(self) -> frozenset[str]:
        """The names of the fields that are never absent."""
        return frozenset(field.name for field in self.fields if field.absence == "never")

    @cached_property
    def all_fields(self) -> tuple[Field, ...]:
        """The declared fields, then the rest."""
        return self.fields if self.extra_keys is None else (*self.fields, self.extra_keys)

    @property
    def is_identity(self) -> bool:
        """When no field needs anything done."""
        return self.extra_keys is None and all(field.is_identity for field in self.fields)

    @property
    def schema(self) -> JSON:
        """A closed object schema; every property is required that cannot be left out."""
        properties = {field.wire: field.node.schema for field in self.all_fields}
        required = [field.wire for field in self.all_fields if field.absence != "missing"]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def dump(self, value: JSONValue) -> JSONValue:
        """Every property by its wire name; an absent one as null.

        What does not belong is passed on, not dropped: a value the type refuses must not come out right.

        Raises:
            SchemaError: An instance lacks a property that its type requires, or has one that it does not
                declare; or the value is of a type that is not offered.
        """
        if not isinstance(value, dict):
            if self.excludes_other_types:
                raise SchemaError(
                    f'the schema was taken to be an object\'s; say "type" for other values: {shorten_json(value)}'
                )
            return value
        if self.is_complete:
            self._refuse_other_keys(value)
        wire = {field.wire: field.dump(value[field.name]) for field in self.fields if field.name in value}
        wire |= {field.wire: None for field in self.fields if field.name not in value and field.absence == "null"}
        others = {key: item for key, item in value.items() if key not in self.names}
        if self.extra_keys is None:
            return wire | others
        return wire | {self.extra_keys.wire: self.extra_keys.node.dump(others)}

    def _refuse_other_keys(self, value: JSON) -> None:
        if lacking := self._always.difference(value):
            raise SchemaError(f"the value lacks {json.dumps(min(lacking))}, which its type requires")
        if self.extra_keys is None and (others := value.keys() - self.names):
            raise SchemaError(f"the value has {json.dumps(min(others))}, which its type does not declare")

    def load(self, wire: JSONValue) -> JSONValue:
        """Every property by its own name; keys nobody declared stay for the type to judge."""
        if not isinstance(wire, dict) or not self._working:
            return wire
        natural = dict(wire)
        for field in self._working:
            if field.wire in natural:
                self._load_field(field, natural.pop(field.wire), natural)
        return natural

    @cached_property
    def _working(self) -> tuple[Field, ...]:
        """The fields that need something done; asked only when all definitions are known."""
        return tuple(field for field in self.all_fields if field is self.extra_keys or not field.is_identity)

    def _load_field(self, field: Field, item: JSONValue, natural: JSON) -> None:
        if item is None and field.absence == "null":
            return
        try:
            loaded = field.node.load(item)
        except WireError as error:
            raise (error if field is self.extra_keys else error.with_step(field.name)) from None
        if field is self.extra_keys and isinstance(loaded, dict):
            if twice := loaded.keys() & self.names:
                raise WireError(f"the key {json.dumps(min(twice))} is given twice")
            natural.update(loaded)
        else:
            natural[field.name] = loaded

    def matches_value(self, value: JSONValue) -> bool:
        """A dict with the required keys, each value looking right, and no foreign key."""
        if not isinstance(value, dict):
            return False
        if self.extra_keys is None and not value.keys() <= self.names:
            return False
        return all(
            field.matches_value(value[field.name]) if field.name in value else field.absence != "never"
            for field in self.fields
        )

    def matches_wire(self, wire: JSONValue) -> bool:
        """A dict whose declared values look right."""
        return isinstance(wire, dict) and all(
            field.node.matches_wire(wire[field.wire]) if field.wire in wire else field.absence != "never"
            for field in self.all_fields
        )
