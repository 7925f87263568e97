"""A class is a value by its name, and a branch of a union that no JSON is, such as a function, is not asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, BeforeValidator
from pydantic_core import core_schema
from typing_extensions import Annotated, Self

from structkit import ResponseFormat
from structkit.errors import SchemaError


class Shape: ...


class Circle(Shape): ...


class Square(Shape): ...


ShapeType = TypeVar("ShapeType", bound=Shape)


class Drawing(BaseModel):
    shape: type[Shape]
    number: type[int] | str = int
    layers: list[type[Circle | Square]] = []
    counts: dict[type[Shape], int] = {}
    parent: type[Self] | None = None


class Typed(BaseModel, Generic[ShapeType]):
    shape: type[ShapeType]


def test_a_class_is_written_by_its_name(check_round_trip: Any) -> None:
    check_round_trip(type[Shape], Shape, Circle, Square)
    check_round_trip(type[int | str] | None, int, bool, str, None)
    check_round_trip(Typed[Circle], Typed[Circle](shape=Circle))
    drawing = Drawing(shape=Circle, number=bool, layers=[Square, Circle], counts={Shape: 1, Square: 2}, parent=Drawing)
    check_round_trip(Drawing, drawing, Drawing(shape=Shape, number="bool"))
    assert ResponseFormat(type[Shape]).dump(Circle) == {"value": f"{Circle.__module__}.Circle"}


def test_the_schema_of_a_class_is_the_same_whatever_is_loaded() -> None:
    before = ResponseFormat(type[Shape])
    subclass = type("Triangle", (Square,), {})
    assert ResponseFormat(type[Shape]).schema == before.schema
    assert before.parse('{"value": "Triangle"}') is subclass
    assert str(before.explain()).startswith("(root)")
    assert before.schema["properties"]["value"] == {
        "type": "string",
        "description": "The name of the class Shape or of a subclass of it.",
    }


@pytest.mark.parametrize("name", ["Triangles", "os.system", "builtins.int", "", "object"])
def test_a_name_of_no_subclass_is_an_issue_and_imports_nothing(name: str) -> None:
    [issue] = ResponseFormat(type[Circle]).read(f'{{"value": "{name}"}}').issues
    assert issue.message.startswith("Input should be the name of a class: Circle")


def test_a_name_that_several_classes_have_is_never_guessed() -> None:
    class Base: ...

    twins = [type("Twin", (Base,), {"__module__": module}) for module in ("a", "b", "b")]
    response_format = ResponseFormat(type[Base])
    assert response_format.parse('{"value": "a.Twin"}') is twins[0]
    assert not response_format.read('{"value": "Twin"}').valid
    assert not response_format.read('{"value": "b.Twin"}').valid
    with pytest.raises(SchemaError, match="cannot be written as JSON"):
        response_format.dump(twins[1])


class Point:
    """A class that pydantic reads from Python only, or by the function around it from a text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        branches = [core_schema.str_schema(), core_schema.is_instance_schema(cls)]
        return core_schema.no_info_after_validator_function(cls.read, core_schema.union_schema(branches))

    @classmethod
    def read(cls, value: Any) -> Any:
        return value if isinstance(value, cls) else cls()


class Hook(BaseModel):
    when: int | Callable[[int], int]
    then: dt.date | str | Callable[[], None] = print
    points: list[Point] = []


def test_a_branch_that_no_reply_can_be_is_not_asked_for_and_named(check_round_trip: Any) -> None:
    response_format = ResponseFormat(Hook)
    assert response_format.schema["properties"]["when"] == {"type": "integer"}
    notes = {str(note) for note in response_format.explain() if "JSON has no value" in str(note)}
    assert notes == {
        "when: dropped: Callable: JSON has no value for it",
        "then: dropped: Callable: JSON has no value for it",
        "points[]: dropped: Point: JSON has no value for it",
    }
    check_round_trip(Hook, Hook(when=3), Hook(when=3, then="later"), Hook(when=3, then=dt.date(2026, 11, 29)))
    assert isinstance(response_format.parse('{"when": 1, "then": null, "points": ["x"]}').points[0], Point)


@pytest.mark.parametrize(
    ("output_type", "value"), [(int | Callable[..., Any], abs), (dict[str, int] | Callable[..., Any], Hook)]
)
def test_a_value_of_such_a_branch_is_never_written_as_another_one(output_type: Any, value: Any) -> None:
    with pytest.raises(SchemaError, match="cannot be written as JSON"):
        ResponseFormat(output_type).dump(value)


def test_a_function_before_a_union_may_make_the_value_of_such_a_branch() -> None:
    converted = Annotated[int | Callable[..., Any], BeforeValidator(lambda value: abs if value == 0 else value)]
    response_format = ResponseFormat(converted)  # type: ignore[var-annotated]
    assert response_format.parse('{"value": 0}') is abs
    assert response_format.parse('{"value": 5}') == 5
