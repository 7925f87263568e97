"""Enums and constants: one typed enum for each JSON type among the values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from structkit.errors import SchemaError
from structkit.schema.json_equality import equality_key, unique_values
from structkit.schema.json_types import guess_type, is_of_type, type_names
from structkit.schema.nodes.constant_rules import fits_rules
from structkit.schema.nodes.constants import ConstantsNode
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.scalar import NULL, ScalarNode
from structkit.schema.nodes.union import any_of
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.schema.value_meanings import describe_meanings, list_values, value_meanings
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
    fitting = _valid_values(unique, schema, compiler)
    if not fitting:
        raise UnsatisfiableSchema("no value can fit: a rule beside the listed values excludes all of them", path=path)
    if len(fitting) < len(unique):
        count = f"{len(unique) - len(fitting)} of {len(unique)} values"
        compiler.note(path, "dropped", f"{count}: a rule beside the enum excludes them")
    return _build_types(fitting, type_keyword, schema, path, compiler)


def _valid_values(values: list[JSONValue], schema: JSON, compiler: Compiler) -> list[JSONValue]:
    """Return the values that are valid for their own schema; pydantic's may have keywords that it validates itself."""
    if compiler.defaults_apply:
        return [value for value in values if fits_rules(value, schema)]
    return compiler.valid_values(values, schema)


def _build_types(
    unique: list[JSONValue], type_keyword: JSONValue, schema: JSON, path: JSONPath, compiler: Compiler
) -> Node:
    """Build one enum for each JSON type among different values."""
    has_floats = type_keyword != "integer" and any(isinstance(value, float) for value in unique)
    kinds: dict[str, list[JSONValue]] = {}
    for value in unique:
        kinds.setdefault(_value_type(value, "number" if has_floats else "integer"), []).append(value)
    if len(kinds) > 1:
        compiler.note(path, "rewritten", "values of several types: one enum for each type")
    if "structure" in kinds:
        compiler.note(path, "rewritten", "constants that are lists or objects: their JSON texts")
    meanings = value_meanings(schema) if len(unique) > 1 else {}
    texts = frozenset(str(value) for value in kinds.get("string", ()))
    structures = ConstantsNode(tuple(kinds.get("structure", ())), other_texts=texts)
    return any_of(
        [_build_one_type(name, members, structures, meanings, path, compiler) for name, members in kinds.items()]
    )


def _build_one_type(
    name: str,
    values: list[JSONValue],
    structures: ConstantsNode,
    meanings: Mapping[str, str],
    path: JSONPath,
    compiler: Compiler,
) -> Node:
    if name == "null":
        return NULL
    is_structure = name == "structure"
    texts = structures.texts if is_structure else values
    description = describe_meanings(texts, meanings)
    if compiler.opens_enum(texts):
        compiler.note(
            path, "checked locally", f"enum of {len(values)} values, too long to be sent: listed in the description"
        )
        unsent_texts = tuple(str(value) for value in values) if name == "string" else ()
        open_node = replace(structures, is_open=True) if is_structure else ScalarNode({"type": name}, unsent_texts)
        node = describe(open_node, _list(texts, meanings, path))
    else:
        node = describe(structures if is_structure else _scalar_enum(name, values, compiler), description)
    return compiler.share_enum(node, json.dumps([name, *texts, description]), path) if texts[1:] else node


def _scalar_enum(name: str, values: list[JSONValue], compiler: Compiler) -> Node:
    """Return the node that accepts only the values."""
    is_constant = len(values) == 1 and "const" in compiler.dialect.keywords
    return ScalarNode({"type": name, "const": values[0]} if is_constant else {"type": name, "enum": values})


def _list(values: Sequence[JSONValue], meanings: Mapping[str, str], path: JSONPath) -> str:
    """Return all values as a sentence.

    Raises:
        SchemaError: It is longer than a model reads.
    """
    description = list_values(values, meanings)
    if len(description) > MAX_LIST_CHARS:
        reason = f"an enum of {len(values):,} values, {len(description):,} characters, is more than a model reads"
        raise SchemaError(f"{reason}; divide the values into groups, or use str and look up the value", path=path)
    return description


MAX_LIST_CHARS = 400_000
"""Characters of the list of an enum that is too long to be sent: about 100,000 tokens, the context of many models."""


def _value_type(value: JSONValue, numbers: str) -> str:
    scalars = ("null", "boolean", numbers, "string")
    return next((name for name in scalars if is_of_type(value, name)), "structure")
