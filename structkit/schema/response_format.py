"""`ResponseFormat`: a type as the endpoint takes it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar, cast, overload

from typing_extensions import TypeForm

from structkit.dialects import OPENAI, Dialect
from structkit.errors import SchemaError
from structkit.schema.codec import Codec, Part
from structkit.schema.explanation import Explanation, Note
from structkit.schema.json_schema.raw_schema import RawSchema
from structkit.schema.naming import wire_name
from structkit.schema.natural import Natural
from structkit.schema.pydantic.pydantic_type import PydanticType, core_schema
from structkit.schema.pydantic.validators import explain_validators
from structkit.schema.strict.compiled import Wire, compile_schema
from structkit.schema.strict.split import joined, owns, split
from structkit.values import JSON, Answer, JSONPath, JSONValue
from structkit.values.text import shorten_json

T = TypeVar("T")
S = TypeVar("S")
Extras: TypeAlias = Literal["keep", "close"]


class ResponseFormat(Codec[T]):
    """A type as the endpoint takes it.

    Args:
        output_type: A pydantic model, any type pydantic validates, or a JSON Schema as a dict.
        name: What to call it on the wire; by default the type's name in snake case.
        dialect: What the vendor accepts; by default OpenAI's published subset.
        extras: For a JSON Schema: whether an object that says nothing of keys beyond the declared ones
            keeps a place for them, as JSON Schema has it ("keep"), or is closed ("close").

    Attributes:
        parts: What is asked for in one request each: the type itself, or where it is larger than the
            vendor takes, codecs of its parts. `payload` and `schema` are always those of the whole.

    Raises:
        SchemaError: The type has no strict form; the message names the place and what to write instead.

    >>> format = ResponseFormat(list[int])
    >>> format.schema["properties"]
    {'value': {'type': 'array', 'items': {'type': 'integer'}}}
    >>> format.dump([1, 2]), format.load({"value": [1, 2]}), format.parse('{"value": [3]}')
    ({'value': [1, 2]}, [1, 2], [3])
    >>> format.wire_path((0,))
    ('value', 0)
    """

    @overload
    def __init__(self, output_type: TypeForm[T], *, name: str | None = None, dialect: Dialect | None = ...) -> None: ...
    @overload
    def __init__(
        self: ResponseFormat[Any],
        output_type: JSON,
        *,
        name: str | None = None,
        dialect: Dialect | None = ...,
        extras: Extras = ...,
    ) -> None: ...
    def __init__(
        self, output_type: Any, *, name: str | None = None, dialect: Dialect | None = None, extras: Extras = "keep"
    ) -> None:
        """Compile the type."""
        if extras not in {"keep", "close"}:
            raise SchemaError(f'extras is "keep" or "close", not {extras!r}', output_type=output_type)
        self._settings = (name, dialect, extras)
        natural = _shallow(natural_side, output_type)
        self.output_type = natural.schema if isinstance(output_type, dict) else output_type
        super().__init__(wire_name(name or natural.name), natural, self._compiled(natural, dialect or OPENAI))
        self._take(self._wire)
        self._spoken = {self.dialect: self}

    def _take(self, wire: Wire) -> None:
        """Be written in the dialect of *wire*."""
        self._wire = wire
        self._pieces = split(wire) if wire.excess else ()
        for computed in ("payload", "_plain", "_names"):
            self.__dict__.pop(computed, None)

    def _compiled(self, natural: Natural[T], dialect: Dialect) -> Wire:
        is_user_schema, extras = isinstance(self.output_type, dict), self._settings[2]
        allows_extra_keys = is_user_schema and extras == "keep"
        return _shallow(
            lambda schema: compile_schema(
                schema, dialect, is_user_schema=is_user_schema, allows_extra_keys=allows_extra_keys
            ),
            natural.schema,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as what it was made from, and compiled again."""
        name, given, extras = self._settings
        return _remade, (self.output_type, name, given, extras, self.dialect)

    def dump(self, value: T) -> JSONValue:
        """As of any codec; only a document's values can be wrong, because they are no instances of anything."""
        wire = super().dump(value)
        if isinstance(self.output_type, dict) and self._is_taken_for_another(wire, value):
            raise SchemaError(f"the value breaks a rule, and would be read as one that does not: {shorten_json(value)}")
        return wire

    def _is_taken_for_another(self, wire: JSONValue, natural: JSONValue) -> bool:
        back = self.partial(wire)
        try:
            return back != natural and self.validated(back).valid
        except RecursionError:
            raise SchemaError("the value is nested too deep to be written") from None

    @property
    def natural_schema(self) -> JSON:
        """The JSON Schema of what `natural` gives."""
        return self._natural.schema

    @property
    def dialect(self) -> Dialect:
        """The vendor's dialect it is written in."""
        return self._wire.dialect

    @property
    def is_translatable(self) -> bool:
        """Whether a client may choose the dialect, because none was asked for."""
        return self._settings[1] is None

    def in_dialect(self, dialect: Dialect) -> ResponseFormat[T]:
        """The same type in another dialect; compiled once."""
        if dialect not in self._spoken:
            other = copy.copy(self)
            other._take(self._compiled(self._natural, dialect))  # noqa: SLF001 (its own class)
            self._spoken[dialect] = other
        return self._spoken[dialect]

    @property
    def parts(self) -> tuple[Codec[Any], ...]:
        """What is asked for in one request each."""
        if not self._pieces:
            return (self,)
        return tuple(
            Part(wire_name(f"{self.name}_part_{number}"), piece, self._wire)
            for number, piece in enumerate(self._pieces, 1)
        )

    def join(self, values: list[JSONValue]) -> Answer[T]:
        """What the parts came to, validated as one value."""
        return self.validated(joined(values))

    def owners(self, path: JSONPath) -> list[int]:
        """Which of the parts hold what stands at a path of the whole."""
        return [number for number, piece in enumerate(self._pieces) if owns(piece.root, path)]

    def explain(self) -> Explanation:
        """Every rewrite and every rule enforced only here, by path."""
        notes = self._wire.notes
        if self._pieces:
            notes = (Note((), "rewritten", f"{self._wire.excess}: {len(self._pieces)} requests"), *notes)
        validators = () if isinstance(self.output_type, dict) else explain_validators(core_schema(self.output_type))
        return Explanation((*notes, *validators))


def natural_side(output_type: Any) -> Natural[Any]:
    """The natural side of a type, or of a JSON Schema given as a dict.

    Raises:
        SchemaError: The type has no JSON form, or the dict is no JSON Schema.
    """
    if isinstance(output_type, dict):
        return RawSchema(cast("JSON", output_type))
    return PydanticType(output_type)


def _shallow(compute: Callable[[Any], S], schema: Any) -> S:
    """What *compute* makes of a type.

    Raises:
        SchemaError: The type is nested beyond what can be followed.
    """
    try:
        return compute(schema)
    except RecursionError:
        reason = (
            "the schema is nested too deep; name its inner parts, under $defs or as types of their own, "
            "and refer to the last of a long chain of $refs itself"
        )
        raise SchemaError(reason, output_type=schema) from None


def _remade(
    output_type: Any, name: str | None, given: Dialect | None, extras: Extras, dialect: Dialect
) -> ResponseFormat[Any]:
    made: ResponseFormat[Any] = ResponseFormat(output_type, name=name, dialect=given, extras=extras)
    return made.in_dialect(dialect)
