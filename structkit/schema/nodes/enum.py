"""Enums, literals and constants: one typed enum for each JSON type among the values."""

from __future__ import annotations

from structkit.errors import SchemaError
from structkit.schema.nodes.leaf import NULL, Leaf, is_of_type
from structkit.schema.nodes.node import Compiler, Node
from structkit.schema.nodes.union import any_of
from structkit.schema.words import short
from structkit.values import JSON, JSONValue, Path


def build_enum(schema: JSON, path: Path, compiler: Compiler) -> Node:
    """Listed scalars, one enum for each JSON type among them."""
    values = [schema["const"]] if "const" in schema else schema["enum"]
    if not values:
        raise SchemaError("an enum without values: nothing can fit it", path=path)
    kinds: dict[str, list[JSONValue]] = {}
    for value in values:
        kinds.setdefault(_scalar_type(value, path), []).append(value)
    if len(kinds) > 1:
        compiler.note(path, "rewritten", "values of several types: one enum for each type")
    return any_of([_one_type(name, listed) for name, listed in kinds.items()])


def _one_type(name: str, values: list[JSONValue]) -> Node:
    if name == "null":
        return NULL
    return Leaf({"type": name, "const": values[0]} if len(values) == 1 else {"type": name, "enum": values})


def _scalar_type(value: JSONValue, path: Path) -> str:
    for name in ("null", "boolean", "integer", "number", "string"):
        if is_of_type(value, name):
            return name
    raise SchemaError(
        f"the constant {short(value)} is no scalar, and strict mode lists scalars only; give the choices names",
        path=path,
    )
