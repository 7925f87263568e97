"""The caller's side: a type's natural JSON Schema, its own validation, and its values as JSON."""

from __future__ import annotations

import copy
import json
import warnings
from enum import Flag
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticSerializationError, SchemaSerializer, SchemaValidator, to_json
from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core.core_schema import DecimalSchema

from structkit.errors import SchemaError
from structkit.schema.descriptions import in_words, short
from structkit.schema.json_schema.document import Document
from structkit.schema.naming import snake_case, type_name
from structkit.schema.nodes.node import CHECKED
from structkit.schema.nodes.tuple import POSITION_NAME
from structkit.schema.pydantic.diagnose import Outspoken, blame
from structkit.schema.pydantic.invertible import invertible
from structkit.schema.pydantic.issues import SHOWN, cut, read_errors
from structkit.schema.pydantic.part import to_natural
from structkit.values import JSON, Issue, JSONValue

T = TypeVar("T")

DECIMAL = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""Every finite `str(Decimal)`, without the lookahead that pydantic's own pattern has."""

MOST_ISSUES = 100
"""Of a value that is checked by a JSON Schema: `allOf` can say the same exponentially often."""


class Invalid(Exception):
    """A natural value that the type does not accept."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        """Keep what is wrong."""
        super().__init__("; ".join(map(str, issues)))
        self.issues = issues


class Natural(Protocol[T]):
    """What a kind of output type must be able to do."""

    name: str
    schema: JSON

    def dump(self, value: T) -> JSONValue:
        """The value as natural JSON."""
        ...

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> T:
        """The value of the type, from natural JSON (and from its text, where that is at hand).

        Args:
            value: The natural JSON.
            text: Its text.
            context: What pydantic's validators get as `info.context`.

        Raises:
            Invalid: With what is wrong.
        """
        ...


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
        except Invalid as error:
            raise SchemaError(f"{short(repr(value), SHOWN)} is no value of the type: {error}") from None
        except (PydanticSerializationError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise SchemaError(f"{short(repr(value), SHOWN)} cannot be written as JSON: {_reason(error)}") from error
        return found

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> T:
        """As pydantic validates JSON (lax or strict, as the type says)."""
        return cast("T", validated(self._validator, value, text, context))


def validated(validator: SchemaValidator, value: JSONValue, text: str | None, context: Any) -> Any:
    """Natural JSON, or its text where that is at hand, as a validator of pydantic's takes it.

    Raises:
        Invalid: With what is wrong.
    """
    try:
        document = to_json(value) if text is None else text
        return validator.validate_json(document, by_alias=True, context=context)
    except PydanticSerializationError as error:
        raise Invalid((Issue((), f"no JSON: {error}"),)) from None
    except ValidationError as error:
        raise Invalid(read_errors(error.errors(include_url=False), value)) from None
    except RecursionError:
        raise
    except Exception as error:
        reason = f"a validator failed: {type(error).__name__}: {error}"
        raise Invalid((Issue((), cut(reason, 2 * SHOWN)),)) from error


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


class RawSchema:
    """A JSON Schema document, draft 4 to 2020-12; its values are plain JSON."""

    def __init__(self, schema: JSON) -> None:
        """Check the document.

        Raises:
            SchemaError: It is no JSON Schema.
        """
        from jsonschema import Draft202012Validator
        from jsonschema.validators import validator_for

        from structkit.schema.json_schema.formats import with_our_formats
        from structkit.schema.json_schema.metaschema import check_document
        from structkit.schema.json_schema.patterns import check_patterns
        from structkit.schema.json_schema.reference_cycles import refuse_circles
        from structkit.schema.json_schema.validation import with_our_rules

        self.schema = schema = copy.deepcopy(schema)
        self.name = snake_case(str(schema.get("title") or "output"))
        validator = validator_for(schema, default=Draft202012Validator)
        check_document(schema, validator)
        check_patterns(schema)
        document = Document(schema)
        refuse_circles(document)
        ours, formats = with_our_rules(validator, is_dynamic=document.is_dynamic), validator.FORMAT_CHECKER
        self._validator = ours(schema, format_checker=with_our_formats(formats))

    def part(self, schema: JSONValue) -> RawSchema:
        """The same document, for values of a part of it."""
        made = copy.copy(self)
        made._validator = self._validator.evolve(schema=schema)  # noqa: SLF001 (its own class)
        return made

    def dump(self, value: JSONValue) -> JSONValue:
        """It is JSON already."""
        return value

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> JSONValue:  # noqa: ARG002
        """By the document, formats asserted."""
        try:
            issues = tuple(
                Issue(tuple(error.absolute_path), cut(error.message, 2 * SHOWN), short(error.instance, SHOWN))
                for error in islice(self._validator.iter_errors(value), MOST_ISSUES)
            )
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # jsonschema's maps are Rust's, and panic at the stack's end
                raise RecursionError from None
            raise
        if issues:
            raise Invalid(issues)
        return value


class NaturalSchema(Outspoken):
    """pydantic's generator, told to keep names and drop decoration nobody asked for."""

    def emit_warning(self, kind: Any, detail: str) -> None:
        """A union's branch without a JSON form would be left out with a warning: refuse it instead."""
        if kind == "skipped-choice":
            raise PydanticInvalidForJsonSchema(detail)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (pydantic's)
        """Automatic titles repeat the name."""
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Without the class's name for a title."""
        return _untitled(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """Without the class's name for a title."""
        return _untitled(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Without the class's name for a title."""
        return _untitled(super().typed_dict_schema(schema), schema.get("cls"))

    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        """The whole schema; pydantic titles an enum only after `enum_schema` has returned."""
        self._enums: set[str] = set()
        found = super().generate(schema, mode)
        for part in (found, *found.get("$defs", {}).values()):
            if part.get("title") in self._enums:
                del part["title"]
        return found

    def enum_schema(self, schema: Any) -> JsonSchemaValue:
        """Remember the name that will become a title."""
        self._enums.add(schema["cls"].__name__)
        if issubclass(schema["cls"], Flag):
            flags = ", ".join(f"{member.name} {member.value}" for member in schema["members"])
            return {"type": "integer", "description": f"A sum of flags: {flags}.", CHECKED: ["flags"]}
        return super().enum_schema(schema)

    def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
        """Positions keep their names, in a keyword of our own."""
        found = super().named_tuple_schema(schema)
        names = [field["name"] for field in schema["fields"]]
        parts = [{**part, POSITION_NAME: name} for part, name in zip(found["prefixItems"], names, strict=True)]
        return {**found, "prefixItems": parts}

    def bytes_schema(self, schema: Any) -> JsonSchemaValue:
        """Text, with its lengths in words: they count bytes, and a bound on text would count characters."""
        found = super().bytes_schema(schema)
        bounds: JSON = {word: found.pop(word) for word in ("minLength", "maxLength") if word in found}
        words = in_words(bounds).replace("character", "byte")
        return {**found, "description": words, CHECKED: _told(bounds)} if bounds else found

    def json_schema(self, schema: Any) -> JsonSchemaValue:
        """Text, with what it has to spell in words."""
        found = super().json_schema(schema)
        content = found.pop("contentSchema", {})
        if "$ref" in content:
            content = self.get_schema_from_definitions(content["$ref"]) or {}
        said = json.dumps(content, ensure_ascii=False)
        is_telling = content and '"$ref"' not in said  # pydantic names its definitions only later
        return {**found, "description": f"JSON text: {cut(said, 2 * SHOWN)}" if is_telling else "JSON text."}

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        """Text, so that no digit is lost, with the bounds in words: they are checked after."""
        bounds = {name: schema[key] for name, key in _DECIMAL_BOUNDS.items() if key in schema}  # type: ignore[literal-required]
        words = in_words({name: value if isinstance(value, int) else str(value) for name, value in bounds.items()})
        text: JsonSchemaValue = (
            {"type": "string"} if schema.get("allow_inf_nan") else {"type": "string", "pattern": DECIMAL}
        )
        return {**text, "description": f"A decimal number. {words}".strip(), CHECKED: _told(bounds)}


def _told(bounds: JSON) -> list[str]:
    """What is checked after the reply, as `explain` tells it."""
    return [f"{name} {value}" for name, value in bounds.items()]


def _untitled(schema: JsonSchemaValue, cls: Any) -> JsonSchemaValue:
    if schema.get("title") == getattr(cls, "__name__", None):
        schema.pop("title", None)
    return schema


_DECIMAL_BOUNDS = {
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "most digits": "max_digits",
    "most decimal places": "decimal_places",
}


def natural_side(output_type: Any) -> Natural[Any]:
    """The natural side of a type, or of a JSON Schema given as a dict.

    Raises:
        SchemaError: The type has no JSON form, or the dict is no JSON Schema.
    """
    if isinstance(output_type, dict):
        return RawSchema(cast("JSON", output_type))
    return PydanticType(output_type)


def _reason(error: Exception) -> str:
    """The first line that says something: pydantic puts a heading over its warnings."""
    lines = str(error).strip().removeprefix("Pydantic serializer warnings:").strip().splitlines()
    return cut(lines[0], 2 * SHOWN) if lines else type(error).__name__


def _no_json_form(output_type: Any, error: Exception) -> SchemaError:
    path, culprit = blame(output_type)
    reason = str(error).strip().splitlines()[0]
    return SchemaError(
        f"{culprit} has no JSON form ({reason}); use a pydantic model, a dataclass, a TypedDict or a plain JSON type, "
        "or say its form with Annotated[..., pydantic.WithJsonSchema(...)] and a validator",
        output_type=output_type,
        path=path,
    )
