"""Build a property: whether and how it is absent on the wire, where strict mode requires every property."""

from __future__ import annotations

from structkit.schema.json_equality import equality_key
from structkit.schema.keywords import EMPTY_DEFAULT
from structkit.schema.naming import without_name_as_title
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe, description_of
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.union import nullable, resolve_node, writes_null_as_text
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

ABSENT = object()
"""The default of a schema that has none."""

EMPTY_CONTAINERS: tuple[JSONValue, ...] = ([], {})

NOT_EMPTY = frozenset(
    {"minItems", "minProperties", "contains", "required", "enum", "const", "not", "if", "allOf", "anyOf", "oneOf"}
)
"""Keywords by which a list or a map may have to contain something."""


def build_field(
    name: str, schema: JSONValue, required: bool, path: JSONPath, compiler: Compiler, *, is_exact: bool = False
) -> Field:
    """Build a property, with whether and how it may be absent.

    Args:
        name: Its natural name.
        schema: Its natural schema.
        required: Whether it is never absent.
        path: Its natural path.
        compiler: What compiles the schema.
        is_exact: Whether an absent value must not be read as another, such as null.
    """
    node = compiler.build(without_name_as_title(schema, name), path)
    default = schema.get("default", ABSENT) if isinstance(schema, dict) else ABSENT
    # A constant with its default is a tag: the model has to write it, because it distinguishes the branches of a union.
    is_tag = default is not ABSENT and _is_constant(default, compiler.resolve(schema))
    if required or (is_tag and compiler.defaults_apply):
        return Field(name, name, node, is_assumed=not required)
    is_nullable = compiler.is_nullable(schema)
    is_exact = is_exact or compiler.is_open
    if compiler.dialect.optional and (is_exact or not is_tag):
        described = describe(node, description_of(node), _absence_description(default))
        is_null_absent = compiler.defaults_apply and default is None and not is_nullable
        return Field(name, name, described, "missing", is_nullable, is_null_absent=is_null_absent)
    stand_in = ABSENT if is_exact else _stand_in(schema, node, default, is_nullable, compiler)
    if stand_in is ABSENT:
        return _field_with_null(name, node, default, is_nullable, path, compiler)
    _note_stand_in(stand_in, path, compiler)
    text = _default_description(default) if is_nullable else None
    return Field(name, name, describe(node, description_of(node), text), "default", is_nullable, default=stand_in)


def _stand_in(schema: JSONValue, node: Node, default: JSONValue, is_nullable: bool, compiler: Compiler) -> JSONValue:
    """Return the value that stands for an absent one on the wire; `ABSENT` if the two have to stay different.

    With one, the model has one way less to say nothing, and the strict schema is shorter.
    """
    if compiler.defaults_apply:
        is_empty = isinstance(schema, dict) and EMPTY_DEFAULT in schema
        return default if is_empty and (is_nullable or default in EMPTY_CONTAINERS) else ABSENT
    if is_nullable and not writes_null_as_text(node):
        return None if default is ABSENT else default
    target = compiler.resolve(schema)
    if default is ABSENT or _is_constant(default, target):
        return default
    accepts_empty = resolve_node(node).kind == "array" and not {*schema, *target} & NOT_EMPTY
    return default if accepts_empty and default in EMPTY_CONTAINERS else ABSENT


def _is_constant(default: JSONValue, schema: JSON) -> bool:
    """Return whether a default is the constant of its schema; a constant may reject the default that it has."""
    return "const" in schema and equality_key(schema["const"]) == equality_key(default)


def _field_with_null(
    name: str, node: Node, default: JSONValue, is_nullable: bool, path: JSONPath, compiler: Compiler
) -> Field:
    """Build a property that is null on the wire where it is absent; an intended null is in a box."""
    applies = compiler.defaults_apply and default is not ABSENT and default is not None
    compiler.note(
        path,
        "rewritten",
        f"may be absent: null on the wire{f', {shorten_json(default, 60)} applies' if applies else ''}",
    )
    if default is None and compiler.defaults_apply:  # null means both, even where the schema does not accept null
        return Field(name, name, node if is_nullable else nullable(node), "null")
    is_boxed = is_nullable and not writes_null_as_text(node)
    node = nullable(BoxedNode(node) if is_boxed else node)
    text = _null_description(default, is_needed=is_boxed or compiler.defaults_apply)
    return Field(name, name, describe(node, description_of(node), text), "null", is_nullable)


def _note_stand_in(stand_in: JSONValue, path: JSONPath, compiler: Compiler) -> None:
    value = shorten_json(stand_in, 60)
    if compiler.defaults_apply:
        compiler.note(path, "rewritten", f"may be absent: written as its default, {value}")
    else:
        compiler.note(path, "rewritten", f'may be absent: written and read as {value}; extras="open" tells them apart')


def _null_description(default: JSONValue, *, is_needed: bool) -> str | None:
    """Return the meaning of null: without it, a required property invites the model to invent a value."""
    if default is ABSENT:
        return "Null if not given." if is_needed else None
    return None if default is None else f"Null for the default, {shorten_json(default, 60)}."


def _absence_description(default: JSONValue) -> str | None:
    return None if default is ABSENT or default is None else f"{shorten_json(default, 60)} if left out."


def _default_description(default: JSONValue) -> str | None:
    is_empty = default is ABSENT or default is None or default in (*EMPTY_CONTAINERS, "")
    return None if is_empty else f"The default is {shorten_json(default, 60)}."
