"""Enums and constants: one typed enum for each JSON type among the values."""

from __future__ import annotations

from structkit.schema.json_equality import equality_key, unique_values
from structkit.schema.json_types import guess_type, is_of_type, type_names
from structkit.schema.nodes.constants import ConstantsNode
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.scalar import NULL, ScalarNode
from structkit.schema.nodes.union import any_of
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


def build_enum(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build the enums of a schema, one for each JSON type among its values."""
    values = [schema["const"]] if "const" in schema else schema["enum"]
    if not values:
        raise UnsatisfiableSchema("an enum without values: nothing can fit it", path=path)
    type_keyword = guess_type(schema) if "type" in schema else None
    if (
        "const" in schema
        and "enum" in schema
        and equality_key(schema["const"]) not in set(map(equality_key, schema["enum"]))
    ):
        raise UnsatisfiableSchema("no value can fit: the const is not in the enum", path=path)
    candidates = [
        value
        for value in values
        if type_keyword is None or any(is_of_type(value, name) for name in type_names(type_keyword))
    ]
    if not candidates:
        raise UnsatisfiableSchema(
            f"no value can fit: none in the enum is of type {shorten_json(type_keyword)}", path=path
        )
    unique = unique_values(candidates)
    has_floats = type_keyword != "integer" and any(isinstance(value, float) for value in unique)
    kinds: dict[str, list[JSONValue]] = {}
    for value in unique:
        kinds.setdefault(_value_type(value, "number" if has_floats else "integer"), []).append(value)
    if len(kinds) > 1:
        compiler.note(path, "rewritten", "values of several types: one enum for each type")
    return any_of([_build_one_type(name, members, path, compiler) for name, members in kinds.items()])


def _build_one_type(name: str, values: list[JSONValue], path: JSONPath, compiler: Compiler) -> Node:
    if name == "null":
        return NULL
    if name == "structure":
        return ConstantsNode(tuple(values))
    if _is_too_long(values, compiler):
        reason = f"enum of {len(values)} values, too long to be sent: listed in the description"
        compiler.note(path, "checked locally", reason)
        return describe(ScalarNode({"type": name}), _as_sentence(values))
    is_constant = len(values) == 1 and "const" in compiler.dialect.keywords
    return ScalarNode({"type": name, "const": values[0]} if is_constant else {"type": name, "enum": values})


def _is_too_long(values: list[JSONValue], compiler: Compiler) -> bool:
    characters = sum(len(value) for value in values if isinstance(value, str))
    return len(values) > compiler.max_enum_values or (
        len(values) > MAX_UNCOUNTED_VALUES and characters > compiler.dialect.max_enum_characters
    )


def _as_sentence(values: list[JSONValue]) -> str:
    """Return the values as a sentence, as many as fit into `MAX_LIST_CHARS`.

    >>> _as_sentence(["red", "green"])
    'One of: red, green.'
    """
    texts: list[str] = []
    remaining_chars = MAX_LIST_CHARS
    for value in values:
        texts.append(value if isinstance(value, str) else shorten_json(value))
        remaining_chars -= len(texts[-1]) + 2
        if remaining_chars < 0:
            return f"One of {len(values)} known values, such as: {', '.join(texts[:-1])}."
    return f"One of: {', '.join(texts)}."


MAX_LIST_CHARS = 2_000
"""Characters of a description that lists the values of an enum that is too long to be sent."""

MAX_UNCOUNTED_VALUES = 250
"""Values of an enum above which OpenAI limits its characters (guide, "Limitations on enum size")."""


def _value_type(value: JSONValue, numbers: str) -> str:
    scalars = ("null", "boolean", numbers, "string")
    return next((name for name in scalars if is_of_type(value, name)), "structure")
