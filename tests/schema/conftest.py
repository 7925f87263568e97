"""What the schema tests share: a checker of strictness written from the vendor's rules alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel

from structkit import ResponseFormat

# Rules: OpenAI's guide "Structured model outputs", section "Supported schemas", and reported refusals.
KEYWORDS = {
    "string": {"pattern", "format"},
    "number": {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "integer": {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "null": set(),
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
}
EVERYWHERE = {"type", "description", "enum", "const"}
FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
LOOKAROUND = re.compile(r"\(\?(=|!|<=|<!)")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
REFERENCE = re.compile(r"#/\$defs/([^/]+)")

MOST_PROPERTIES = 5_000
MOST_ENUM_VALUES = 1_000
MOST_CHARACTERS = 120_000
LARGE_ENUM = 250
MOST_CHARACTERS_OF_A_LARGE_ENUM = 15_000
DEEPEST = 10

Schema = dict[str, Any]


def find_faults(schema: Schema) -> list[str]:
    """Every way in which *schema* breaks the strict subset; empty where it is strict."""
    return [*_root(schema), *_nodes(schema), *_limits(schema)]


def find_payload_faults(payload: Schema) -> list[str]:
    """Every way in which the value of `response_format` is not one that the endpoint takes."""
    if payload.keys() != {"type", "json_schema"} or payload["type"] != "json_schema":
        return [f"the envelope is {[*payload]}"]
    inner = payload["json_schema"]
    faults = [] if NAME.fullmatch(inner["name"]) else [f"the name {inner['name']!r}"]
    faults += [] if inner["strict"] is True else ["strict is not true"]
    faults += [] if inner.keys() <= {"name", "schema", "strict", "description"} else [f"the envelope is {[*inner]}"]
    return faults + find_faults(inner["schema"])


def _root(schema: Schema) -> Iterator[str]:
    if schema.get("type") != "object":
        yield f"the root is {schema.get('type', [*schema])}, not an object"
    if "anyOf" in schema or "$ref" in schema:
        yield "the root is an anyOf or a $ref"


def _nodes(schema: Schema) -> Iterator[str]:
    definitions = schema.get("$defs", {})
    root = {key: value for key, value in schema.items() if key != "$defs"}
    yield from _node(root, "#", definitions)
    for name, part in definitions.items():
        yield from _node(part, f"#/$defs/{name}", definitions)


def _node(node: Any, where: str, definitions: Schema) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"{where}: {node!r} is no schema object"
    elif "$ref" in node:
        yield from _reference(node, where, definitions)
    elif "anyOf" in node:
        yield from _any_of(node, where, definitions)
    else:
        yield from _typed(node, where, definitions)


def _reference(node: Schema, where: str, definitions: Schema) -> Iterator[str]:
    if node.keys() != {"$ref"}:
        yield f"{where}: $ref has siblings {sorted(node.keys() - {'$ref'})}"
    target = REFERENCE.fullmatch(node["$ref"])
    if node["$ref"] != "#" and (not target or target[1] not in definitions):
        yield f"{where}: $ref to {node['$ref']}, which is not a top-level definition"


def _any_of(node: Schema, where: str, definitions: Schema) -> Iterator[str]:
    if extra := node.keys() - {"anyOf", "description"}:
        yield f"{where}: anyOf has siblings {sorted(extra)}"
    if not isinstance(node["anyOf"], list) or not node["anyOf"]:
        yield f"{where}: anyOf without branches"
        return
    for position, branch in enumerate(node["anyOf"]):
        yield from _node(branch, f"{where}/anyOf/{position}", definitions)
    yield from _first_keys(node, where, definitions)


def _first_keys(node: Schema, where: str, definitions: Schema) -> Iterator[str]:
    """Object branches must not share their first key, unless a distinct constant stands there."""
    seen: dict[str, list[str | None]] = {}
    for branch in _branches(node, definitions, frozenset()):
        if branch.get("type") == "object" and branch.get("properties"):
            key, value = next(iter(branch["properties"].items()))
            value = definitions.get(value["$ref"].rpartition("/")[2]) if "$ref" in value else value
            constant = json.dumps(value["const"]) if isinstance(value, dict) and "const" in value else None
            seen.setdefault(key, []).append(constant)
    for key, constants in seen.items():
        if len(constants) > 1 and (None in constants or len(set(constants)) < len(constants)):
            yield f"{where}: {len(constants)} branches share the first key {key!r}"


def _branches(node: Schema, definitions: Schema, seen: frozenset[str]) -> Iterator[Schema]:
    for branch in node["anyOf"]:
        inner, name = branch, None
        if isinstance(branch, dict) and "$ref" in branch:
            name = branch["$ref"].rpartition("/")[2]
            inner = definitions.get(name)
        if not isinstance(inner, dict) or name in seen:
            continue
        if "anyOf" in inner:
            yield from _branches(inner, definitions, seen | {name} if name else seen)
        else:
            yield inner


def _typed(node: Schema, where: str, definitions: Schema) -> Iterator[str]:
    given = node.get("type")
    types = given if isinstance(given, list) else [given]
    if not types or any(each not in KEYWORDS for each in types):
        yield f"{where}: the type is {given!r}"
        return
    if len({*types} - {"null"}) > 1:
        yield f"{where}: a list of several types"
    allowed = EVERYWHERE.union(*(KEYWORDS[each] for each in types))
    if extra := node.keys() - allowed:
        yield f"{where}: keywords {sorted(extra)} on {given}"
    if "description" in node and not isinstance(node["description"], str):
        yield f"{where}: the description is no text"
    if "object" in types:
        yield from _object(node, where, definitions)
    if "array" in types:
        yield from _array(node, where, definitions)
    yield from _listed(node, types, where)
    yield from _bounds(node, where)


def _object(node: Schema, where: str, definitions: Schema) -> Iterator[str]:
    properties = node.get("properties")
    if not isinstance(properties, dict) or not properties:
        yield f"{where}: object without properties"
        return
    if node.get("additionalProperties") is not False:
        yield f"{where}: object not closed"
    if sorted(node.get("required", ())) != sorted(properties):
        yield f"{where}: not every property is required"
    for name, part in properties.items():
        yield from _node(part, f"{where}/{name}", definitions)


def _array(node: Schema, where: str, definitions: Schema) -> Iterator[str]:
    if "items" not in node:
        yield f"{where}: array without items"
    else:
        yield from _node(node["items"], f"{where}/[]", definitions)
    for bound in ("minItems", "maxItems"):
        if bound in node and not (type(node[bound]) is int and node[bound] >= 0):
            yield f"{where}: {bound} is {node[bound]!r}"


def _listed(node: Schema, types: list[str], where: str) -> Iterator[str]:
    values = [*node.get("enum", ()), *([node["const"]] if "const" in node else ())]
    if "enum" in node and not node["enum"]:
        yield f"{where}: enum without values"
    if len({json.dumps(value) for value in values}) < len(values):
        yield f"{where}: a value stands twice in the enum"
    for value in values:
        if not any(_is_of(value, each) for each in types):
            yield f"{where}: the value {value!r} is not of type {node['type']}"


def _is_of(value: Any, name: str) -> bool:
    if value is None or isinstance(value, bool):
        return name == ("null" if value is None else "boolean")
    if isinstance(value, str):
        return name == "string"
    if isinstance(value, int):
        return name in {"integer", "number"}
    return isinstance(value, float) and (name == "number" or (name == "integer" and value.is_integer()))


def _bounds(node: Schema, where: str) -> Iterator[str]:
    if "format" in node and node["format"] not in FORMATS:
        yield f"{where}: the format {node['format']!r}"
    if "pattern" in node:
        yield from _pattern(node["pattern"], where)
    for bound in KEYWORDS["number"] & node.keys():
        if isinstance(node[bound], bool) or not isinstance(node[bound], int | float):
            yield f"{where}: {bound} is {node[bound]!r}"


def _pattern(pattern: Any, where: str) -> Iterator[str]:
    if LOOKAROUND.search(pattern):
        yield f"{where}: lookaround in the pattern {pattern!r}"
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"{where}: the pattern {pattern!r} is broken: {error}"


def _limits(schema: Schema) -> Iterator[str]:
    properties = enum_values = characters = 0
    for part in _parts(schema):
        names = [*part.get("properties", ()), *part.get("$defs", ())]
        listed = [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]
        size = sum(len(value) if isinstance(value, str) else len(json.dumps(value)) for value in listed)
        properties += len(part.get("properties", ()))
        enum_values += len(part.get("enum", ()))
        characters += sum(map(len, names)) + size
        if len(listed) > LARGE_ENUM and part.get("type") == "string" and size > MOST_CHARACTERS_OF_A_LARGE_ENUM:
            yield f"an enum of {len(listed)} strings with {size} characters"
    if properties > MOST_PROPERTIES:
        yield f"{properties} properties"
    if enum_values > MOST_ENUM_VALUES:
        yield f"{enum_values} enum values"
    if characters > MOST_CHARACTERS:
        yield f"{characters} characters in names and enums"
    if (levels := max(map(_levels, [schema, *schema.get("$defs", {}).values()]))) > DEEPEST:
        yield f"{levels} levels of nested objects"


def _parts(schema: Any) -> Iterator[Schema]:
    """Every schema object inside *schema*, itself included."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += _below(part)
            waiting += part.get("$defs", {}).values()


