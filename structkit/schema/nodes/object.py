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

    `extra_keys` is the property that contains the undeclared keys as pairs; None where the type does not accept them.

    >>> from structkit.schema.nodes import ScalarNode, UnionNode
    >>> nullable = UnionNode((ScalarNode({"type": "string"}), ScalarNode({"type": "null"})))
    >>> node = ObjectNode((Field("note", "note", nullable, "null"),))
    >>> node.dump({}), node.load({"note": None})
    ({'note': None}, {})
    """

    fields: tuple[Field, ...]
    extra_keys: Field | None = None
    is_complete: bool = False
    """Whether every value of the type has all its properties; plain JSON may lack some, and `load` rejects it."""
    excludes_other_types: bool = False
    """Whether the caller's schema accepts values of other types, which the wire cannot express."""
    is_box: bool = False
    """Whether its only property is the box of a union's branch, which the natural schema has already."""
    kind = "object"

    @cached_property
    def by_wire(self) -> dict[str, Field]:
        """The fields by their wire names."""
        return {field.wire: field for field in self.all_fields}

    @cached_property
    def names(self) -> frozenset[str]:
        """The natural names of the declared fields."""
        return frozenset(field.name for field in self.fields)

    @cached_property
    def _required_names(self) -> frozenset[str]:
        """The natural names of the fields that are never absent."""
        return frozenset(field.name for field in self.fields if field.absence == "never")

    @cached_property
    def all_fields(self) -> tuple[Field, ...]:
        """The declared fields, then the one for undeclared keys."""
        return self.fields if self.extra_keys is None else (*self.fields, self.extra_keys)

    @property
    def is_identity(self) -> bool:
        """Whether every field is, and undeclared keys are not accepted."""
        return self.extra_keys is None and all(field.is_identity for field in self.fields)

    @property
    def schema(self) -> JSON:
        """The schema: a closed object; every property is required that cannot be left out."""
        properties = {field.wire: field.node.schema for field in self.all_fields}
        required = [field.wire for field in self.all_fields if field.absence != "missing"]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the properties under their wire names; an absent one as null.

        Undeclared keys are kept, not dropped: a value that the type rejects must not become valid.

        Raises:
            SchemaError: An instance lacks a required property, or has an undeclared one; or the value is not an object,
                which the wire cannot express.
        """
        if not isinstance(value, dict):
            if self.excludes_other_types:
                raise SchemaError(
                    f'{shorten_json(value)} is not an object, and a root schema without "type" is assumed to be one; '
                    'add the "type" of its values'
                )
            return value
        if self.is_complete:
            self._validate_keys(value)
        present = (field for field in self.fields if field.name in value)
        wire = {
            field.wire: field.dump(value[field.name])
            for field in present
            if not (field.is_null_absent and value[field.name] is None)
        }
        absent = (field for field in self.fields if field.name not in value and field.absence in {"null", "default"})
        wire |= {field.wire: field.dump_absent() for field in absent}
        undeclared = {key: item for key, item in value.items() if key not in self.names}
        if self.extra_keys is None:
            return wire | undeclared
        return wire | {self.extra_keys.wire: self.extra_keys.node.dump(undeclared)}

    def _validate_keys(self, value: JSON) -> None:
        if missing := self._required_names.difference(value):
            raise SchemaError(f"the value lacks {json.dumps(min(missing))}, which its type requires")
        if self.extra_keys is None and (undeclared := value.keys() - self.names):
            raise SchemaError(f"the value has {json.dumps(min(undeclared))}, which its type does not declare")

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the properties under their natural names; undeclared keys stay, for the type to validate.

        Raises:
            WireError: A value has no natural form, or an undeclared key is a duplicate of a declared one.
        """
        if not isinstance(wire, dict) or not self._converted_fields:
            return wire
        natural = dict(wire)
        for field in self._converted_fields:
            if field.wire in natural:
                self._load_field(field, natural.pop(field.wire), natural)
        return natural

    @cached_property
    def _converted_fields(self) -> tuple[Field, ...]:
        """The fields that `load` converts; computed on first use, when all definitions are complete."""
        return tuple(field for field in self.all_fields if field is self.extra_keys or not field.is_identity)

    def _load_field(self, field: Field, item: JSONValue, natural: JSON) -> None:
        if item is None and field.is_absent_if_null:
            return
        try:
            loaded = field.node.load(item)
        except WireError as error:
            raise (error if field is self.extra_keys else error.with_step(field.name)) from None
        if field is self.extra_keys and isinstance(loaded, dict):
            if duplicates := loaded.keys() & self.names:
                raise WireError(f"duplicate key {json.dumps(min(duplicates))}")
            natural.update(loaded)
        else:
            natural[field.name] = loaded

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is a dict with the required keys, no undeclared one, and values that match."""
        if not isinstance(value, dict):
            return False
        undeclared = {key: item for key, item in value.items() if key not in self.names}
        if undeclared if self.extra_keys is None else not self.extra_keys.node.matches_value(undeclared):
            return False
        return all(
            field.matches_value(value[field.name]) if field.name in value else field.absence != "never"
            for field in self.fields
        )

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is a dict whose declared values match."""
        return isinstance(wire, dict) and all(
            field.node.matches_wire(wire[field.wire]) if field.wire in wire else field.absence != "never"
            for field in self.all_fields
        )
