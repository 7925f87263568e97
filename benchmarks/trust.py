"""How far a score can be trusted: the alignment of lists, the coverage of intervals, p without a difference, and speed.

Run it:  python benchmarks/trust.py [--quick] [--lists N] [--trials N] [--rows N]

Lists are aligned as by trying all permutations. Intervals are of simulated rows whose true F1 is known, and p is of
simulated pairs of runs that are equally good; both are counted over many trials. Speed is that of a gold table and a
table of labels in memory, with 20 fields of a row. No model is asked.
"""

import argparse
import random
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import permutations
from typing import Any, Literal

from pydantic import BaseModel, create_model

import structkit
from structkit.evaluation.field_tree import make_tree
from structkit.evaluation.list_alignment import align_items
from structkit.evaluation.resampling import PairedRow, RatioRow, permutation_p, ratio_interval

Draw = Callable[[random.Random], RatioRow]
"""Draws what a row contributes to F1: twice its right values, and the values of both sides."""

TRUTH_ROWS = 200_000


class Part(BaseModel):
    code: str
    size: int | None = None
    marks: list[int] = []


def random_part(rng: random.Random) -> dict[str, Any]:
    marks = [rng.randrange(3) for _ in range(rng.randrange(3))]
    return {"code": rng.choice(("a", "A", "bb", "bc")), "size": rng.choice((None, 1, 2, 3)), "marks": marks}


def count_identical(lists: int) -> int:
    """Return how many pairs of random lists are aligned with as many right values as the best permutation has."""
    schema = structkit.ResponseFormat(Part).natural_schema
    tree, rng, identical = make_tree((), schema, schema), random.Random(1), 0
    for _ in range(lists):
        gold, got = ([random_part(rng) for _ in range(rng.randrange(5))] for _ in range(2))
        weights = [[count_right(tree, one, other) for other in got] for one in gold]
        aligned = sum(weights[row][column] for row, column in align_items(tree, gold, got))
        identical += aligned == best_sum(weights)
    return identical


def count_right(tree: Any, gold: Any, got: Any) -> int:
    judgments: list[Any] = []
    tree.compare(gold, got, (), judgments)
    return sum(each.verdict == "right" for each in judgments)


def best_sum(weights: list[list[int]]) -> int:
    if not weights or not weights[0]:
        return 0
    rows = weights if len(weights) <= len(weights[0]) else [list(each) for each in zip(*weights, strict=True)]
    orders = permutations(range(len(rows[0])), len(rows))
    return max(sum(row[place] for row, place in zip(rows, order, strict=True)) for order in orders)


def draw_scalar(chance: float, missed: float) -> Draw:
    """A field with one value a row."""

    def draw(rng: random.Random) -> RatioRow:
        if rng.random() < missed:
            return RatioRow(0, 1)
        return RatioRow(2, 2) if rng.random() < chance else RatioRow(0, 2)

    return draw


def draw_record(chance: float, fields: int) -> Draw:
    """All fields of a row, which are often right or wrong together."""

    def draw(rng: random.Random) -> RatioRow:
        share = min(max(rng.gauss(chance, 0.15), 0), 1)
        return RatioRow(2 * sum(rng.random() < share for _ in range(fields)), 2 * fields)

    return draw


def draw_list(chance: float) -> Draw:
    """A field of the items of a list, of which some are invented."""

    def draw(rng: random.Random) -> RatioRow:
        items, share = rng.randrange(12), min(max(rng.gauss(chance, 0.2), 0), 1)
        return RatioRow(2 * sum(rng.random() < share for _ in range(items)), 2 * items + rng.randrange(2))

    return draw


DRAWS = {
    "one value a row, 50 % right": draw_scalar(0.5, 0.1),
    "one value a row, 80 % right": draw_scalar(0.8, 0.05),
    "one value a row, 95 % right": draw_scalar(0.95, 0.02),
    "20 fields a row, 80 % right": draw_record(0.8, 20),
    "0 to 11 items a row, 70 % right": draw_list(0.7),
}


def measure_truth(name: str) -> float:
    """Return F1 of many rows."""
    rng = random.Random(0)
    rows = [DRAWS[name](rng) for _ in range(TRUTH_ROWS)]
    return sum(row.numerator for row in rows) / sum(row.denominator for row in rows)


