"""Validation of natural JSON by a core schema, with all digits of its numbers, and none that may be another one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from pydantic_core import PydanticSerializationError, SchemaValidator, ValidationError, to_json

from structkit.schema.natural import FAILED_RULE, MAX_QUOTED_CHARS, InvalidValue
from structkit.schema.pydantic.boolean_numbers import has_ambiguous_numbers, without_ambiguous_numbers
from structkit.schema.pydantic.exact_numbers import exact_digits, with_exact_numbers
from structkit.schema.pydantic.issues import read_errors
from structkit.values import Issue, JSONValue
from structkit.values.exact_float import MAX_FLOAT_DIGITS, exact_floats, has_exact_floats, has_long_integers
from structkit.values.text import exception_text, shorten


class JSONValidator:
    """The validator of a core schema; those for exact and for ambiguous numbers are compiled when first needed."""

    def __init__(self, core: Any, compile_core: Callable[[Any], SchemaValidator]) -> None:
        """Compile the core schema."""
        self._core, self._compile = core, compile_core
        self._validator = compile_core(core)

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> Any:
        """Return natural JSON, or its text where that is available, as the value that pydantic makes of it.

        Raises:
            InvalidValue: With the issues.
        """
        may_be_long = text is None or len(text) > MAX_FLOAT_DIGITS
        if not has_exact_floats(value) and not (may_be_long and has_long_integers(value)):
            validator = self._number_validator if has_ambiguous_numbers(value, text) else self._validator
            return _validate(validator, value, text, context)
        with exact_digits(exact_floats(value)):
            return _validate(self._exact_validator, value, text, context)

    @cached_property
    def _numbers_core(self) -> Any:
        return without_ambiguous_numbers(self._core)

    @cached_property
    def _number_validator(self) -> SchemaValidator:
        core = self._numbers_core
        return self._validator if core is self._core else self._compile(core)

    @cached_property
    def _exact_validator(self) -> SchemaValidator:
        return self._compile(with_exact_numbers(self._numbers_core))


def compile_validator(core: Any, config: Any = None) -> SchemaValidator:
    """Compile a core schema; the prebuilt validator of a class was not made from a rewritten one."""
    return SchemaValidator(core, config, _use_prebuilt=False)


def _validate(validator: SchemaValidator, value: JSONValue, text: str | None, context: Any) -> Any:
    try:
        document = to_json(value) if text is None else text
        return validator.validate_json(document, by_alias=True, context=context)
    except PydanticSerializationError as error:
        raise InvalidValue((Issue((), f"not JSON: {error}"),)) from None
    except ValidationError as error:
        raise InvalidValue(read_errors(error.errors(include_url=False), value)) from None
    except RecursionError:
        raise
    except Exception as error:
        cause = shorten(exception_text(error), 2 * MAX_QUOTED_CHARS)
        raise InvalidValue((Issue((), FAILED_RULE, cause=cause),)) from error
