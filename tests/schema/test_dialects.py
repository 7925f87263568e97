"""Each vendor's dialect: what it does not accept is not sent, and every value is read back equal."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from structkit import ResponseFormat, SchemaError
from structkit.dialects import DIALECTS, OPENAI, Dialect, Size, find_dialect, get_dialect
from structkit.errors import ConfigError, InvalidOutput
from structkit.schema.cache import response_format as cached_response_format
from structkit.schema.strict.compiled import compile_schema
from structkit.testing import sample


class Color(Enum):
    RED = "red"
    GREEN = "green"


class Comment(BaseModel):
    text: str
    replies: list[Comment] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    loud: bool


class Order(BaseModel):
    id: Annotated[int, Field(ge=1, lt=10_000)]
    sku: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    note: Annotated[str, Field(min_length=1, max_length=20)] | None = "none given"
    day: date
    price: Decimal
    color: Color = Color.RED
    tags: Annotated[list[str], Field(min_length=1, max_length=3)]
    counts: dict[str, int] = {}
    pet: Cat | Dog
    extra: Any = None
    street: str = Field("x", alias="straße & co")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


CASES: dict[str, tuple[Any, list[Any]]] = {
    "order": (
        Order,
        [
            Order(id=1, sku="ABC", day=date(2026, 3, 1), price=Decimal("1.50"), tags=["a"], pet=Dog(loud=True)),
            Order(
                id=9,
                sku="XYZ",
                note=None,
                day=date(2024, 2, 29),
                price=Decimal(3),
                color=Color.GREEN,
                tags=["a", "b"],
                counts={"a": 1},
                pet=Cat(lives=3),
                extra={"deep": [1, None, "x"]},
                **{"straße & co": "y"},
            ),
        ],
    ),
    "recursion": (Comment, [Comment(text="a", replies=[Comment(text="b", replies=[Comment(text="c")])])]),
    "recursion in a union": (list[Comment | str], [["a", Comment(text="b")], ['{"text": "a"}']]),
    "any": (JsonValue, [None, 3, "a", '{"a": 1}', [1, [2]], {"a": {"b": None}}]),
    "map of any": (dict[str, Any], [{}, {"a": [1], "b": None}]),
    "undeclared keys": (Open, [Open(name="a"), Open.model_validate({"name": "a", "b": [1], "c": "x"})]),
    "one value": (Literal["only"], ["only"]),
    "tuple": (tuple[int, str, float | None], [(1, "a", None)]),
}


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema inside a schema, itself included."""
    if isinstance(schema, dict):
        yield schema
        children = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", ())]
        for part in [*children, schema.get("items")]:
            yield from parts(part)


BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"} | {
    "minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "const"
}  # fmt: skip


def refers_to_itself(name: str, definitions: dict[str, Any]) -> bool:
    waiting, visited = [name], set()
    while waiting:
        for part in parts(definitions[waiting.pop()]):
            target = part.get("$ref", "").rpartition("/")[2]
            if target == name:
                return True
            if target and target not in visited:
                visited.add(target)
                waiting.append(target)
    return False


def faults(schema: dict[str, Any], dialect: Dialect) -> Iterator[str]:
    """Yield what a vendor of that dialect would reject."""
    for part in parts(schema):
        yield from BOUNDS & part.keys() - dialect.keywords
        if part.get("format", "date") not in dialect.formats | {"date"}:
            yield part["format"]
        names = part.get("properties", {})
        if not dialect.optional and [*names] != part.get("required", []):
            yield f"{[*names]} not all required"
        yield from (name for name in names if dialect.name_pattern and not re.fullmatch(dialect.name_pattern, name))
    if not dialect.recursion:
        definitions = schema.get("$defs", {})
        yield from (f"{name} is recursive" for name in definitions if refers_to_itself(name, definitions))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=[*DIALECTS])
