"""Finds the part of a type that has no JSON form: pydantic reports that such a part exists, but not where it is."""

from __future__ import annotations

import dataclasses
import typing
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from structkit.schema.pydantic.part import is_python_only, python_only_choices, union_choices
from structkit.values import JSONPath
from structkit.values.text import text_without_address


def find_unsupported_part(output_type: Any) -> tuple[JSONPath, Any]:
    """Return the path of the innermost part without a JSON form, and that part.

    >>> from collections.abc import Callable
    >>> find_unsupported_part(dict[str, list[Callable[[], int]]])
    (('[]', '[]'), collections.abc.Callable[[], int])
    """
    return _find_in(output_type, (), frozenset())


def _find_in(output_type: Any, path: JSONPath, visited: frozenset[int]) -> tuple[JSONPath, Any]:
    for step, part in _parts(output_type):
        if id(part) not in visited and not _has_json_form(part):
            return _find_in(part, (*path, step) if step else path, visited | {id(part)})
    return path, output_type


def _parts(output_type: Any) -> Iterator[tuple[str, Any]]:
    """Yield the types inside a type, each with its step in the JSON value ("" where there is none)."""
    if isinstance(output_type, type) and issubclass(output_type, BaseModel):
        yield from ((name, field.annotation) for name, field in output_type.model_fields.items())
    # `typing.is_typeddict` does not recognise the TypedDict of typing_extensions.
    elif isinstance(output_type, type) and (dataclasses.is_dataclass(output_type) or hasattr(output_type, "__total__")):
        with suppress(
            Exception
        ):  # an annotation cannot be evaluated: it names a class that is not defined, for example
            yield from typing.get_type_hints(output_type, include_extras=True).items()
    else:
        step = "[]" if typing.get_origin(output_type) in {list, dict, set, frozenset, tuple} else ""
        yield from ((step, part) for part in _type_arguments(output_type))


def _type_arguments(output_type: Any) -> list[Any]:
    """Return the arguments of a type that are types of parts of its values."""
    origin, arguments = typing.get_origin(output_type), typing.get_args(output_type)
    if origin is typing.Literal or "Callable" in type_text(origin):
        return []
    if origin is typing.Annotated:
        return [arguments[0]]
    return [part for part in arguments if part is not Ellipsis]


class StrictGenerator(GenerateJsonSchema):
    """A generator of which the warnings are errors, such as that of a union's branch that pydantic omits."""

    ignored_warning_kinds = {"non-serializable-default"}  # noqa: RUF012 (pydantic's)

    def union_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a union without the branches that no reply can be, such as a function."""
        skipped = python_only_choices(schema)
        choices = [choice for choice in union_choices(schema) if choice not in skipped]
        remaining: Any = {**schema, "choices": choices} if skipped else schema
        return super().union_schema(remaining)

    def tagged_union_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a tagged union without such branches."""
        choices = {tag: choice for tag, choice in schema["choices"].items() if not is_python_only(choice)}
        remaining: Any = {**schema, "choices": choices or schema["choices"]}
        return super().tagged_union_schema(remaining)

    def is_subclass_schema(self, schema: Any) -> JsonSchemaValue:  # noqa: ARG002 (pydantic's)
        """Return the schema of a class's name: pydantic's own allows any value."""
        return {"type": "string"}


def _has_json_form(output_type: Any) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            TypeAdapter(output_type).json_schema(schema_generator=StrictGenerator)
    except Exception:  # noqa: BLE001 (pydantic and the caller's classes raise many kinds)
        return False
    return True


def type_text(output_type: Any) -> str:
    """Return a type as a message names it."""
    if isinstance(output_type, type):
        return output_type.__qualname__
    try:
        return text_without_address(output_type)
    except ValueError:  # it contains a number of too many digits
        return type(output_type).__name__
