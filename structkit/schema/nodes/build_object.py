"""How an object schema becomes a node: which properties may be absent, and where other keys go."""

from __future__ import annotations

import re
from dataclasses import replace

from structkit.schema.descriptions import describe_bounds, split_bounds
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe, description_of
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.scalar import NULL, ScalarNode
from structkit.schema.nodes.union import constant_of, nullable, writes_null_as_text
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

NOTHING = Field("nothing", "nothing", NULL, "null", is_nullable=False)
"""The one property of an object that has none: an empty object is refused by some vendors."""

SIZES = {"minProperties": "minItems", "maxProperties": "maxItems"}
UNSAID = object()


def build_object(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """An object with declared properties, a map, or both."""
    required = {*schema.get("required", ())}
    declared = schema.get("properties", {})
    others = extra_key_schemas(schema, compiler)
    if not declared and others:
        return _map(schema, others, path, compiler)
    fields = [
        field
        for name, part in declared.items()
        if (field := _possible(name, part, name in required, (*path, name), compiler))
    ]
    fields.sort(key=lambda field: constant_of(field.node) is None)  # constants first: they tell branches apart
    fields = _in_alphabet(fields, path, compiler)
    if not fields:
        compiler.note(path, "rewritten", f"no properties: one that is always null, {NOTHING.wire!r}")
    rest = _rest(schema, others, path, compiler) if others else None
    return ObjectNode(tuple(fields) or (NOTHING,), rest, compiler.defaults_apply)


def _in_alphabet(fields: list[Field], path: JSONPath, compiler: Compiler) -> list[Field]:
    """The fields under names that the vendor takes; one that had to change says its own name."""
    alphabet = compiler.dialect.name_pattern
    if alphabet is None:
        return fields
    taken = {field.name for field in fields if re.fullmatch(alphabet, field.name)}
    named: list[Field] = []
    for field in fields:
        if re.fullmatch(alphabet, field.name):
            named.append(field)
            continue
        wire = unused_name(wire_name(field.name), taken)
        taken.add(wire)
        compiler.note((*path, field.name), "rewritten", f"a name the vendor does not take: {wire!r} on the wire")
        named.append(replace(field, wire=wire, node=describe(field.node, f"{field.name}.")))
    return named


def _possible(name: str, schema: JSONValue, required: bool, path: JSONPath, compiler: Compiler) -> Field | None:
    """The property, or None where it may be absent and no value can fit it."""
    try:
        return build_field(name, schema, required, path, compiler)
    except UnsatisfiableSchema:
        if required:
            raise
        compiler.note(path, "dropped", "no value can fit it")
        return None


def extra_key_schemas(schema: JSON, compiler: Compiler) -> list[JSONValue]:
    """The schemas of keys beyond the declared ones; none where the object is closed.

    A map without a word on its keys is one whatever the default: it could hold nothing else.
    """
    silent = not schema.keys() & {"properties", "patternProperties"} or compiler.allows_extra_keys
    others = schema.get("additionalProperties", silent)
    return [part for part in (*schema.get("patternProperties", {}).values(), others) if part is not False]


def build_field(name: str, schema: JSONValue, required: bool, path: JSONPath, compiler: Compiler) -> Field:
    """A property, and whether and how it may be absent."""
    node = compiler.build(schema, path)
    default = schema.get("default", UNSAID) if isinstance(schema, dict) and compiler.defaults_apply else UNSAID
    if required or ("const" in compiler.resolve(schema) and default is not UNSAID):
        return Field(name, name, node, is_assumed=not required)
    is_nullable = compiler.is_nullable(schema)
    if compiler.dialect.optional:
        return Field(name, name, describe(node, description_of(node), _when_left_out(default)), "missing", is_nullable)
    compiler.note(path, "rewritten", f"may be absent: null on the wire{_default_note(default)}")
    if default is None:  # null means both, also where the schema does not show that the type takes it
        return Field(name, name, node if is_nullable else nullable(node), "null")
    node = nullable(BoxedNode(node) if is_nullable and not writes_null_as_text(node) else node)
    return Field(name, name, describe(node, description_of(node), _hint(default, compiler)), "null", is_nullable)


def _hint(default: JSONValue, compiler: Compiler) -> str | None:
    """What null stands for: without a word, a required property invites inventing a value."""
    if default is UNSAID:
        return "Null if not given." if compiler.defaults_apply else None
    return None if default is None else f"Null for the default, {shorten_json(default, 60)}."


def _when_left_out(default: JSONValue) -> str | None:
    return None if default is UNSAID or default is None else f"{shorten_json(default, 60)} if left out."


def _default_note(default: JSONValue) -> str:
    return "" if default is UNSAID or default is None else f", {shorten_json(default, 60)} applies"


def _map(schema: JSON, others: list[JSONValue], path: JSONPath, compiler: Compiler) -> Node:
    compiler.note(path, "rewritten", "map: an array of key and value")
    renamed = {SIZES[name]: schema[name] for name in SIZES if name in schema}
    kept, moved = split_bounds(renamed, tuple(SIZES.values()), compiler.dialect)
    for name, bound in moved.items():
        compiler.note(path, "checked locally", f"{name} {bound}: stated in the description")
    if not kept and _is_any_map(schema, others):
        return describe(compiler.any_map(), describe_bounds(moved))
    pairs = MapNode(_key(schema, path, compiler), _value(others, path, compiler), kept)
    return describe(pairs, describe_bounds(moved))


def _rest(schema: JSON, others: list[JSONValue], path: JSONPath, compiler: Compiler) -> Field:
    """The property for keys beyond the declared ones, under a name that none of them has."""
    for word in SIZES.keys() & schema.keys():
        compiler.note(path, "checked locally", f"{word} {schema[word]}: counts keys of both kinds")
    name = unused_name("other_keys", schema.get("properties", {}))
    compiler.note(path, "rewritten", f"keys beyond the declared ones: an array of key and value under {name!r}")
    if _is_any_map(schema, others):
        return Field(name, name, compiler.extras())
    return Field(name, name, MapNode(_key(schema, path, compiler), _value(others, path, compiler)))


def _is_any_map(schema: JSON, others: list[JSONValue]) -> bool:
    return "propertyNames" not in schema and (True in others or {} in others)


def _key(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """A string, bounded as `propertyNames` or the only pattern says."""
    patterns = [*schema.get("patternProperties", {})]
    names = schema.get("propertyNames", {})
    if (
        not names
        and len(patterns) == 1
        and schema.get("additionalProperties") is False
        and not schema.get("properties")
    ):
        names = {"pattern": patterns[0]}
    return (
        compiler.build({"type": "string", **names}, path) if isinstance(names, dict) else ScalarNode({"type": "string"})
    )


def _value(others: list[JSONValue], path: JSONPath, compiler: Compiler) -> Node:
    """What any of the open keys may hold; which key wants which is checked after."""
    return compiler.build(others[0] if len(others) == 1 else {"anyOf": others}, (*path, "[]"))