@pytest.mark.parametrize("case", CASES)
def test_nothing_that_a_vendor_rejects_is_sent_and_values_are_read_back_equal(case, dialect):
    output_type, values = CASES[case]
    response_format: ResponseFormat[Any] = ResponseFormat(output_type, dialect=dialect)
    assert [*faults(response_format.schema, dialect)] == []
    for value in values:
        wire = json.loads(json.dumps(response_format.dump(value)))
        Draft202012Validator(response_format.schema).validate(wire)
        assert response_format.load(wire) == value


@pytest.mark.parametrize("name", ["anthropic", "gemini"])
def test_invalid_json_is_rejected_where_json_text_is_expected(name):
    response_format = ResponseFormat(Comment, dialect=DIALECTS[name])
    with pytest.raises(InvalidOutput) as caught:
        response_format.load({"text": "a", "replies": ["not json"]})
    assert [issue.path for issue in caught.value.issues] == [("replies", 0)]


@pytest.mark.parametrize(
    ("model", "base_url", "name"),
    [
        ("gpt-4o-2024-08-06", "", "openai"),
        ("openai/gpt-5", "https://gateway.example/v1", "openai"),
        ("o3-mini", "", "openai"),
        ("anthropic/claude-sonnet-4.5", "https://gateway.example/v1", "anthropic"),
        ("google/gemini-3-pro", "", "gemini"),
        ("deployment-7", "https://my-team.openai.azure.com/openai/v1", "azure"),
        ("deepseek-chat", "https://api.deepseek.com", "deepseek"),
        ("openai/gpt-oss-120b", "https://api.groq.com/openai/v1", "groq"),
        ("llama3", "http://localhost:11434/v1", "ollama"),
        ("my-model", "http://127.0.0.1:8000/v1", "unknown"),
        ("orca", "", "unknown"),
    ],
)
def test_a_dialect_is_found_by_the_host_else_by_the_model_else_it_is_the_common_core(model, base_url, name):
    assert find_dialect(model, base_url).name == name


def test_a_misspelt_dialect_is_rejected_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'anthropic'"):
        get_dialect("antropic")


# Limits


def wide(number: int, prefix: str = "p") -> dict[str, Any]:
    names = [f"{prefix}{position}" for position in range(number)]
    properties = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def deep_and_wide() -> dict[str, Any]:
    inner = {"left": wide(3_000, "l"), "right": wide(3_000, "r"), "small": {"type": "integer"}}
    return {"type": "object", "properties": inner, "required": [*inner], "additionalProperties": False}


@pytest.mark.parametrize("schema", [wide(6_000), deep_and_wide()], ids=["wide", "deep and wide"])
def test_a_type_over_the_limits_is_split_into_parts_within_them_that_join_to_the_value(schema):
    response_format = ResponseFormat(schema)
    value = sample(response_format.schema)
    assert len(response_format.parts) == 2
    for part in response_format.parts:
        assert sum(len(each.get("properties", ())) for each in parts(part.schema)) <= 5_000
        Draft202012Validator(part.schema).validate(part.wire(value))
        assert part.payload["json_schema"]["schema"] is part.schema
    joined = response_format.join([part.load(part.wire(value)) for part in response_format.parts])
    assert joined.value == value
    assert "2 requests" in str(response_format.explain())


def test_every_path_of_a_split_type_has_an_owner():
    response_format = ResponseFormat(wide(6_000))
    assert [response_format.owners((f"p{number}",)) for number in (0, 4_999, 5_000)] == [[0], [0], [1]]
    assert response_format.owners(()) == [0, 1]


def test_a_type_within_the_limits_is_its_own_only_part():
    response_format = ResponseFormat(Order)
    assert response_format.parts == (response_format,)


def test_optional_properties_over_a_vendors_limit_are_split_too():
    schema = {"type": "object", "properties": {f"p{n}": {"type": "integer"} for n in range(30)}}
    response_format = ResponseFormat({**schema, "additionalProperties": False}, dialect=DIALECTS["anthropic"])
    assert [len(part.schema["properties"]) for part in response_format.parts] == [24, 6]


