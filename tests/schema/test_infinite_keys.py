"""Keys and JSON texts may have infinities, also in types that are used elsewhere too, where JSON has no number for them."""

import json
import math
from collections import defaultdict
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict, Field, Json
from stable_ids import stable_id
from typing_extensions import TypeAliasType

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError


class Point(NamedTuple):
    x: float


class Tree(BaseModel):
    model_config = ConfigDict(frozen=True)

    x: float
    parts: "tuple[Tree, ...]" = ()


Number = TypeAliasType("Number", float)

CASES = [
    (defaultdict[Point, str], defaultdict(str, {Point(math.inf): "a"})),
    (dict[Point, list[Point]], {Point(-math.inf): [Point(1.0)]}),
    (dict[Tree, Tree], {Tree(x=math.inf, parts=(Tree(x=-math.inf),)): Tree(x=1)}),  # pyright: ignore[reportUnhashable]
    (dict[Number, Number], {math.inf: 1.0}),
    (tuple[Json[Point], Point], (Point(math.inf), Point(1.0))),
]


@pytest.mark.parametrize(("output_type", "value"), CASES, ids=stable_id)
def test_an_infinity_in_a_key_or_a_text_is_read_back(output_type: Any, value):
    response_format = ResponseFormat(output_type)
    assert response_format.parse(json.dumps(response_format.dump(value), allow_nan=False)) == value


def test_the_same_type_outside_of_keys_has_no_infinity():
    response_format = ResponseFormat(dict[Point, list[Point]])
    with pytest.raises(SchemaError, match="infinities and NaN have no JSON form"):
        response_format.dump({Point(1.0): [Point(math.inf)]})
    with pytest.raises(InvalidOutput):
        response_format.parse('{"value": [{"key": "[1.0]", "value": [["Infinity"]]}]}')


class Prices(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")

    by_rate: dict[float, int]
    by_share: dict[Annotated[float, Field(gt=0)], int]


def test_a_key_may_be_finite_where_the_type_writes_infinities_as_words():
    response_format = ResponseFormat(Prices)
    value = Prices(by_rate={1.5: 1, math.inf: 2, -2.0: 3}, by_share={0.5: 1, math.inf: 2})
    wire = response_format.dump(value)
    jsonschema.validate(wire, response_format.schema)
    assert response_format.parse(json.dumps(wire)) == value
    assert "More than 0." in json.dumps(response_format.schema["properties"]["by_share"])


class Limit(float, Enum):
    LOW = 1.0
    NONE = math.inf


class Settings(BaseModel):
    model_config = ConfigDict(use_enum_values=True)
    limit: Limit


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (Limit, Limit.NONE),
        (list[Limit | str], [Limit.NONE, Limit.LOW, "LOW"]),
        (dict[Limit, int], {Limit.NONE: 1, Limit.LOW: 2}),
        (Literal[Limit.NONE, Limit.LOW, "NONE"], Limit.NONE),
        (Literal[Limit.NONE, Limit.LOW, "NONE"], "NONE"),
        (Settings, Settings(limit=Limit.NONE)),
    ],
    ids=str,
)
def test_an_enum_with_an_infinite_member_is_requested_as_json_and_read_back(output_type: Any, value: Any) -> None:
    response_format = ResponseFormat(output_type)
    json.dumps(response_format.payload, allow_nan=False)
    assert response_format.parse(json.dumps(response_format.dump(value), allow_nan=False)) == value
