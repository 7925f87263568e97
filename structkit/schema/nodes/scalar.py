"""Scalars, enums and constants: the same on both sides."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.descriptions import describe_bounds, split_bounds
from structkit.schema.json_schema.backtracking import PatternError
from structkit.schema.json_schema.patterns import matches
from structkit.schema.json_types import is_of_type
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class ScalarNode:
    """A string, number, boolean or null, perhaps one of a few.

    >>> ScalarNode({"type": "string", "enum": ["a", "b"]}).matches_value("c")
    False
    """

    schema: JSON
    is_identity = True

    @property
    def kind(self) -> str:
        """The scalar's type."""
        return str(self.types[0])

    @property
    def types(self) -> list[str]:
        """The scalar's type, and null where it may be that."""
        given = self.schema["type"]
        return given if isinstance(given, list) else [given]

    @property
    def may_be_nullable(self) -> bool:
        """Whether null can be added to the type: bounds and lists of values would be null's too."""
        return self.types != ["null"] and self.schema.keys() == {"type"} and len(self.types) == 1

    @property
    def constant(self) -> JSONValue:
        """The only value it takes, or None."""
        values = self.values_or(None)
        return values[0] if len(values) == 1 else None

    def dump(self, value: JSONValue) -> JSONValue:
        """The value itself."""
        return value

    def load(self, wire: JSONValue) -> JSONValue:
        """The value itself."""
        return wire

    def matches_value(self, value: JSONValue) -> bool:
        """By JSON type, and by membership where the values are listed."""
        if isinstance(value, str) and not self._matches_pattern(value):
            return False
        return any(is_of_type(value, name) for name in self.types) and value in self.values_or(value)

    matches_wire = matches_value

    def _matches_pattern(self, text: str) -> bool:
        try:
            return "pattern" not in self.schema or matches(self.schema["pattern"], text)
        except PatternError:  # here a branch is chosen; validation reports the pattern
            return False

    def values_or(self, value: JSONValue) -> list[JSONValue]:
        """The values listed, or just *value* where any will do."""
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum", [value])


NULL = ScalarNode({"type": "null"})


STRING_BOUNDS = ("pattern", "format", "minLength", "maxLength")
LONGEST = 100
"""Characters up to which a length is said as a pattern: grammars grow with the count."""

NUMBER_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


BOUNDS = {"string": STRING_BOUNDS, "integer": NUMBER_BOUNDS, "number": NUMBER_BOUNDS}
"""The bounds that each type knows; the others have none."""

CROSSING = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))


def validate_bounds(schema: JSON, path: JSONPath) -> None:
    """Refuse bounds that leave nothing between them.

    Raises:
        SchemaError: No value can fit.
    """
    for low, high in CROSSING:
        if low in schema and high in schema and schema[low] > schema[high]:
            raise UnsatisfiableSchema(
                f"no value can fit: {low} {schema[low]} is above {high} {schema[high]}", path=path
            )


def _without_draft_4(schema: JSON) -> JSON:
    """In draft 4, `exclusiveMinimum: true` makes the minimum exclusive."""
    found = dict(schema)
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and bound in found:
            found[exclusive] = found.pop(bound)
    return found


def _length_as_pattern(schema: JSON, path: JSONPath, compiler: Compiler) -> JSON:
    """Length bounds as a pattern: no vendor documents minLength and maxLength, and most take patterns."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", "")
    if {"minLength", "maxLength"} <= compiler.dialect.keywords:
        return schema
    if "pattern" in schema or not (least or most) or least > LONGEST or (most and most > LONGEST):
        return schema
    bare = {key: value for key, value in schema.items() if key not in {"minLength", "maxLength"}}
    compiler.note(path, "rewritten", "length bounds: a pattern")
    return {**bare, "pattern": rf"^(.|\n){{{least},{most}}}$"}


def build_scalar(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """A scalar with the bounds the dialect takes; the others in words."""
    names = BOUNDS.get(schema["type"], ())
    schema = _without_draft_4(schema)
    validate_bounds(schema, path)
    if "pattern" in compiler.dialect.keywords:
        schema = _length_as_pattern(schema, path, compiler)
    kept, moved = split_bounds(schema, names, compiler.dialect)
    for name, value in moved.items():
        if describe_bounds({name: value}):
            compiler.note(path, "checked locally", f"{name} {shorten_json(value)}: stated in the description")
        else:
            compiler.note(path, "dropped", f"{name} {shorten_json(value)}: says nothing of what to write")
    return describe(ScalarNode({"type": schema["type"], **kept}), describe_bounds(moved))
