"""Replies in unusual forms that leave one reading are read; those that leave several are not."""

from __future__ import annotations

import enum
import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from structkit import ResponseFormat


class Color(enum.Enum):
    RED = "red"
    BLUE = "light blue"


class Person(BaseModel):
    name: str
    age: int = 0


class Numbers(BaseModel):
    items: list[int]


IDENTIFIER = UUID(int=7)


@pytest.mark.parametrize(
    ("output_type", "reply", "value", "repair"),
    [
        (list[int], {"value": {"items": [1, 2]}}, [1, 2], "wrapper"),
        (list[int], {"value": {"result": {"items": [1, 2]}}}, [1, 2], "wrapper"),
        (list[int], {"value": "7"}, [7], "item for list at value"),
        (Numbers | list[Numbers], {"value": [{"items": "7"}]}, [Numbers(items=[7])], "item for list at value[0].items"),
        (list[float], {"value": "7.5 kg"}, [7.5], "item for list at value"),
        (list[int], "7", [7], "item for list at value"),
        (Person, json.dumps(json.dumps({"name": "Ada"})), Person(name="Ada"), "JSON in text at (root)"),
        (list[int], {"value": json.dumps(json.dumps([7]))}, [7], "JSON in text at value"),
        (Person | None, {"value": {"value": None}}, None, "wrapped value at value"),
        (Person | None, {"value": {"result": None}}, None, "wrapped value at value"),
        (Person, {"properties": {"name": {"type": "string", "value": "Ada"}}}, Person(name="Ada"), "wrapper"),
        (Person, {"type": "object", "properties": {"name": "Ada"}}, Person(name="Ada"), "wrapper"),
        (Color, {"value": "Red."}, Color.RED, "spelling at value"),
        (Color, {"value": "LIGHT_BLUE."}, Color.BLUE, "spelling at value"),
        (bool, {"value": "True."}, True, "boolean in text at value"),
        (date, {"value": " 2024-01-05\n"}, date(2024, 1, 5), "spelling at value"),
        (list[UUID], {"value": [f" {IDENTIFIER}"]}, [IDENTIFIER], "spelling at value[0]"),
        (int, {"value": "\u0663"}, 3, "number in text at value"),
        (int, {"value": "\u0967\u0968,\u0969\u096a\u096b"}, 12345, "number in text at value"),
        (float, {"value": "-\u0661\u066c\u0662\u0663\u0664\u066b\u0665"}, -1234.5, "number in text at value"),
        (int | date, {"value": "7,000"}, 7000, "number in text at value"),
        (int, {"value": "\u0661\u0662"}, 12, "number in text at value"),
        (int | date, {"value": "2024-01-05"}, date(2024, 1, 5), None),
    ],
    ids=str,
)
def test_a_reply_with_one_reading_is_read(output_type: Any, reply: Any, value: Any, repair: str | None) -> None:
    answer = ResponseFormat(output_type).read(json.dumps(reply), repairs=True)
    assert (answer.value, answer.valid) == (value, True)
    assert repair in answer.repairs or (repair, answer.repairs) == (None, ())


@pytest.mark.parametrize(
    ("output_type", "reply"),
    [
        (list[int], {"value": {"items": [1, 2], "total": 2}}),
        (list[int], {"value": "7,000"}),
        (Numbers | list[int], {"value": [{"items": [1]}]}),
        (Numbers | list[int], [{"items": [1]}]),
        (list[int], {"value": "7 800"}),
        (list[int], {"value": "none"}),
        (list[bool], {"value": "no"}),
        (Person | None, {"value": {"reason": None}}),
        (Person, {"properties": {"name": {"type": "string", "value": 3}}}),
        (Person, {"properties": {"name": {"type": "string"}}}),
        (Color, {"value": "Red or light blue."}),
        (int, {"value": "\u0667,\u0665"}),
        (int, {"value": "\u00b2"}),
        (int, {"value": "7."}),
    ],
    ids=str,
)
def test_a_reply_with_several_readings_is_not_read(output_type: Any, reply: Any) -> None:
    assert not ResponseFormat(output_type).read(json.dumps(reply), repairs=True).valid
