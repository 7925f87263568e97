"""Repairs of what is inside a union with boxes, or in a map or a tuple that is written as the type has it."""

from __future__ import annotations

import enum
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest

from structkit import ResponseFormat


class Color(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


Price = Decimal | Literal["n/a"]


def read(output_type: Any, text: str) -> tuple[Any, list[str]]:
    """Return the value of a reply, or None, and the repairs."""
    answer = ResponseFormat(output_type).read(text, repairs=True)
    return answer.value, [*answer.repairs]


@pytest.mark.parametrize(
    ("output_type", "wire", "value"),
    [
        (Price, "N/A", "n/a"),
        (Price, "$1,234.50", Decimal("1234.50")),
        (Price, 19.99, Decimal("19.99")),
        (Price | None, 3, Decimal(3)),
        (date | Literal["ASAP"], "asap", "ASAP"),
        (date | Color, "Dark_Blue", Color.DARK_BLUE),
        (date | Color, "Color.RED", Color.RED),
        (datetime | Literal["now"], "Now", "now"),
        (Color | Literal["north", "south"], "North", "north"),
        (timedelta | Literal["pt1h"], "PT1H", timedelta(hours=1)),
    ],
)
def test_a_scalar_without_the_box_of_its_branch_is_repaired_too(output_type: Any, wire: Any, value: Any) -> None:
    read_value, repairs = read(output_type, json.dumps({"value": wire}))
    assert read_value == value
    assert "missing tag at value" in repairs
    if isinstance(wire, str):
        assert read(output_type, wire)[0] == value


@pytest.mark.parametrize(
    ("output_type", "wire"),
    [
        (timedelta | Literal["pt1h"], "Pt1h"),  # a duration in another spelling as well
        (date | str, "RED"),
        (date | Literal["ASAP"], "soon"),
        (Price, "1,5"),
        (Price, True),
    ],
)
def test_a_scalar_that_no_branch_has_certainly_is_not_read(output_type: Any, wire: Any) -> None:
    assert read(output_type, json.dumps({"value": wire}))[0] in {None, "RED"}


@pytest.mark.parametrize(
    ("output_type", "wire", "value"),
    [
        (dict[Color, int], {"RED": 1}, {Color.RED: 1}),
        (dict[str, float], {"a": "1,000", "b": "$2"}, {"a": 1000.0, "b": 2.0}),
        (dict[str, list[int]], {"a": 7}, {"a": [7]}),
        (dict[str, dict[Color, int]], {"a": {"Red": "3 kg"}}, {"a": {Color.RED: 3}}),
        (dict[str, Price], {"a": "N/A", "b": 2}, {"a": "n/a", "b": Decimal(2)}),
        (tuple[int, Color], ["1,000", "RED"], (1000, Color.RED)),
        (list[tuple[str, int]], [["a", "7 kg"]], [("a", 7)]),
        (list[list[float]], [[1.5, "1,234.5"], ["$2"]], [[1.5, 1234.5], [2.0]]),
        (list[list[list[float]]], [[[1.5], ["1,234.5", 2]], [[3]]], [[[1.5], [1234.5, 2.0]], [[3.0]]]),
    ],
)
def test_the_members_of_a_map_or_tuple_that_is_written_as_the_type_has_it_are_repaired(
    output_type: Any, wire: Any, value: Any
) -> None:
    assert read(output_type, json.dumps({"value": wire}))[0] == value


@pytest.mark.parametrize("wire", [{"RED": 1, "red": 2}, {"key": "red", "value": 1}, {"redd": 1}])
def test_a_map_whose_keys_may_mean_something_else_is_not_read(wire: Any) -> None:
    assert read(dict[Color, int], json.dumps({"value": wire}))[0] is None


def test_a_text_of_an_enum_that_is_too_long_to_be_sent_is_read_in_another_spelling() -> None:
    catalog = Literal[tuple(f"{number:04} x {number:04} mm" for number in range(1_200))]  # type: ignore[valid-type]
    assert read(dict[str, catalog], '{"value": {"part": "0007 X 0007 MM"}}')[0] == {"part": "0007 x 0007 mm"}
    assert read(catalog, '{"value": "0007 X 0008 MM"}')[0] is None