def _below(part: Schema) -> list[Any]:
    return [*part.get("properties", {}).values(), *part.get("anyOf", ()), *([part["items"]] if "items" in part else ())]


def _levels(part: Any) -> int:
    """Nested objects, the outermost counted as 1; references are not followed."""
    if not isinstance(part, dict):
        return 0
    return (part.get("type") == "object") + max(map(_levels, _below(part)), default=0)


FORMAT_CHECKER = FormatChecker(formats=())
"""The nine formats, read from their RFCs: jsonschema checks most of them only with packages that are optional."""

FORMAT_PATTERNS = {
    "time": r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    "duration": r"P(\d+W|(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)",
    "email": r"[^@\s]+@[^@\s]+",
    "hostname": r"(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*",
    "ipv4": r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
FORMAT_PATTERNS["date-time"] = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[tT]" + FORMAT_PATTERNS["time"]

for _name, _pattern_of_it in FORMAT_PATTERNS.items():
    FORMAT_CHECKER.checks(_name)(
        lambda value, pattern=re.compile(_pattern_of_it): not isinstance(value, str) or bool(pattern.fullmatch(value))
    )
FORMAT_CHECKER.checks("date", raises=ValueError)(
    lambda value: not isinstance(value, str) or bool(dt.date.fromisoformat(value))
)
FORMAT_CHECKER.checks("ipv6", raises=ValueError)(
    lambda value: not isinstance(value, str) or bool(ipaddress.IPv6Address(value))
)


def list_errors(schema: Schema, wire: Any) -> list[str]:
    """Why *wire* does not conform to *schema*, formats included; empty where it does."""
    validator = Draft202012Validator(schema, format_checker=FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(wire)]


def is_same(one: Any, other: Any) -> bool:
    """Equality that sees types all the way down: 1, 1.0 and True differ, and so do a list and a tuple."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(item, other[key]) for key, item in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, BaseModel):
        return is_same(one.__dict__, other.__dict__) and is_same(one.__pydantic_extra__, other.__pydantic_extra__)
    if dataclasses.is_dataclass(one):
        return is_same(_attributes(one), _attributes(other))
    return bool(one == other)


def _attributes(instance: Any) -> dict[str, Any]:
    names = vars(instance) if hasattr(instance, "__dict__") else instance.__slots__
    return {name: getattr(instance, name) for name in names}


@pytest.fixture(scope="session")
def strict_faults() -> Callable[[Schema], list[str]]:
    """The checker of strict schemas."""
    return find_faults


@pytest.fixture(scope="session")
def payload_faults() -> Callable[[Schema], list[str]]:
    """The checker of whole payloads."""
    return find_payload_faults


@pytest.fixture(scope="session")
def wire_errors() -> Callable[[Schema, Any], list[str]]:
    """The checker of wire values against a strict schema."""
    return list_errors


@pytest.fixture(scope="session")
def same() -> Callable[[Any, Any], bool]:
    """Equality that sees types."""
    return is_same


@pytest.fixture(scope="session")
def check_both_ways() -> Callable[..., None]:
    """The promises of the codec for one type and some of its values."""

    def check(output_type: Any, *values: Any) -> None:
        response_format = ResponseFormat(output_type)
        assert find_payload_faults(response_format.payload) == []
        assert len(str(response_format.explain())) > 0
        for value in values:
            text = json.dumps(response_format.dump(value), allow_nan=False)
            assert list_errors(response_format.schema, json.loads(text)) == []
            for back in (response_format.load(json.loads(text)), response_format.parse(text)):
                assert is_same(back, value), f"{value!r} came back as {back!r} over {text}"

    return check
