"""How well values are found in their sources, and how fast: on gold places in 36 languages, beside langextract.

Run it:  python benchmarks/evidence.py [--held-out] [--list] [--no-speed]

A place is right if it shares at least half of its characters with the gold one (intersection over union); the next
column counts those that are the same to the character. An invented value replaces the right one of its record.
langextract aligns texts: its resolver is given the values of a record as texts, in the order of the source, with its
default options and without partial matches. It is measured if it is installed (`pip install langextract`); no model is
asked.
"""

import argparse
import json
import math
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from evidence_gold import HELD_OUT_FILE, Gold, GoldPath, Place, read_gold, read_held_out_gold

import structkit
from structkit.evidence.alignment import align
from structkit.evidence.source_texts import SourceTexts
from structkit.testing import Endpoint
from structkit.values.evidence_map import TextSource

Finder = Callable[[Gold, dict[GoldPath, Any]], dict[GoldPath, tuple[Place, ...]]]
"""Returns the places of each value of a record, the likeliest first."""

HALF = 0.5
ROUNDS, CALLS = 7, 300


@dataclass
class Counts:
    """What a finder did."""

    values: int = 0
    right: int = 0
    exact: int = 0
    misplaced: int = 0
    missed: int = 0
    invented: int = 0
    invented_found: int = 0
    ambiguous: int = 0
    ambiguous_marked: int = 0
    marked_at_one_place: int = 0
    failures: list[str] = field(default_factory=list)

    def row(self) -> list[str]:
        """Return the figures."""
        return [
            f"{self.right / self.values:.1%}",
            f"{self.exact / self.values:.1%}",
            f"{self.misplaced} of {self.values}",
            f"{self.missed}",
            f"{self.invented_found / self.invented:.1%} ({self.invented_found} of {self.invented})",
            f"{self.ambiguous_marked} of {self.ambiguous}",
            f"{self.marked_at_one_place}",
        ]


HEADS = [
    "", "right place", "to the character", "wrong place", "missed", "invented found", "ambiguous marked",
    "marked so at one place",
]  # fmt: skip


def structkit_finder(gold: Gold, changes: dict[GoldPath, Any]) -> dict[GoldPath, tuple[Place, ...]]:
    evidence = align(gold.record(changes), SourceTexts([TextSource(gold.text)]), gold.schema())
    return {path: tuple((span.start, span.end) for span in each.spans) for path, each in evidence.items()}


def langextract_finder(**options: Any) -> Finder:
    """Return a finder; ImportError if langextract is not installed."""
    from langextract.core.data import Extraction
    from langextract.resolver import Resolver

    resolver = Resolver()

    def find(gold: Gold, changes: dict[GoldPath, Any]) -> dict[GoldPath, tuple[Place, ...]]:
        values = gold.values | changes
        extractions = [Extraction(json.dumps(path), str(value)) for path, value in values.items()]
        places: dict[GoldPath, tuple[Place, ...]] = dict.fromkeys(values, ())
        for each in resolver.align(extractions, gold.text, token_offset=0, char_offset=0, **options):
            interval = each.char_interval
            if interval is not None and interval.start_pos is not None and interval.end_pos is not None:
                places[tuple(json.loads(each.extraction_class))] = ((interval.start_pos, interval.end_pos),)
        return places

    return find


def measure(find: Finder, records: Iterable[Gold]) -> Counts:
    """Count what a finder does with each record, and with each of its invented values."""
    counts = Counts()
    for gold in records:
        places = find(gold, {})
        for path in gold.values:
            _count_value(counts, gold, path, places[path])
        for path, value in gold.invented:
            counts.invented += 1
            if misplaced := find(gold, {path: value})[path]:
                counts.invented_found += 1
                counts.failures.append(
                    f"invented {_describe(gold, path)} = {value!r} at {gold.text[slice(*misplaced[0])]!r}"
                )
    return counts


