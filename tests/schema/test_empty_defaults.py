"""Defaults of types that say no more than null does: the model has one way to say nothing."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, Optional

import pytest
from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import NotRequired, TypedDict

from structkit import ResponseFormat
from structkit.dialects import DIALECTS
from structkit.errors import InvalidOutput

LIST = {"type": "array", "items": {"type": "string"}}
NULLABLE_LIST = {"anyOf": [LIST, {"type": "null"}]}


class Optionals(BaseModel):
    by_factory: Optional[list[str]] = Field(default_factory=list)
    by_value: list[str] | None = []
    unique: set[str] | None = Field(default_factory=set)
    text: str | None = ""
    pairs: dict[str, int] | None = Field(default_factory=dict)


class Plain(BaseModel):
    by_factory: list[str] = Field(default_factory=list)
    by_value: list[str] = []
    unique: set[str] = set()
    frozen: frozenset[str] = frozenset()
    items: tuple[str, ...] = ()
    pairs: dict[str, int] = {}
    any_pairs: dict[str, Any] = Field(default_factory=dict)


@dataclasses.dataclass
class Data:
    names: list[str] = dataclasses.field(default_factory=list)
    maybe: list[str] | None = dataclasses.field(default_factory=list)


def test_an_optional_list_by_factory_or_value_is_a_nullable_list():
    properties = ResponseFormat(Optionals).schema["properties"]
    assert properties["by_factory"] == properties["by_value"] == NULLABLE_LIST
    assert properties["unique"] == {**NULLABLE_LIST, "description": "No item twice."}
    assert properties["text"] == {"type": ["string", "null"]}
    assert "value" not in properties["pairs"].get("properties", {})
    assert ResponseFormat(Data).schema["properties"] == {"names": LIST, "maybe": NULLABLE_LIST}


def test_a_list_or_map_that_is_empty_by_default_is_not_nullable():
    properties = ResponseFormat(Plain).schema["properties"]
    assert [properties[name] for name in ("by_factory", "by_value", "items")] == [LIST] * 3
    assert properties["unique"] == properties["frozen"] == {**LIST, "description": "No item twice."}
    assert properties["pairs"]["type"] == properties["any_pairs"]["type"] == "array"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "value",
    [
        Optionals(),
        Optionals(by_factory=None, by_value=None, unique=None, text=None, pairs=None),
        Optionals(by_factory=["a"], by_value=["b"], unique={"c"}, text="d", pairs={"e": 1}),
        Plain(),
        Plain(by_factory=["a"], items=("b",), pairs={"c": 1}, any_pairs={"d": [None]}),
        Data(),
        Data(["a"], None),
    ],
    ids=repr,
)
def test_every_value_comes_back(value, dialect, check_round_trip, wire_errors):
    response_format = ResponseFormat(type(value), dialect=DIALECTS[dialect])
    wire = response_format.dump(value)
    assert wire_errors(response_format.schema, wire) == []
    assert response_format.load(wire) == value


def test_null_is_none_where_the_type_accepts_it_and_the_default_where_it_does_not():
    assert ResponseFormat(Optionals).parse('{"by_factory": null}').by_factory is None
    assert ResponseFormat(Plain).parse('{"by_factory": null, "pairs": null}') == Plain()
    assert ResponseFormat(Plain).parse('{"by_factory": []}') == Plain()


def not_empty(items: list[str]) -> list[str]:
    if not items:
        raise ValueError("empty")
    return items


class Unreadable(BaseModel):
    bounded: list[str] = Field(default_factory=list, min_length=1)
    validated: Annotated[list[str] | None, AfterValidator(not_empty)] = []
    pair: tuple[str, ...] = Field((), min_length=2)


def test_a_default_that_its_type_rejects_is_null():
    response_format = ResponseFormat(Unreadable)
    assert response_format.dump(Unreadable()) == {"bounded": None, "validated": None, "pair": None}
    assert response_format.load(response_format.dump(Unreadable())) == Unreadable()
    for wire in ({"bounded": []}, {"validated": {"value": []}}):
        with pytest.raises(InvalidOutput):
            response_format.load({**response_format.dump(Unreadable()), **wire})


CALLS: list[str] = []


def call() -> list[str]:
    CALLS.append("call")
    return []


class Called(BaseModel):
    names: list[str] | None = Field(default_factory=call)


def test_a_factory_of_the_users_own_is_not_called_to_compile():
    response_format = ResponseFormat(Called)
    assert CALLS == []
    assert response_format.schema["properties"]["names"]["description"] == "Null if not given."
    assert response_format.load(response_format.dump(Called(names=None))) == Called(names=None)


class Keys(TypedDict):
    note: NotRequired[str | None]
    names: NotRequired[list[str]]


def test_the_absent_key_of_a_typed_dict_is_neither_null_nor_empty(check_round_trip: Callable[..., None]):
    check_round_trip(Keys, {}, {"note": None}, {"names": []}, {"note": "a", "names": ["b"]})


class Ordinary(BaseModel):
    """A person."""

    name: str
    nick_name: str | None = None
    age: int | None = Field(default=None, ge=0)
    active: bool = True
    tags: list[str] = []
    extra: list[str] | None = []
    home: Optional["Place"] = None
    boss: Optional["Ordinary"] = None


class Place(BaseModel):
    city: str
    zip_code: str | None = Field(default=None, description="Five digits.")


def test_the_json_schema_that_pydantic_writes_for_a_type_is_sent_as_the_type_is():
    assert ResponseFormat(Ordinary.model_json_schema()).schema == ResponseFormat(Ordinary).schema