def measure_coverage(name: str, truth: float, rows: int, trials: int) -> float:
    """Return the share of simulated intervals that have the true F1."""
    rng, hits = random.Random(rows), 0
    for trial in range(trials):
        low, high = ratio_interval(Counter(DRAWS[name](rng) for _ in range(rows)), trial) or (1.0, 0.0)
        hits += low <= truth <= high
    return hits / trials


def p_values(name: str, rows: int, trials: int) -> list[float]:
    """Return p of simulated pairs of runs that are equally good."""
    rng, draw = random.Random(rows), DRAWS[name]
    return [permutation_p(Counter(PairedRow(*pair) for pair in draw_pairs(draw, rows, rng)), n) for n in range(trials)]


def draw_pairs(draw: Draw, rows: int, rng: random.Random) -> Iterator[tuple[RatioRow, RatioRow]]:
    for _ in range(rows):
        yield draw(rng), draw(rng)


def measure_speed(rows: int) -> list[tuple[str, str]]:
    """Return the processor time for tables with 20 fields, without and with intervals, and of a comparison."""
    fields: dict[str, Any] = {f"text_{n}": (str | None, None) for n in range(8)}
    fields |= {f"number_{n}": (int | None, None) for n in range(8)}
    fields |= {f"kind_{n}": (Literal["a", "b", "c"] | None, None) for n in range(4)}
    record = create_model("Record", **fields)
    rng = random.Random(1)
    gold = [{"id": row} | {name: draw_cell(name, rng) for name in fields} for row in range(rows)]
    first, second = (
        [{k: draw_cell(k, rng) if k != "id" and rng.random() < 0.15 else v for k, v in row.items()} for row in gold]
        for _ in range(2)
    )
    start = time.process_time()
    score = structkit.evaluate(gold, first, record, key="id")
    assert score.f1 is not None
    without = time.process_time() - start
    assert all(each.interval for each in score)
    with_intervals = time.process_time() - start
    other = structkit.evaluate(gold, second, record, key="id")
    start = time.process_time()
    structkit.compare(score, other)
    compared = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    size = f"{rows:,} rows x 20 fields"
    return [
        (f"{size}, without intervals", f"{without:.1f} s"),
        (f"{size}, with intervals", f"{with_intervals:.1f} s"),
        (f"{size}, two scores compared", f"{compared:.1f} s"),
        ("peak memory, with the three tables", f"{peak:,.0f} MB"),
    ]


def draw_cell(name: str, rng: random.Random) -> Any:
    if rng.random() < 0.1:
        return None
    return (
        rng.choice("abc") if name[0] == "k" else rng.randrange(1_000) if name[0] == "n" else f"Text {rng.randrange(99)}"
    )


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    for line in (head, ("---",) * len(head), *rows):
        print(f"| {' | '.join(line)} |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few trials and rows")
    parser.add_argument("--lists", type=int, default=10_000)
    parser.add_argument("--trials", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    lists, trials, rows = (50, 20, 300) if options.quick else (options.lists, options.trials, options.rows)
    identical = count_identical(lists)
    print_table(("alignment", "identical to all permutations"), [("random lists", f"{identical:,} of {lists:,}")])
    sizes = {20: trials, 30: trials, 100: trials, 500: trials // 2}
    with ProcessPoolExecutor() as pool:
        truths = dict(zip(DRAWS, pool.map(measure_truth, DRAWS), strict=True))
        hits = {
            (name, size): pool.submit(measure_coverage, name, truths[name], size, count)
            for size, count in sizes.items()
            for name in DRAWS
        }
        p = {name: pool.submit(p_values, name, 100, trials // 2) for name in DRAWS}
    coverage = [(name, *(f"{hits[name, size].result():.1%}" for size in sizes)) for name in DRAWS]
    print_table(("95 % intervals that have the truth", *(f"{size} rows" for size in sizes)), coverage)
    tests = []
    for name in DRAWS:
        values = p[name].result()
        deciles = Counter(min(int(10 * each), 9) for each in values)
        shares = [f"{sum(each <= level for each in values) / len(values):.1%}" for level in (0.05, 0.2, 0.5)]
        tests.append((name, *shares, f"{statistics.mean(values):.3f}", f"{min(deciles.values()) / len(values):.1%}"))
    head = ("p of equal runs, 100 rows", "p <= 5 %", "p <= 20 %", "p <= 50 %", "mean", "rarest tenth")
    print_table(head, tests)
    print_table(("speed, processor time", ""), measure_speed(rows))


if __name__ == "__main__":
    main()
