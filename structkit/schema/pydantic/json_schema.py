"""The JSON Schema that pydantic generates of a type, without decoration and with nothing lost."""

from __future__ import annotations

import json
from enum import Flag
from typing import Any

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import DecimalSchema

from structkit.schema.descriptions import describe_bounds
from structkit.schema.keywords import DESCRIBED_BOUNDS, POSITION_NAME
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.diagnose import Outspoken
from structkit.values import JSON
from structkit.values.text import shorten

DECIMAL = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""Every finite `str(Decimal)`, without the lookahead that pydantic's own pattern has."""


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
            return {"type": "integer", "description": f"A sum of flags: {flags}.", DESCRIBED_BOUNDS: ["flags"]}
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
        words = describe_bounds(bounds).replace("character", "byte")
        return {**found, "description": words, DESCRIBED_BOUNDS: _told(bounds)} if bounds else found

    def json_schema(self, schema: Any) -> JsonSchemaValue:
        """Text, with what it has to spell in words."""
        found = super().json_schema(schema)
        content = found.pop("contentSchema", {})
        if "$ref" in content:
            content = self.get_schema_from_definitions(content["$ref"]) or {}
        said = json.dumps(content, ensure_ascii=False)
        is_telling = content and '"$ref"' not in said  # pydantic names its definitions only later
        return {
            **found,
            "description": f"JSON text: {shorten(said, 2 * MAX_QUOTED_CHARS)}" if is_telling else "JSON text.",
        }

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        """Text, so that no digit is lost, with the bounds in words: they are checked after."""
        bounds = {name: schema[key] for name, key in _DECIMAL_BOUNDS.items() if key in schema}  # type: ignore[literal-required]
        words = describe_bounds(
            {name: value if isinstance(value, int) else str(value) for name, value in bounds.items()}
        )
        text: JsonSchemaValue = (
            {"type": "string"} if schema.get("allow_inf_nan") else {"type": "string", "pattern": DECIMAL}
        )
        return {**text, "description": f"A decimal number. {words}".strip(), DESCRIBED_BOUNDS: _told(bounds)}


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
