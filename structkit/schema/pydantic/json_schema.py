"""The JSON Schema that pydantic generates for a type, without titles that repeat names, and with nothing lost."""

from __future__ import annotations

import copy
import inspect
import json
import math
from collections import Counter
from collections.abc import Hashable
from contextlib import suppress
from enum import Enum, Flag
from typing import Any, cast

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticSerializationError, to_jsonable_python
from pydantic_core.core_schema import DecimalSchema

from structkit.parsing.numbers import DECIMAL_TEXT
from structkit.schema.descriptions import describe_bounds
from structkit.schema.json_schema.child_schemas import child_schemas
from structkit.schema.keywords import (
    CONTRADICTION,
    DECIMAL_DESCRIPTION,
    DESCRIBED_BOUNDS,
    ENUM_MEANINGS,
    GENERATED_DESCRIPTION,
    OWN_PREFIX,
    POSITION_NAME,
)
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.accepted_constants import accepted_by_steps
from structkit.schema.pydantic.aliases import field_alias, fields_inside, named_fields
from structkit.schema.pydantic.caller_schemas import (
    drop_invalid_texts,
    has_caller_schema,
    has_class_extra,
    invalid_keyword,
    replace_with_valid,
    without_caller_schemas,
)
from structkit.schema.pydantic.core_bounds import (
    bound_texts,
    comparison_bounds,
    find_contradiction,
    with_comparisons,
    with_content_lengths,
    with_description,
    with_function_bounds,
    with_pattern,
)
from structkit.schema.pydantic.diagnose import StrictGenerator
from structkit.schema.pydantic.doc_annotations import annotated_docs
from structkit.schema.pydantic.enum_meanings import enum_meanings, member_texts
from structkit.schema.pydantic.hidden_values import hide_values, with_values
from structkit.schema.pydantic.literals import is_scalar
from structkit.schema.pydantic.map_keys import with_key_schema
from structkit.schema.pydantic.required_fields import add_property, class_fields, omits_object, omitted_fields
from structkit.schema.pydantic.set_order import (
    list_sets,
    order_examples,
    order_set_texts,
    with_extra_order,
    with_set_order,
)
from structkit.schema.value_meanings import with_meaning
from structkit.schema.writable import validate_writable
from structkit.values import JSON, JSONValue
from structkit.values.text import join_sentences, shorten, shorten_json

BYTES_FORMATS = {"utf8": "binary", "base64": "base64url", "hex": "base16"}
"""The formats of the encodings in which pydantic reads bytes; its own JSON Schema names those in which it writes."""


