"""The values of a literal or an enum that a rule beside it excludes are not offered, and are rejected when read."""

import json
from enum import Enum, IntEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, StringConstraints
from stable_ids import stable_id

from structkit import ResponseFormat
from structkit.errors import InvalidOutput


class Text(str, Enum):
    A = "a"
    BB = "bb"


class Number(IntEnum):
    ONE = 1
    FIVE = 5


class Record(BaseModel):
    text: Text
    short: Annotated[Text, Field(max_length=1)]


CASES = [
    (Annotated[Literal["a", "bb"], Field(pattern="^b")], ["bb"], ["a"]),
    (Annotated[Literal["a", "bb"], StringConstraints(pattern="^b", min_length=2)], ["bb"], ["a"]),
    (Annotated[Literal["a", "bb", "b"], Field(pattern="^b", max_length=1)], ["b"], ["a", "bb"]),
    (Annotated[Literal[1, 5], Field(ge=3)], [5], [1]),
    (Annotated[Text, Field(pattern="^b")], ["bb"], ["a"]),
    (Annotated[Text, Field(min_length=2)], ["bb"], ["a"]),
    (Annotated[Number, Field(ge=3)], [5], [1]),
    (Annotated[Number, Field(ge=1, multiple_of=5)], [5], [1]),
    ({"enum": ["a", "bb"], "pattern": "^b"}, ["bb"], ["a"]),
    ({"type": "string", "enum": ["a", "bb"], "minLength": 2}, ["bb"], ["a"]),
    ({"enum": [1, 5], "minimum": 3}, [5], [1]),
    ({"anyOf": [{"const": "a"}, {"const": "bb"}], "pattern": "^b"}, ["bb"], ["a"]),
    ({"enum": ["x", "2020-01-01"], "format": "date"}, ["2020-01-01"], ["x"]),
]


@pytest.mark.parametrize(("output_type", "accepted", "excluded"), CASES, ids=stable_id)
def test_only_the_values_that_fit_all_rules_are_offered(output_type, accepted, excluded):
    response_format = ResponseFormat(output_type)
    offered = response_format.schema["properties"]["value"]
    assert offered.get("enum", [offered.get("const")]) == accepted
    for value in accepted:
        assert response_format.parse(json.dumps({"value": value})) == value
    for value in excluded:
        with pytest.raises(InvalidOutput):
            response_format.parse(json.dumps({"value": value}))


def test_an_enum_that_is_bounded_in_one_field_has_all_its_members_in_another():
    properties = ResponseFormat(Record).schema["properties"]
    assert properties["text"] == {"type": "string", "enum": ["a", "bb"]}
    assert properties["short"] == {"type": "string", "const": "a"}
