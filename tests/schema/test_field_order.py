"""The order of what is requested: the caller's, with the tags of unions first, and the same in every process."""

import os
import subprocess
import sys
from typing import Any, Literal

from pydantic import BaseModel

from structkit import ResponseFormat


class Verdict(BaseModel):
    reason: str
    kind: Literal["verdict"]
    score: int


class Note(BaseModel):
    text: str
    kind: Literal["note"]


def order(schema: Any) -> list[str]:
    return [*schema["properties"]]


def test_a_constant_stays_in_its_place() -> None:
    assert order(ResponseFormat(Verdict).schema) == ["reason", "kind", "score"]
    assert order(ResponseFormat(list[Verdict]).schema["properties"]["value"]["items"]) == ["reason", "kind", "score"]
    optional = ResponseFormat(Verdict | None).schema["properties"]["value"]["anyOf"][0]
    assert order(optional) == ["reason", "kind", "score"]


def test_the_tag_of_a_union_comes_first() -> None:
    branches = ResponseFormat(Verdict | Note).schema["properties"]["value"]["anyOf"]
    assert [order(branch)[0] for branch in branches] == ["kind", "kind"]


def test_the_tag_of_a_union_comes_first_through_references_and_all_of() -> None:
    verdict, note = (
        {"type": "object", "properties": {"n": {}, "kind": {"const": name}}} for name in ("verdict", "note")
    )
    closed = {"required": ["n", "kind"], "additionalProperties": False}
    schema = {
        "anyOf": [{"$ref": "#/$defs/verdict"}, {"allOf": [{"$ref": "#/$defs/note"}, {"description": "A note."}]}],
        "$defs": {"verdict": verdict | closed, "note": note | closed},
    }
    branches = ResponseFormat(schema).schema["properties"]["value"]["anyOf"]
    assert [order(branch)[0] for branch in branches] == ["kind", "kind"]


def test_the_properties_of_the_parts_of_an_all_of_are_in_their_order() -> None:
    parts = [
        {"properties": {"a": {}, "b": {}}},
        {"properties": {"c": {}, "a": {"type": "string"}}},
        {"properties": {"d": {}}},
    ]
    response_format = ResponseFormat({"type": "object", "allOf": parts}, extras="closed")
    assert order(response_format.schema) == ["a", "b", "c", "d"]


PROGRAM = """
import enum
from typing import Annotated
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from structkit import ResponseFormat

class Color(enum.Enum):
    RED, GREEN, BLUE = "red", "green", "blue"

class Check:
    def __call__(self, value):
        return value

class Palette(BaseModel):
    names: set[str] = {"a", "b", "c", "d"}
    colors: frozenset[Color] = frozenset(Color)
    checked: Annotated[int, AfterValidator(Check())]

class Sets(enum.Enum):
    FEW = frozenset({"a", "b", "c"})
    MANY = frozenset({"p", "q", "r", "s"})

class Words(BaseModel):
    words: set[str] = {"x", "y", "z"}
    words_or_null: set[str] | None = Field(None, examples=[{"l", "m", "n"}])

class Nested(BaseModel):
    by_name: dict[str, set[str]] = {"k": {"a", "b", "c"}}
    groups: frozenset[frozenset[str]] = frozenset({frozenset({"a", "b"}), frozenset({"c", "d", "e"})})
    several: list[Words] = [Words(words={"u", "v", "w"})]
    kind: Sets = Sets.MANY

class Examples(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"words": {"x", "y", "z"}}]})
    words: set[str]
    pair: tuple[set[str], int] = Field(examples=[({"a", "b", "c"}, 1)])
    by_name: dict[str, set[str]] = Field(examples=[{"k": {"a", "b", "c"}}])

class_schema = {
    "type": "object",
    "properties": {"a": {"minLength": 1, "minimum": 1, "x": 1}, "k": {"type": "string"}},
    "minProperties": 1, "maxProperties": 9,
    "if": {"required": ["k"]}, "then": {"properties": {"b": {}}}, "else": {}, "dependentSchemas": {"a": {}},
    "anyOf": [{"required": ["a"]}, {"required": ["k"]}], "oneOf": [{"required": ["k"]}, {}],
}
for output_type in (Palette, Nested, Examples, class_schema):
    response_format = ResponseFormat(output_type)
    print(response_format.schema, response_format.explain())
nested = Nested(by_name={"k": {"x", "y", "z"}}, several=[])
for value, output_type in ((Palette(checked=1), Palette), (nested, Nested), ({1, 30, 200, 5}, set[int])):
    response_format = ResponseFormat(output_type)
    print(response_format.dump(value), response_format.natural(value))
"""


def test_the_schema_its_explanation_and_values_are_the_same_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert " at 0x" not in outputs.pop()
