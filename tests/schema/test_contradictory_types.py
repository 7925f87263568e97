"""A type that no value fits is a SchemaError; where it need not be present, it is left out, and `explain()` says so."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, create_model

from structkit import ResponseFormat
from structkit.errors import SchemaError
from structkit.values import JSON


class Side(Enum):
    LEFT = "left"
    RIGHT = "right"


NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.timezone.utc)
IMPOSSIBLE = {
    "decimal": Annotated[Decimal, Field(ge=5, le=3)],
    "decimal, exclusive": Annotated[Decimal, Field(gt=3, le=3)],
    "fraction": Annotated[Fraction, Field(ge=2, le=1)],
    "date": Annotated[dt.date, Field(ge=dt.date(2021, 1, 1), le=dt.date(2020, 1, 1))],
    "datetime": Annotated[dt.datetime, Field(gt=NOON, lt=NOON)],
    "time": Annotated[dt.time, Field(ge=dt.time(12), le=dt.time(11))],
    "timedelta": Annotated[dt.timedelta, Field(ge=dt.timedelta(hours=2), lt=dt.timedelta(hours=1))],
    "bytes": Annotated[bytes, Field(min_length=3, max_length=2)],
    "set of truth values": Annotated[set[bool], Field(min_length=3)],
    "set of a literal": Annotated[set[Literal["a", "b"]], Field(min_length=3)],
    "set of an enum": Annotated[frozenset[Side], Field(min_length=3)],
    "set of a union": Annotated[set[bool | None], Field(min_length=4)],
    "map by a literal": Annotated[dict[Literal["a"], int], Field(min_length=2)],
    "map by an enum": Annotated[dict[Side, int], Field(min_length=3)],
    "map by truth value": Annotated[dict[bool, int], Field(min_length=3)],
}


@pytest.mark.parametrize("part", IMPOSSIBLE.values(), ids=[*IMPOSSIBLE])
def test_a_required_part_that_no_value_fits_is_rejected(part: Any) -> None:
    with pytest.raises(SchemaError, match=r"part: no value can fit"):
        ResponseFormat(create_model("Order", part=(part, ...)))


@pytest.mark.parametrize("part", IMPOSSIBLE.values(), ids=[*IMPOSSIBLE])
def test_an_optional_part_that_no_value_fits_is_left_out(part: Any) -> None:
    form = ResponseFormat(create_model("Order", name=(str, ...), part=(part, None)))
    assert form.schema["properties"].keys() == {"name"}
    assert "no value can fit it" in str(form.explain())


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (Annotated[Decimal, Field(ge=3, le=3)], Decimal(3)),
        (Annotated[dt.datetime, Field(ge=NOON, le=NOON.replace(tzinfo=None))], None),
        (Annotated[set[bool], Field(min_length=2)], {True, False}),
        (Annotated[dict[Side, int], Field(min_length=2)], {Side.LEFT: 1, Side.RIGHT: 2}),
    ],
    ids=str,
)
def test_bounds_that_leave_one_value_are_accepted(part: Any, value: Any) -> None:
    form = ResponseFormat(part)
    assert value is None or form.load(form.dump(value)) == value


@pytest.mark.parametrize(
    "part",
    [
        {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "items": {"anyOf": [{"const": 1}, {"type": "null"}]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "items": {"$ref": "#/$defs/side"}, "uniqueItems": True, "minItems": 3},
        {"type": "object", "propertyNames": {"$ref": "#/$defs/side"}, "minProperties": 3},
        {"type": "object", "propertyNames": False, "minProperties": 1},
    ],
    ids=str,
)
def test_a_json_schema_that_needs_more_values_than_there_are_is_rejected(part: Any) -> None:
    definitions = {"side": {"enum": ["left", "right"]}}
    with pytest.raises(SchemaError, match=r"part: no value can fit"):
        ResponseFormat({"type": "object", "properties": {"part": part}, "required": ["part"], "$defs": definitions})


@pytest.mark.parametrize(("days", "is_possible"), [(1, False), (2, True)])
def test_dates_between_two_that_are_excluded_are_offered_only_if_there_is_one(days: int, is_possible: bool) -> None:
    first = dt.date(2020, 1, 1)
    between = Annotated[dt.date, Field(gt=first, lt=first + dt.timedelta(days=days))]
    if is_possible:
        assert ResponseFormat(list[between]).load({"value": ["2020-01-02"]}) == [dt.date(2020, 1, 2)]
    else:
        with pytest.raises(SchemaError, match="exclude each other"):
            ResponseFormat(between)


NULL = {"type": "null"}
TEXT_OR_NULL = [{"type": "string"}, NULL]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "null", "oneOf": TEXT_OR_NULL},
        {"allOf": [{"anyOf": TEXT_OR_NULL}, NULL]},
        {"allOf": [NULL, {"anyOf": [NULL, {"$ref": "#/$defs/text"}]}]},
        {"enum": [None], "anyOf": TEXT_OR_NULL},
        {"anyOf": [False, NULL]},
    ],
)
def test_what_a_union_with_null_leaves_may_be_null_only(schema: JSON) -> None:
    definitions = {"text": {"type": "string"}}
    document = {"type": "object", "properties": {"a": schema}, "required": ["a"], "$defs": definitions}
    response_format = ResponseFormat(document)
    assert response_format.schema["properties"] == {"a": NULL}
    assert response_format.load({"a": None}) == {"a": None}


def test_a_part_of_all_of_may_say_that_a_nullable_property_is_null() -> None:
    closed_issue = {"properties": {"closed_by": NULL}, "required": ["closed_by"]}
    issue = {"type": "object", "properties": {"closed_by": {"oneOf": TEXT_OR_NULL}, "id": {"type": "integer"}}}
    response_format = ResponseFormat({"allOf": [issue, closed_issue]})
    assert response_format.load({"closed_by": None, "id": 1}) == {"closed_by": None, "id": 1}
