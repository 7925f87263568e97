"""How values are written if their type has validators and a serializer of the caller's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast

from pydantic_core import core_schema

from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.caller_functions import package_of
from structkit.schema.pydantic.part import NO_JSON, SchemaPart, without_ref
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

VALIDATORS = frozenset({"function-after", "function-before", "function-wrap"})
WRAPPERS = VALIDATORS | {"default", "nullable"}
"""Types of core schemas that wrap the schema of a type."""

ANY_CLASS = VALIDATORS | {"any", "lax-or-strict", "json-or-python", "function-plain"}
"""Types of core schemas whose values may be of any class, so that pydantic cannot write each of them."""

LIBRARY_PACKAGES = frozenset({"pydantic", "pydantic_core", "pydantic_extra_types"}) | (
    sys.stdlib_module_names - {"builtins"}
)
"""Serializers from these packages belong to a type and invert its validation; all others format for readers."""

FORMATTERS = frozenset({"format", "to-string"})
"""Serializers without a function that format for readers, unless they belong to a type that only they can write."""

UNLESS_NONE = {"always": "unless-none", "json": "json-unless-none"}
"""When a serializer inside a nullable type is used."""

INPUT = "json_schema_input_schema"
"""Key for the type that a validator declares to read, where that is not the type that it returns."""

MAX_ROOT_MODELS = 5
"""Root models in root models that are looked into."""

Write = Callable[[Any], JSONValue]
Compile = Callable[[Any], SchemaPart]


def layers(part: Any, definitions: dict[str, Any]) -> list[Any]:
    """Return the part and what its wrappers contain, outermost first; the last is the type without wrappers."""
    result = [part]
    while (inner := _unwrap(result[-1], definitions)) is not None and all(inner is not each for each in result):
        result.append(inner)
    return result


def _unwrap(part: Any, definitions: dict[str, Any]) -> Any:
    if part["type"] == "definition-ref":
        return definitions.get(part["schema_ref"])
    return part["schema"] if part["type"] in WRAPPERS else None


def is_of_library(function: JSON) -> bool:
    """Return whether a serializer's or validator's function is pydantic's, or belongs to a type of a library."""
    if function["type"] in FORMATTERS:
        return False
    return function.get("function") is None or package_of(function["function"]) in LIBRARY_PACKAGES


def with_outer_serializer(part: JSON, definitions: dict[str, Any]) -> JSON:
    """Return a validator with the caller's serializer of the type that it validates, so that both are judged together.

    In `Annotated[list[int], PlainSerializer(join), BeforeValidator(split)]` the serializer is inside the validator.
    """
    if part["type"] not in VALIDATORS or "serialization" in part:
        return part
    part_layers = layers(part, definitions)
    position = next((number for number, layer in enumerate(part_layers) if "serialization" in layer), None)
    if position is None or is_of_library(part_layers[position]["serialization"]):
        return part
    serializer = part_layers[position]["serialization"]
    inner: Any = {key: value for key, value in part_layers[position].items() if key != "serialization"}
    for layer in reversed(part_layers[:position]):
        if layer["type"] == "nullable":
            when = serializer.get("when_used", "always")
            serializer = {**serializer, "when_used": UNLESS_NONE.get(when, when)}
        inner = inner if layer["type"] == "definition-ref" else {**layer, "schema": without_ref(inner)}
    return {**inner, "serialization": serializer}


def checked_against_input_type(part: JSON, compile_part: Compile) -> JSON:
    """Return the part so that it raises instead of writing what its declared input type does not accept."""
    if INPUT not in part or "serialization" in part:
        return part
    input_type = compile_part(part[INPUT])

    def write(value: Any, write_default: Write) -> JSONValue:
        natural = write_default(value)
        if not input_type.accepts(natural):
            text = shorten_json(natural, MAX_QUOTED_CHARS)
            raise ValueError(f"its json_schema_input_type does not accept {text}: add a serializer")
        return natural

    return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(write, schema=without_ref(part))}


def restricted_to_input_type(part: JSON, definitions: dict[str, Any], compile_part: Compile) -> JSON:
    """Return the branch of a union so that its function reads nothing but its declared input type.

    The function could otherwise read the values of other branches. It may also be that of a root model's value.
    """
    target = _root_value(part, definitions)
    if INPUT not in target or is_of_library(target["function"]):
        return part
    input_type = compile_part(target[INPUT])

    def validate_input(value: Any) -> Any:
        input_type.validate_strictly(value)
        return value

    restricted = core_schema.no_info_before_validator_function(validate_input, cast("Any", part))
    return {**restricted, INPUT: target[INPUT]} if INPUT in part else cast("JSON", restricted)


def _root_value(part: JSON, definitions: dict[str, Any]) -> JSON:
    """Return what a reference leads to; of a root model, its value."""
    for _ in range(len(definitions) + MAX_ROOT_MODELS):
        if part["type"] == "definition-ref" and part["schema_ref"] in definitions:
            part = definitions[part["schema_ref"]]
        elif part.get("root_model"):
            part = part["schema"]
        else:
            break
    return part


def without_serializer(part: JSON, part_layers: list[Any], compile_part: Compile) -> JSON:
    """Return the part without its serializer; inside validators, which may need it, that is decided for each value.

    Args:
        part: The part.
        part_layers: Its layers.
        compile_part: Compiles a part separately.
    """
    bare = {key: value for key, value in part.items() if key != "serialization"}
    bare = checked_against_input_type(bare, compile_part)
    is_of_any_class = any(each["type"] in ANY_CLASS for each in part_layers)
    if not is_of_any_class and part_layers[-1].get("schema", {}).get("type") not in VALIDATORS:  # those of a model
        return bare
    write = _WriteReadable(compile_part(bare))
    return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(write, schema=without_ref(part))}


class _WriteReadable:
    """Writes a value without the caller's serializer if the type reads the result back, and otherwise with it."""

    def __init__(self, bare: SchemaPart) -> None:
        self._bare = bare

    def __call__(self, value: Any, write_formatted: Write) -> JSONValue:
        natural = self._bare.write(value)
        if natural is not NO_JSON and self._bare.reads_back(natural, value):
            return natural
        formatted = write_formatted(value)
        return formatted if natural is NO_JSON or self._bare.reads_back(formatted, value) else natural


def restricted_to_instances(part: JSON) -> JSON:
    """Return an abstract collection such as `Sequence` so that it raises instead of writing what is not one, as a set.

    pydantic checks the class where it validates, and its serializer writes whatever can be iterated.
    """
    steps = part.get("python_schema", {}).get("steps", ())
    serializer = part["serialization"]
    if not steps or steps[0]["type"] != "is-instance" or "function" not in serializer:
        return part
    cls, write_any = steps[0]["cls"], serializer["function"]

    def write(value: Any, *arguments: Any) -> Any:
        if not isinstance(value, cls):
            raise TypeError(f"an instance of {type(value).__name__} is not a {cls.__name__}")
        return write_any(value, *arguments)

    return {**part, "serialization": {**serializer, "function": write}}