def _count_value(counts: Counts, gold: Gold, path: GoldPath, places: tuple[Place, ...]) -> None:
    right, gold_places = gold.right[path], gold.places[path]
    expected = f"{gold.values[path]!r} at {_excerpt(gold, right[0])}"
    counts.values += 1
    if not places:
        counts.missed += 1
        counts.failures.append(f"missed {_describe(gold, path)} = {expected}")
    elif any(_overlap(places[0], each) >= HALF for each in right):
        counts.right += 1
        counts.exact += places[0] in right
        if places[0] not in right:
            counts.failures.append(f"inexact {_describe(gold, path)}: {_excerpt(gold, places[0])}, not {expected}")
    else:
        counts.misplaced += 1
        counts.failures.append(f"wrong {_describe(gold, path)}: {_excerpt(gold, places[0])}, not {expected}")
    if len(gold_places) > 1:
        counts.ambiguous += 1
        is_marked = all(any(_overlap(place, each) >= HALF for place in places) for each in gold_places)
        counts.ambiguous_marked += is_marked
        if not is_marked:
            counts.failures.append(f"not ambiguous {_describe(gold, path)}: {places}, not {gold_places}")
    elif len(places) > 1:
        counts.marked_at_one_place += 1
        counts.failures.append(f"at one place {_describe(gold, path)}: {[_excerpt(gold, each) for each in places]}")


def _overlap(first: Place, second: Place) -> float:
    common = min(first[1], second[1]) - max(first[0], second[0])
    return max(common, 0) / (max(first[1], second[1]) - min(first[0], second[0]))


def _describe(gold: Gold, path: GoldPath) -> str:
    return f"[{gold.name}] {'.'.join(map(str, path))}"


def _excerpt(gold: Gold, place: Place) -> str:
    start, end = place
    return repr(f"{gold.text[max(start - 10, 0) : start]}<{gold.text[start:end]}>{gold.text[end : end + 10]}")


def finders() -> Iterator[tuple[str, Finder | None]]:
    """Yield the finders with their names; None for one that is not installed."""
    yield "structkit", structkit_finder
    for name, options in (
        ("langextract, defaults", {}),
        ("langextract, no partial matches", {"accept_match_lesser": False}),
    ):
        try:
            yield name, langextract_finder(**options)
        except ImportError:
            yield name, None


def print_quality(records: list[Gold], title: str, *, lists_failures: bool) -> None:
    print(f"\n{title}: {len(records)} texts\n\n| {' | '.join(HEADS)} |\n|---|{'--:|' * (len(HEADS) - 1)}")
    for name, find in finders():
        counts = None if find is None else measure(find, records)
        cells = ["not installed"] + [""] * (len(HEADS) - 2) if counts is None else counts.row()
        print(f"| {name} | {' | '.join(cells)} |")
        if lists_failures and name == "structkit" and counts:
            print("\n".join(counts.failures))


def print_held_out_quality() -> None:
    records = read_held_out_gold()
    if records:
        print_quality(records, "Held-out texts", lists_failures=False)
    else:
        print(f"\nHeld-out texts: skipped, there is no {HELD_OUT_FILE.name}")


# Speed


