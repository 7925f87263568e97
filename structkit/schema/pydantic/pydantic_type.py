"""A pydantic type as an output type: its natural JSON Schema, its validation, and its values as JSON."""

from __future__ import annotations

import warnings
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError
from pydantic_core import PydanticSerializationError, SchemaSerializer, SchemaValidator, to_json
from pydantic_core import SchemaError as CoreSchemaError

from structkit.errors import SchemaError
from structkit.schema.naming import snake_case, type_name
from structkit.schema.natural import MAX_QUOTED_CHARS, InvalidValue
from structkit.schema.pydantic.diagnose import blame
from structkit.schema.pydantic.invertible import invertible
from structkit.schema.pydantic.issues import read_errors
from structkit.schema.pydantic.json_schema import NaturalSchema
from structkit.schema.pydantic.part import to_natural
from structkit.values import Issue, JSONValue
from structkit.values.text import shorten, shorten_json

T = TypeVar("T")


class PydanticType(Generic[T]):
    """Anything pydantic validates."""

    def __init__(self, output_type: Any) -> None:
        """Ask pydantic for the schema.

        Raises:
            SchemaError: The type has no JSON form.
        """
        self.name = snake_case(type_name(output_type))
        try:
            core = _complete_schema(output_type)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a default that is no JSON is left out, and that is right here
                self.schema = NaturalSchema(by_alias=True).generate(core, "validation")
            # A class keeps its own compiled validator, which knows nothing of the rewritten schema.
            self._validator = SchemaValidator(core, _use_prebuilt=False)
            self._serializer = SchemaSerializer(core, _use_prebuilt=False)
        except (PydanticUserError, PydanticInvalidForJsonSchema, CoreSchemaError, NameError, AssertionError) as error:
            raise _no_json_form(output_type, error) from error

    def dump(self, value: T) -> JSONValue:
        """As JSON that validation reads back as the same value.

        Raises:
            SchemaError: It has no JSON form.
        """
        try:
            found = to_natural(self._serializer, value)
            if found is None:  # pydantic writes None for anything
                self.validate(None)
        except InvalidValue as error:
            raise SchemaError(
                f"{shorten_json(repr(value), MAX_QUOTED_CHARS)} is no value of the type: {error}"
            ) from None
        except (PydanticSerializationError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise SchemaError(
                f"{shorten_json(repr(value), MAX_QUOTED_CHARS)} cannot be written as JSON: {_reason(error)}"
            ) from error
        return found

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> T:
        """As pydantic validates JSON (lax or strict, as the type says)."""
        return cast("T", validated(self._validator, value, text, context))


def validated(validator: SchemaValidator, value: JSONValue, text: str | None, context: Any) -> Any:
    """Natural JSON, or its text where that is at hand, as a validator of pydantic's takes it.

    Raises:
        InvalidValue: With what is wrong.
    """
    try:
        document = to_json(value) if text is None else text
        return validator.validate_json(document, by_alias=True, context=context)
    except PydanticSerializationError as error:
        raise InvalidValue((Issue((), f"no JSON: {error}"),)) from None
    except ValidationError as error:
        raise InvalidValue(read_errors(error.errors(include_url=False), value)) from None
    except RecursionError:
        raise
    except Exception as error:
        reason = f"a validator failed: {type(error).__name__}: {error}"
        raise InvalidValue((Issue((), shorten(reason, 2 * MAX_QUOTED_CHARS)),)) from error


def _complete_schema(output_type: Any) -> Any:
    """Pydantic's core schema of a type, made invertible."""
    return invertible(core_schema(output_type))


def core_schema(output_type: Any) -> Any:
    """Pydantic's core schema of a type, forward references resolved."""
    if isinstance(output_type, str):
        raise PydanticUserError(f"{output_type!r} is the name of a type, not a type", code=None)
    adapter: TypeAdapter[Any] = TypeAdapter(output_type)
    if not adapter.pydantic_complete:
        adapter.rebuild(raise_errors=True)
    return adapter.core_schema


def _reason(error: Exception) -> str:
    """The first line that says something: pydantic puts a heading over its warnings."""
    lines = str(error).strip().removeprefix("Pydantic serializer warnings:").strip().splitlines()
    return shorten(lines[0], 2 * MAX_QUOTED_CHARS) if lines else type(error).__name__


def _no_json_form(output_type: Any, error: Exception) -> SchemaError:
    path, culprit = blame(output_type)
    reason = str(error).strip().splitlines()[0]
    return SchemaError(
        f"{culprit} has no JSON form ({reason}); use a pydantic model, a dataclass, a TypedDict or a plain JSON type, "
        "or say its form with Annotated[..., pydantic.WithJsonSchema(...)] and a validator",
        output_type=output_type,
        path=path,
    )
