"""A pydantic type as an output type: its natural JSON Schema, its validation, and its values as JSON."""

from __future__ import annotations

import re
import warnings
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError
from pydantic_core import PydanticOmit, PydanticSerializationError, SchemaSerializer
from pydantic_core import SchemaError as CoreSchemaError

from structkit.errors import SchemaError
from structkit.parsing.member_names import NamesOfValues, index_member_names
from structkit.schema.explanation import Note
from structkit.schema.memo import shared_results
from structkit.schema.naming import snake_case, type_name
from structkit.schema.natural import MAX_QUOTED_CHARS, InvalidValue
from structkit.schema.pydantic.defaults import same_or_first, with_shown_defaults
from structkit.schema.pydantic.diagnose import find_unsupported_part, type_text
from structkit.schema.pydantic.enum_meanings import members_by_name
from structkit.schema.pydantic.invertible import invertible
from structkit.schema.pydantic.json_schema import NaturalSchemaGenerator
from structkit.schema.pydantic.json_validator import JSONValidator, compile_validator
from structkit.schema.pydantic.part import compile_serializer, infinity_reason, to_natural
from structkit.schema.pydantic.serializer_errors import explain_serializer_error
from structkit.schema.pydantic.shared_models import with_shared_models
from structkit.schema.pydantic.strict_scalars import with_strict_scalars
from structkit.schema.pydantic.type_advice import FIELD_ADVICE, GENERAL_ADVICE, advise, is_function
from structkit.schema.pydantic.type_aliases import without_class_aliases
from structkit.schema.pydantic.validator_results import with_validator_results
from structkit.schema.pydantic.validators import explain_validators
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten, shorten_json

T = TypeVar("T")

UNSUPPORTED_TYPE_ERRORS = (
    *(PydanticUserError, PydanticInvalidForJsonSchema, PydanticOmit, PydanticSerializationError, CoreSchemaError),
    *(NameError, AssertionError, AttributeError, TypeError, ValueError, KeyError, UserWarning, ImportError),
)
"""What pydantic raises for a type that it does not support, or cannot describe; a warning where warnings are errors."""

WRITE_ERRORS = (PydanticSerializationError, ValueError, TypeError, AttributeError, KeyError)
"""What a serializer raises for a value that it cannot write; it may be the caller's."""

NO_SCHEMA = re.compile(
    r"^(Unable to generate pydantic-core schema for |Cannot generate a JsonSchema for core_schema\.).*"
)
"""pydantic's reasons for a type that it does not know; its advice, to allow arbitrary types, does not help here."""

ERROR_PREFIX = re.compile(r"^Cannot generate a JsonSchema for (?=a )")
"""pydantic's words before a reason of this package."""


