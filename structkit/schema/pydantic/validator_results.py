"""Values of another class than their type: what a validator has returned is written as JSON that it reads back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any

from pydantic_core import SchemaSerializer, SchemaValidator, ValidationError, core_schema, to_jsonable_python

from structkit.schema.pydantic.caller_functions import package_of
from structkit.schema.pydantic.part import (
    NOT_SCHEMAS,
    SchemaPart,
    compile_serializer,
    inner_values,
    is_schema,
    to_natural,
)
from structkit.schema.pydantic.strict_scalars import with_strict_scalars
from structkit.values import JSONValue, json_text

OWN_PACKAGES = frozenset({"pydantic", "pydantic_core", "structkit"})

CONVERTERS = frozenset({"function-after", "function-wrap"})
"""Types of core schemas whose function may return a value of another class."""


def with_validator_results(core: Any) -> Any:
    """Return a core schema that writes what validators of the caller's return; None where it has no such validator.

    It is for a value that the schema itself cannot write, such as the text of `Annotated[AnyUrl, AfterValidator(str)]`.
    """
    results = _ResultRewrite(core)
    changed = results.rewrite(core, None)
    return changed if results.has_any else None


def _is_of_caller(part: Any) -> bool:
    return package_of(part["function"]["function"]) not in OWN_PACKAGES


class ResultPart(SchemaPart):
    """A part that reads as the complete type does, by `with_strict_scalars`, and also writes what validators return."""

    def write_or_raise(self, value: Any) -> JSONValue:
        """Return the value as JSON.

        Raises:
            Exception: It has no JSON form; what a serializer raises.
        """
        try:
            return super().write_or_raise(value)
        except Exception:
            if self._result_serializer is None:
                raise
        return to_natural(self._result_serializer, value)

    @cached_property
    def _validator(self) -> SchemaValidator:
        core = with_strict_scalars(self._complete_schema, self._config)
        return SchemaValidator(core, self._config, _use_prebuilt=False)

    @cached_property
    def _result_serializer(self) -> SchemaSerializer | None:
        core = with_validator_results(self._complete_schema)
        return core and compile_serializer(core, self._config)


class _ResultRewrite:
    """A walk over a core schema."""

    def __init__(self, core: Any) -> None:
        self._core, self.has_any = core, False

    def rewrite(self, part: Any, config: Any) -> Any:
        """Return a part, with a serializer for each validator of the caller's.

        Args:
            part: The part.
            config: The settings of the model that contains it.
        """
        if isinstance(part, list | tuple):
            return type(part)(self.rewrite(item, config) for item in part)
        if not isinstance(part, dict):
            return part
        if not is_schema(part):
            return {name: self.rewrite(value, config) for name, value in part.items()}
        config = part.get("config", config)
        skipped = NOT_SCHEMAS | {"serialization"}
        inner = {key: value if key in skipped else self.rewrite(value, config) for key, value in part.items()}
        if isinstance(part.get("serialization", {}).get("schema"), dict):
            serialized = self.rewrite(part["serialization"]["schema"], config)
            inner["serialization"] = {**part["serialization"], "schema": serialized}
        is_validator = part["type"] in CONVERTERS and "serialization" not in part
        return self._with_result(part, inner, config) if is_validator and _is_of_caller(part) else inner

    def _with_result(self, part: Any, inner: Any, config: Any) -> Any:
        self.has_any = True
        type_before = SchemaPart(inner["schema"], self._definitions, config)
        write = _ResultWriter(type_before, SchemaPart(part, self._definitions, config)).write_result
        return {**inner, "serialization": core_schema.plain_serializer_function_ser_schema(write)}

    def _definitions(self) -> Iterator[Any]:
        stack = [self._core]
        while stack:
            part = stack.pop()
            if isinstance(part, list | tuple):
                stack += part
            elif isinstance(part, dict):
                if is_schema(part) and "ref" in part:
                    yield part
                stack += inner_values(part)


class _ResultWriter:
    """What a validator returns: written as its type before the validator does, or as what its own class is written."""

    def __init__(self, inner: SchemaPart, part: SchemaPart) -> None:
        self._inner, self._part = inner, part

    def write_result(self, value: Any) -> JSONValue:
        """Return the JSON that the type and the validator read as the value.

        Raises:
            ValueError: No such JSON is known.
        """
        for natural in self._candidates(value):
            if self._part.reads_back(natural, value):
                return natural
        name = type(value).__name__
        raise ValueError(f"a validator that returns an instance of {name} does not read it back: add a serializer")

    def _candidates(self, value: Any) -> Iterator[JSONValue]:
        yield self._inner.write(value)
        for natural in _forms(value):
            with suppress(ValidationError):
                yield self._inner.write(self._inner.read(natural))


def _forms(value: Any) -> Iterator[JSONValue]:
    """Yield the JSON of a value as its class is written, and the text of that."""
    try:
        natural = to_jsonable_python(value)
        text = natural if isinstance(natural, str) else json_text(natural)
    except Exception:  # noqa: BLE001 (a class of the caller's)
        return
    yield natural
    yield text
