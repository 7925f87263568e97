"""Properties of the codec over generated types: strict, conforming, lossless, and safe for any conforming reply."""

# ruff: noqa: PT017, PYI061 (a reply may become a value or give issues; None among literals is tested)

import copy
import datetime as dt
import enum
import itertools
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Union

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, Field, create_model

from structkit import ResponseFormat
from structkit.dialects import DIALECTS, Dialect, Size
from structkit.errors import InvalidOutput, SchemaError
from structkit.schema import make_patch
from structkit.schema.strict.size import measure
from structkit.values import ABSENT, JSONPath, JSONValue, value_at

SETTINGS = settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
NUMBERS = itertools.count()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.sampled_from(["a", "b", "value", "key", "lists", "rest", "item_0", "nothing", "name", "kind", "é"])


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Typed:
    """A type, a strategy for its values, and the JSON types of its wire form, by which unions distinguish branches."""

    type: Any
    values: st.SearchStrategy[Any]
    kinds: frozenset[str]
    hashable: bool = False


def typed(of: Any, values: st.SearchStrategy[Any], *kinds: str, hashable: bool = True) -> Typed:
    return Typed(of, values, frozenset(kinds), hashable)


SCALARS = [
    typed(str, TEXT, "string"),
    typed(int, st.integers(), "number"),
    typed(float, st.floats(allow_nan=False, allow_infinity=False), "number"),
    typed(bool, st.booleans(), "boolean"),
    typed(type(None), st.none(), "null"),
    typed(dt.date, st.dates(), "string"),
    typed(dt.datetime, st.datetimes(), "string"),
    typed(uuid.UUID, st.uuids(), "string"),
    typed(Decimal, st.decimals(allow_nan=False, allow_infinity=False), "string"),
    typed(Color, st.sampled_from(Color), "string"),
    typed(Literal["x", "y"], st.sampled_from(["x", "y"]), "string"),
    typed(Literal["x", 1, None], st.sampled_from(["x", 1, None]), "string", "number", "boolean", "null"),  # True == 1
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.sampled_from(["list", "dict", "key", "value"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ANYTHING = typed(Any, JSON, "string", "number", "boolean", "null", "array", "object", hashable=False)


def list_of(item: Typed) -> Typed:
    return typed(list[item.type], st.lists(item.values, max_size=3), "array", hashable=False)


def dict_of(item: Typed) -> Typed:
    return typed(
        dict[str, item.type], st.dictionaries(TEXT, item.values, max_size=3), "array", "object", hashable=False
    )


def dict_by_int(item: Typed) -> Typed:
    return typed(
        dict[int, item.type], st.dictionaries(st.integers(), item.values, max_size=3), "array", "object", hashable=False
    )


def set_of(item: Typed) -> Typed:
    return typed(frozenset[item.type], st.frozensets(item.values, max_size=3), "array")


def tuple_of(items: list[Typed]) -> Typed:
    values = st.tuples(*(item.values for item in items))
    return typed(tuple[tuple(item.type for item in items)], values, "array", "object", hashable=False)


def named_tuple_of(items: list[Typed]) -> Typed:
    cls = NamedTuple(f"Named{next(NUMBERS)}", [(f"f{number}", item.type) for number, item in enumerate(items)])
    return typed(cls, st.builds(cls, *(item.values for item in items)), "array", "object", hashable=False)


def optional(item: Typed) -> Typed:
    return Typed(item.type | None, st.none() | item.values, item.kinds | {"null"}, item.hashable)


def union_of(items: list[Typed]) -> Typed:
    return Typed(
        Union[tuple(item.type for item in items)],
        st.one_of(*(item.values for item in items)),
        frozenset().union(*(item.kinds for item in items)),
    )


def tagged(models: list["Typed"]) -> Typed:
    """A union of models, each with a different constant."""
    branches = [
        Typed(
            create_model(f"Tagged{next(NUMBERS)}", kind=(Literal[f"k{number}"], ...), inner=(item.type, ...)),
            item.values,
            frozenset({"object"}),
        )
        for number, item in enumerate(models)
    ]
    values = [
        st.builds(branch.type, kind=st.just(f"k{number}"), inner=branch.values)
        for number, branch in enumerate(branches)
    ]
    return typed(Union[tuple(branch.type for branch in branches)], st.one_of(*values), "object", hashable=False)


@st.composite
def models(draw: st.DrawFn, inner: st.SearchStrategy[Typed]) -> Typed:
    """A model with required fields, optional ones, and ones with defaults."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    fields: dict[str, Any] = {}
    required: dict[str, Any] = {}
    optional_fields: dict[str, Any] = {}
    for name in names:
        part = draw(inner)
        presence = draw(st.sampled_from(["required", "default", "null", "factory", "alias"]))
        if presence == "required":
            fields[name], required[name] = (part.type, ...), part.values
        elif presence == "alias":
            fields[f"p_{name}"] = (part.type, Field(alias=f"{name}-{name}"))
            required[f"{name}-{name}"] = part.values
        elif presence == "null":
            fields[name], optional_fields[name] = (part.type | None, None), st.none() | part.values
        else:
            default = draw(part.values)
            extra = (
                {"default_factory": lambda default=default: default} if presence == "factory" else {"default": default}
            )
            fields[name], optional_fields[name] = (part.type, Field(**extra)), part.values
    cls = create_model(f"Model{next(NUMBERS)}", **fields)
    values = st.fixed_dictionaries(required, optional=optional_fields).map(cls.model_validate)
    return typed(cls, values, "object", hashable=False)


def containers(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    items = st.lists(inner, min_size=1, max_size=3)
    distinct = items.filter(lambda types: sum(len(each.kinds) for each in types) == len(union_of(types).kinds))
    return st.one_of(
        inner.map(list_of),
        inner.map(dict_of),
        inner.map(dict_by_int),
        st.sampled_from(SCALARS).map(set_of),
        items.map(tuple_of),
        items.map(named_tuple_of),
        inner.map(optional),
        distinct.map(union_of),
        items.map(tagged),
        models(inner),
    )


TYPES = st.recursive(st.sampled_from([*SCALARS, ANYTHING]), containers, max_leaves=6)
TYPES_AND_VALUES = TYPES.flatmap(
    lambda each: st.tuples(st.just(each.type), st.lists(each.values, min_size=1, max_size=4))
)


@SETTINGS
@given(TYPES)
def test_every_type_has_a_strict_payload(payload_faults, each):
    assert payload_faults(ResponseFormat(each.type).payload) == []


@SETTINGS
@given(TYPES_AND_VALUES)
def test_every_value_conforms_on_the_wire_and_is_read_back_equal(wire_errors, is_equal, pair):
    output_type, values = pair
    response_format = ResponseFormat(output_type)
    for value in values:
        text = json.dumps(response_format.dump(value))
        assert wire_errors(response_format.schema, json.loads(text)) == []
        assert is_equal(response_format.load(json.loads(text)), value)
        assert is_equal(response_format.parse(text), value)


@st.composite
def replies(draw: st.DrawFn, schema: dict[str, Any], node: dict[str, Any], depth: int = 0) -> Any:
    """Any JSON value that conforms to a strict schema, generated without the codec."""
    if "$ref" in node:
        node = schema if node["$ref"] == "#" else schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        branches = node["anyOf"] if depth < 6 else [*filter(_is_flat, node["anyOf"])] or node["anyOf"]
        return draw(replies(schema, draw(st.sampled_from(branches)), depth + 1))
    if "enum" in node or "const" in node:
        return draw(st.sampled_from(node.get("enum") or [node["const"]]))
    if isinstance(node["type"], list):
        name = draw(st.sampled_from(node["type"]))
        return None if name == "null" else draw(replies(schema, {**node, "type": name}, depth))
    if node["type"] == "object":
        return {name: draw(replies(schema, part, depth + 1)) for name, part in node["properties"].items()}
    if node["type"] == "array":
        minimum = node.get("minItems", 0)
        size = draw(st.integers(minimum, min(node.get("maxItems", minimum + 3), minimum + 3))) if depth < 8 else minimum
        return [draw(replies(schema, node["items"], depth + 1)) for _ in range(size)]
    return draw(_scalar(node))


def _is_flat(node: dict[str, Any]) -> bool:
    return node.get("type") not in {"object", "array", None}


def _scalar(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "pattern" in node:
        return st.from_regex(node["pattern"].replace("$", r"\Z"), fullmatch=True)
    texts = {"date": st.dates().map(str), "uuid": st.uuids().map(str)}.get(node.get("format", ""), TEXT)
    return {
        "string": texts,
        "integer": st.integers(),
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        "boolean": st.booleans(),
        "null": st.none(),
    }[node["type"]]


@SETTINGS
@given(st.data(), TYPES)
def test_a_conforming_reply_becomes_a_value_that_is_read_back_or_gives_issues(wire_errors, is_equal, data, each):
    response_format = ResponseFormat(each.type)
    reply = data.draw(replies(response_format.schema, response_format.schema))
    assert wire_errors(response_format.schema, reply) == []
    try:
        value = response_format.parse(json.dumps(reply))
    except InvalidOutput as error:
        assert error.issues
        assert all(issue.message for issue in error.issues)
    else:
        assert is_equal(response_format.load(response_format.dump(value)), value)


@SETTINGS
@given(TYPES, JSON)
def test_any_json_value_becomes_a_value_or_gives_issues(each, reply):
    try:
        value = ResponseFormat(each.type).parse(json.dumps(reply))
    except InvalidOutput as error:
        assert error.issues
    else:
        ResponseFormat(each.type).dump(value)


@SETTINGS
@given(TYPES, st.text(max_size=20) | st.sampled_from(["", "{", "[]", "null", "{}", '{"value": NaN}', '{"a":1}x']))
def test_any_text_becomes_a_value_or_gives_issues(each, text):
    assume(each.type is not Any)
    response_format = ResponseFormat(each.type)
    try:
        response_format.parse(text)
    except InvalidOutput as error:
        assert error.issues


@SETTINGS
@given(TYPES)
def test_the_same_type_has_the_same_payload_every_time(each):
    assert json.dumps(ResponseFormat(each.type).payload) == json.dumps(ResponseFormat(each.type).payload)


class Recursive(BaseModel):
    """A type that contains itself in every way at once."""

    name: str
    children: list["Recursive"] = []
    by_name: dict[str, "Recursive"] = {}
    pair: tuple[int, "Recursive"] | None = None
    other: Union["Recursive", int] = 0


def recursive_values() -> st.SearchStrategy[Recursive]:
    return st.recursive(
        st.builds(Recursive, name=TEXT),
        lambda inner: st.builds(
            Recursive,
            name=TEXT,
            children=st.lists(inner, max_size=2),
            by_name=st.dictionaries(TEXT, inner, max_size=2),
            pair=st.none() | st.tuples(st.integers(), inner),
            other=inner | st.integers(),
        ),
        max_leaves=5,
    )


@SETTINGS
@given(recursive_values())
def test_values_of_a_recursive_type_are_read_back_equal(wire_errors, is_equal, value):
    response_format = ResponseFormat(Recursive)
    wire = response_format.dump(value)
    assert wire_errors(response_format.schema, wire) == []
    assert is_equal(response_format.load(wire), value)


def test_a_deeply_nested_value_is_read_back_or_rejected_without_a_crash():
    response_format = ResponseFormat(Recursive)
    value = Recursive(name="leaf")
    for _ in range(40):
        value = Recursive(name="x", children=[value])
    assert response_format.load(response_format.dump(value)) == value


@pytest.mark.parametrize("depth", [50, 100, 400, 900, 100_000])
def test_a_deeply_nested_reply_becomes_a_value_or_gives_issues(depth):
    text = '{"name": "x", "by_name": [], "pair": null, "other": 1, "children": [' * depth + "]}" * depth
    try:
        value = ResponseFormat(Recursive).parse(text)
    except InvalidOutput as error:
        assert error.issues
    else:
        assert value.name == "x"


# Places that are asked for separately

OTHER_SCALARS = st.sampled_from([None, True, 17, "wröng", -1.5, 10**30])


def paths_below(value: JSONValue, path: JSONPath = ()) -> list[JSONPath]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [inner for step, item in members for inner in [(*path, step), *paths_below(item, (*path, step))]]


def with_value_at(value: JSONValue, path: JSONPath, by: JSONValue) -> JSONValue:
    """Return the value with something else at a path, or with nothing there where that is ABSENT."""
    changed = copy.deepcopy(value)
    holder = value_at(changed, path[:-1])
    if by is not ABSENT:
        holder[path[-1]] = by
    elif isinstance(holder, dict) or path[-1] == len(holder) - 1:
        del holder[path[-1]]
    return changed


@st.composite
def with_mistakes(draw: st.DrawFn, response_format: ResponseFormat[Any], natural: JSONValue) -> JSONValue:
    """The value with up to three mistakes in different places, each of which the type rejects."""
    changed, places = natural, list[JSONPath]()
    for _ in range(3):
        paths = [
            path
            for path in paths_below(changed)
            if not any(path[: len(p)] == p or p[: len(path)] == path for p in places)
        ]
        if not paths:
            break
        path, by = draw(st.sampled_from(paths)), draw(OTHER_SCALARS | st.just(ABSENT))
        if not response_format.read_natural(with_value_at(natural, path, by)).valid:
            changed, places = with_value_at(changed, path, by), [*places, path]
    return changed


@SETTINGS
@given(st.data(), TYPES | recursive_values().map(lambda value: typed(Recursive, st.just(value))), st.sampled_from([*DIALECTS.values()]))  # fmt: skip
def test_valid_replies_to_a_patch_make_the_value_valid(strict_faults, wire_errors, is_equal, data, each, dialect):
    response_format = ResponseFormat(each.type, dialect=dialect)
    value = data.draw(each.values)
    natural = response_format.natural(value)
    draft = data.draw(with_mistakes(response_format, natural))
    before = copy.deepcopy(draft)
    patch = make_patch(response_format, draft, [issue.path for issue in response_format.read_natural(draft).issues])
    assume(patch is not None)
    assert strict_faults(patch.codec.schema) == [] or dialect.name != "openai"
    values = {place.field.name: value_at(natural, place.path) for place in patch.places}
    wire = patch.codec.dump({name: item for name, item in values.items() if item is not ABSENT})
    assert wire_errors(patch.codec.schema, wire) == []
    answer = patch.codec.read(json.dumps(wire))
    assert is_equal(response_format.read_natural(patch.merge(answer.value)).value, value)
    assert draft == before


@SETTINGS
@given(st.data(), TYPES, JSON)
def test_any_reply_to_a_patch_for_any_places_is_merged_without_a_crash(data, each, reply):
    response_format = ResponseFormat(each.type)
    draft = data.draw(JSON | each.values.map(response_format.natural))
    steps = st.sampled_from([*(step for path in paths_below(draft) for step in path), "a", "value", 0, 1, -1])
    paths = data.draw(st.lists(st.lists(steps, max_size=4).map(tuple), min_size=1, max_size=4))
    truncated_list = data.draw(st.none() | st.sampled_from(paths))
    patch = make_patch(response_format, draft, paths, truncated_list)
    assume(patch is not None)
    names = {place.field.name: reply for place in patch.places}
    for each_reply in (reply, names, {}):
        response_format.read_natural(patch.merge(each_reply))
    assert all(value_at(draft, place.path[:-1]) is not ABSENT for place in patch.places)


class Box(BaseModel):
    w: int
    h: int


class Parcel(BaseModel):
    """A pair, and a box whose size may be written as text."""

    pair: tuple[int, str]
    box: Annotated[Box, BeforeValidator(lambda value: {"w": value} if isinstance(value, str) else value)]


@pytest.mark.parametrize(
    ("draft", "path", "expected"),
    [
        ({"pair": [1]}, ("pair", 1), [("pair",)]),  # a list with a gap has no JSON form
        ({"pair": [1, "x"]}, ("pair", -1), [("pair",)]),
        ({"pair": [1, "x"], "box": "3"}, ("box", "h"), [("box",)]),  # a text has no properties
        ({"pair": [1, "x"], "box": {"w": 3}}, ("box", "h"), [("box", "h")]),
        ({"pair": [1, "x"]}, ("unknown",), None),
        ({"pair": [1, "x"]}, (), None),
    ],
)
def test_a_place_is_asked_for_separately_only_where_it_can_be_replaced(draft, path, expected):
    patch = make_patch(ResponseFormat(Parcel), draft, [path])
    assert (patch and [place.path for place in patch.places]) == expected


# Types in parts


@SETTINGS
@given(st.data(), models(TYPES), st.integers(1, 9), st.integers(2, 40), st.integers(10, 200))
def test_parts_are_within_the_limits_and_join_to_the_value(is_equal, data, each, properties, enum_values, characters):
    tiny = Dialect("tiny", frozenset({"const"}), max_size=Size(properties, enum_values, characters, 9, 9))
    try:
        response_format = ResponseFormat(each.type, dialect=tiny)
    except SchemaError:
        return
    value = data.draw(each.values)
    natural = response_format.natural(value)
    answers = [part.read(json.dumps(part.wire(natural))) for part in response_format.parts]
    assert [measure(part.schema).excess(tiny.max_size) for part in response_format.parts] == [""] * len(answers)
    if len(answers) > 1:
        assert is_equal(response_format.join([answer.value for answer in answers]).value, value)
        assert all(response_format.owners(path) for path in [(), *paths_below(natural)])


@pytest.mark.parametrize("limit", range(1, 8))
def test_undeclared_keys_count_in_the_part_that_contains_them(limit):
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in "abcd"}, "required": ["a"]}
    tiny = Dialect("tiny", max_size=Size(limit, 9, 99, 9, 99))
    response_format = ResponseFormat(schema, dialect=tiny, extras="open")
    value = {"a": 1, "d": 2, "x": [3]}
    answers = [part.read(json.dumps(part.wire(value))).value for part in response_format.parts]
    assert max(measure(part.schema).properties for part in response_format.parts) <= max(limit, 3)
    assert (answers[0] if len(answers) == 1 else response_format.join(answers).value) == value
