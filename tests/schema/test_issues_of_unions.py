"""An invalid value of a union: the issues are at the place that is wrong, in the branch that the value is for."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from structkit import ResponseFormat


class Color(str, Enum):
    LOW = "low"
    RED = "red"


class Circle(BaseModel):
    radius: int


class Visit(BaseModel):
    on: date = date(2000, 1, 1)
    note: str | None = "none"
    rooms: dict[Color, int] = {}
    circle: Circle


class Small(BaseModel):
    kind: Literal["a"] = "a"
    size: Literal["s"] = "s"


class Medium(BaseModel):
    kind: Literal["a"] = "a"
    size: Literal["m"] = "m"


class Other(BaseModel):
    kind: Literal["b"] = "b"


def issues_of(output_type: Any, wire: Any) -> list[tuple[tuple[Any, ...], str]]:
    form = ResponseFormat(output_type)
    answer = form.read(json.dumps(wire), repairs=True)
    return [(form.wire_path(issue.path, answer.draft), issue.message) for issue in answer.issues]


NOT_INTEGER = "Input should be a valid integer"


@pytest.mark.parametrize(
    ("output_type", "box"), [(Circle | Visit, ("value",)), (list[Circle | Visit], ("value", 0))], ids=["root", "list"]
)
def test_null_for_a_default_is_not_an_issue_of_a_branch_with_another_issue(output_type: Any, box: Any) -> None:
    visit = {"Visit": {"on": None, "note": None, "rooms": [], "circle": {"radius": {"cm": 1}}}}
    wire = {"value": visit if len(box) == 1 else [visit]}
    assert issues_of(output_type, wire) == [((*box, "Visit", "circle", "radius"), NOT_INTEGER)]


def test_an_invalid_value_of_a_map_in_a_branch_is_named() -> None:
    visit = {"on": None, "note": None, "rooms": [{"key": "red", "value": {"n": 1}}], "circle": {"radius": 1}}
    assert issues_of(Circle | Visit, {"value": {"Visit": visit}}) == [
        (("value", "Visit", "rooms", 0, "value"), NOT_INTEGER)
    ]


def test_a_key_of_a_map_that_is_not_a_text_is_named() -> None:
    wire = {"value": [{"key": {"radius": 1}, "value": 2}]}
    for output_type in (dict[str, int], dict[Color, int] | None):
        assert issues_of(output_type, wire) == [(("value",), 'key {"radius": 1}: Input should be a string')]


def test_a_value_without_its_tag_is_told_every_branch() -> None:
    sizes = Annotated[Small | Medium, Field(discriminator="size")]
    output_type = list[Annotated[sizes | Other, Field(discriminator="kind")]]  # type: ignore[valid-type]
    (issue,) = issues_of(output_type, {"value": [{"name": "x"}]})
    assert all(f'"{name}"' in issue[1] for name in ("Small", "Medium", "b"))


def test_a_duplicate_model_in_a_set_is_quoted_as_json() -> None:
    class Point(BaseModel):
        model_config = ConfigDict(frozen=True)

        x: int

    (issue,) = issues_of(set[Point], {"value": [{"x": 1}, {"x": 1}]})
    assert issue[1] == 'write the item {"x": 1} only once'


OBSERVATION_SCHEMA = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"const": "observation"}, "unit": {"type": "string"}, "value": {"type": "number"}},
    "additionalProperties": False,
}
PATIENT_SCHEMA = {
    "type": "object",
    "required": ["kind"],
    "properties": {
        "kind": {"const": "patient"},
        "contained": {"type": "array", "items": {"oneOf": [{"$ref": "#/$defs/patient"}, {"$ref": "#/$defs/note"}]}},
    },
    "additionalProperties": False,
}


def test_a_place_in_a_branch_of_a_json_schema_is_named_in_its_branch_and_null_is_absent() -> None:
    schema = {"$ref": "#/$defs/patient", "$defs": {"patient": PATIENT_SCHEMA, "note": OBSERVATION_SCHEMA}}
    form = ResponseFormat(schema)
    wire = form.dump({"kind": "patient", "contained": [{"kind": "observation", "value": 1}]})
    text = json.dumps(wire).replace('"value": 1', '"value": {"n": 1}')
    (issue,) = form.read(text).issues
    assert issue.path == ("contained", 0, "value")
    assert issue.message == "Input should be a number"


@pytest.mark.parametrize("reference", ["https://example.org/point", "#point"], ids=["address", "anchor"])
def test_branches_that_are_referenced_by_address_or_anchor_are_compared(reference: str) -> None:
    point = {
        ("$id" if reference.startswith("http") else "$anchor"): reference.removeprefix("#"),
        "type": "object",
        "required": ["kind", "at"],
        "properties": {"kind": {"enum": ["point"]}, "at": {"type": "array", "items": {"type": "number"}}},
    }
    line = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["line"]}}}
    form = ResponseFormat({"oneOf": [line, {"$ref": reference}], "$defs": {"point": point}})
    (issue,) = form.read('{"value": {"kind": "point", "at": [1, "x"]}}').issues
    assert (issue.path, issue.message) == (("at", 1), "Input should be a number")


def test_bounds_for_texts_are_not_told_of_a_value_that_should_be_a_number() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "number", "pattern": "^[0-9]+$", "minLength": 3}}}
    (issue,) = ResponseFormat(schema).read('{"n": "x"}').issues
    assert issue.message == "Input should be a number"


THREE, TWO = ({"type": "array", "items": {"type": "integer"}, "minItems": n, "maxItems": n} for n in (3, 2))
MANY = {"type": "array", "items": {"type": "integer"}, "minItems": 3}


@pytest.mark.parametrize(
    ("branches", "value", "lengths"),
    [
        ([THREE, TWO], [1], ["(3 items)", "(2 items)"]),
        ([THREE, TWO], [1, 2, 3, 4], ["(3 items)", "(2 items)"]),
        ([THREE, {"type": "string"}], 5, ["(3 items)"]),
        (
            [MANY, {"type": "array", "items": {"type": "integer"}, "maxItems": 1}],
            [1, 2],
            ["at least 3", "at most 1 item)"],
        ),
        ([{**MANY, "maxItems": 4}, TWO], [1], ["(3 to 4 items)", "(2 items)"]),
    ],
)
def test_the_feedback_on_lists_of_other_lengths_names_the_lengths(
    branches: list[Any], value: Any, lengths: list[str]
) -> None:
    [issue] = ResponseFormat({"anyOf": branches}).read(json.dumps({"value": value})).issues
    assert all(length in issue.message for length in lengths)


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str
    tricks: list[str]


@pytest.mark.parametrize(
    ("pet", "message"),
    [
        ({"tricks": []}, 'required, but missing: write "dog"'),
        ({"lives": 9}, 'required, but missing: write "cat"'),
        ({"name": "Ben"}, "required, but missing"),
    ],
    ids=str,
)
def test_the_keys_of_an_object_without_its_tag_say_which_constant_is_missing(pet: Any, message: str) -> None:
    issues = issues_of(dict[str, Cat | Dog], {"value": [{"key": "Rex", "value": pet}]})
    assert (("value", 0, "value", "kind"), message) in issues


@pytest.mark.parametrize("pet", [{"kind": "cow", "name": "Rex", "tricks": []}, {"kind": 1, "lives": 9}], ids=str)
def test_a_value_with_another_tag_is_told_every_branch(pet: Any) -> None:
    ((path, message),) = issues_of(dict[str, Cat | Dog], {"value": [{"key": "Rex", "value": pet}]})
    assert path == ("value", 0, "value")
    assert '"cat"' in message
    assert '"dog"' in message


@pytest.mark.parametrize(
    ("wire", "path"),
    [({"age": 1}, ("x", "object_2", "name")), ({"id": []}, ("x", "object", "id"))],
    ids=str,
)
def test_the_issue_of_an_object_without_its_box_is_at_its_place_on_the_wire(wire: Any, path: Any) -> None:
    text, number = {"type": "string"}, {"type": "integer"}
    branches = [
        {"type": "object", "properties": each, "required": [*each], "additionalProperties": False}
        for each in ({"id": number}, {"name": text, "age": number}, {"name": text, "size": number})
    ]
    schema = {"type": "object", "properties": {"x": {"oneOf": branches}}, "required": ["x"]}
    assert [place for place, _ in issues_of(schema, {"x": wire})] == [path]


class Rectangle(BaseModel):
    width: int
    height: int


class Line(BaseModel):
    width: int
    color: str


@pytest.mark.parametrize("wire", [{"width": 1}, {"width": 1, "height": "tall"}, 3, ["x"]], ids=str)
@pytest.mark.parametrize("output_type", [Rectangle | Line | str, Rectangle | Line | str | date | None], ids=str)
def test_a_value_beside_the_branches_in_boxes_is_told_every_branch(output_type: Any, wire: Any) -> None:
    ((path, message),) = issues_of(list[output_type], {"value": [wire]})
    assert path == ("value", 0)
    assert '{"Rectangle": {"width": ..., "height": ...}}, {"Line": {"width": ..., "color": ...}}' in message
    assert "a string" in message


@pytest.mark.parametrize("output_type", [dict[str, int], dict[int, int]], ids=str)
def test_a_map_with_too_many_pairs_is_told_how_many_it_may_have(output_type: Any) -> None:
    wire = {"value": [{"key": str(number), "value": number} for number in range(3)]}
    ((path, message),) = issues_of(Annotated[output_type, Field(max_length=2)], wire)
    assert (path, message) == (("value",), "Input should have at most 2 items")
