"""How many records of a long text `chunk=` finds, if the model returns exactly those that are whole in its chunk.

Run it:  python benchmarks/long.py [--records N] [--seed N]

The text has 262,540 characters and 4,396 records, of which about 396 repeat another one exactly: a line each, in
paragraphs of any length; or all in one line, where chunks are divided within records. The endpoint is on loopback.
Beside it, what is left if all items of the chunks are kept, and if equal ones are kept once.
"""

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint

REPEATED_SHARE = 396 / 4396
NAMES = "Adler Berg Costa Diaz Engel Fuchs Garcia Horn Ibsen Jansen Keller Lang Moreau Novak Olsen Petit Quinn Rossi"
TOWNS = "Kiel Bonn Lyon Graz Oslo Turin Ghent Porto Basel Delft"
THINGS = "bolts washers valves hinges brackets gaskets rivets springs pulleys bearings"
FILLER = "The deliveries of this week are listed as they came in. No other remarks were made at the gate."
RECORD = re.compile(r"\b(\d{4}-\d\d-\d\d): (\w+) of (\w+) took (\d+) (\w+) for (\d+\.\d\d);")
CHARACTERS = 262_540
RECORDS = 4396


class Delivery(BaseModel):
    """A record."""

    day: date
    name: str
    town: str
    count: int
    thing: str
    total: float


def make_lines(count: int, rng: random.Random) -> Iterator[str]:
    """Yield the lines of the records."""
    earlier: list[str] = []
    for _ in range(count):
        if earlier and rng.random() < REPEATED_SHARE:
            yield rng.choice(earlier)
            continue
        day, total = date(2020, 1, 1) + timedelta(rng.randrange(2000)), rng.randrange(100, 999_999) / 100
        name, town, thing = (rng.choice(each.split()) for each in (NAMES, TOWNS, THINGS))
        earlier.append(f"{day}: {name} of {town} took {rng.randrange(1, 900)} {thing} for {total:.2f};")
        yield earlier[-1]


def make_text(count: int, rng: random.Random) -> str:
    """Return a text with the records."""
    blocks: list[str] = []
    lines = [*make_lines(count, rng)]
    while lines:
        size = rng.randrange(1, 60)
        blocks.append("\n".join([*([FILLER] if rng.random() < 0.3 else []), *lines[:size]]))
        lines = lines[size:]
    text = "\n\n".join(blocks)
    return f"{text}\n\n{FILLER * CHARACTERS}"[: round(CHARACTERS * count / RECORDS)]


def read_records(text: str) -> list[dict[str, object]]:
    """Return the records that are whole in a text."""
    return [
        {"day": day, "name": name, "town": town, "count": int(count), "thing": thing, "total": float(total)}
        for day, name, town, count, thing, total in RECORD.findall(text)
    ]


def figures(name: str, items: list[str], gold: list[str]) -> str:
    """Return a row: the records, precision and recall."""
    right = sum((Counter(items) & Counter(gold)).values())
    return f"| {name} | {len(items):,} | {right / len(items):.4f} | {right / len(gold):.4f} |"


def measure(layout: str, text: str) -> None:
    """Print the table of a text."""
    gold = [json.dumps(record) for record in read_records(text)]
    chunk_items: list[str] = []

    def answer(body: dict[str, object]) -> str:
        records = read_records(body["messages"][-1]["content"])  # type: ignore[index]
        chunk_items.extend(map(json.dumps, records))
        return json.dumps({"value": records})

    with Endpoint(answer) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        start = time.perf_counter()
        result = client.run(list[Delivery], text, chunk="auto", evidence=True)
        seconds = time.perf_counter() - start
    items = [json.dumps(item.model_dump(mode="json")) for item in result.value]
    print(
        f"{layout}: {len(text):,} characters, {len(gold):,} records, {len(endpoint.requests)} chunks, {seconds:.1f} s\n"
    )
    print("| items | records | precision | recall |\n|---|--:|--:|--:|")
    print(figures("all of all chunks", chunk_items, gold))
    print(figures("equal ones once", [*dict.fromkeys(chunk_items)], gold))
    print(figures("each of the chunk that owns it", items, gold))
    missing = len(result.evidence.missing) if result.evidence else 0
    print(f"\nin the order of the source: {items == gold}; values that are not found in it: {missing}\n")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    text = make_text(arguments.records, random.Random(arguments.seed))
    measure("lines", text)
    measure("one line", re.sub(r"\s+", " ", text))


if __name__ == "__main__":
    main()
