"""The types of `right.py`, for structkit and the libraries beside it; this module imports nothing but pydantic."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Person(BaseModel):
    name: str
    city: str | None
    age: int | None
    employer: str | None


class Review(BaseModel):
    product: str
    stars: Annotated[int, Field(ge=1, le=5)] | None
    recommended: bool
    author: str | None


class Invoice(BaseModel):
    seller: str
    number: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9/-]*$")]
    due: date | None
    total: float
    currency: Literal["EUR", "USD", "GBP"]


class Event(BaseModel):
    title: str
    day: date
    place: str | None
    speakers: list[str]


class Line(BaseModel):
    item: str
    quantity: Annotated[int, Field(ge=1)]


class Order(BaseModel):
    customer: str
    lines: list[Line]
    reference: str | None
    deliver_by: date | None


class Booking(BaseModel):
    guest: str
    hotel: str | None
    room: int | None
    nights: int | None
    rate: float | None


TYPES: dict[str, type[BaseModel]] = {kind.__name__: kind for kind in (Person, Review, Invoice, Event, Order, Booking)}
