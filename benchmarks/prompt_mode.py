"""What the embedded model makes of small texts without a grammar: share valid, fields right, tokens spent.

Run it:  python benchmarks/prompt_mode.py [--texts N] [--replies FILE]
It needs the extra `local`, and takes some minutes. `--replies` keeps every reply, to be read afterwards.
"""

import argparse
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from structkit import Client, Policy, StructkitError
from structkit.values import Attempt, Result, sum_usage

TEXTS = Path(__file__).parent / "data" / "texts.jsonl"
MAX_TOKENS = 200
AT_ONCE = 2


class Review(BaseModel):
    product: str
    stars: Annotated[int, Field(ge=1, le=5)]
    recommended: bool


class Contact(BaseModel):
    name: str
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    phone: str | None = None


class Event(BaseModel):
    title: str
    day: date
    place: str


class Invoice(BaseModel):
    seller: str
    number: str
    issued: date
    total: float
    currency: Literal["EUR", "USD", "GBP"]


class Ticket(BaseModel):
    product: str
    problem: str
    priority: Literal["low", "medium", "high"]
    refund: Annotated[bool, Field(description="Whether money back is asked for.")]


class OrderLine(BaseModel):
    item: str
    quantity: int


class Order(BaseModel):
    customer: str
    lines: list[OrderLine]


TYPES: dict[str, type[BaseModel]] = {kind.__name__: kind for kind in (Review, Contact, Event, Invoice, Ticket, Order)}

WAYS: dict[str, dict[str, Any]] = {
    "prompt": {"mode": "prompt", "policy": Policy(attempts=3)},
    'prompt, reask="whole"': {"mode": "prompt", "policy": Policy(attempts=3, reask="whole")},
    "prompt, repairs=False": {"mode": "prompt", "policy": Policy(attempts=3, repairs=False)},
    "json_schema (grammar)": {"mode": "json_schema", "policy": Policy(attempts=3)},
}


@dataclass(frozen=True)
class Outcome:
    """What came of one text."""

    attempts: tuple[Attempt, ...]
    value: BaseModel | None
    error: str
    right: int
    fields: int


def extracted(client: Client, way: dict[str, Any], line: dict[str, Any]) -> Outcome:
    """One text asked for in one way."""
    wanted = TYPES[line["type"]]
    expected = TypeAdapter(wanted).validate_python(line["wanted"])
    fields = [*wanted.model_fields]
    try:
        result: Result[Any] = client.run(wanted, line["text"], max_tokens=MAX_TOKENS, temperature=0, **way)
    except StructkitError as error:
        return Outcome(error.attempts, None, type(error).__name__, 0, len(fields))
    right = sum(getattr(result.value, name) == getattr(expected, name) for name in fields)
    return Outcome(result.attempts, result.value, "", right, len(fields))


def row(name: str, outcomes: list[Outcome]) -> str:
    """One line of the table."""
    usage = sum_usage([attempt for outcome in outcomes for attempt in outcome.attempts])
    valid = sum(outcome.value is not None for outcome in outcomes)
    first = sum(outcome.value is not None and len(outcome.attempts) == 1 for outcome in outcomes)
    right, fields = sum(outcome.right for outcome in outcomes), sum(outcome.fields for outcome in outcomes)
    requests = sum(len(outcome.attempts) for outcome in outcomes)
    failed = Counter(outcome.error for outcome in outcomes if outcome.error)
    why = ", ".join(f"{count} {error}" for error, count in failed.most_common()) or "none"
    return (
        f"| {name} | {valid} of {len(outcomes)} | {first} | {right} of {fields} | {requests} "
        f"| {usage.prompt_tokens:,} | {usage.completion_tokens:,} | {why} |"
    )


def kept(name: str, line: dict[str, Any], outcome: Outcome) -> str:
    """Everything that was said about one text, as a line of JSON."""
    said = [
        {
            "messages": [message.body for message in attempt.request.messages],
            "reply": attempt.completion.choices[0].content if attempt.completion else None,
            "finish_reason": attempt.completion.choices[0].finish_reason if attempt.completion else None,
            "repairs": attempt.repairs,
            "issues": [str(issue) for issue in attempt.issues],
        }
        for attempt in outcome.attempts
    ]
    value = outcome.value and outcome.value.model_dump(mode="json")
    told = {"way": name, **line, "value": value, "right": outcome.right, "error": outcome.error, "attempts": said}
    return json.dumps(told, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Extraction by the embedded model without a grammar.")
    parser.add_argument("--texts", type=int, help="only the first N of each type")
    parser.add_argument("--replies", type=Path, help="where to keep every reply")
    parser.add_argument("--ways", nargs="*", default=[*WAYS], help="only these rows")
    options = parser.parse_args()
    os.environ["STRUCTKIT_ROUTES"] = "off"
    every = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    number: Counter[str] = Counter()
    lines = []
    for line in every:
        number[line["type"]] += 1
        if options.texts is None or number[line["type"]] <= options.texts:
            lines.append(line)
    print(
        "| way | valid | with the first reply | fields right | requests | prompt tokens | completion tokens | failed |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    with Client("local") as client:
        for name in options.ways:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                outcomes = [*pool.map(partial(extracted, client, WAYS[name]), lines)]
            print(row(name, outcomes), flush=True)
            if options.replies:
                with options.replies.open("a", encoding="utf-8") as file:
                    file.writelines(kept(name, *each) for each in zip(lines, outcomes, strict=True))


if __name__ == "__main__":
    main()
