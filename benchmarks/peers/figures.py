"""From samples to figures: medians of ratios to the floor, and how a stream's cost grows."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

SMALL = (50_000, 100_000, 200_000, 400_000)
WHOLE = (250_000, 500_000, 1_000_000)
"""Characters of the streams: the last is the one that is compared."""


@dataclass
class Samples:
    """All that was measured of a library.

    Attributes:
        name: The library.
        versions: What was installed.
        notes: Why a measure is missing, by measure; "all" for the library.
        pairs: By measure, the library's figure and the floor's beside it, one pair a sample.
    """

    name: str
    versions: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, measure: str, figure: float, floor: float) -> None:
        """One more pair."""
        self.pairs.setdefault(measure, []).append((figure, floor))


@dataclass(frozen=True)
class Figure:
    """A median, and the least and the most."""

    middle: float
    least: float
    most: float


@dataclass(frozen=True)
class Growth:
    """What a whole stream costs: read, or extrapolated from shorter ones.

    Attributes:
        seconds: CPU.
        ratio: Over the floor's.
        exponent: Of the cost over the size.
        peak: Memory at most, over the text; of the longest stream that was read.
        partials: Values for each delta.
        read: The characters of the longest stream that was read.
    """

    seconds: float
    ratio: Figure
    exponent: float
    peak: float
    partials: float
    read: int


def ratio(samples: Samples, measure: str) -> Figure | None:
    pairs = samples.pairs.get(measure)
    return spread([value / floor for value, floor in pairs]) if pairs else None


def value(samples: Samples, measure: str) -> Figure | None:
    pairs = samples.pairs.get(measure)
    return spread([value for value, _ in pairs]) if pairs else None


def rounded(number: float) -> int:
    """To two digits: an extrapolated figure has no more."""
    return int(float(f"{number:.1e}"))


def spread(values: list[float]) -> Figure:
    return Figure(statistics.median(values), min(values), max(values))


def seconds(samples: Samples, size: int) -> float:
    return statistics.median(value for value, _ in samples.pairs[f"stream {size}"])


def exponent(samples: Samples, sizes: tuple[int, ...]) -> float:
    """The slope of a line through the medians, on two logarithmic axes."""
    return statistics.linear_regression(
        [math.log(size) for size in sizes], [math.log(seconds(samples, size)) for size in sizes]
    ).slope


def read(samples: Samples, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes that were."""
    return tuple(size for size in sizes if f"stream {size}" in samples.pairs)


def predicted(samples: Samples, sizes: tuple[int, ...], whole: int) -> float:
    """The seconds of a whole stream, by what the two longest of *sizes* took; no growth is thought over quadratic."""
    *_, last = known = read(samples, sizes)[-2:]
    return seconds(samples, last) * (whole / last) ** min(exponent(samples, known), 2)


def growth(samples: Samples, small: tuple[int, ...], whole: tuple[int, ...]) -> Growth | None:
    """The cost of a whole stream, or None where it was not measured."""
    sizes = whole if read(samples, whole) == whole else read(samples, small)[-2:]
    if len(sizes) < 2:
        return None
    last, taken = sizes[-1], predicted(samples, sizes, whole[-1])
    times = taken / seconds(samples, last)
    own = spread([figure / floor * times for figure, floor in samples.pairs[f"stream {last}"]])
    peak, partials = ratio(samples, f"peak {last}"), ratio(samples, f"partials {last}")
    assert peak
    assert partials
    return Growth(taken, own, exponent(samples, sizes), peak.middle, partials.middle, last)
