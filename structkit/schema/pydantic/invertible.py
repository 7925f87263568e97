"""A pydantic core schema made invertible: what is validated from JSON can be written as the same JSON again.

pydantic's validation and serialization need not be inverses: fields are excluded, secrets are masked, aliases differ,
serializers format for readers, and a union of similar branches does not record which branch a value came from.
`invertible` changes a copy of the schema so that they are inverses, and pydantic-core compiles the copy like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic_core import core_schema

from structkit.schema.keywords import NULLABLE, ORIGINAL_SCHEMA, PYTHON_CLASS
from structkit.schema.pydantic.aliases import with_one_name, with_own_name
from structkit.schema.pydantic.branch_boxes import UnionRewrite, with_unboxed_input
from structkit.schema.pydantic.class_losses import without_losses
from structkit.schema.pydantic.compiled_patterns import is_pattern, with_pattern_text
from structkit.schema.pydantic.defaults import (
    NO_DEFAULT,
    IsUnreadableDefault,
    is_readable_default,
    known_default,
    with_empty_default,
    with_valid_default,
)
from structkit.schema.pydantic.email_names import is_name_email, with_quoted_names
from structkit.schema.pydantic.json_form import ARRAYS, INSTANCES, NUMBERS, OBJECTS, READERS, TEXTS
from structkit.schema.pydantic.literals import CONSTANT_REWRITES, without_enum_values
from structkit.schema.pydantic.lossless import LOSSLESS_REWRITES
from structkit.schema.pydantic.part import SchemaPart, is_schema, walk_parts
from structkit.schema.pydantic.serializers import (
    checked_against_input_type,
    is_of_library,
    layers,
    restricted_to_instances,
    with_outer_serializer,
    without_serializer,
)
from structkit.schema.pydantic.validator_results import ResultPart
from structkit.values import JSON

FIELDS = frozenset({"model-field", "dataclass-field", "typed-dict-field"})
BUILTIN = NUMBERS | TEXTS | ARRAYS | OBJECTS | {"any", "bool", "enum", "literal", "union", "tagged-union"}
BUILTIN |= {"lax-or-strict", "json-or-python", "function-plain"}
"""Types whose values pydantic writes without a custom serializer, if it can."""

UNIONS = frozenset({"union", "nullable", "tagged-union"})

ALTERNATIVES = frozenset({"python_schema", "json_schema", "lax_schema", "strict_schema"})
"""Keys of the alternative schemas that pydantic itself makes for one type: a union in them is not the caller's."""

MEMBERS = frozenset({"items_schema", "keys_schema", "values_schema", "fields"})
"""Keys of the parts inside such an alternative that are the caller's types again."""

NOT_SCHEMAS = frozenset({"metadata", "serialization", "cls", "config", "expected", "members", "default"})
"""Keys whose values are not schemas."""

SECRET_SERIALIZERS = frozenset({"_serialize_secret", "_serialize_secret_field"})
"""Names of pydantic's functions that mask secrets."""

OUTPUT_SETTINGS = frozenset(
    {"ser_json_timedelta", "ser_json_temporal", "ser_json_inf_nan", "ser_json_bytes", "loc_by_alias"}
)
"""Settings that change how values are written or errors located, but neither the JSON Schema nor what is read."""


def invertible(schema: Any) -> Any:
    """Return the core schema with the necessary changes; the same object where none is necessary."""
    return _Rewrite(schema).run()


