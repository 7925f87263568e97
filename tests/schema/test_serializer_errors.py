"""What an error says of a value that is not one of its type: what was expected, and what was got, without internals."""

import enum
import pathlib
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from structkit import ResponseFormat
from structkit.errors import SchemaError


class Level(enum.Enum):
    LOW = "low"


class Person(BaseModel):
    age: int


class Point(NamedTuple):
    x: int


@pytest.mark.parametrize(
    ("output_type", "value", "reason"),
    [
        (int, "x", "expected int, got 'x' (str)"),
        (tuple[int, str], (1, 2), "expected str, got 2 (int)"),
        (tuple[int, *tuple[str, ...]], (1, "a", "b"), "expected tuple[str, ...], got 'a' (str)"),
        (tuple[int, str], (1,), "a tuple has too few items"),
        (tuple[int, str], (1, "a", 2), "a tuple has too many items"),
        (set[int], [1], "expected set[int], got [1] (list)"),
        (dict[int, str], {"a": "b"}, "expected int, got 'a' (str)"),
        (int | str, 1.5, "expected int or str, got 1.5 (float)"),
        (Level, "low", "expected enum, got 'low' (str)"),
        (pathlib.Path, 3, "expected pathlib.Path, got '3' (int)"),
        (Point, Point("x"), "expected int, got 'x' (str)"),  # pyright: ignore[reportArgumentType]
        (Person, {"age": 1}, "expected Person, got {'age': 1} (dict)"),
        (list[Person], [Person.model_construct(age="1")], "age: expected int, got '1' (str)"),
    ],
    ids=lambda value: None if isinstance(value, BaseModel | list | type) else str(value),
)
def test_the_error_names_the_expected_type_and_the_value(output_type, value, reason):
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(output_type).dump(value)
    assert str(caught.value).endswith(f" cannot be written as JSON: {reason}")


def test_pydantic_reads_an_unpacked_tuple_as_one_item():
    response_format = ResponseFormat(tuple[int, *tuple[str, ...]])
    value: Any = (1, ("a", "b"))
    assert response_format.load(response_format.dump(value)) == value
