"""Ten ordinary output types, as users of these libraries write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Literal

from pydantic import BaseModel, Field


class Contact(BaseModel):
    name: str
    email: str | None = None
    phone: str | None = None
    company: str | None = None


class Sentiment(Enum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Review(BaseModel):
    sentiment: Sentiment
    score: int = Field(ge=1, le=5)
    topics: list[str] = []
    summary: str = Field(description="One sentence.")


class Line(BaseModel):
    description: str
    quantity: int = 1
    unit_price: Decimal


class Invoice(BaseModel):
    """An invoice."""

    number: str
    issued: date
    due: date | None = None
    seller: str
    buyer: str
    currency: str = "EUR"
    lines: list[Line]
    total: Decimal


class Place(BaseModel):
    street: str | None = None
    city: str
    country: str | None = None


class Event(BaseModel):
    title: str
    start: datetime
    end: datetime | None = None
    place: Place | None = None
    attendees: list[str] = Field(default_factory=list)


class Ticket(BaseModel):
    category: Literal["billing", "bug", "question", "other"]
    priority: Literal["low", "normal", "high"] = "normal"
    urgent: bool = False
    tags: list[str] | None = Field(default_factory=list)
    summary: str


class Folder(BaseModel):
    name: str
    folders: list[Folder] = []


class Search(BaseModel):
    kind: Literal["search"] = "search"
    query: str
    limit: int = 10


class Open(BaseModel):
    kind: Literal["open"] = "open"
    url: str


class Finish(BaseModel):
    kind: Literal["finish"] = "finish"
    answer: str


class Action(BaseModel):
    thought: str
    action: Search | Open | Finish = Field(discriminator="kind")


class Position(BaseModel):
    title: str
    company: str
    start: date
    end: date | None = None
    duties: list[str] = []


class Resume(BaseModel):
    name: str
    email: str | None = None
    summary: str | None = None
    skills: list[str] = Field(default_factory=list)
    positions: list[Position] = Field(default_factory=list)
    years: float | None = Field(default=None, ge=0, description="Years of experience.")


class Ingredient(BaseModel):
    name: str
    amount: float | None = None
    unit: str | None = None


class Recipe(BaseModel):
    name: str
    servings: int = Field(gt=0)
    minutes: int | None = None
    ingredients: list[Ingredient] = Field(min_length=1)
    steps: list[str]


class Product(BaseModel):
    name: str
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    in_stock: bool | None = None
    attributes: dict[str, str] = Field(default_factory=dict)


TYPES: tuple[type[BaseModel], ...] = (
    *(Contact, Review, Invoice, Event, Ticket, Folder, Action, Resume, Recipe, Product),
)