class _Rewrite:
    """A walk over a core schema."""

    def __init__(self, schema: Any) -> None:
        self._definitions = _named_parts(schema)
        self._schema = schema
        self._config: JSON = {}  # of the model that contains the current part

    def run(self) -> Any:
        """Return the whole schema, rewritten."""
        self._schema = self.rewrite(self._schema)
        return self._schema

    def _rewritten_definitions(self) -> list[Any]:
        """Return the named parts. Call it only after the walk."""
        return [*_named_parts(self._schema).values()]

    def rewrite(self, part: Any, *, is_alternative: bool = False) -> Any:
        """Return a part, copied only where something in it changes."""
        if isinstance(part, list | tuple):
            items = [self.rewrite(item, is_alternative=is_alternative) for item in part]
            return part if all(map(_is_same, items, part)) else type(part)(items)
        if not isinstance(part, dict):
            return part
        if not is_schema(part):
            named_parts = ((name, with_own_name(name, value)) for name, value in part.items())
            by_name = {name: self.rewrite(value, is_alternative=is_alternative) for name, value in named_parts}
            return part if all(map(_is_same, by_name.values(), part.values())) else by_name
        if part.get("custom_init"):  # its __init__ validates with the class's own schema
            return part
        outer_config = self._config
        self._config = part.get("config", outer_config)  # a model does not inherit the settings of what contains it
        complete = with_outer_serializer(part, self._definitions)
        changed = {key: self._rewrite_value(key, value, is_alternative) for key, value in complete.items()}
        if part["type"] == "default" and changed["schema"] is not part["schema"]:
            compile_original = partial(SchemaPart, part["schema"], self._definitions.values, self._config)
            changed = with_valid_default(changed, self._config, compile_original)
        rewritten = self._rewrite_part(changed, is_alternative=is_alternative)
        self._config = outer_config
        return (
            complete if rewritten is changed and all(map(_is_same, changed.values(), complete.values())) else rewritten
        )

    def _rewrite_value(self, key: str, value: Any, is_alternative: bool) -> Any:
        """Return the value of one key of a part, rewritten; a serializer may contain a schema."""
        if key == "serialization" and isinstance(value.get("schema"), dict):
            return {**value, "schema": self.rewrite(value["schema"])}
        if key in NOT_SCHEMAS:
            return value
        return self.rewrite(value, is_alternative=(is_alternative or key in ALTERNATIVES) and key not in MEMBERS)

    def _rewrite_part(self, part: JSON, *, is_alternative: bool) -> JSON:
        kind = part.get("type")
        if kind in FIELDS:
            return self._with_readable_default(with_one_name(with_own_name(part.get("name", ""), part)))
        part = self._without_formatting(part) if "serialization" in part else part
        part = with_unboxed_input(part) if kind in READERS else part
        if kind in CONSTANT_REWRITES:
            part = CONSTANT_REWRITES[kind](part)
        if part["type"] in UNIONS:
            return self._rewrite_union(part, is_alternative=is_alternative)
        if kind in CONSTANT_REWRITES:
            return part
        part = _without_output_settings(part) if isinstance(part.get("config"), dict) else part
        part = without_losses(part, self._compile_part) if kind in INSTANCES else part
        part = with_quoted_names(part) if is_name_email(part) else checked_against_input_type(part, self._compile_part)
        if kind not in LOSSLESS_REWRITES or "serialization" in part or self._is_lossless(part):
            return part
        return LOSSLESS_REWRITES[kind](part, self._resolve)

    def _rewrite_union(self, part: JSON, *, is_alternative: bool) -> JSON:
        if part["type"] == "nullable":
            return self._unions.nullable(part)
        if is_alternative:
            return part
        if part["type"] == "union":
            return self._unions.union(part)
        return self._unions.tagged_by_function(part) if callable(part["discriminator"]) else part

    def _is_lossless(self, part: JSON) -> bool:
        """Return whether the settings of the model let nothing be lost, or say that a value may have no JSON form."""
        if part["type"] == "float":
            return self._config.get("ser_json_inf_nan") != "strings" or part.get("allow_inf_nan") is False
        return bool(part["type"] == "bytes" and self._config.get("val_json_bytes", "utf8") != "utf8")

    @property
    def _unions(self) -> UnionRewrite:
        return UnionRewrite(self._resolve, self._definitions, self._compile_part, _input_config(self._config))

    def _compile_part(self, part: Any) -> SchemaPart:
        return ResultPart(part, self._rewritten_definitions, _input_config(self._config))

    def _with_readable_default(self, field: JSON) -> JSON:
        """Return the field, excluded where it has a default that its own type would not read back."""
        part = field["schema"]
        default = known_default(part) if part["type"] == "default" else NO_DEFAULT
        if default is NO_DEFAULT or "serialization_exclude_if" in field:
            return field
        if default is None and callable(field.get("metadata", {}).get("pydantic_js_extra")):  # it may hide the null
            return {**field, "serialization_exclude_if": _is_none}
        if "serialization" not in part and is_readable_default(part["schema"], default, self._config):
            marked = with_empty_default(part, default)
            return field if marked is part else {**field, "schema": marked}
        return {**field, "serialization_exclude_if": IsUnreadableDefault(default, self._compile_part(part))}

    def _without_formatting(self, part: JSON) -> JSON:
        """Return the part with secrets unmasked, and without a serializer that formats a builtin type for readers."""
        serializer = part["serialization"]
        if is_pattern(part):
            return with_pattern_text(part)
        if getattr(serializer.get("function"), "__name__", "") in SECRET_SERIALIZERS:
            inner = part["json_schema"]["schema"]
            unmasked = core_schema.wrap_serializer_function_ser_schema(_write_secret, schema=inner)
            return {**part, "serialization": unmasked}
        part_layers = layers(part, self._definitions)
        if is_of_library(serializer):
            part = _without_result_type(part)
            part = _with_bytes_as_result(part) if self._resolve(part)["type"] == "bytes" else part
            return without_enum_values(restricted_to_instances(part))
        if part_layers[-1]["type"] not in BUILTIN:
            return part
        return without_serializer(part, part_layers, self._compile_part)

    def _resolve(self, part: Any) -> Any:
        """Return a part without its wrappers, with NULLABLE or PYTHON_CLASS for what these do."""
        converted: dict[str, Any] = {}
        while True:
            if ORIGINAL_SCHEMA in part.get("metadata", ()):
                part = part["metadata"][ORIGINAL_SCHEMA]
            elif part["type"] == "definition-ref":
                part = self._definitions.get(part["schema_ref"], {"type": "any"})
            elif part["type"] in {"lax-or-strict", "json-or-python"}:
                cls = part.get("python_schema", {}).get("cls") or converted.get(PYTHON_CLASS)
                converted = {**converted, PYTHON_CLASS: cls}
                part = part.get("strict_schema") or part["json_schema"]
            elif part["type"] in {"default", "nullable", "function-after", "function-before", "function-wrap", "json"}:
                function = part.get("function", {}).get("function")
                converted |= {PYTHON_CLASS: function} if isinstance(function, type) else {}
                converted |= {NULLABLE: True} if part["type"] == "nullable" else {}
                part = part.get("schema", {"type": "any"})
            else:
                return {**part, **converted} if converted else part