def large_source(size: int) -> tuple[str, Any]:
    """Return a text with words, numbers and dates, and 1,000 values for each million characters."""
    rng = random.Random(3)
    words = [f"w{rng.randrange(10**6)}" for _ in range(5000)]
    parts = [rng.choice(words) + rng.choice(["", " 12.5", f" 2026-03-{rng.randrange(1, 28):02}"]) for _ in range(size)]
    rows = [
        {
            "name": f"{rng.choice(words)} {rng.choice(words)}",
            "count": rng.randrange(10**5),
            "day": f"2026-03-{rng.randrange(1, 28):02}",
            "code": rng.choice(words),
        }
        for _ in range(size // 320)
    ]
    return " ".join(parts), {"rows": rows}


def prose_source(records: list[Gold], size: int) -> tuple[str, Any]:
    """Return the gold texts one after another up to a size, and the values of the first texts, 1,000 for a million."""
    texts, rows, values = [], [], 0
    total = 0
    while total < size:
        gold = records[len(texts) % len(records)]
        texts.append(gold.text)
        total += len(gold.text) + 1
        if values < size / 1000:
            rows.append(gold.record())
            values += len(gold.values)
    return "\n".join(texts), rows


def small_source(records: list[Gold]) -> tuple[str, Any]:
    """Return 2,000 characters and 10 values."""
    text = "\n".join(gold.text for gold in records if gold.name.startswith("en"))[:2000]
    invoice = records[0]
    return text, {str(path): value for path, value in [*invoice.values.items()][:10]}


def seconds(text: str, value: Any) -> float:
    """Return the median seconds of processor time of one run."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        align(value, SourceTexts([TextSource(text)]))
        rounds.append(time.process_time() - start)
    return statistics.median(rounds)


def print_speed(records: list[Gold]) -> None:
    print(f"\nSpeed, the median of {ROUNDS} runs\n\n| source | characters | values | seconds |\n|---|--:|--:|--:|")
    sources = [
        *((f"random words{name}", *large_source(size)) for name, size in ((", a quarter", 20_000), ("", 80_000))),
        *((f"gold texts{name}", *prose_source(records, size)) for name, size in ((", a quarter", 2**18), ("", 2**20))),
        ("one short text", *small_source(records)),
    ]
    measured: dict[str, tuple[int, float]] = {}
    for name, text, value in sources:
        count = len(align(value, SourceTexts([TextSource(text)])))
        measured[name] = len(text), seconds(text, value)
        print(f"| {name} | {len(text):,} | {count:,} | {measured[name][1]:.4f} |")
    for name in ("random words", "gold texts"):
        (size, duration), (part, part_duration) = measured[name], measured[f"{name}, a quarter"]
        exponent = math.log(duration / part_duration) / math.log(size / part)
        print(f"\n{name}: the time grows with the text to the power of {exponent:.2f}")


def print_cost_of_a_call(records: list[Gold]) -> None:
    """Print what evidence adds to a call: the medians of calls with and without it by turns, on loopback HTTP."""
    text, value = small_source(records)
    properties = {name: {"type": ["string", "number"]} for name in value}
    schema = {"type": "object", "properties": properties, "required": [*value], "additionalProperties": False}
    plain, with_evidence = list[float](), list[float]()
    with (
        Endpoint(lambda _: json.dumps(value)) as endpoint,
        structkit.Client("fake", base_url=endpoint.base_url) as client,
    ):
        for number in range(2 * CALLS):
            start = time.perf_counter()
            if number % 2:
                client.run(schema, text)
            else:
                len(client.run(schema, text, evidence=True).evidence or ())
            (plain if number % 2 else with_evidence).append(time.perf_counter() - start)
    medians = [statistics.median(each[CALLS // 10 :]) * 1000 for each in (plain, with_evidence)]
    print(f"\nA call about {len(text):,} characters, the median of {CALLS}, with {len(value)} values looked up\n")
    print("| plain | evidence=True | difference |\n|--:|--:|--:|")
    print(f"| {medians[0]:.2f} ms | {medians[1]:.2f} ms | {medians[1] - medians[0]:.2f} ms |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--held-out", action="store_true", help="print the held-out texts as well")
    parser.add_argument("--list", action="store_true", help="list what went wrong on the open texts")
    parser.add_argument("--no-speed", action="store_true", help="measure no times")
    options = parser.parse_args()
    records = read_gold()
    print_quality(records, "Open texts", lists_failures=options.list)
    if options.held_out:
        print_held_out_quality()
    if not options.no_speed:
        print_speed(records)
        print_cost_of_a_call(records)


if __name__ == "__main__":
    main()
