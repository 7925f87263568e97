"""Build objects and maps: their properties, and where undeclared keys are."""

from __future__ import annotations

import re
from dataclasses import replace

from structkit.schema.descriptions import split_bounds
from structkit.schema.json_schema.closed_objects import schema_of_key
from structkit.schema.json_schema.value_counts import max_values
from structkit.schema.keywords import ADDITIONAL_BOUNDS, MAY_BE_REQUIRED
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.build_field import build_field
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import MAP, describe
from structkit.schema.nodes.key_dependencies import with_dependent_keys
from structkit.schema.nodes.key_rules import (
    SIZE_KEYWORDS,
    key_schema,
    matches_every_key,
    unstated_patterns,
    unstated_sizes,
    with_pattern_schemas,
)
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.scalar import NULL, ScalarNode, validate_bounds
from structkit.schema.nodes.stated_bounds import state_bounds
from structkit.schema.nodes.union import constant_of
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

EMPTY_FIELD = Field("nothing", "nothing", NULL, "null", is_nullable=False)
"""The property that is sent for an object without properties, because some vendors reject an empty object."""

RULES_ON_KEYS = frozenset(
    {"dependentRequired", "dependencies", "maxProperties", "not", ADDITIONAL_BOUNDS, MAY_BE_REQUIRED}
)
"""Keywords by which a value that is valid without a key may be invalid with it, even if the key's value is null."""


