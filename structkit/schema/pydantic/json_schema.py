"""The JSON Schema that pydantic generates for a type, without titles that repeat names, and with nothing lost."""

from __future__ import annotations

import json
from collections import Counter
from enum import Flag
from typing import Any

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import DecimalSchema

from structkit.schema.descriptions import describe_bounds
from structkit.schema.keywords import DESCRIBED_BOUNDS, GENERATED_DESCRIPTION, POSITION_NAME
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.diagnose import StrictGenerator
from structkit.values import JSON
from structkit.values.text import shorten

DECIMAL = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""Every finite `str(Decimal)`, without the lookahead that pydantic's own pattern has."""


class NaturalSchemaGenerator(StrictGenerator):
    """pydantic's generator, without titles that repeat names. What JSON Schema cannot express is put in words."""

    def emit_warning(self, kind: Any, detail: str) -> None:
        """Raise where pydantic only warns that it omits a union's branch without a JSON form."""
        if kind == "skipped-choice":
            raise PydanticInvalidForJsonSchema(detail)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (pydantic's)
        """Return False: automatic titles repeat the name."""
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the schema of a model, without the class's name as the title."""
        return _without_class_title(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the schema of a dataclass, without the class's name as the title."""
        return _without_class_title(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the schema of a typed dict, without the class's name as the title."""
        return _without_class_title(super().typed_dict_schema(schema), schema.get("cls"))

    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        """Generate the whole schema, and remove the titles of enums, which pydantic sets after `enum_schema`."""
        self._enums: set[str] = set()
        json_schema = super().generate(schema, mode)
        for part in (json_schema, *json_schema.get("$defs", {}).values()):
            if part.get("title") in self._enums:
                del part["title"]
        return json_schema

    def get_json_ref_counts(self, json_schema: Any) -> Any:
        """Count the uses of each `$ref`, as pydantic does, but without recursion: a chain of models may be long."""
        counts = Counter[str]()
        stack = [json_schema]
        while stack:
            part = stack.pop()
            ref = part.get("$ref") if isinstance(part, dict) else None
            if isinstance(ref, str):
                counts[ref] += 1
                stack += [self._definition(ref)] if counts[ref] == 1 else []
            elif isinstance(part, dict | list):
                stack += _without_examples(part) if isinstance(part, dict) else part
        return counts

    def _definition(self, ref: Any) -> JsonSchemaValue:
        defs_ref = self.json_to_defs_refs[ref]
        if defs_ref in self._core_defs_invalid_for_json_schema:
            raise self._core_defs_invalid_for_json_schema[defs_ref]
        return self.definitions[defs_ref]

    def enum_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate an enum, and record the name that pydantic will set as its title; flags are an integer.

        A value of flags may be any sum of them, which no enum lists.
        """
        self._enums.add(schema["cls"].__name__)
        if issubclass(schema["cls"], Flag):
            flags = ", ".join(f"{member.name} {member.value}" for member in schema["members"])
            return {"type": "integer", GENERATED_DESCRIPTION: f"A sum of flags: {flags}.", DESCRIBED_BOUNDS: ["flags"]}
        return super().enum_schema(schema)

    def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a tuple with the names of its positions, in a keyword of our own."""
        json_schema = super().named_tuple_schema(schema)
        names = [field["name"] for field in schema["fields"]]
        items = [{**item, POSITION_NAME: name} for item, name in zip(json_schema["prefixItems"], names, strict=True)]
        return {**json_schema, "prefixItems": items}

    def bytes_schema(self, schema: Any) -> JsonSchemaValue:
        """Describe the lengths: they count bytes, and the bounds of a string would count characters."""
        json_schema = super().bytes_schema(schema)
        bounds: JSON = {word: json_schema.pop(word) for word in ("minLength", "maxLength") if word in json_schema}
        description = describe_bounds(bounds).replace("character", "byte")
        if not bounds:
            return json_schema
        return {**json_schema, GENERATED_DESCRIPTION: description, DESCRIBED_BOUNDS: _bound_texts(bounds)}

    def json_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a string, and describe the JSON that it has to contain."""
        json_schema = super().json_schema(schema)
        content = json_schema.pop("contentSchema", {})
        if "$ref" in content:
            content = self.get_schema_from_definitions(content["$ref"]) or {}
        text = json.dumps(content, ensure_ascii=False)
        # pydantic renames its definitions later: a $ref in a text would then lead nowhere.
        is_useful = content and '"$ref"' not in text
        description = f"JSON text: {shorten(text, 2 * MAX_QUOTED_CHARS)}" if is_useful else "JSON text."
        return {**json_schema, GENERATED_DESCRIPTION: description}

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        """Generate a string, so that no digit is lost, and describe the bounds, which are checked after the reply."""
        bounds = {name: schema[key] for name, key in _DECIMAL_BOUNDS.items() if key in schema}  # type: ignore[literal-required]
        words = describe_bounds(
            {name: value if isinstance(value, int) else str(value) for name, value in bounds.items()}
        )
        text: JsonSchemaValue = (
            {"type": "string"} if schema.get("allow_inf_nan") else {"type": "string", "pattern": DECIMAL}
        )
        description = f"A decimal number. {words}".strip()
        return {**text, GENERATED_DESCRIPTION: description, DESCRIBED_BOUNDS: _bound_texts(bounds)}


def _bound_texts(bounds: JSON) -> list[str]:
    """Return bounds as `explain` lists them."""
    return [f"{name} {value}" for name, value in bounds.items()]


def _without_examples(part: JSON) -> list[Any]:
    """Return what is inside a part of a schema, without examples: their values may be anything."""
    return [value for key, value in part.items() if key != "examples" or not isinstance(value, list)]


def _without_class_title(schema: JsonSchemaValue, cls: Any) -> JsonSchemaValue:
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
"""Bounds as `describe_bounds` knows them, and pydantic's names for them."""
