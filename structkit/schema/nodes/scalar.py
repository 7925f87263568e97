"""Scalars, with an enum or a constant: natural and wire values are the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from structkit.parsing.spelling import group_names
from structkit.schema.descriptions import describe_bounds, split_bounds
from structkit.schema.json_schema.backtracking import PatternError
from structkit.schema.json_schema.ecma_patterns import as_engine_syntax
from structkit.schema.json_schema.formats import is_validated
from structkit.schema.json_schema.patterns import matches, matches_in_engine, reject_delimiters
from structkit.schema.json_types import is_of_type
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class ScalarNode:
    """A string, number, boolean or null, or one of several of them.

    >>> ScalarNode({"type": "string", "enum": ["a", "b"]}).matches_value("c")
    False
    """

    schema: JSON
    unsent_texts: tuple[str, ...] = ()
    """The allowed texts, where they are too many for the schema to list them."""
    is_identity = True

    @cached_property
    def unsent_names(self) -> dict[str, list[str]]:
        """The texts that the schema does not list, as `find_name` takes them."""
        return group_names(self.unsent_texts)

    @property
    def kind(self) -> str:
        """The scalar's type."""
        return str(self.types[0])

    @property
    def types(self) -> list[str]:
        """The scalar's type, and null where it is nullable."""
        names = self.schema["type"]
        return names if isinstance(names, list) else [names]

    @property
    def can_be_nullable(self) -> bool:
        """Whether null can be added to the type: bounds and lists of values would apply to null too."""
        return self.types != ["null"] and self.schema.keys() == {"type"} and len(self.types) == 1

    @property
    def constant(self) -> JSONValue:
        """The only value that it accepts, or None."""
        values = self.allowed_values(None)
        return values[0] if len(values) == 1 else None

    def dump(self, value: JSONValue) -> JSONValue:
        """The value itself."""
        return value

    def load(self, wire: JSONValue) -> JSONValue:
        """The value itself."""
        return wire

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether a value has the JSON type, and fits the pattern and the list of values if there are any."""
        if isinstance(value, str) and not self._matches_pattern(value):
            return False
        return any(is_of_type(value, name) for name in self.types) and value in self.allowed_values(value)

    matches_wire = matches_value

    def _matches_pattern(self, text: str) -> bool:
        """Return whether a text fits the pattern, as JSON Schema reads it or as pydantic does: it is of either."""
        if "pattern" not in self.schema:
            return True
        pattern = self.schema["pattern"]
        is_the_same = as_engine_syntax(pattern) == pattern
        return _is_match(matches, pattern, text) or (not is_the_same and _is_match(matches_in_engine, pattern, text))

    def allowed_values(self, value: JSONValue) -> list[JSONValue]:
        """Return the listed values, or only *value* where any is accepted."""
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum", [value])


def _is_match(search: Callable[[str, str], bool], pattern: str, text: str) -> bool:
    try:
        return search(pattern, text)
    except PatternError:  # here a branch is chosen; validation reports the pattern
        return False


NULL = ScalarNode({"type": "null"})


CONTENT = ("contentEncoding", "contentMediaType", "contentSchema")
"""What a text contains. JSON Schema validates nothing here (Validation 2020-12, section 8, read 2026-12-01)."""

STRING_BOUNDS = ("pattern", "format", "minLength", "maxLength", *CONTENT)
MAX_PATTERN_LENGTH = 100
"""Length up to which a length bound is written as a pattern: grammars grow with the count."""

NUMBER_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


BOUNDS = {"string": STRING_BOUNDS, "integer": NUMBER_BOUNDS, "number": NUMBER_BOUNDS}
"""The bounds of each type; other types have none."""

NUMBER_PAIRS = (
    *(("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum")),
    *(("minimum", "exclusiveMaximum"), ("exclusiveMinimum", "maximum")),
)

BOUND_PAIRS = {
    "string": (("minLength", "maxLength"),),
    "integer": NUMBER_PAIRS,
    "number": NUMBER_PAIRS,
    "array": (("minItems", "maxItems"),),
    "object": (("minProperties", "maxProperties"),),
}
"""The lower and upper bounds of each type; values of other types have no bounds by these."""

NUMBER_LIMITS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


def validate_bounds(schema: JSON, path: JSONPath) -> None:
    """Validate that the lower bounds of the schema's type are not above the upper ones.

    Raises:
        UnsatisfiableSchema: No value can fit.
    """
    for low, high in BOUND_PAIRS.get(schema["type"], ()):
        is_exclusive = low.startswith("exclusive") or high.startswith("exclusive")
        if low in schema and high in schema and (schema[low], is_exclusive) > (schema[high], False):
            relation = "not below" if is_exclusive else "above"
            reason = f"no value can fit: {low} {schema[low]} is {relation} {high} {schema[high]}"
            raise UnsatisfiableSchema(reason, path=path)
    if not _has_multiple(schema):
        noun = "integer" if schema["type"] == "integer" else "number"
        raise UnsatisfiableSchema(f"no value can fit: the bounds have no such {noun} between them", path=path)


def _has_multiple(schema: JSON) -> bool:
    """Return whether an integer, or a multiple as the schema wants it, lies within the bounds.

    >>> _has_multiple({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2})
    False
    >>> [_has_multiple({"type": "number", "minimum": 0.1, "maximum": 0.4, "multipleOf": n}) for n in (0.2, 0.5)]
    [True, False]
    """
    step = _exact(schema.get("multipleOf", 1))
    if schema["type"] == "integer":
        step = Fraction(step.numerator)  # the integers among the multiples
    elif "multipleOf" not in schema:
        return True
    bounds = {name: _exact(schema[name]) / step for name in NUMBER_LIMITS if abs(schema.get(name, math.inf)) < math.inf}
    lows = [math.ceil(bounds["minimum"])] if "minimum" in bounds else []
    lows += [math.floor(bounds["exclusiveMinimum"]) + 1] if "exclusiveMinimum" in bounds else []
    highs = [math.floor(bounds["maximum"])] if "maximum" in bounds else []
    highs += [math.ceil(bounds["exclusiveMaximum"]) - 1] if "exclusiveMaximum" in bounds else []
    return not lows or not highs or max(lows) <= min(highs)


def _exact(number: float) -> Fraction:
    """Return a number as it is written: 0.1 is a tenth."""
    return Fraction(str(number))


def _without_draft_4(schema: JSON) -> JSON:
    """Return a schema with the numeric `exclusiveMinimum` of later drafts for the boolean of draft 4."""
    converted = dict(schema)
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(converted.get(exclusive), bool) and converted.pop(exclusive) and bound in converted:
            converted[exclusive] = converted.pop(bound)
    return converted


def _with_length_pattern(schema: JSON, path: JSONPath, compiler: Compiler) -> JSON:
    """Write length bounds as a pattern: no vendor documents minLength and maxLength, and most support patterns."""
    min_length, max_length = schema.get("minLength", 0), schema.get("maxLength", "")
    if {"minLength", "maxLength"} <= compiler.dialect.keywords:
        return schema
    if (
        "pattern" in schema
        or not (min_length or max_length)
        or min_length > MAX_PATTERN_LENGTH
        or (max_length and max_length > MAX_PATTERN_LENGTH)
    ):
        return schema
    unbounded = {key: value for key, value in schema.items() if key not in {"minLength", "maxLength"}}
    compiler.note(path, "rewritten", "length bounds: a pattern")
    return {**unbounded, "pattern": rf"^(.|\n){{{min_length},{max_length}}}$"}


def _note_unsupported(name: str, value: JSONValue, path: JSONPath, compiler: Compiler) -> None:
    """Note what becomes of a bound that the dialect does not accept."""
    bound = f"{name} {shorten_json(value)}"
    if not describe_bounds({name: value}):
        compiler.note(path, "dropped", f"{bound}: does not constrain what to write")
    elif name in CONTENT or (name == "format" and not compiler.defaults_apply and not is_validated(value)):
        compiler.note(path, "dropped", f"{bound}: stated in the description, and not validated")
    else:
        compiler.note(path, "checked locally", f"{bound}: stated in the description")


def build_scalar(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build a scalar with the bounds that the dialect supports; its description states the others.

    Raises:
        SchemaError: No value can fit.
    """
    names = BOUNDS.get(schema["type"], ())
    schema = _without_draft_4(schema)
    validate_bounds(schema, path)
    if "pattern" in schema:
        reject_delimiters(schema["pattern"], path)
    if "pattern" in compiler.dialect.keywords:
        schema = _with_length_pattern(schema, path, compiler)
    supported, unsupported = split_bounds(schema, names, compiler.dialect)
    for name, value in unsupported.items():
        _note_unsupported(name, value, path, compiler)
    return describe(ScalarNode({"type": schema["type"], **supported}), describe_bounds(unsupported))
