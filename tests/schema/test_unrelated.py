"""Replies that a type would accept by accident: none of them becomes a value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, RootModel, model_validator

from structkit import ResponseFormat


class Person(BaseModel):
    name: str
    note: str | None = None


class Options(BaseModel):
    size: int = 0
    color: str = ""


def read(output_type: Any, reply: Any) -> tuple[Any, list[str]]:
    answer = ResponseFormat(output_type).read(json.dumps(reply), repairs=True)
    return answer.value, [*answer.repairs] if answer.valid else [issue.message for issue in answer.issues]


@pytest.mark.parametrize("arguments", [{"name": "Ada"}, json.dumps({"name": "Ada"})], ids=["object", "text"])
@pytest.mark.parametrize("key", ["arguments", "parameters", "input"])
@pytest.mark.parametrize("name", ["person", "functions.person", "Person"])
def test_the_name_of_a_function_is_not_the_name_of_a_person(arguments: Any, key: str, name: str) -> None:
    value, repairs = read(Person, {"name": name, key: arguments})
    assert value == Person(name="Ada")
    assert repairs[0] == "wrapper"


@pytest.mark.parametrize("output_type", [Person, Person | None, list[Person], Person | int])
def test_the_call_of_another_function_is_not_a_value(output_type: Any) -> None:
    call = {"name": "weather", "arguments": {"city": "Rome"}}
    value, messages = read(output_type, [call] if output_type == list[Person] else call)
    assert value is None
    assert messages[0].startswith("this is a call of a function; write the value alone: {")
    assert ResponseFormat(Person).read(json.dumps(call)).value is None, "without repairs either"


def test_a_person_may_have_other_keys_beside_the_name() -> None:
    assert read(Person, {"name": "Ada", "input": "a text"}) == (Person(name="Ada"), [])
    assert read(Person, {"name": "Ada", "arguments": {"a": 1}, "note": "x"}) == (Person(name="Ada", note="x"), [])


@pytest.mark.parametrize("holder", ["schema", "parameters"])
def test_the_schema_of_the_request_is_not_a_value(holder: str) -> None:
    echo = {"name": "person", "strict": True, holder: ResponseFormat(Person).schema}
    value, messages = read(Person, echo)
    assert value is None
    assert messages == ['this is the schema; write a value: {"name": ..., "note": ...}']


@pytest.mark.parametrize(
    ("output_type", "form"),
    [
        (Options, "VALUE"),
        (Options | None, "VALUE"),
        (Options | None, '{"value": VALUE}'),
        (Options | str, "VALUE"),
        (Options | list[int], '{"value": VALUE}'),
        (list[Options], "[VALUE]"),
        (list[Options], '{"value": [VALUE]}'),
        (list[Options] | None, '{"value": [VALUE]}'),
    ],
    ids=str,
)
def test_an_object_that_has_nothing_of_the_type_is_not_its_defaults(output_type: Any, form: str) -> None:
    value, messages = read(output_type, json.loads(form.replace("VALUE", '{"error": "overloaded"}')))
    assert value is None
    assert messages == ["it has none of the expected keys: size, color"]
    assert "color='red'" in repr(read(output_type, json.loads(form.replace("VALUE", '{"color": "red"}')))[0])
    assert "size=0" in repr(read(output_type, json.loads(form.replace("VALUE", "{}")))[0])


class Nested(BaseModel):
    id: int
    options: Options = Options()
    maybe: Options | None = None
    rows: list[Options] = []
    by_name: dict[str, Options] = {}
    pair: tuple[int, Options] | None = None


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        ({"options": "VALUE"}, "options"),
        ({"maybe": "VALUE"}, "maybe"),
        ({"rows": [{"size": 1}, "VALUE"]}, "rows[1]"),
        ({"by_name": {"a": "VALUE"}}, "by_name.a"),
        ({"by_name": [{"key": "a", "value": "VALUE"}]}, "by_name.a"),
        ({"pair": {"item_0": 1, "item_1": "VALUE"}}, "pair[1]"),
        ({"pair": [1, "VALUE"]}, "pair[1]"),
    ],
    ids=str,
)
def test_an_object_inside_that_has_nothing_of_the_type_is_not_its_defaults(reply: Any, place: str) -> None:
    def answer(inner: Any) -> Any:
        text = json.dumps({"id": 1, **reply}).replace('"VALUE"', json.dumps(inner))
        return ResponseFormat(Nested).read(text, repairs=True)

    assert [str(issue) for issue in answer({"error": "overloaded"}).issues] == [
        f"{place}: it has none of the expected keys: size, color"
    ]
    assert "color='red'" in repr(answer({"color": "red", "reason": "x"}).value)
    assert answer({}).valid


@pytest.mark.parametrize(
    ("output_type", "reply"),
    [
        (dict[str, Options], {"value": [{"key": "a", "value": {"error": 1}}]}),
        (list[list[Options]], [[{"error": 1}]]),
        (RootModel[list[Options]], {"value": [{"error": 1}]}),
        (list[Nested], [{"id": 1, "rows": [{"error": 1}], "options": {"error": 1}}]),
    ],
    ids=["map", "rows", "root model", "models"],
)
def test_no_depth_hides_an_object_that_has_nothing_of_the_type(output_type: Any, reply: Any) -> None:
    assert {*read(output_type, reply)[1]} == {"it has none of the expected keys: size, color"}


@pytest.mark.parametrize("key", ["Color", "COLOR", "co-lor"])
def test_a_key_in_another_spelling_is_not_lost_beside_a_declared_one(key: str) -> None:
    assert read(Options, {key: "red", "size": 2}) == (Options(size=2, color="red"), ["spelling at color"])
    nested = Nested(id=1, rows=[Options(size=2, color="red")])
    assert read(Nested, {"id": 1, "rows": [{key: "red", "size": 2}]}) == (nested, ["spelling at rows[0].color"])
    exact = ResponseFormat(Options).read(json.dumps({key: "red", "size": 2}))
    assert [str(issue) for issue in exact.issues] == [f'color: write the key "color", not "{key}"']
    assert read(Options, {key: "red", "color": "blue"}) == (Options(color="blue"), [])


@pytest.mark.parametrize("key", ["color:", "**Color:**", "COLOR :"])
def test_a_key_with_a_colon_is_read(key: str) -> None:
    assert read(Options, {key: "red", "size": 2}) == (Options(size=2, color="red"), ["spelling at color"])


@pytest.mark.parametrize("key", ["Color (RAL)", "color [main]:", "**color** (primary)"])
def test_a_key_with_a_remark_is_re_asked_and_not_lost(key: str) -> None:
    assert read(Options, {key: "red", "size": 2})[1] == [f'write the key "color", not "{key}"']
    assert read(Options, {key: "red", "color": "blue"}) == (Options(color="blue"), [])


class Translated(BaseModel):
    red: int = 0

    @model_validator(mode="before")
    @classmethod
    def translate(cls, value: Any) -> Any:
        return {"red": value["rot"]} if isinstance(value, dict) and "rot" in value else value


def test_a_key_that_a_validator_reads_is_one_of_the_type() -> None:
    assert read(list[Translated], [{"rot": 3}]) == ([Translated(red=3)], [])
    assert read(Translated, {"rot": 3}) == (Translated(red=3), [])


class OtherNames(BaseModel):
    color: str = Field("none", validation_alias=AliasChoices("color", "colour"))
    city: str = Field("none", validation_alias=AliasPath("address", "city"))
    size: int = Field(0, validation_alias=AliasChoices(AliasPath("sizes", 0), "size", "width"))


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ({"colour": "red", "size": 1}, {"color": "red", "size": 1}),
        ({"colour": "red"}, {"color": "red"}),
        ({"address": {"city": "Bern"}, "size": 1}, {"city": "Bern", "size": 1}),
        ({"city": "Bern", "width": 3}, {"city": "Bern", "size": 3}),
        ({"sizes": [7], "color": "blue"}, {"color": "blue", "size": 7}),
        ({"color": "blue", "colour": "red"}, {"color": "blue"}),
    ],
    ids=str,
)
def test_every_alias_of_a_field_is_read(reply: Any, value: Any) -> None:
    expected = OtherNames.model_construct(**value).model_dump()
    assert read(OtherNames, reply)[0].model_dump() == expected
    assert read(list[OtherNames], {"value": [reply]})[0][0].model_dump() == expected
    assert ResponseFormat(OtherNames).schema["required"] == ["color", "city", "size"]


class Branch(BaseModel):
    branches: list[Branch] = []
    by_name: dict[str, Branch] = {}
    pair: tuple[int, Options] | None = None
    other: Options | Branch | None = None


ERROR = {"error": "overloaded"}


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        ({"branches": [{"branches": [ERROR]}]}, "branches[0].branches[0]"),
        ({"by_name": [{"key": "a", "value": ERROR}]}, "by_name.a"),
        ({"by_name": {"a": {"by_name": {"b": ERROR}}}}, "by_name.a.by_name.b"),
        ({"pair": [1, ERROR]}, "pair[1]"),
        ({"pair": {"item_0": 1, "item_1": ERROR}}, "pair[1]"),
        ({"branches": [{"other": {"Options": ERROR}}]}, "branches[0].other"),
    ],
)
def test_an_object_of_a_recursive_type_is_not_its_defaults_at_any_depth(reply: Any, place: str) -> None:
    answer = ResponseFormat(Branch).read(json.dumps(reply))
    assert [str(issue).partition(": ")[0] for issue in answer.issues] == [place]


@pytest.mark.parametrize("output_type", [dict[str, Any], dict[str, Any] | None, Any], ids=str)
def test_the_schema_is_no_value_of_a_type_that_any_object_is_of(output_type: Any) -> None:
    echo = ResponseFormat(output_type).schema
    for reply in (echo, {"name": "reply", "strict": True, "schema": echo}):
        value, messages = read(output_type, reply)
        assert value is None
        assert messages[0].startswith("this is the schema; write a value: {")
    assert read(output_type, {"value": {"type": "object", "properties": {"a": 1}}})[0] is not None
