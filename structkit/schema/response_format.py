"""`ResponseFormat`: an output type, compiled to the strict schema that one request can ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar, cast, overload

from typing_extensions import TypeForm

from structkit.dialects import OPENAI, Dialect
from structkit.errors import SchemaError
from structkit.schema.codec import Codec, PartCodec
from structkit.schema.explanation import Explanation, Note
from structkit.schema.json_equality import is_completed
from structkit.schema.json_schema.raw_schema import RawSchema
from structkit.schema.naming import wire_name
from structkit.schema.natural import NaturalType
from structkit.schema.paths import undeclared_keys
from structkit.schema.pydantic.pydantic_type import PydanticType, adapted_type
from structkit.schema.strict.compiled import compile_schema
from structkit.schema.strict.conformance import conforms
from structkit.schema.strict.split import has_path, join_parts, split
from structkit.values import JSON, Answer, JSONPath, JSONValue
from structkit.values.text import shorten_json

T = TypeVar("T")
S = TypeVar("S")
Extras: TypeAlias = Literal["closed", "open"]
Settings: TypeAlias = tuple[str | None, Dialect | None, Extras]
"""The name, dialect and extras that the caller has chosen."""

NOT_IN_SCHEMA = (
    "which the type's JSON Schema does not allow: either it is not a value of the type, or a validator reads another "
    "form than the type's own, and has to declare that with json_schema_input_type"
)


class ResponseFormat(Codec[T]):
    """An output type, compiled to a strict `response_format`.

    Args:
        output_type: A pydantic model, any type that pydantic validates, or a JSON Schema as a dict.
        name: The name on the wire; by default the type's name in snake case.
        dialect: What the vendor accepts; by default OpenAI's published subset.
        extras: For a JSON Schema, whether the model is asked for all that the schema allows by saying nothing: keys
            that it neither declares nor forbids, and an absent property beside one that is null ("open"); or not
            ("closed"). The reply is validated against the schema itself in both cases.

    Attributes:
        output_type: The type, or a copy of the JSON Schema.
        parts: The codecs that are asked for in one request each: the format itself, or, for a type larger than the
            vendor accepts, those of its parts. `payload` and `schema` are always those of the whole type.

    Raises:
        SchemaError: The type has no strict form; the message says where, and what to write instead.

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
        self, output_type: Any, *, name: str | None = None, dialect: Dialect | None = None, extras: Extras = "closed"
    ) -> None:
        """Compile the type."""
        if extras not in ("closed", "open"):
            raise SchemaError(f'extras must be "closed" or "open", not {extras!r}', output_type=output_type)
        if not isinstance(name, str | None):
            raise SchemaError(f"name must be a text, not {name!r}", output_type=output_type)
        if not isinstance(dialect, Dialect | None):
            reason = f"dialect must be a Dialect, such as DIALECTS['anthropic'], not {dialect!r}"
            raise SchemaError(reason, output_type=output_type)
        self._prepare(output_type, (name, dialect, extras), dialect or OPENAI)

    @classmethod
    def translatable(cls, output_type: Any, dialect: Dialect) -> ResponseFormat[Any]:
        """Compile a type for *dialect*; clients may still choose another, as if none had been chosen."""
        return _restore(output_type, (None, None, "closed"), dialect)

    def _prepare(self, output_type: Any, settings: Settings, dialect: Dialect) -> None:
        output_type = adapted_type(output_type)
        natural = _with_depth_error(natural_type, output_type)
        self.output_type = natural.document if isinstance(natural, RawSchema) else output_type
        self._settings = settings
        self._by_dialect: dict[Dialect, ResponseFormat[T]] = {}
        self._compile(natural, dialect)

    def _compile(self, natural: NaturalType[T], dialect: Dialect) -> None:
        """Compile the type for a dialect, as this format."""
        name, _, extras = self._settings
        is_user_schema = isinstance(self.output_type, dict)
        compiled = _with_depth_error(
            lambda schema: compile_schema(
                schema,
                dialect,
                is_user_schema=is_user_schema,
                is_open=is_user_schema and extras == "open",
            ),
            natural.schema,
        )
        super().__init__(wire_name(name or natural.name), natural, compiled)
        self._part_schemas = split(compiled) if compiled.excess else ()
        self._by_dialect[dialect] = self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments; unpickling compiles the type again."""
        return _restore, (self.output_type, self._settings, self.dialect)

    def dump(self, value: T) -> JSONValue:
        """Return a value of the type as wire JSON, as `Codec.dump` does.

        Raises:
            SchemaError: The value has no JSON form, or one that the strict schema does not allow, bounds aside. A value
                of a JSON Schema, which nothing has validated as pydantic has its instances: it breaks a rule, and would
                be read as another, valid value; or the strict schema does not ask for a part of it, such as a key that
                the schema only allows.
        """
        wire = super().dump(value)
        try:
            if isinstance(self.output_type, dict):
                self._validate_dump(value, wire)
            elif not conforms(wire, self.schema):
                raise SchemaError(f"the value would be written as {shorten_json(wire)}, {NOT_IN_SCHEMA}")
        except RecursionError:
            raise SchemaError("the value is nested too deep to be written") from None
        return wire

    def _validate_dump(self, natural: JSONValue, wire: JSONValue) -> None:
        loaded = self.load_partial(wire)
        is_expressed = conforms(wire, self.schema) and is_completed(loaded, natural)
        if is_expressed and loaded == natural:
            return
        if not self.read_natural(natural).valid:
            if loaded != natural and self.read_natural(loaded).valid:
                value = shorten_json(natural)
                raise SchemaError(
                    f"the value does not fit the schema, and would be read back as another value: {value}"
                )
        elif not is_expressed or not self.read_natural(loaded).valid:
            raise self._not_expressed(natural)

    def _not_expressed(self, natural: JSONValue) -> SchemaError:
        """Return the error for a valid value that the strict schema does not ask for."""
        if self._settings[2] == "open":
            return SchemaError(
                f"the strict schema cannot express {shorten_json(natural)}, which the JSON Schema allows"
            )
        path = next(undeclared_keys(self._compiled_schema.root, natural), None)
        if path is None:
            reason = (
                f"the strict schema does not ask for all of {shorten_json(natural)}, which the JSON Schema allows; "
            )
            return SchemaError(f'{reason}ResponseFormat(..., extras="open") asks for all that it allows')
        reason = "the strict schema does not ask for this key, which the JSON Schema allows; leave it out, or pass "
        return SchemaError(f'{reason}ResponseFormat(..., extras="open")', path=path)

    @property
    def core_schema(self) -> Any:
        """The type's core schema of pydantic, made invertible; None for a JSON Schema."""
        return self._natural.core_schema if isinstance(self._natural, PydanticType) else None

    @property
    def dialect(self) -> Dialect:
        """The dialect that the strict schema is compiled for."""
        return self._compiled_schema.dialect

    @property
    def is_translatable(self) -> bool:
        """Whether a client may choose the dialect, because the caller has chosen none."""
        return self._settings[1] is None

    def in_dialect(self, dialect: Dialect) -> ResponseFormat[T]:
        """Return the same type in another dialect; it is compiled once per dialect."""
        if dialect not in self._by_dialect:
            # Not by copy.copy, which goes through __reduce__ and would compile the natural side again.
            other: ResponseFormat[T] = object.__new__(ResponseFormat)
            other.output_type, other._settings = self.output_type, self._settings
            other._by_dialect = self._by_dialect
            other._compile(self._natural, dialect)
        return self._by_dialect[dialect]

    @property
    def parts(self) -> tuple[Codec[Any], ...]:
        """The codecs that are asked for in one request each."""
        if not self._part_schemas:
            return (self,)
        return tuple(
            PartCodec(wire_name(f"{self.name}_part_{number}"), part, self._compiled_schema, self.member_names)
            for number, part in enumerate(self._part_schemas, 1)
        )

    def join(self, values: list[JSONValue], context: Any = None) -> Answer[T]:
        """Return the natural values of all parts as one answer.

        Args:
            values: The values, in the order of the parts.
            context: What pydantic's validators get as `info.context`.
        """
        return self.read_natural(join_parts(values), context=context)

    def owners(self, path: JSONPath) -> list[int]:
        """Return the positions of the parts that contain a natural path of the whole type."""
        return [number for number, part in enumerate(self._part_schemas) if has_path(part.root, path)]

    def explain(self) -> Explanation:
        """Return every rewrite and every rule that only structkit checks, by path."""
        notes = self._compiled_schema.notes
        if self._part_schemas:
            excess = self._compiled_schema.excess
            notes = (Note((), "rewritten", f"{excess}: {len(self._part_schemas)} requests"), *notes)
        return Explanation((*notes, *self._natural.explain()))


def natural_type(output_type: Any) -> NaturalType[Any]:
    """Return the natural side of a type, or of a JSON Schema given as a dict.

    Raises:
        SchemaError: The type has no JSON form, or the dict is not a JSON Schema.
    """
    if isinstance(output_type, dict):
        return RawSchema(cast("JSON", output_type))
    return PydanticType(output_type)


def _with_depth_error(compute: Callable[[Any], S], schema: Any) -> S:
    """Return `compute(schema)`.

    Raises:
        SchemaError: The schema is nested deeper than the stack allows.
    """
    try:
        return compute(schema)
    except RecursionError:
        reason = (
            "the schema is nested too deep; name its inner parts, under $defs or as types of their own, "
            "and in a long chain of $refs refer to the last one directly"
        )
        raise SchemaError(reason, output_type=schema) from None


def _restore(output_type: Any, settings: Settings, dialect: Dialect) -> ResponseFormat[Any]:
    """Compile a type for *dialect*, with the settings that the caller has chosen."""
    response_format: ResponseFormat[Any] = object.__new__(ResponseFormat)
    response_format._prepare(output_type, settings, dialect)  # noqa: SLF001 (its own module)
    return response_format