def _without_output_settings(part: JSON) -> JSON:
    config = _input_config(part["config"])
    return part if config is part["config"] else {**part, "config": config}


def _input_config(config: JSON) -> JSON:
    """Return the settings without those for output only; bytes are written the way they are read."""
    if not config.keys() & (OUTPUT_SETTINGS | {"val_json_bytes"}):
        return config
    remaining = {key: value for key, value in config.items() if key not in OUTPUT_SETTINGS}
    return {**remaining, "ser_json_bytes": remaining.get("val_json_bytes", "utf8")}


def _with_bytes_as_result(part: JSON) -> JSON:
    """Return a part such as that of `Base64Bytes`: what its function returns is written as the model's settings say."""
    serializer = part["serialization"]
    if serializer["type"] != "function-plain":
        return part
    return {**part, "serialization": {"return_schema": core_schema.bytes_schema(), **serializer}}


def _without_result_type(part: JSON) -> JSON:
    """Return a `PlainValidator` that is written once: pydantic writes the JSON again as a value, and warns of it."""
    serializer = part["serialization"]
    if part["type"] != "function-plain" or serializer["type"] != "function-wrap":
        return part
    return {**part, "serialization": {key: value for key, value in serializer.items() if key != "return_schema"}}


def _is_none(value: Any) -> bool:
    return value is None


def _write_secret(secret: Any, write: Callable[[Any], Any]) -> Any:
    return write(secret.get_secret_value())


def _named_parts(schema: Any) -> dict[str, JSON]:
    return {part["ref"]: part for part in walk_parts(schema, NOT_SCHEMAS) if "ref" in part}


def _is_same(first: object, second: object) -> bool:
    return first is second
