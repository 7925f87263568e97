"""Figures from samples: medians of ratios to the baseline, and the growth of a stream's cost."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

SHORT_SIZES = (50_000, 100_000, 200_000, 400_000)
LONG_SIZES = (250_000, 500_000, 1_000_000)
"""The characters of the streams; the last one is compared."""


@dataclass
class Samples:
    """The samples of a library.

    Attributes:
        name: The library.
        versions: The installed versions.
        notes: Why a measure is missing, by measure; "all" for the library.
        pairs: By measure, the figures of the library and of the baseline, one pair per sample.
    """

    name: str
    versions: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, measure: str, figure: float, baseline: float) -> None:
        """Add a pair."""
        self.pairs.setdefault(measure, []).append((figure, baseline))


@dataclass(frozen=True)
class Figure:
    """A median with the minimum and the maximum."""

    median: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Growth:
    """The cost of a long stream: measured, or extrapolated from shorter ones.

    Attributes:
        seconds: CPU.
        ratio: To the baseline's.
        exponent: Of the growth of the cost with the size.
        peak: Peak memory divided by the size, of the longest stream that was read.
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
    return spread([value / baseline for value, baseline in pairs]) if pairs else None


def value(samples: Samples, measure: str) -> Figure | None:
    pairs = samples.pairs.get(measure)
    return spread([value for value, _ in pairs]) if pairs else None


def rounded(number: float) -> int:
    """Round to two digits, because an extrapolated figure is not more precise."""
    return int(float(f"{number:.1e}"))


def spread(values: list[float]) -> Figure:
    return Figure(statistics.median(values), min(values), max(values))


def seconds(samples: Samples, size: int) -> float:
    return statistics.median(value for value, _ in samples.pairs[f"stream {size}"])


def exponent(samples: Samples, sizes: tuple[int, ...]) -> float:
    """Return the slope of a line through the medians, on two logarithmic axes."""
    return statistics.linear_regression(
        [math.log(size) for size in sizes], [math.log(seconds(samples, size)) for size in sizes]
    ).slope


def read(samples: Samples, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes that were read."""
    return tuple(size for size in sizes if f"stream {size}" in samples.pairs)


def predicted(samples: Samples, sizes: tuple[int, ...], long_size: int) -> float:
    """Return the expected seconds of a long stream, from the two longest of *sizes*, at most quadratic."""
    *_, last = measured_sizes = read(samples, sizes)[-2:]
    return seconds(samples, last) * (long_size / last) ** min(exponent(samples, measured_sizes), 2)


def growth(samples: Samples, short_sizes: tuple[int, ...], long_sizes: tuple[int, ...]) -> Growth | None:
    """Return the cost of a long stream; None if it was not measured."""
    sizes = long_sizes if read(samples, long_sizes) == long_sizes else read(samples, short_sizes)[-2:]
    if len(sizes) < 2:
        return None
    last, cpu_seconds = sizes[-1], predicted(samples, sizes, long_sizes[-1])
    times = cpu_seconds / seconds(samples, last)
    ratio_to_baseline = spread([figure / baseline * times for figure, baseline in samples.pairs[f"stream {last}"]])
    peak, partials = ratio(samples, f"peak {last}"), ratio(samples, f"partials {last}")
    assert peak
    assert partials
    return Growth(cpu_seconds, ratio_to_baseline, exponent(samples, sizes), peak.median, partials.median, last)