def build_object(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build an object with declared properties, a map, or both."""
    required = {*schema.get("required", ())}
    extra_schemas = extra_key_schemas(schema, compiler)
    omits_keys = _omits_extra_keys(schema, extra_schemas, compiler)
    declared = _named_keys(schema) if omits_keys else {**schema.get("properties", {}), **_required_keys(schema, path)}
    declared = _with_valid_keys(with_pattern_schemas(declared, schema, path, compiler), schema, path, compiler)
    _validate_size(schema, len(declared), is_closed=not extra_schemas, path=path)
    if not declared and extra_schemas:
        return _build_map(schema, extra_schemas, path, compiler)
    is_exact = bool(schema.keys() & RULES_ON_KEYS)
    fields = [
        field
        for name, part in declared.items()
        if (field := _build_satisfiable(name, part, name in required, (*path, name), compiler, is_exact=is_exact))
    ]
    # Constants that distinguish branches come first. The order of all others is the caller's.
    fields.sort(key=lambda field: field.name not in compiler.tag_names or constant_of(field.node) is None)
    fields = _with_valid_names(fields, path, compiler)
    if not fields:
        compiler.note(path, "rewritten", f"no properties: one that is always null, {EMPTY_FIELD.wire!r}")
    extra_keys = _build_extra_keys(schema, extra_schemas, path, compiler) if extra_schemas else None
    if omits_keys:
        compiler.note(path, "dropped", 'other keys: the schema allows them; extras="open" asks for them')
    sizes = unstated_sizes(schema, None if extra_keys else len(fields))
    node = ObjectNode(tuple(fields) or (EMPTY_FIELD,), extra_keys, compiler.defaults_apply)
    return describe(node, state_bounds(sizes, path, compiler))


def _with_valid_names(fields: list[Field], path: JSONPath, compiler: Compiler) -> list[Field]:
    """Return the fields under names that the vendor accepts; a renamed field's description states its own name."""
    name_pattern = compiler.dialect.name_pattern
    if name_pattern is None:
        return fields
    used_names = {field.name for field in fields if re.fullmatch(name_pattern, field.name)}
    renamed_fields: list[Field] = []
    for field in fields:
        if re.fullmatch(name_pattern, field.name):
            renamed_fields.append(field)
            continue
        wire = unused_name(wire_name(field.name), used_names)
        used_names.add(wire)
        compiler.note((*path, field.name), "rewritten", f"a name that the vendor does not accept: {wire!r} on the wire")
        renamed_fields.append(replace(field, wire=wire, node=describe(field.node, f"{field.name}.")))
    return renamed_fields


def _build_satisfiable(
    name: str, schema: JSONValue, required: bool, path: JSONPath, compiler: Compiler, *, is_exact: bool
) -> Field | None:
    """Build a property, or return None if no value can fit it and it may be absent."""
    try:
        return build_field(name, schema, required, path, compiler, is_exact=is_exact)
    except UnsatisfiableSchema:
        if required:
            raise
        compiler.note(path, "dropped", "no value can fit it")
        return None


def extra_key_schemas(schema: JSON, compiler: Compiler) -> list[JSONValue]:
    """Return the schemas of undeclared keys' values; none where the object is closed, or does not ask for them."""
    parts = (*schema.get("patternProperties", {}).values(), _additional_schema(schema, compiler))
    return [part for part in parts if part is not False]


def _additional_schema(schema: JSON, compiler: Compiler) -> JSONValue:
    """Return the schema of the values of keys that nothing else describes; False if they are not allowed or asked for.

    A schema that says nothing of other keys is open only where a value would not fit, or only `{}`, without them.
    """
    if matches_every_key(schema):
        return False
    is_map = not schema.keys() & {"properties", "patternProperties"}
    needs_keys = is_map or len(_named_keys(schema)) < schema.get("minProperties", 0)
    unstated = compiler.is_open or needs_keys or schema.get("unevaluatedProperties", False)
    return schema.get("additionalProperties", unstated)


def _named_keys(schema: JSON) -> JSON:
    """Return the properties, then the keys that `required` and its like name without declaring them: any value fits."""
    declared: JSON = schema.get("properties", {})
    by_key = [*schema.get("dependentRequired", {}).values(), *schema.get("dependencies", {}).values()]
    lists = [schema.get("required", ()), schema.get(MAY_BE_REQUIRED, ())]
    lists += [names for names in by_key if isinstance(names, list)]
    return {**declared, **{name: True for names in lists for name in names if name not in declared}}


def _required_keys(schema: JSON, path: JSONPath) -> JSON:
    """Return the schemas of the keys that are required and not declared.

    Raises:
        UnsatisfiableSchema: Such a key is not allowed.
    """
    declared: JSON = schema.get("properties", {})
    names = [name for name in schema.get("required", ()) if name not in declared]
    parts = {name: schema_of_key(schema, name) for name in names}
    for name in (name for name, part in parts.items() if part is False):
        reason = f"no value can fit: {shorten_json(name)} is required, and not among the properties that are allowed"
        raise UnsatisfiableSchema(f"{reason}; declare it, or leave out additionalProperties: false", path=path)
    return parts


def _with_valid_keys(declared: JSON, schema: JSON, path: JSONPath, compiler: Compiler) -> JSON:
    """Return the properties whose names `propertyNames` accepts, and that require no key which is not allowed.

    Raises:
        UnsatisfiableSchema: Another one is required.
    """
    if compiler.defaults_apply:
        return declared
    excluded: dict[str, str] = {}
    if "propertyNames" in schema:
        names = {*compiler.valid_values([*declared], {"allOf": [schema["propertyNames"]]})}
        excluded = {name: "propertyNames excludes it" for name in declared if name not in names}
    excluded = with_dependent_keys(schema, excluded)
    for name in (name for name in declared if name in excluded):
        if name in schema.get("required", ()):
            reason = f"no value can fit: {shorten_json(name)} is required, and {excluded[name]}"
            raise UnsatisfiableSchema(reason, path=path)
        compiler.note((*path, name), "dropped", excluded[name])
    return {name: part for name, part in declared.items() if name not in excluded}


def _validate_size(schema: JSON, declared: int, *, is_closed: bool, path: JSONPath) -> None:
    """Validate that an object may have as many keys as it must have.

    Raises:
        UnsatisfiableSchema: No value can fit.
    """
    validate_bounds(schema, path)
    required = len({*schema.get("required", ())})
    if is_closed and schema.get("minProperties", 0) > declared:
        reason = f"no value can fit: minProperties {schema['minProperties']}, and only {declared} keys are allowed"
        raise UnsatisfiableSchema(reason, path=path)
    if schema.get("maxProperties", required) < required:
        reason = f"no value can fit: maxProperties {schema['maxProperties']}, and {required} keys are required"
        raise UnsatisfiableSchema(reason, path=path)


def _omits_extra_keys(schema: JSON, extra_schemas: list[JSONValue], compiler: Compiler) -> bool:
    """Return whether an object accepts undeclared keys, but does not ask for them."""
    is_silent = not schema.keys() & {"additionalProperties", "unevaluatedProperties"}
    return is_silent and not compiler.defaults_apply and True not in extra_schemas


def _build_map(schema: JSON, extra_schemas: list[JSONValue], path: JSONPath, compiler: Compiler) -> Node:
    _validate_key_count(schema, path, compiler)
    compiler.note(path, "rewritten", "map: an array of key and value")
    renamed = {SIZE_KEYWORDS[name]: schema[name] for name in SIZE_KEYWORDS if name in schema}
    supported, unsupported = split_bounds(renamed, tuple(SIZE_KEYWORDS.values()), compiler.dialect)
    bounds = {**unsupported, **unstated_patterns(schema, extra_schemas)}
    is_any = not supported and _is_any_map(schema, extra_schemas, compiler)
    node = compiler.any_map_node() if is_any else _build_pairs(schema, extra_schemas, supported, path, compiler)
    return describe(node, MAP, state_bounds(bounds, path, compiler))


def _validate_key_count(schema: JSON, path: JSONPath, compiler: Compiler) -> None:
    """Validate that a map may have as many keys as it must have.

    Raises:
        UnsatisfiableSchema: No value can fit.
    """
    min_keys = schema.get("minProperties", 0)
    count = max_values(_key_schema(schema, compiler), compiler.resolve) if min_keys else None
    if count is not None and min_keys > count:
        reason = f"no value can fit: minProperties {min_keys} is more than the {count} keys that there are"
        raise UnsatisfiableSchema(reason, path=path)


def _build_extra_keys(schema: JSON, extra_schemas: list[JSONValue], path: JSONPath, compiler: Compiler) -> Field:
    """Build the property for undeclared keys, under a name that none of the declared ones has."""
    name = unused_name("other_keys", schema.get("properties", {}))
    compiler.note(path, "rewritten", f"keys beyond the declared ones: an array of key and value under {name!r}")
    is_any = _is_any_map(schema, extra_schemas, compiler)
    node = compiler.extra_keys_node() if is_any else _build_pairs(schema, extra_schemas, {}, path, compiler)
    return Field(name, name, describe(node, state_bounds(unstated_patterns(schema, extra_schemas), path, compiler)))


def _build_pairs(
    schema: JSON, extra_schemas: list[JSONValue], bounds: JSON, path: JSONPath, compiler: Compiler
) -> MapNode:
    return MapNode(_build_key(schema, path, compiler), _build_value(extra_schemas, path, compiler), bounds)


def _is_any_map(schema: JSON, extra_schemas: list[JSONValue], compiler: Compiler) -> bool:
    return _key_schema(schema, compiler) == {} and (True in extra_schemas or {} in extra_schemas)


def _key_schema(schema: JSON, compiler: Compiler) -> JSONValue:
    return key_schema(schema, is_closed=_additional_schema(schema, compiler) is False)


def _build_key(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build the node of a key: a string with the rules for the names of keys."""
    names = _key_schema(schema, compiler)
    if not isinstance(names, dict) or (compiler.defaults_apply and _is_no_text(compiler.resolve(names))):
        return ScalarNode({"type": "string"})
    return compiler.build({"type": "string", **names}, path)


def _is_no_text(schema: JSON) -> bool:
    """Return whether a schema has no text among its types: pydantic's schema of a key may be that of a number."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return schema.get("type", "string") != "string" or not all(isinstance(value, str) for value in values)


def _build_value(extra_schemas: list[JSONValue], path: JSONPath, compiler: Compiler) -> Node:
    """Build the node of an undeclared key's value: any of the schemas; which one applies is checked afterwards."""
    return compiler.build(extra_schemas[0] if len(extra_schemas) == 1 else {"anyOf": extra_schemas}, (*path, "[]"))