class NaturalSchemaGenerator(StrictGenerator):
    """pydantic's generator, without titles that repeat names. What JSON Schema cannot express is put in words."""

    def emit_warning(self, kind: Any, detail: str) -> None:
        """Raise where pydantic only warns that it omits a union's branch without a JSON form."""
        if kind == "skipped-choice":
            raise PydanticInvalidForJsonSchema(detail)

    def is_subclass_schema(self, schema: Any) -> JsonSchemaValue:
        """Raise for a class that is not written by its name: it is inside a model that validates itself."""
        return self.handle_invalid_for_json_schema(schema, "a class is not a JSON value")

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """Generate a part; without what the caller has put into its schema, if that is not a JSON Schema."""
        json_schema = with_content_lengths(super().generate_inner(with_extra_order(schema)), schema)
        fields = class_fields(schema, self._shared_parts)
        if fields is None and not has_caller_schema(schema):
            return json_schema
        part = self._definition(json_schema["$ref"]) if "ref" in schema and "$ref" in json_schema else json_schema
        drop_invalid_texts(part)
        list_sets(part)
        if has_caller_schema(schema) and (reason := invalid_keyword(part)):
            self._replace(part, schema, reason)
        if fields is not None:
            self._request_fields(part, fields)
        return json_schema

    def _request_fields(self, part: JsonSchemaValue, fields: Any) -> None:
        """Add the fields that a class requires to its JSON Schema, where the caller has left them out, in place.

        Raises:
            PydanticInvalidForJsonSchema: The JSON Schema allows no object, and the class is read from nothing else.
        """
        if omits_object(part):
            text = shorten_json({word: part[word] for word in ("type", "enum", "const") if word in part})
            raise PydanticInvalidForJsonSchema(f"the JSON Schema that it declares allows no object: {text}")
        for name, field in omitted_fields(part, fields):
            if self.field_is_present(field) and self.field_is_required(cast("Any", field), fields.get("total", True)):
                add_property(part, field_alias(name, field), self.generate_inner(field))

    def _replace(self, part: JsonSchemaValue, schema: Any, reason: str) -> None:
        """Replace the JSON Schema of a part, which is invalid, by that without the caller's, in place.

        Raises:
            PydanticInvalidForJsonSchema: pydantic has none without it.
        """
        for plain in without_caller_schemas(schema):
            with suppress(PydanticInvalidForJsonSchema):
                valid = super().generate_inner(plain)
                if invalid_keyword(valid) is None:
                    replace_with_valid(part, valid, reason)
                    return
        raise PydanticInvalidForJsonSchema(f"the JSON Schema that it declares is not one: {reason}")

    def _update_class_schema(self, json_schema: JsonSchemaValue, cls: type[Any], config: Any) -> None:
        """Add what a class says of its schema; without its `json_schema_extra`, if that leaves no JSON Schema."""
        if not has_class_extra(cls, config):
            super()._update_class_schema(json_schema, cls, config)
            return
        valid = copy.deepcopy(json_schema)
        super()._update_class_schema(json_schema, cls, config)
        added = {word: json_schema[word] for word in json_schema if word not in valid}
        json_schema |= with_set_order(added, to_jsonable_python(added))
        drop_invalid_texts(json_schema)
        if reason := invalid_keyword(json_schema):
            replace_with_valid(json_schema, valid, reason)

    def get_schema_from_definitions(self, json_ref: Any) -> JsonSchemaValue | None:
        """Return the schema of a reference.

        Raises:
            PydanticInvalidForJsonSchema: There is none; pydantic itself raises a KeyError.
        """
        try:
            return super().get_schema_from_definitions(json_ref)
        except KeyError:
            raise PydanticInvalidForJsonSchema(f"the $ref {json_ref!r} leads nowhere") from None

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (pydantic's)
        """Return False: automatic titles repeat the name."""
        return False

    def field_is_present(self, field: Any) -> bool:
        """Return whether a field is read: one that `init=False` excludes is not."""
        return field.get("init", True) is not False and super().field_is_present(field)

    def encode_default(self, dft: Any) -> Any:
        """Encode a default; the items of its sets in an order that is the same in every process.

        A member of an enum whose value is not a JSON scalar is written by its name, here as everywhere.

        Raises:
            PydanticSerializationError: It would be null, and is not None; pydantic then leaves it out.
        """
        if isinstance(dft, Enum) and not is_scalar(dft.value):
            return dft.name
        encoded = super().encode_default(dft)
        if encoded is None and dft is not None:
            raise PydanticSerializationError(f"{dft!r} is not null")
        return with_set_order(dft, encoded)

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the schema of a model, without the class's name as the title."""
        return _with_own_texts(super().model_schema(schema), schema)

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the schema of a dataclass, without the class's name as the title."""
        return _with_own_texts(super().dataclass_schema(schema), schema)

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the schema of a typed dict, without the class's name as the title."""
        return _with_own_texts(super().typed_dict_schema(schema), schema)

    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        """Generate the whole schema, and remove the titles of enums, which pydantic sets after `enum_schema`."""
        self._enums: set[str] = set()
        self._has_hidden_values = False
        shared = schema["definitions"] if schema["type"] == "definitions" else ()
        self._shared_parts = {part["ref"]: part for part in shared}
        json_schema = super().generate(schema, mode)
        json_schema = with_values(json_schema) if self._has_hidden_values else json_schema
        for part in (json_schema, *json_schema.get("$defs", {}).values()):
            if part.get("title") in self._enums:
                del part["title"]
        return json_schema

    def get_json_ref_counts(self, json_schema: Any) -> Any:
        """Count the uses of each `$ref`, as pydantic does, but without recursion: a chain of models may be long.

        A value that has a key `$ref`, such as a default, is hidden first: pydantic would take it for a schema.
        """
        validate_writable({**json_schema, "$defs": self.definitions})  # pydantic may not end on a part that is not
        counts = Counter[str]()
        stack = [json_schema]
        while stack:
            part = stack.pop()
            ref = part.get("$ref")
            if isinstance(ref, str):
                counts[ref] += 1
                stack += [self._definition(ref)] if counts[ref] == 1 else []
            order_set_texts(part)
            self._has_hidden_values |= hide_values(part)
            stack += (inner for _, inner in child_schemas(part) if isinstance(inner, dict))
        return counts

    def _definition(self, ref: Any) -> JsonSchemaValue:
        if ref not in self.json_to_defs_refs:
            raise PydanticInvalidForJsonSchema(f"the $ref {ref!r} leads nowhere")
        defs_ref = self.json_to_defs_refs[ref]
        if defs_ref in self._core_defs_invalid_for_json_schema:
            raise self._core_defs_invalid_for_json_schema[defs_ref]
        return self.definitions[defs_ref]

    def enum_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate an enum, and record the name that pydantic will set as its title; flags are an integer.

        A value of flags may be any sum of them, which no enum lists.
        """
        self._enums.add(schema["cls"].__name__)
        members = schema["members"]
        if issubclass(schema["cls"], Flag):
            return {"type": "integer", GENERATED_DESCRIPTION: _describe_flags(members), DESCRIBED_BOUNDS: ["flags"]}
        json_schema, meanings = super().enum_schema(schema), enum_meanings(members)
        return {**json_schema, ENUM_MEANINGS: meanings} if meanings else json_schema

    def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a tuple with its docstring, and with the names of its positions in a keyword of our own."""
        json_schema, cls = super().named_tuple_schema(schema), schema["cls"]
        names, docs = [field["name"] for field in schema["fields"]], annotated_docs(cls)
        items = [
            _with_doc({**item, POSITION_NAME: name}, docs.get(name))
            for item, name in zip(json_schema.get("prefixItems", ()), names, strict=True)
        ]
        positions: JsonSchemaValue = {"prefixItems": items} if items else {"minItems": 0}
        docstring = "" if (cls.__doc__ or "").startswith(f"{cls.__name__}(") else inspect.cleandoc(cls.__doc__ or "")
        return _with_doc({**json_schema, **positions}, docstring)

    def _common_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a map, and the schema of its keys."""
        json_schema = super()._common_dict_schema(schema)
        return (
            with_key_schema(json_schema, self.generate_inner(schema["keys_schema"]))
            if "keys_schema" in schema
            else json_schema
        )

    def model_fields_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the fields of a model, and the schema of its undeclared keys."""
        json_schema = super().model_fields_schema(schema)
        keys = schema.get("extras_keys_schema")
        return with_key_schema(json_schema, self.generate_inner(keys)) if keys else json_schema

    def bytes_schema(self, schema: Any) -> JsonSchemaValue:
        """Name the encoding that is read, and describe the lengths: the bounds of a string would count characters."""
        json_schema = {**super().bytes_schema(schema), "format": BYTES_FORMATS[self._config.val_json_bytes]}
        bounds: JSON = {word: json_schema.pop(word) for word in ("minLength", "maxLength") if word in json_schema}
        if bounds.get("minLength", 0) > bounds.get("maxLength", math.inf):
            json_schema[CONTRADICTION] = "min_length is above max_length"
        return with_description(json_schema, describe_bounds(bounds).replace("character", "byte"), *bound_texts(bounds))

    def date_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a date, and describe its bounds."""
        return with_comparisons(super().date_schema(schema), schema)

    def datetime_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a date and time, and describe its bounds; the format says whether it has a UTC offset."""
        name = {"aware": "date-time", "naive": "date-time-local"}.get(schema.get("tz_constraint"), "iso-date-time")
        return with_comparisons({**super().datetime_schema(schema), "format": name}, schema)

    def time_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a time, and describe its bounds; the format allows a UTC offset and does not require one."""
        return with_comparisons({**super().time_schema(schema), "format": "iso-time"}, schema)

    def timedelta_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a duration, and describe its bounds."""
        return with_comparisons(super().timedelta_schema(schema), schema)

    def fraction_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a number or a text, and describe the bounds."""
        return with_comparisons(super().fraction_schema(schema), schema)

    def complex_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a text, and describe its form."""
        return with_description(super().complex_schema(schema), "A complex number, as 1+2j.", "complex number")

    def str_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a string, whose pattern has the flags of a compiled one."""
        json_schema = super().str_schema(schema)
        if (pattern := schema.get("pattern")) is not None:
            json_schema = with_pattern(json_schema, pattern)
        return with_description(json_schema, "ASCII only.", "ASCII only") if schema.get("ascii_only") else json_schema

    def url_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a URL, and describe its schemes."""
        return _with_schemes(super().url_schema(schema), schema)

    def multi_host_url_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a URL that may have several hosts, and describe its schemes."""
        return _with_schemes(super().multi_host_url_schema(schema), schema)

    def function_after_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the type before a function, with the bounds that pydantic implements as functions."""
        return with_function_bounds(self._with_members(super().function_after_schema(schema), schema), schema)

    def _with_members(self, json_schema: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
        """Return the JSON Schema of an enum in place of the reference to it: a rule beside it may exclude members."""
        first = schema["steps"][0] if schema["type"] == "chain" else schema["schema"]
        is_enum = first["type"] == "enum" and json_schema.keys() == {"$ref"}
        if not is_enum:
            return json_schema
        members = self._definition(json_schema["$ref"])
        return {word: value for word, value in members.items() if word != "title" or value not in self._enums}

    def chain_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate the first type of a chain, and describe the patterns of the others."""
        json_schema = accepted_by_steps(self._with_members(super().chain_schema(schema), schema), schema["steps"])
        if schema["steps"][-1].get("cls") is Hashable:
            return with_description(json_schema, "No list and no object.", "Hashable")
        for step in schema["steps"][1:]:
            rules = {} if step["type"] == "function-plain" else self.generate_inner(step)
            bounds = {word: value for word, value in rules.items() if word == "pattern"}
            json_schema = with_description(json_schema, describe_bounds(bounds), *bound_texts(bounds))
        return json_schema

    def json_schema(self, schema: Any) -> JsonSchemaValue:
        """Generate a string, and describe the JSON that it has to contain."""
        content = super().json_schema(schema).get("contentSchema", {})
        if "$ref" in content:
            content = self.get_schema_from_definitions(content["$ref"]) or {}
        text = json.dumps(_as_text(content), ensure_ascii=False)
        # pydantic renames its definitions later: a $ref in a text would then lead nowhere.
        is_useful = content and '"$ref"' not in text
        description = f"JSON text: {shorten(text, 2 * MAX_QUOTED_CHARS)}" if is_useful else "JSON text."
        return with_description({"type": "string"}, description, "JSON text")

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        """Generate a string, so that no digit is lost, and describe the bounds, which are checked after the reply."""
        bounds = comparison_bounds(cast("JSON", schema))
        may_be_infinite = schema.get("allow_inf_nan", self._config.config_dict.get("allow_inf_nan"))
        text: JsonSchemaValue = {"type": "string"} if may_be_infinite else {"type": "string", "pattern": DECIMAL_TEXT}
        reason = find_contradiction(cast("JSON", schema))
        text |= {CONTRADICTION: reason} if reason else {}
        return with_description(text, f"{DECIMAL_DESCRIPTION} {describe_bounds(bounds)}".strip(), *bound_texts(bounds))


def _describe_flags(members: list[Flag]) -> str:
    texts = member_texts(members)
    flags = (with_meaning(f"{each.name} {each.value}", texts.get(str(each.name), "")) for each in members)
    return f"A sum of flags: {', '.join(flags)}."


def _as_text(part: JSONValue) -> JSONValue:
    """Return a part of a JSON Schema as a model may read it: keywords of our own are for the compiler."""
    if isinstance(part, list):
        return [_as_text(item) for item in part]
    if not isinstance(part, dict):
        return part
    plain = {word: _as_text(value) for word, value in part.items() if not word.startswith(OWN_PREFIX)}
    texts = [part[word] for word in ("description", GENERATED_DESCRIPTION) if isinstance(part.get(word), str)]
    return {**plain, "description": join_sentences(texts)} if texts else plain


def _with_schemes(json_schema: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
    """Return the JSON Schema of a URL with its schemes, and without a minimum that every URL has."""
    remaining = {word: value for word, value in json_schema.items() if word != "minLength"}
    schemes = ", ".join(schema.get("allowed_schemes") or ())
    return with_description(remaining, f"Scheme: {schemes}.", f"scheme {schemes}") if schemes else remaining


def _with_own_texts(json_schema: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
    """Return the schema of a class without its name as the title, and with the texts in its annotations."""
    cls = schema.get("cls")
    if json_schema.get("title") == getattr(cls, "__name__", None):
        json_schema.pop("title", None)
    properties = json_schema.get("properties", {})
    order_examples(cls, named_fields(fields_inside(schema)), properties)
    docs = annotated_docs(cls) if cls and properties else {}
    names = {field_alias(name, field): name for name, field in named_fields(fields_inside(schema)) if name in docs}
    described = {alias: _with_doc(part, docs[names[alias]]) for alias, part in properties.items() if alias in names}
    return {**json_schema, "properties": {**properties, **described}} if described else json_schema


def _with_doc(json_schema: JsonSchemaValue, text: str | None) -> JsonSchemaValue:
    """Return a schema with a description, unless it has one."""
    return {**json_schema, "description": text} if text and "description" not in json_schema else json_schema
