"""The embedded model on small texts without a grammar: valid replies, correct fields, tokens.

Run it:  python benchmarks/prompt_mode.py [--texts N] [--replies FILE]
It needs the extra `local`, and takes some minutes. `--replies` stores every reply in a file.
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
CONCURRENCY = 2


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

SETTINGS: dict[str, dict[str, Any]] = {
    "prompt": {"mode": "prompt", "policy": Policy(attempts=3)},
    'prompt, reask="whole"': {"mode": "prompt", "policy": Policy(attempts=3, reask="whole")},
    "prompt, repairs=False": {"mode": "prompt", "policy": Policy(attempts=3, repairs=False)},
    "json_schema (grammar)": {"mode": "json_schema", "policy": Policy(attempts=3)},
    "json_schema, an unknown route": {"mode": "json_schema", "policy": Policy(attempts=3), "dialect": "unknown"},
    "json_schema, the common core": {"mode": "json_schema", "policy": Policy(attempts=3), "dialect": "core"},
}


@dataclass(frozen=True)
class Outcome:
    """The result of one text."""

    attempts: tuple[Attempt, ...]
    value: BaseModel | None
    error: str
    correct: int
    fields: int


def extract(client: Client, settings: dict[str, Any], line: dict[str, Any]) -> Outcome:
    """Extract from one text with some settings."""
    output_type = TYPES[line["type"]]
    expected = TypeAdapter(output_type).validate_python(line["expected"])
    fields = [*output_type.model_fields]
    try:
        result: Result[Any] = client.run(output_type, line["text"], max_tokens=MAX_TOKENS, temperature=0, **settings)
    except StructkitError as error:
        return Outcome(error.attempts, None, type(error).__name__, 0, len(fields))
    correct = sum(getattr(result.value, name) == getattr(expected, name) for name in fields)
    return Outcome(result.attempts, result.value, "", correct, len(fields))


def row(name: str, outcomes: list[Outcome]) -> str:
    """Return one line of the table."""
    usage = sum_usage([attempt for outcome in outcomes for attempt in outcome.attempts])
    valid = sum(outcome.value is not None for outcome in outcomes)
    first = sum(outcome.value is not None and len(outcome.attempts) == 1 for outcome in outcomes)
    correct, fields = sum(outcome.correct for outcome in outcomes), sum(outcome.fields for outcome in outcomes)
    requests = sum(len(outcome.attempts) for outcome in outcomes)
    failed = Counter(outcome.error for outcome in outcomes if outcome.error)
    errors = ", ".join(f"{count} {error}" for error, count in failed.most_common()) or "none"
    return (
        f"| {name} | {valid} of {len(outcomes)} | {first} | {correct} of {fields} | {requests} "
        f"| {usage.prompt_tokens:,} | {usage.completion_tokens:,} | {errors} |"
    )


def record(name: str, line: dict[str, Any], outcome: Outcome) -> str:
    """Return the conversation about one text, as a line of JSON."""
    attempts = [
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
    result = {"value": value, "correct": outcome.correct, "error": outcome.error, "attempts": attempts}
    return json.dumps({"settings": name, **line, **result}, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Extraction by the embedded model without a grammar.")
    parser.add_argument("--texts", type=int, help="only the first N of each type")
    parser.add_argument("--replies", type=Path, help="the file that every reply is appended to")
    parser.add_argument("--settings", nargs="*", default=[*SETTINGS], help="only these rows")
    options = parser.parse_args()
    os.environ["STRUCTKIT_ROUTES"] = "off"
    number: Counter[str] = Counter()
    lines = []
    for line in map(json.loads, TEXTS.read_text(encoding="utf-8").splitlines()):
        number[line["type"]] += 1
        if options.texts is None or number[line["type"]] <= options.texts:
            lines.append(line)
    tokens = "prompt tokens | completion tokens"
    print(f"| settings | valid | with the first reply | correct fields | requests | {tokens} | failed |")
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    with Client("local") as client:
        for name in options.settings:
            with ThreadPoolExecutor(CONCURRENCY) as pool:
                outcomes = [*pool.map(partial(extract, client, SETTINGS[name]), lines)]
            print(row(name, outcomes), flush=True)
            if options.replies:
                with options.replies.open("a", encoding="utf-8") as file:
                    file.writelines(record(name, *each) for each in zip(lines, outcomes, strict=True))


if __name__ == "__main__":
    main()
