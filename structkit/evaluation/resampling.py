"""Intervals and p values by resampling rows: rows with the same counts are drawn together, so that many cost little."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from random import Random
from typing import NamedTuple, TypeAlias

Interval: TypeAlias = tuple[float, float]

REPLICATES = 1_000
"""Samples of a bootstrap."""

PERMUTATIONS = 9_999
"""Permutations of a test, unless all of them are enumerated."""

MAX_ENUMERATED = 20_000
"""Distinct permutations up to which all are enumerated, so that p is exact."""

MAX_DRAWS = 5_000_000
"""Draws of a bootstrap; beyond it, the number of rows is so high that the normal approximation is as good."""

Z95 = 1.959964
LEVEL = 0.05
MIN_EXPECTED = 10
"""Expected successes from which binomial numbers are drawn by transformed rejection."""


class RatioRow(NamedTuple):
    """What a row contributes to a ratio of sums: twice the right values, and the values of both sides together."""

    numerator: float
    denominator: float


class PairedRow(NamedTuple):
    """What a row contributes to two ratios on the same rows."""

    first: RatioRow
    second: RatioRow


def ratio_interval(rows: Mapping[RatioRow, int], seed: int) -> Interval | None:
    """Return the 95 % interval of a ratio of sums, by a bootstrap over rows; None without values.

    To the rows, two are added that are right and two that are wrong, each as large as an independent observation (after
    Agresti and Coull 1998): otherwise the interval of 20 right values of 20 would have no width. In simulations of
    20 to 500 rows, the coverage is between 92 % and 97 %; `benchmarks/trust.py` prints it.

    Args:
        rows: How many rows have these contributions.
        seed: Of the random numbers.

    >>> low, high = ratio_interval({RatioRow(2, 2): 90, RatioRow(0, 2): 10}, seed=1)
    >>> round(low, 1), round(high, 1)
    (0.8, 0.9)
    """
    counts = {row: count for row, count in sorted(rows.items()) if row.denominator}
    if not counts:
        return None
    size = _observation_size(counts)
    weights = dict[RatioRow, float](counts)
    for pseudo in (RatioRow(size, size), RatioRow(0, size)):
        weights[pseudo] = weights.get(pseudo, 0.0) + 2
    number = sum(counts.values())
    totals = [(row.numerator, row.denominator) for row in weights]
    sample = resample_sums(totals, [*weights.values()], number + 4, Random(seed))  # noqa: S311 (a simulation)
    if sample is None:
        return _clip(*_normal_interval(counts), 0.0, 1.0)
    return _percentiles([a / b for a, b in sample if b], number, 0.0, 1.0)


def difference_interval(rows: Mapping[PairedRow, int], seed: int) -> Interval | None:
    """Return the 95 % interval of the difference of two ratios on the same rows: the second one minus the first.

    As in `ratio_interval`, four halves of rows are added: right in one, in the other, in both and in none (after
    Agresti and Min 2005).
    """
    counts = {row: count for row, count in sorted(rows.items()) if row.first.denominator or row.second.denominator}
    if not counts:
        return None
    number, weights = sum(counts.values()), dict[PairedRow, float](counts)
    sizes = [_observation_size(_side(counts, side)) for side in (0, 1)]
    for first, second in product((0, 1), (0, 1)):
        pseudo = PairedRow(RatioRow(first * sizes[0], sizes[0]), RatioRow(second * sizes[1], sizes[1]))
        weights[pseudo] = weights.get(pseudo, 0.0) + 0.5
    totals = [(*row.first, *row.second) for row in weights]
    sample = resample_sums(totals, [*weights.values()], number + 2, Random(seed))  # noqa: S311 (a simulation)
    if sample is None:
        return _clip(*_normal_difference(counts), -1.0, 1.0)
    return _percentiles([c / d - a / b for a, b, c, d in sample if b and d], number, -1.0, 1.0)


def permutation_p(rows: Mapping[PairedRow, int], seed: int) -> float:
    """Return p of the difference of two ratios, two-sided: how often it is as large if rows are swapped at random.

    Rows that are the same on both sides change nothing. Up to `MAX_ENUMERATED` distinct permutations are enumerated.

    >>> better, same = PairedRow(RatioRow(0, 2), RatioRow(2, 2)), PairedRow(RatioRow(2, 2), RatioRow(2, 2))
    >>> permutation_p({better: 8, same: 50}, seed=1) == 2 / 2**8
    True
    """
    sums = [_total(rows, side) for side in (0, 1)]
    both = RatioRow(sums[0][0] + sums[1][0], sums[0][1] + sums[1][1])
    observed = abs(_ratio(sums[1]) - _ratio(sums[0])) - 1e-12
    groups = differing_rows(rows)
    steps, counts = [*groups], [*groups.values()]
    if not steps:
        return 1.0

    def is_as_large(signs: Sequence[int]) -> bool:
        shift = [sum(sign * step[part] for sign, step in zip(signs, steps, strict=True)) for part in (0, 1)]
        second = ((both[0] + shift[0]) / 2, (both[1] + shift[1]) / 2)
        first = ((both[0] - shift[0]) / 2, (both[1] - shift[1]) / 2)
        return abs(_ratio(second) - _ratio(first)) >= observed

    if math.prod(count + 1 for count in counts) <= MAX_ENUMERATED:
        return _exact_p(counts, is_as_large)
    bits = Random(seed).getrandbits  # noqa: S311 (a simulation)
    hits = sum(is_as_large([2 * bits(count).bit_count() - count for count in counts]) for _ in range(PERMUTATIONS))
    return (1 + hits) / (1 + PERMUTATIONS)


def differing_rows(rows: Mapping[PairedRow, int]) -> dict[RatioRow, int]:
    """Return how many rows differ between the sides by how much, where the sign does not count."""
    groups: dict[RatioRow, int] = {}
    for (first, second), count in sorted(rows.items()):
        step = RatioRow(second[0] - first[0], second[1] - first[1])
        step = max(step, RatioRow(-step[0], -step[1]))
        if step != (0, 0):
            groups[step] = groups.get(step, 0) + count
    return groups


def adjust_for_several(values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, by Holm's method.

    >>> adjust_for_several([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    adjusted, highest = [0.0] * len(values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, values[index] * (len(values) - rank)))
        adjusted[index] = highest
    return adjusted


def resample_sums(
    rows: Sequence[tuple[float, ...]], weights: Sequence[float], size: int, rng: Random
) -> list[tuple[float, ...]] | None:
    """Return the sums of `REPLICATES` samples of rows; None if that would take too long."""
    if min(size, 8 * len(rows)) * REPLICATES > MAX_DRAWS:
        return None
    columns = [*zip(*rows, strict=True)]
    if size < 8 * len(rows):
        draws = (rng.choices(range(len(rows)), weights, k=size) for _ in range(REPLICATES))
        return [tuple(sum(map(column.__getitem__, draw)) for column in columns) for draw in draws]
    numbers = (draw_multinomial(weights, size, rng) for _ in range(REPLICATES))
    return [
        tuple(sum(count * part for count, part in zip(each, column, strict=True)) for column in columns)
        for each in numbers
    ]


def draw_multinomial(weights: Sequence[float], size: int, rng: Random) -> list[int]:
    """Return how often each of some classes is drawn."""
    numbers, remaining, total = [], size, sum(weights)
    for weight in weights[:-1]:
        number = draw_binomial(remaining, min(1.0, weight / total) if total > 0 else 0.0, rng)
        numbers.append(number)
        remaining, total = remaining - number, total - weight
    return [*numbers, remaining]


def draw_binomial(trials: int, chance: float, rng: Random) -> int:
    """Return how many of some trials succeed.

    Python 3.12 has `random.binomialvariate`; this is the same method (Hörmann 1993: BTRS, and geometric jumps).

    >>> draw_binomial(10, 0.0, Random(1)), draw_binomial(10, 1.0, Random(1)), draw_binomial(0, 0.5, Random(1))
    (0, 10, 0)
    """
    if chance > 0.5:  # noqa: PLR2004 (a half)
        return trials - draw_binomial(trials, 1 - chance, rng)
    if trials * chance < MIN_EXPECTED:
        return _jump(trials, chance, rng)
    return _reject(trials, chance, rng)


def _jump(trials: int, chance: float, rng: Random) -> int:
    successes, position, scale = 0, 0, math.log2(1 - chance) if chance > 0 else 0.0
    if not scale:
        return 0
    while True:
        position += math.floor(math.log2(1 - rng.random()) / scale) + 1
        if position > trials:
            return successes
        successes += 1


def _reject(trials: int, chance: float, rng: Random) -> int:
    spread = math.sqrt(trials * chance * (1 - chance))
    b = 1.15 + 2.53 * spread
    a, center, vr = -0.0873 + 0.0248 * b + 0.01 * chance, trials * chance + 0.5, 0.92 - 4.2 / b
    alpha, odds, mode = (2.83 + 5.1 / b) * spread, math.log(chance / (1 - chance)), math.floor((trials + 1) * chance)
    height = math.lgamma(mode + 1) + math.lgamma(trials - mode + 1)
    while True:
        u = rng.random() - 0.5
        us = 0.5 - abs(u)
        number = math.floor((2 * a / us + b) * u + center) if us else -1
        if not 0 <= number <= trials:
            continue
        v = rng.random()
        if us >= 0.07 and v <= vr:  # noqa: PLR2004 (as published)
            return number
        v *= alpha / (a / (us * us) + b)
        if (
            math.log(v or 1e-300)
            <= height - math.lgamma(number + 1) - math.lgamma(trials - number + 1) + (number - mode) * odds
        ):
            return number


def _exact_p(counts: Sequence[int], is_as_large: Callable[[Sequence[int]], bool]) -> float:
    weight: int = 0
    for signs in product(*(range(-count, count + 1, 2) for count in counts)):
        if is_as_large(signs):
            weight += math.prod(
                math.comb(count, (count + sign) // 2) for count, sign in zip(counts, signs, strict=True)
            )
    return float(weight / 2 ** sum(counts))


def _observation_size(rows: Mapping[RatioRow, int]) -> float:
    """Return the values of an independent observation: the more alike the values of a row, the more count as one."""
    total = sum(row.denominator * count for row, count in rows.items())
    number = sum(count for row, count in rows.items() if row.denominator)
    if not number or not total:
        return 0.0
    variance = _ratio_variance(rows)
    ratio = _ratio(_sum(rows))
    return total / (ratio * (1 - ratio) / variance) if variance > 0 and 0 < ratio < 1 else total / number


def _ratio_variance(rows: Mapping[RatioRow, int]) -> float:
    numerator, denominator = _sum(rows)
    number = sum(count for row, count in rows.items() if row.denominator)
    ratio = numerator / denominator
    squares = sum(count * (row.numerator - ratio * row.denominator) ** 2 for row, count in rows.items())
    return squares / denominator**2 * number / max(number - 1, 1)


def _normal_interval(rows: Mapping[RatioRow, int]) -> Interval:
    ratio, half = _ratio(_sum(rows)), Z95 * math.sqrt(_ratio_variance(rows))
    return ratio - half, ratio + half


def _normal_difference(rows: Mapping[PairedRow, int]) -> Interval:
    half = Z95 * math.sqrt(difference_variance(rows))
    difference = _ratio(_total(rows, 1)) - _ratio(_total(rows, 0))
    return difference - half, difference + half


def difference_variance(rows: Mapping[PairedRow, int]) -> float:
    """Return the variance of the difference of two ratios on the same rows, by linearization."""
    first, second = _total(rows, 0), _total(rows, 1)
    if not first[1] or not second[1]:
        return 0.0
    ratios, number = (_ratio(first), _ratio(second)), sum(rows.values())
    squares = 0.0
    for row, count in rows.items():
        influence = (row.second[0] - ratios[1] * row.second[1]) / second[1]
        influence -= (row.first[0] - ratios[0] * row.first[1]) / first[1]
        squares += count * influence**2
    return squares * number / max(number - 1, 1)


def _side(rows: Mapping[PairedRow, int], side: int) -> dict[RatioRow, int]:
    counts: dict[RatioRow, int] = {}
    for row, count in rows.items():
        counts[row[side]] = counts.get(row[side], 0) + count
    return counts


def _total(rows: Mapping[PairedRow, int], side: int) -> RatioRow:
    return _sum(_side(rows, side))


def _sum(rows: Mapping[RatioRow, int]) -> RatioRow:
    numerator = sum(row.numerator * count for row, count in rows.items())
    return RatioRow(numerator, sum(row.denominator * count for row, count in rows.items()))


def _ratio(total: Sequence[float]) -> float:
    return total[0] / total[1] if total[1] else 0.0


def _percentiles(values: list[float], number: int, low: float, high: float) -> Interval | None:
    """Return the 2.5th and the 97.5th percentile, farther apart by the bias of a bootstrap of few rows."""
    if not values:
        return None
    values.sort()
    ends = values[int(len(values) * LEVEL / 2)], values[-1 - int(len(values) * LEVEL / 2)]
    center, factor = sum(values) / len(values), math.sqrt(number / max(number - 1, 1))
    start, end = (center + factor * (end - center) for end in ends)
    return _clip(start, end, low, high)


def _clip(start: float, end: float, low: float, high: float) -> Interval:
    return max(low, start), min(high, end)
