"""The cost of correcting a few invalid values of a long reply: re-asking for the places, or for the whole value.

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
INVALID_ROWS = (7, 15, 23, 31, 42)


class Shipment(BaseModel):
    """A row of twenty fields, with a constraint over two of them."""

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


def valid_row(number: int) -> JSON:
    """Return a row that looks like one of a real manifest."""
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
    """An invalid reply: the rows, and the field and value that are invalid in them."""

    name: str
    rows: tuple[int, ...]
    field: str
    value: Any


CASES = (
    Case("one value", INVALID_ROWS[:1], "weight", -1.0),
    Case("five values in five rows", INVALID_ROWS, "weight", -1.0),
    Case("one constraint over two fields", INVALID_ROWS[:1], "gross", 0.0),
)


COLUMNS = ("requests", "messages", "with schema", "rewritten")


class Model:
    """A model whose first reply is invalid, and whose later replies are valid."""

    def __init__(self, case: Case, rows: int) -> None:
        valid = [valid_row(number) for number in range(rows)]
        invalid = {number % rows for number in case.rows}
        first_rows = [row | ({case.field: case.value} if n in invalid else {}) for n, row in enumerate(valid)]
        self.valid, self.first = {"rows": valid}, {"rows": first_rows}
        self.sizes: list[int] = []

    def __call__(self, body: JSON) -> Reply:
        value = {name: at(self.valid, path) for name, path in requested_places(body)} if self.sizes else self.first
        text = json.dumps(value, ensure_ascii=False)
        self.sizes.append(len(text))
        return text_reply(body, text)


def requested_places(body: JSON) -> list[tuple[str, str]]:
    """Return the properties of a request's schema, each with the path that its description has."""
    schema = requested_schema(body)
    if schema is None:  # in prompt mode, the form of the schema is in the system message
        form = body["messages"][0]["content"]
        names = re.findall(r'^ {2}"(\w+)":', form, re.MULTILINE)
        paths = re.findall(r"^ {2}\S.*// (rows[\w\[\].]*?)\.?(?=[;\s]|$)", form, re.MULTILINE)
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
    """The cost of re-asking, in characters.

    Args:
        requests: The number of all requests.
        messages: Those of the messages, beyond the caller's own.
        fields: Those of the request fields with the schema.
        rewritten: Those of the later replies, as a share of the first reply's.
    """

    requests: int
    messages: int
    fields: int
    rewritten: float

    @property
    def sent(self) -> int:
        """The characters of messages and schemas."""
        return self.messages + self.fields


def cost(case: Case, mode: Any, policy: Policy, rows: int) -> Cost:
    model = Model(case, rows)
    with Endpoint(model) as endpoint, Client("fake", base_url=endpoint.base_url) as client:
        result = client.run(Manifest, INPUT, mode=mode, policy=policy)
    assert [row.model_dump(mode="json") for row in result.value.rows] == model.valid["rows"]
    reasks = [attempt.request for attempt in result.attempts[1:]]
    messages = sum(len(str(message.content)) for request in reasks for message in request.messages)
    fields = sum(len(json.dumps(request.fields, ensure_ascii=False)) for request in reasks if request.fields)
    return Cost(
        len(result.attempts), messages - len(reasks) * len(INPUT), fields, sum(model.sizes[1:]) / model.sizes[0]
    )


def row(case: Case, mode: str, rows: int) -> str:
    """Return one line of the table: re-asking for the places, for the whole value, and the ratio."""
    places_cost, whole_cost = (cost(case, mode, Policy(reask=reask), rows) for reask in ("places", "whole"))
    times = whole_cost.sent / places_cost.sent
    return (
        f"| {case.name} | {mode} | {places_cost.requests} | {places_cost.messages:,} | {places_cost.sent:,} "
        f"| {places_cost.rewritten:.1%} | {whole_cost.requests} | {whole_cost.messages:,} | {whole_cost.sent:,} "
        f"| {whole_cost.rewritten:.0%} | {times:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of re-asking.")
    parser.add_argument("--rows", type=int, default=50, help="rows of twenty fields in the reply")
    rows = parser.parse_args().rows
    os.environ["STRUCTKIT_ROUTES"] = "off"
    print(f"A reply of {rows} rows with 20 fields; characters sent after it, beyond the input.\n")
    whole_columns = " | ".join(f"whole: {name}" for name in COLUMNS)
    print(f"| invalid | mode | {' | '.join(COLUMNS)} | {whole_columns} | times less sent |")
    print("|---|---" + "|--:" * 9 + "|")
    for case in CASES:
        for mode in MODES:
            print(row(case, mode, rows), flush=True)


if __name__ == "__main__":
    main()
