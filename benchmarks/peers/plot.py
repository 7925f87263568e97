"""The figures as a picture: four panels of bars on logarithmic axes, for light and dark backgrounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from peers.figures import LONG_SIZES, SHORT_SIZES, Samples, growth, ratio, rounded

TIMES = "\u00d7"
WIDTH, PANEL, NAME_WIDTH, ROW, TOP, GAP = 960, 452, 112, 24, 84, 64
STYLE = """
  .card { fill: #ffffff } .frame { fill: none; stroke: #d5dae1 }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #24292f }
  .title { font-size: 19px; font-weight: 600 } .head { font-size: 14px; font-weight: 600 }
  .small { font-size: 12px; fill: #59636e } .own { font-weight: 600 }
  .grid { stroke: #e3e7ec } .baseline { stroke: #59636e; stroke-width: 1.5 }
  .bar { fill: #9aa7b8 } .bar.own { fill: #0f7b6c } .bar.guess { opacity: .5 }
  .spread { stroke: #24292f; stroke-width: 1.2 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #161b22 } .frame { stroke: #363d47 } text { fill: #e6edf3 } .small { fill: #9aa5b1 }
    .grid { stroke: #2b323b } .baseline { stroke: #9aa5b1 } .bar { fill: #66748a } .bar.own { fill: #2fb8a2 }
    .spread { stroke: #e6edf3 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """The ratio of a library to the baseline."""

    name: str
    median: float
    minimum: float
    maximum: float
    is_extrapolated: bool = False


def picture(samples: list[Samples]) -> str:
    """Return the SVG of all figures."""
    panels = {
        "Process start to the first value": bars(samples, "start"),
        "CPU of a call, sync": bars(samples, "sync"),
        "CPU of a call, async, 100 in flight": bars(samples, "async"),
        "CPU of a stream of 1 MB, a partial value per delta": streams(samples),
    }
    rows = [max(len(each) for each in list(panels.values())[at : at + 2]) for at in (0, 2)]
    tops = [TOP, TOP + rows[0] * ROW + GAP + 28]
    height = tops[1] + rows[1] * ROW + 72
    inside = [
        panel(title, each, 20 + (at % 2) * (PANEL + 16), tops[at // 2])
        for at, (title, each) in enumerate(panels.items())
    ]
    foot = "Logarithmic; medians, with lines for the range of all rounds. Pale: extrapolated from shorter streams."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            "<title>Cost over the baseline, by library</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="card" width="{WIDTH}" height="{height}" rx="10"/>',
            f'<rect class="frame" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>',
            '<text class="title" x="20" y="34">Cost of a structured reply, in multiples of a bare HTTP call</text>',
            *inside,
            f'<text class="small" x="20" y="{height - 16}">{foot}</text>',
            "</svg>\n",
        ]
    )


def bars(samples: list[Samples], measure: str) -> list[Bar]:
    ratios = [(one.name, ratio(one, measure)) for one in samples if one.name != "baseline"]
    return ordered([Bar(name, figure.median, figure.minimum, figure.maximum) for name, figure in ratios if figure])


def streams(samples: list[Samples]) -> list[Bar]:
    costs = [(one.name, growth(one, SHORT_SIZES, LONG_SIZES)) for one in samples if one.name != "baseline"]
    return ordered(
        [
            Bar(name, cost.ratio.median, cost.ratio.minimum, cost.ratio.maximum, cost.read < LONG_SIZES[-1])
            for name, cost in costs
            if cost
        ]
    )


def ordered(unordered: list[Bar]) -> list[Bar]:
    return sorted(unordered, key=lambda bar: bar.median)


def panel(title: str, panel_bars: list[Bar], left: int, top: int) -> str:
    """Return a title, an axis from 1 (the baseline) to the next power of ten, and one bar per library."""
    decades = max(1.0, math.log10(max([bar.maximum for bar in panel_bars], default=10)))
    width, bottom = PANEL - NAME_WIDTH - 92, top + len(panel_bars) * ROW + 6

    def x(number: float) -> float:
        return left + NAME_WIDTH + width * max(0.0, math.log10(number)) / decades

    lines = [f'<text class="head" x="{left}" y="{top - 12}">{escape(title)}</text>']
    for power in range(int(decades) + 1):
        at, kind = x(10**power), "baseline" if power == 0 else "grid"
        lines.append(f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>')
        label = "baseline" if power == 0 else f"{10**power:,}{TIMES}"
        lines.append(f'<text class="small" text-anchor="middle" x="{at:.1f}" y="{bottom + 16}">{label}</text>')
    for row, bar in enumerate(panel_bars):
        lines += bar_lines(bar, left + NAME_WIDTH, top + row * ROW + 4, x(bar.median), (x(bar.minimum), x(bar.maximum)))
    return "\n".join(lines)


def bar_lines(bar: Bar, left: int, top: int, end: float, span: tuple[float, float]) -> list[str]:
    own_class, middle = " own" if bar.name == "structkit" else "", top + 9
    label_class = own_class.strip() or "small"
    number = f"{bar.median:,.0f}" if bar.median >= 99.5 else f"{bar.median:.1f}"
    number = f"about {rounded(bar.median):,}" if bar.is_extrapolated else number
    kind = f"bar{own_class}{' guess' if bar.is_extrapolated else ''}"
    return [
        f'<text class="name{own_class}" text-anchor="end" x="{left - 8}" y="{top + 14}">{escape(bar.name)}</text>',
        f'<rect class="{kind}" x="{left}" y="{top}" width="{max(1.0, end - left):.1f}" height="18" rx="2"/>',
        f'<line class="spread" x1="{span[0]:.1f}" x2="{span[1]:.1f}" y1="{middle}" y2="{middle}"/>',
        f'<text class="{label_class}" x="{max(end, span[1]) + 6:.1f}" y="{top + 14}">{number}{TIMES}</text>',
    ]
