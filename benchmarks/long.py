"""How many records of a long text `chunk=` finds, and how many fields of one record over many pages.

The model is perfect: it returns exactly what is whole in its chunk.

Run it:  python benchmarks/long.py [--records N] [--leases N] [--seed N]

The text has 262,540 characters and 4,396 records, of which about 396 repeat another one exactly: a line each, in
paragraphs of any length; or all in one line, where chunks are divided within records. The endpoint is on loopback.
Beside it, what is left if all items of the chunks are kept, and if equal ones are kept once.

Then, leases of 100 pages: each of 12 fields is somewhere, a few are not there, and some rents are at two places with
another amount. Of the chunks are asked those that may have a field.
"""

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel

import structkit
from structkit.extraction.chunk_plan import AUTO_CHARS
from structkit.extraction.text_chunks import divide_text
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


class Lease(BaseModel):
    """A record over many pages."""

    landlord: str
    tenant: str
    monthly_rent: float
    deposit: int
    signed_on: date
    begins_on: date
    ends_on: date | None
    notice_months: int | None
    parking_spaces: int | None
    floor_area: float
    iban: str | None
    caretaker: str | None


SENTENCES = {
    "landlord": "The landlord is {}.",
    "tenant": "The tenant is {}.",
    "monthly_rent": "A rent of {:,.2f} EUR is due each month.",
    "deposit": "The tenant pays a deposit of {:,} EUR.",
    "signed_on": "This contract was signed in Kiel on {:%-d %B %Y}.",
    "begins_on": "The term begins on {:%-d %B %Y}.",
    "ends_on": "The term ends on {:%-d %B %Y}.",
    "notice_months": "Either side may give notice of {} months.",
    "parking_spaces": "The flat has {} parking spaces.",
    "floor_area": "The area of the floor is {:.1f} square meters.",
    "iban": "Payments go to the IBAN {}.",
    "caretaker": "The caretaker is {}.",
}
CLAUSES = (
    "Section {} of the act of {:%-d %B %Y} applies where the parties have not agreed otherwise. ",
    "The house rules, as they were published under number {} on {:%-d %B %Y}, are part of it. ",
    "Whatever the parties have agreed in writing goes before what they have said; see annex {} of {:%-d %B %Y}. ",
)
PATTERNS = {
    name: re.compile(re.sub(r"\\\{[^}]*\}", "([^.]+(?:\\\\.\\\\d+)?)", re.escape(text)))
    for name, text in SENTENCES.items()
}
PAGES, PAGE_CHARS, FILLED_SHARE, CONFLICT_SHARE = 100, 2_500, 0.8, 0.25
NUMBERS = {"monthly_rent", "deposit", "notice_months", "parking_spaces", "floor_area"}
NEEDED = {"landlord", "tenant", "monthly_rent", "deposit", "signed_on", "begins_on", "floor_area"}


def make_lease(rng: random.Random) -> dict[str, Any]:
    """Return the values of a lease, as Python has them."""
    days = sorted(date(2020, 1, 1) + timedelta(each) for each in rng.sample(range(3000), 3))
    names = [f"{rng.choice(NAMES.split())} {rng.choice(TOWNS.split())}" for _ in range(3)]
    values: dict[str, Any] = {
        "landlord": names[0],
        "tenant": names[1],
        "monthly_rent": rng.randrange(40_000, 400_000) / 100,
        "deposit": rng.randrange(1_000, 9_999),
        **dict(zip(("signed_on", "begins_on", "ends_on"), days, strict=True)),
        "notice_months": rng.randrange(2, 12),
        "parking_spaces": rng.randrange(2, 9),
        "floor_area": rng.randrange(300, 3000) / 10,
        "iban": f"DE{rng.randrange(10**19, 10**20)}",
        "caretaker": names[2],
    }
    return {key: each for key, each in values.items() if key in NEEDED or rng.random() < FILLED_SHARE}


def write_lease(values: dict[str, Any], rng: random.Random) -> tuple[str, bool]:
    """Return the text of a lease, and whether it has a second rent."""
    pages: list[list[str]] = [[] for _ in range(PAGES)]
    for name, value in values.items():
        rng.choice(pages).append(SENTENCES[name].format(value))
    has_conflict = rng.random() < CONFLICT_SHARE
    if has_conflict:
        rng.choice(pages).append(SENTENCES["monthly_rent"].format(values["monthly_rent"] + 10))
    return "\n\f".join(map(partial(_page, rng), pages)), has_conflict


def _page(rng: random.Random, sentences: list[str]) -> str:
    clauses = [
        rng.choice(CLAUSES).format(rng.randrange(1, 999), date(1990, 1, 1) + timedelta(rng.randrange(9000)))
        for _ in range(PAGE_CHARS // 100)
    ]
    for sentence in sentences:
        clauses.insert(rng.randrange(len(clauses)), f"{sentence} ")
    return "".join(clauses)


def read_lease(text: str) -> dict[str, Any]:
    """Return the first value of each field in a text, as JSON; null for none."""
    matches = {name: pattern.search(text) for name, pattern in PATTERNS.items()}
    texts = {name: match and match[1] for name, match in matches.items()}
    values: dict[str, Any] = {**texts}
    for name, each in texts.items():
        if each and name.endswith("_on"):
            values[name] = datetime.strptime(each, "%d %B %Y").date().isoformat()  # noqa: DTZ007 (a day has no zone)
        elif each and name in NUMBERS:
            values[name] = float(each.replace(",", ""))
    return values


def lease_figures(rng: random.Random) -> Counter[str]:
    """Return what one lease adds to the figures."""
    values = make_lease(rng)
    text, has_conflict = write_lease(values, rng)

    def answer(body: dict[str, Any]) -> str:
        return json.dumps(read_lease(body["messages"][-1]["content"]))

    with Endpoint(answer) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        result = client.run(Lease, text, chunk="auto", evidence=True)
    lease, rent = result.value.model_dump(), values["monthly_rent"]
    right_values = {name: {values.get(name)} for name in lease} | {"monthly_rent": {rent, rent + 10 * has_conflict}}
    has_warning = any(issue.path == ("monthly_rent",) for issue in result.warnings)
    return Counter(
        fields=len(lease),
        right=sum(lease[name] in right_values[name] for name in lease),
        chunks=len(divide_text(text, AUTO_CHARS)),
        requests=len(endpoint.requests),
        characters=len(text),
        sent=sum(len(body["messages"][-1]["content"]) for body in endpoint.requests),
        conflicts=has_conflict,
        warnings=has_warning and has_conflict,
    )


def measure_leases(count: int, rng: random.Random) -> None:
    """Print how many fields of some leases are right, and what was asked."""
    start = time.perf_counter()
    sums = sum((lease_figures(rng) for _ in range(count)), Counter[str]())
    seconds, size = time.perf_counter() - start, sums["characters"] // count
    print(f"{count} leases of {PAGES} pages, {size:,} characters each, {seconds:.1f} s\n")
    print("| fields right | chunks asked | characters sent | conflicts named |\n|--:|--:|--:|--:|")
    share = f"{sums['sent'] / sums['characters']:.0%}"
    print(
        f"| {sums['right']} of {sums['fields']} | {sums['requests']} of {sums['chunks']} | {share} "
        f"| {sums['warnings']} of {sums['conflicts']} |"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--leases", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    text = make_text(arguments.records, random.Random(arguments.seed))
    measure("lines", text)
    measure("one line", re.sub(r"\s+", " ", text))
    measure_leases(arguments.leases, random.Random(arguments.seed))


if __name__ == "__main__":
    main()
