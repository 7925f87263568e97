"""The output types and prompts of the comparison; the endpoint finds the requested reply in the prompt."""

import os

from pydantic import BaseModel

MODEL = "gpt-4o-2024-08-06"
BASE_URL = os.environ.get("OPENAI_BASE_URL", "")  # some libraries read the variable themselves


class Line(BaseModel):
    item: str
    quantity: int
    price: float


class Bill(BaseModel):
    shop: str
    lines: list[Line]
    total: float


class Row(BaseModel):
    id: int
    name: str
    city: str
    score: float
    active: bool


class Rows(BaseModel):
    rows: list[Row]


def bill_prompt(delay: int = 0) -> str:
    return f"Northwind: two lamps at 24.50 and a desk at 180.00. (reply: bill, delay: {delay})"


def rows_prompt(size: int) -> str:
    return f"List the members. (reply: rows, size: {size})"