class PydanticType(Generic[T]):
    """Any type that pydantic can validate."""

    def __init__(self, output_type: Any) -> None:
        """Generate the type's JSON Schema, and compile its invertible core schema.

        Raises:
            SchemaError: The type has no JSON form.
        """
        self.name = snake_case(type_name(output_type))
        try:
            self._original_core = core_schema(output_type)
            natural_core: Any = invertible(self._original_core)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydantic warns of a default that is not JSON, and correctly omits it
                self.schema: JSON = NaturalSchemaGenerator(by_alias=True).generate(natural_core, "validation")
            self.core_schema: Any = with_strict_scalars(natural_core)
            self._validator = JSONValidator(self.core_schema, compile_validator)
            self._natural_core = natural_core
            self._serializer = compile_serializer(natural_core)
        except UNSUPPORTED_TYPE_ERRORS as error:
            raise _no_json_form(output_type, error) from error

    def explain(self) -> tuple[Note, ...]:
        """Return a note for each validator of the caller's."""
        return explain_validators(self._original_core)

    def member_names(self) -> NamesOfValues:
        """Return the names of the members of its enums."""
        return index_member_names(members_by_name(self._original_core))

    def dump(self, value: T, *, for_reader: bool = False) -> JSONValue:
        """Return a value as JSON that validation reads back as the same value; for a reader, with all defaults.

        Raises:
            SchemaError: The value has no JSON form.
        """
        try:
            with shared_results():
                natural = self._write_for_reader(value) if for_reader else self._write(value)
            if natural is None:  # pydantic writes None for any type
                self.validate(None)
        except InvalidValue as error:
            raise SchemaError(f"{_quote(value)} is not a value of the type: {error}") from None
        except (*WRITE_ERRORS, RecursionError) as error:
            reason = infinity_reason(value) or explain_serializer_error(error)
            raise SchemaError(f"{_quote(value)} cannot be written as JSON: {reason}") from error
        return natural

    def _write_for_reader(self, value: T) -> JSONValue:
        """Write a value with the defaults that `_write` leaves out."""
        try:
            natural = self._write(value)
        except WRITE_ERRORS as error:
            try:
                return self._write_as_read(value)
            except InvalidValue:
                raise error from None
        if self._reader_serializer is self._serializer:
            return natural
        try:
            return to_natural(self._reader_serializer, value)
        except WRITE_ERRORS:  # what a validator returns, which `_write` has another way to write
            return natural

    def _write_as_read(self, value: T) -> JSONValue:
        """Write a value with parts of another class than their type: the 0 that is the default of a `Decimal`.

        Raises:
            InvalidValue: The type does not read the result.
        """
        serializer = self._reader_serializer
        natural = serializer.to_python(value, mode="json", by_alias=True, round_trip=True, warnings="none")
        return same_or_first(natural, to_natural(serializer, self.validate(natural)))

    @cached_property
    def _reader_serializer(self) -> SchemaSerializer:
        """Writes all defaults that the type accepts; the type's own if that leaves none out."""
        core = with_shown_defaults(self._natural_core)
        return self._serializer if core is self._natural_core else compile_serializer(core)

    def _write(self, value: T) -> JSONValue:
        try:
            return to_natural(self._serializer, value)
        except WRITE_ERRORS:
            if self._result_serializer is None:
                raise
        return to_natural(self._result_serializer, value)

    @cached_property
    def _result_serializer(self) -> SchemaSerializer | None:
        """Writes what validators return if it is of another class than their type; rarely needed."""
        core = with_validator_results(self.core_schema)
        return core and compile_serializer(core)

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> T:
        """Return natural JSON as a value, validated as pydantic validates JSON (lax or strict, as the type says)."""
        return cast("T", self._validator.validate(value, text, context))


def _quote(value: Any) -> str:
    try:
        return shorten_json(repr(value), MAX_QUOTED_CHARS)
    except Exception:  # noqa: BLE001 (a class of the caller's; or a number of too many digits)
        return f"an instance of {type(value).__name__}"


def adapted_type(output_type: Any) -> Any:
    """Return the type of a `TypeAdapter`; any other type is returned unchanged.

    Raises:
        SchemaError: The adapter has settings, which belong into the type.

    >>> adapted_type(TypeAdapter(list[int]))
    list[int]
    """
    if not isinstance(output_type, TypeAdapter):
        return output_type
    if output_type._config:  # noqa: SLF001 (there is no other access)
        reason = "a TypeAdapter with config; give the settings to the type, as in Annotated[str, Field(strict=True)]"
        raise SchemaError(reason, output_type=output_type)
    return output_type._type  # noqa: SLF001


def core_schema(output_type: Any) -> Any:
    """Return pydantic's core schema of a type, with forward references resolved, and each repeated model once."""
    if isinstance(output_type, str):
        raise PydanticUserError(f"{output_type!r} is the name of a type, not a type", code=None)
    if is_function(output_type):  # pydantic would call it, with what the model writes as arguments
        raise PydanticUserError("a function is not a type", code=None)
    adapter: TypeAdapter[Any] = TypeAdapter(without_class_aliases(output_type))
    if not adapter.pydantic_complete:
        adapter.rebuild(raise_errors=True)
    return with_shared_models(adapter.core_schema)


def _no_json_form(output_type: Any, error: Exception) -> SchemaError:
    path, part = find_unsupported_part(output_type)
    text = shorten(type_text(part), MAX_QUOTED_CHARS)
    if isinstance(error, ImportError):
        return SchemaError(f"{text}: {error}", output_type=output_type, path=path)
    if advice := advise(part):
        return SchemaError(f"{text} is {advice}", output_type=output_type, path=path)
    advice = f"{GENERAL_ADVICE}; {FIELD_ADVICE}" if path else GENERAL_ADVICE
    return SchemaError(f"{text} has no JSON form ({_reason(error)}); {advice}", output_type=output_type, path=path)


def _reason(error: Exception) -> str:
    """Return pydantic's reason in one line, without its advice."""
    first, *further_lines = (str(error).strip() or type(error).__name__).splitlines()
    if isinstance(error, NameError):
        return f"{first} where pydantic looks for it; write the class, not its name"
    text = " ".join([first, *map(str.strip, further_lines)]) if first.endswith(":") else first
    return ERROR_PREFIX.sub("", NO_SCHEMA.sub("pydantic has no JSON Schema for it", text))
