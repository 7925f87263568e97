"""Quote an order: the model looks up articles and prices in a database before it answers.

Run it:  STRUCTKIT_MODEL=gpt-4o python recipes/quote.py

Needs a model that calls tools, at OPENAI_BASE_URL; the embedded model does not.
"""

import sqlite3
from decimal import Decimal

from pydantic import BaseModel

import structkit

ORDER = "Good morning, we need 4 tins of your loose green tea and 12 cartons of oat milk. Regards, Northwind Traders"

# Tools run in threads of their own.
DATABASE = sqlite3.connect(":memory:", check_same_thread=False)
DATABASE.executescript("""
    CREATE TABLE articles (number INTEGER, name TEXT, price TEXT);
    INSERT INTO articles VALUES (101, 'Green tea, loose leaf, 250 g tin', '11.50');
    INSERT INTO articles VALUES (102, 'Green tea, 20 bags', '3.20');
    INSERT INTO articles VALUES (207, 'Oat milk, unsweetened, 1 l carton', '2.20');
""")


class Line(BaseModel):
    article: int
    quantity: int
    price: Decimal


class Quote(BaseModel):
    customer: str
    lines: list[Line]


def find_articles(word: str) -> list[dict[str, str]]:
    """Return the articles whose name contains a word, with number, name and price in EUR.

    Args:
        word: One word of the name, in English and in the singular.
    """
    query = "SELECT number, name, price FROM articles WHERE name LIKE ?"
    return [dict(zip(("number", "name", "price"), row, strict=True)) for row in DATABASE.execute(query, [f"%{word}%"])]


if __name__ == "__main__":
    result = structkit.Client().run(Quote, ORDER, tools=[find_articles])
    for call in result.tool_calls:
        print("looked up:", call.arguments)
    print(result.value.customer, sum(line.quantity * line.price for line in result.value.lines))
