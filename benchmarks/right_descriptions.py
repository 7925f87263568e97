"""The types of `right.py` with descriptions of their fields, which a server's grammar does not show to the model."""

from __future__ import annotations

from typing import Annotated, Any

from peers.right_types import TYPES
from pydantic import BaseModel, Field, create_model

DESCRIPTIONS = {
    "Person": {
        "name": "the person's full name",
        "city": "the city where the person lives, null if the text names none",
        "age": "age in years, null if not in the text",
        "employer": "the company the person works for, null if the text names none",
    },
    "Review": {
        "product": "the name of the product",
        "stars": "the rating from 1 to 5, null if there is none",
        "recommended": "whether the author recommends the product",
        "author": "who wrote the review, null if unknown",
    },
    "Invoice": {
        "seller": "the company that sent the invoice",
        "number": "the number of the invoice",
        "due": "the date by which it has to be paid",
        "total": "the amount to pay",
        "currency": "the currency of the amount",
    },
    "Event": {
        "title": "the name of the event",
        "day": "the date of the event",
        "place": "where it takes place, null if not in the text",
        "speakers": "the names of the speakers, empty if there are none",
    },
    "Order": {
        "customer": "the company that orders",
        "lines": "what is ordered, and how many of each",
        "reference": "the customer's reference, null if there is none",
        "deliver_by": "the latest day of delivery, null if there is none",
    },
    "Booking": {
        "guest": "the name of the guest",
        "hotel": "the name of the hotel",
        "room": "the number of the room",
        "nights": "the number of nights",
        "rate": "the price of a night",
    },
}


def described_types() -> dict[str, type[BaseModel]]:
    """Return the types with a description of each field."""
    return {kind: _described(base, DESCRIPTIONS[kind]) for kind, base in TYPES.items()}


def _described(base: type[BaseModel], descriptions: dict[str, str]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (Annotated[info.rebuild_annotation(), Field(description=descriptions[name])], ...)
        for name, info in base.model_fields.items()
    }
    return create_model(base.__name__, **fields)
