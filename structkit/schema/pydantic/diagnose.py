"""Which part of a type has no JSON form: pydantic says that there is one, not where."""

from __future__ import annotations

import dataclasses
import typing
import warnings
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from structkit.values import JSONPath


def blame(output_type: Any) -> tuple[JSONPath, str]:
    """The path of the innermost part without a JSON form, and its name.

    >>> from collections.abc import Callable
    >>> blame(dict[str, list[Callable[[], int]]])
    (('[]', '[]'), 'collections.abc.Callable[[], int]')
    """
    return _blame(output_type, (), frozenset())


def _blame(output_type: Any, path: JSONPath, seen: frozenset[int]) -> tuple[JSONPath, str]:
    for step, part in _parts(output_type):
        if id(part) not in seen and not _has_json_form(part):
            return _blame(part, (*path, step) if step else path, seen | {id(part)})
    return path, _show(output_type)


def _parts(output_type: Any) -> Iterator[tuple[str, Any]]:
    """The types inside a type, each with the step that leads to it ("" where the JSON has none)."""
    if isinstance(output_type, type) and issubclass(output_type, BaseModel):
        yield from ((name, field.annotation) for name, field in output_type.model_fields.items())
    elif isinstance(output_type, type) and (dataclasses.is_dataclass(output_type) or hasattr(output_type, "__total__")):
        yield from typing.get_type_hints(output_type, include_extras=True).items()
    else:
        step = "[]" if typing.get_origin(output_type) in {list, dict, set, frozenset, tuple} else ""
        if "Callable" not in _show(typing.get_origin(output_type)):
            yield from ((step, part) for part in typing.get_args(output_type) if part is not Ellipsis)


class Outspoken(GenerateJsonSchema):
    """Says it where pydantic leaves a branch of a union out, or shows a class as any value."""

    ignored_warning_kinds = {"non-serializable-default"}  # noqa: RUF012 (pydantic's)

    def is_subclass_schema(self, schema: Any) -> JsonSchemaValue:
        """A class is no JSON."""
        return self.handle_invalid_for_json_schema(schema, "a class is no JSON")


def _has_json_form(output_type: Any) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            TypeAdapter(output_type).json_schema(schema_generator=Outspoken)
    except Exception:  # noqa: BLE001 (whatever pydantic raises, it has none)
        return False
    return True


def _show(output_type: Any) -> str:
    return output_type.__qualname__ if isinstance(output_type, type) else str(output_type)