def test_a_part_that_cannot_be_divided_is_rejected_with_its_path():
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": wide(6_000)}}, "required": ["rows"]}
    with pytest.raises(SchemaError, match="6,000 properties of at most 5,000") as caught:
        ResponseFormat(schema)
    assert caught.value.path == ("rows",)


def test_enums_over_the_common_limit_are_described_instead_longest_first():
    sizes = {"long": 800, "middle": 300, "short": 3}
    enums = {name: {"enum": [f"{name}{n}" for n in range(size)]} for name, size in sizes.items()}
    response_format = ResponseFormat({"type": "object", "properties": enums, "required": [*enums]})
    properties = response_format.schema["properties"]
    assert "enum" not in properties["long"]
    assert properties["long"]["description"] == f"One of: {', '.join(f'long{n}' for n in range(800))}."
    assert (len(properties["middle"]["enum"]), len(properties["short"]["enum"])) == (300, 3)
    with pytest.raises(InvalidOutput):
        response_format.load({"long": "other", "middle": "middle1", "short": "short1"})


def test_a_size_exceeds_the_limits_when_any_count_does():
    assert OPENAI.max_size.excess(OPENAI.max_size) == ""
    assert Size(properties=5_001).excess(OPENAI.max_size) == "5,001 properties of at most 5,000"


@pytest.mark.parametrize("fixed", [None, DIALECTS["azure"]])
def test_a_pickled_or_copied_format_has_the_same_dialect_and_can_be_translated_if_the_original_can(fixed):
    translated = ResponseFormat(list[int], dialect=fixed).in_dialect(DIALECTS["anthropic"])
    for other in (pickle.loads(pickle.dumps(translated)), copy.deepcopy(translated)):
        assert (other.dialect, other.is_translatable) == (DIALECTS["anthropic"], fixed is None)
        assert other.payload == translated.payload


@pytest.fixture
def compilations(monkeypatch):
    """The dialect of every compilation, in order."""
    dialects: list[str] = []

    def counting(document, dialect, **options):
        dialects.append(dialect.name)
        return compile_schema(document, dialect, **options)

    monkeypatch.setattr("structkit.schema.response_format.compile_schema", counting)
    return dialects


def test_a_translated_format_can_be_translated_again_and_back():
    original = ResponseFormat(Cat)
    anthropic = original.in_dialect(DIALECTS["anthropic"])
    gemini = anthropic.in_dialect(DIALECTS["gemini"])
    back = anthropic.in_dialect(DIALECTS["openai"])
    assert [each.dialect.name for each in (original, anthropic, gemini, back)] == [
        "openai", "anthropic", "gemini", "openai"
    ]  # fmt: skip
    assert back is original
    assert gemini.in_dialect(DIALECTS["anthropic"]) is anthropic
    assert back.payload == ResponseFormat(Cat).payload
    assert gemini.payload == ResponseFormat(Cat, dialect=DIALECTS["gemini"]).payload


def test_a_type_is_compiled_once_for_each_dialect_that_it_is_used_in(compilations):
    response_format = ResponseFormat(Cat)
    for name in ("anthropic", "openai", "gemini", "anthropic", "openai"):
        response_format = response_format.in_dialect(DIALECTS[name])
        assert response_format.load(response_format.dump(Cat(lives=3))) == Cat(lives=3)
        assert response_format.parts == (response_format,)
    assert compilations == ["openai", "anthropic", "gemini"]


@pytest.mark.parametrize(
    "output_type", [Cat, {"title": "cached", "type": "object", "properties": {"a": {"type": "integer"}}}]
)
def test_a_cached_type_is_compiled_only_in_the_dialects_of_its_routes(compilations, output_type):
    for name in ("anthropic", "gemini", "anthropic"):
        response_format = cached_response_format(output_type, DIALECTS[name])
        assert response_format.dialect.name == name
        assert response_format.is_translatable
    assert cached_response_format(output_type, DIALECTS["gemini"]).in_dialect(DIALECTS["anthropic"]).is_translatable
    assert compilations == ["anthropic", "gemini"]
