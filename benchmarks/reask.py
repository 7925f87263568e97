"""What it costs to put a few wrong values of a long reply right: the places alone against the whole again.

Run it:  python benchmarks/reask.py [--rows N]
"""

import argparse
import json
import os
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator
from typing_extensions import Self

from structkit import Client, Policy
from structkit.extraction.modes import MODES
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import requested_schema, text_reply
from structkit.values import JSON

INPUT = "Read the shipments from the attached manifest."
WRONG_ROWS = (7, 15, 23, 31, 42)


class Shipment(BaseModel):
    """A row of twenty fields, with a rule over two of them."""

    number: str
    sender: str
    receiver: str
    street: str
    postcode: str
    city: str
    country: str
    carrier: str
    service: Literal["standard", "express", "freight"]
    sent: date
    due: date
    parcels: Annotated[int, Field(ge=1)]
    weight: Annotated[float, Field(ge=0)]
    length: float
    width: float
    height: float
    insured: bool
    net: float
    gross: float
    remark: str | None = None

    @model_validator(mode="after")
    def gross_is_at_least_net(self) -> Self:
        if self.gross < self.net:
            raise ValueError("gross must be at least net")
        return self


class Manifest(BaseModel):
    rows: list[Shipment]


def right_row(number: int) -> JSON:
    """A row that looks like one of a real manifest."""
    return {
        "number": f"SH-{20260000 + number}",
        "sender": ("Northwind Traders Ltd", "Baltic Timber", "Fjordfisk AS")[number % 3],
        "receiver": ("Hotel Miramar", "Radwerk GmbH", "Café Luna", "Studio Verde")[number % 4],
        "street": f"{number + 3} Harbour Street",
        "postcode": f"{10115 + 7 * number}",
        "city": ("Gdańsk", "Hamburg", "Bergen", "Porto", "Lyon")[number % 5],
        "country": ("PL", "DE", "NO", "PT", "FR")[number % 5],
        "carrier": ("Thames Courier", "Nordpost")[number % 2],
        "service": ("standard", "express", "freight")[number % 3],
        "sent": f"2026-03-{1 + number % 28:02}",
        "due": f"2026-04-{1 + number % 28:02}",
        "parcels": 1 + number % 9,
        "weight": round(0.4 + 1.7 * number, 1),
        "length": 40.0 + number % 12,
        "width": 30.0 + number % 7,
        "height": 12.5 + number % 5,
        "insured": number % 3 == 0,
        "net": round(18.2 + 3.1 * number, 2),
        "gross": round((18.2 + 3.1 * number) * 1.19, 2),
        "remark": "leave with the porter" if number % 6 == 0 else None,
    }


@dataclass(frozen=True)
class Case:
    """A way to be wrong: in which rows, and which field says what there."""

    name: str
    rows: tuple[int, ...]
    field: str
    value: Any


CASES = (
    Case("one value", WRONG_ROWS[:1], "weight", -1.0),
    Case("five values in five rows", WRONG_ROWS, "weight", -1.0),
    Case("one rule over two fields", WRONG_ROWS[:1], "gross", 0.0),
)


COLUMNS = ("requests", "messages", "with schema", "rewritten")


class Model:
    """A model that is wrong at first, and right in whatever it is asked for after that."""

    def __init__(self, case: Case, rows: int) -> None:
        right = [right_row(number) for number in range(rows)]
        wrong = {number % rows for number in case.rows}
        said = [row | ({case.field: case.value} if n in wrong else {}) for n, row in enumerate(right)]
        self.right, self.first = {"rows": right}, {"rows": said}
        self.sizes: list[int] = []

    def __call__(self, body: JSON) -> Reply:
        value = {name: at(self.right, path) for name, path in places(body)} if self.sizes else self.first
        text = json.dumps(value, ensure_ascii=False)
        self.sizes.append(len(text))
        return text_reply(body, text)


def places(body: JSON) -> list[tuple[str, str]]:
    """The properties that a request's schema asks for, each with the path that stands in its description."""
    schema = requested_schema(body)
    if schema is None:  # the schema's form stands in the system message
        form = body["messages"][0]["content"]
        names = re.findall(r'^ {2}"(\w+)":', form, re.MULTILINE)
        paths = re.findall(r"^ {2}\S.*// (rows[\w\[\].]*?)\.(?=\s|$)", form, re.MULTILINE)
        return [*zip(names, paths or names, strict=True)]
    properties = schema["properties"].items()
    return [
        (name, part.get("description", f"{name}.").partition(" ")[0].removesuffix(".")) for name, part in properties
    ]


def at(value: Any, path: str) -> Any:
    for step in re.findall(r"\w+", path):
        value = value[int(step) if isinstance(value, list) else step]
    return value


@dataclass(frozen=True)
class Cost:
    """What asking again cost, in characters.

    Args:
        requests: How many there were in all.
        messages: Of the messages beyond the caller's own.
        fields: Of the request fields that hold the schema.
        rewritten: The characters of the replies to it, as a share of the first reply's.
    """

    requests: int
    messages: int
    fields: int
    rewritten: float


def cost(case: Case, mode: Any, policy: Policy, rows: int) -> Cost:
    model = Model(case, rows)
    with Endpoint(model) as endpoint, Client("fake", base_url=endpoint.base_url) as client:
        result = client.run(Manifest, INPUT, mode=mode, policy=policy)
    assert [row.model_dump(mode="json") for row in result.value.rows] == model.right["rows"]
    again = [attempt.request for attempt in result.attempts[1:]]
    messages = sum(len(str(message.content)) for request in again for message in request.messages)
    fields = sum(len(json.dumps(request.fields, ensure_ascii=False)) for request in again if request.fields)
    return Cost(len(result.attempts), messages - len(again) * len(INPUT), fields, sum(model.sizes[1:]) / model.sizes[0])


def row(case: Case, mode: str, rows: int) -> str:
    """One line of the table: the places alone, the whole again, and how many times more that is."""
    few, whole = (cost(case, mode, Policy(reask=reask), rows) for reask in ("places", "whole"))
    times = (whole.messages + whole.fields) / (few.messages + few.fields)
    return (
        f"| {case.name} | {mode} | {few.requests} | {few.messages:,} | {few.messages + few.fields:,} "
        f"| {few.rewritten:.1%} | {whole.requests} | {whole.messages:,} | {whole.messages + whole.fields:,} "
        f"| {whole.rewritten:.0%} | {times:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of a second ask.")
    parser.add_argument("--rows", type=int, default=50, help="rows of twenty fields in the reply")
    rows = parser.parse_args().rows
    os.environ["STRUCTKIT_ROUTES"] = "off"
    print(f"A reply of {rows} rows with 20 fields; characters sent beyond the input after it.\n")
    whole = " | ".join(f"whole: {name}" for name in COLUMNS)
    print(f"| wrong | mode | {' | '.join(COLUMNS)} | {whole} | times less sent |")
    print("|---|---" + "|--:" * 9 + "|")
    for case in CASES:
        for mode in MODES:
            print(row(case, mode, rows), flush=True)


if __name__ == "__main__":
    main()
