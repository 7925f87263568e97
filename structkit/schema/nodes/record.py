"""How an object schema becomes a node: which properties may be absent, and where other keys go."""

from __future__ import annotations

from structkit.schema.naming import unused
from structkit.schema.nodes.boxed import Boxed
from structkit.schema.nodes.described import described, said_of
from structkit.schema.nodes.leaf import NULL, Leaf
from structkit.schema.nodes.node import Compiler, Node
from structkit.schema.nodes.object import Field, Object
from structkit.schema.nodes.pairs import Pairs
from structkit.schema.nodes.union import constant_of, nullable
from structkit.schema.words import in_words, short, split_bounds
from structkit.values import JSON, JSONValue, Path

NOTHING = Field("nothing", "nothing", NULL, "null")
"""The one property of an object that has none: an empty object is refused by some vendors."""

SIZES = {"minProperties": "minItems", "maxProperties": "maxItems"}
UNSAID = object()


def build_object(schema: JSON, path: Path, compiler: Compiler) -> Node:
    """An object with declared properties, a map, or both."""
    declared = schema.get("properties", {})
    if not declared and _is_open(schema):
        return _map(schema, path, compiler)
    required = set(schema.get("required", ()))
    fields = [_field(name, part, name in required, (*path, name), compiler) for name, part in declared.items()]
    fields.sort(key=lambda field: constant_of(field.node) is None)  # constants first: they tell branches apart
    rest = _rest(schema, path, compiler) if _has_rest(schema) else None
    return Object(tuple(fields) or (() if rest else (NOTHING,)), rest)


def _is_open(schema: JSON) -> bool:
    return _has_rest(schema) or ("additionalProperties" not in schema and "properties" not in schema)


def _has_rest(schema: JSON) -> bool:
    return schema.get("additionalProperties", False) is not False or bool(schema.get("patternProperties"))


def _field(name: str, schema: JSONValue, required: bool, path: Path, compiler: Compiler) -> Field:
    node = compiler.build(schema, path)
    default = schema.get("default", UNSAID) if isinstance(schema, dict) else UNSAID  # it may be true or false
    if required or ("const" in compiler.resolve(schema) and default is not UNSAID):
        return Field(name, name, node)
    takes_null = node.holds(None)
    compiler.note(path, "rewritten", f"may be absent: null on the wire{_default_note(default)}")
    if takes_null and default is None:
        return Field(name, name, node, "null")
    node = nullable(Boxed(node) if takes_null else node)
    return Field(name, name, described(node, said_of(node), _hint(default)), "null")


def _hint(default: JSONValue) -> str:
    """What null means, for the model: without it, a required property invites inventing a value."""
    if default is UNSAID or default is None:
        return "Null if not given."
    return f"Null for the default, {short(default, 60)}."


def _default_note(default: JSONValue) -> str:
    return "" if default is UNSAID else f", {short(default, 60)} applies"


def _map(schema: JSON, path: Path, compiler: Compiler) -> Node:
    compiler.note(path, "rewritten", "map: an array of key and value")
    renamed = {SIZES[name]: schema[name] for name in SIZES if name in schema}
    kept, moved = split_bounds(renamed, tuple(SIZES.values()), compiler.dialect)
    return described(Pairs(_key(schema, path, compiler), _value(schema, path, compiler), kept), in_words(moved))


def _rest(schema: JSON, path: Path, compiler: Compiler) -> Field:
    """The property for keys beyond the declared ones, under a name that none of them has."""
    name = unused("additional_properties", schema.get("properties", {}))
    compiler.note(path, "rewritten", f"other keys: an array of key and value under {name!r}")
    return Field(name, name, Pairs(_key(schema, path, compiler), _value(schema, path, compiler)))


def _key(schema: JSON, path: Path, compiler: Compiler) -> Node:
    """A string, bounded as `propertyNames` or the only pattern says."""
    patterns = [*schema.get("patternProperties", {})]
    names = schema.get("propertyNames", {})
    if not names and len(patterns) == 1 and not schema.get("additionalProperties", False):
        names = {"pattern": patterns[0]}
    return compiler.build({"type": "string", **names}, path) if isinstance(names, dict) else Leaf({"type": "string"})


def _value(schema: JSON, path: Path, compiler: Compiler) -> Node:
    """What any of the open keys may hold; which key wants which is checked after."""
    parts = [*schema.get("patternProperties", {}).values()]
    others = schema.get("additionalProperties", not parts)
    wanted = parts if others is False else [*parts, others]
    return compiler.build(wanted[0] if len(wanted) == 1 else {"anyOf": wanted}, path)
