"""Defaults that are not of their field's class: null on the wire, and written for a table or a person."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import AfterValidator, BaseModel, Field, create_model
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from structkit import ResponseFormat, SchemaError


class Level(Enum):
    LOW = "low"


class Payment(SQLModel, table=True):
    id: int | None = Column(default=None, primary_key=True)
    amount: Decimal = Column(default=0)


class Price(NamedTuple):
    name: str
    amount: Decimal = 0  # type: ignore[assignment]


@dataclasses.dataclass
class Parcel:
    name: str
    level: Level = "low"  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("kind", "default", "natural"),
    [
        (Decimal, 0, "0"),
        (Decimal, 0.1, "0.1"),
        (Decimal | None, 1, "1"),
        (int, 3.0, 3),
        (Level, "low", "low"),
        (date, "2026-01-05", "2026-01-05"),
        (tuple[int, ...], [1, 2], [1, 2]),
        (set[str], [], []),
        (Annotated[str, AfterValidator(str.upper)], "a", "a"),
    ],
)
def test_a_default_of_another_class_is_null_on_the_wire_and_shown_to_readers(
    kind: Any, default: Any, natural: Any
) -> None:
    model: Any = create_model("Model", n=(int, ...), field=(kind, default))
    form = ResponseFormat(model)
    value = form.load(form.dump(model(n=1)))
    assert value.field == default
    assert form.natural(value, for_reader=True) == {"n": 1, "field": natural}
    assert form.read_natural({"n": 1, "field": natural}).valid
    nested = ResponseFormat(dict[str, list[model]])
    assert nested.natural({"a": [value]}, for_reader=True) == {"a": [{"n": 1, "field": natural}]}


def test_a_default_that_its_type_rejects_is_left_out_for_readers_too() -> None:
    model = create_model("Model", name=(str, Field("", min_length=1)), other=(Decimal, 0))
    assert ResponseFormat(model).natural(model(), for_reader=True) == {"other": "0"}


def test_a_value_that_is_no_default_is_written_as_ever() -> None:
    model = create_model("Model", amount=(Decimal, 0), level=(Level, "low"))
    form = ResponseFormat(model)
    value = model(amount="1.50", level="low")
    assert form.natural(value, for_reader=True) == form.natural(value) == {"amount": "1.50", "level": "low"}


@pytest.mark.parametrize(
    ("value", "natural"),
    [
        (Payment(), {"id": None, "amount": "0"}),
        (Price("a"), ["a", "0"]),
        (Parcel("a"), {"name": "a", "level": "low"}),
        (create_model("Model", amount=(Decimal, Field(default_factory=lambda: 0)))(), {"amount": "0"}),
    ],
)
def test_a_reply_is_not_lost_for_a_default_that_its_type_cannot_write(value: Any, natural: Any) -> None:
    form = ResponseFormat(type(value))
    assert form.natural(value, for_reader=True) == natural
    assert form.read_natural(natural).valid


def test_a_value_that_its_type_does_not_read_raises_for_readers_too() -> None:
    class Person(BaseModel):
        age: int

    with pytest.raises(SchemaError, match="expected int, got 'old'"):
        ResponseFormat(Person).natural(Person.model_construct(age="old"), for_reader=True)
