"""The figures as two tables, inserted into a page."""

from __future__ import annotations

from peers.figures import Figure, Growth, Samples, growth, ratio, rounded, value
from peers.libraries import LIBRARIES

BEGIN, END = "<!-- compare:begin -->", "<!-- compare:end -->"
DASH = "\u2013"
PARTIALS = {library.name: library.partials for library in LIBRARIES}

CALLS = "| library | installed | import | start | sync CPU | async CPU | rows/s at 50 ms |\n|---|---" + "|--:" * 5 + "|"
STREAMS = "| library | CPU | in seconds | exponent | memory | partial values per delta | |\n|---" + "|--:" * 5 + "|---|"


def tables(samples: list[Samples], short_sizes: tuple[int, ...], long_sizes: tuple[int, ...], machine: str) -> str:
    """Return both tables, with notes on missing libraries."""
    measured = [one for one in samples if "all" not in one.notes]
    calls = "\n".join([CALLS, *[calls_row(one) for one in measured]])
    streams = "\n".join([STREAMS, *[stream_row(one, short_sizes, long_sizes) for one in measured]])
    missing = "\n".join(f"- {one.name}: {one.notes['all']}" for one in samples if "all" in one.notes)
    counts = {len(one.pairs["rate"]) for one in measured if "rate" in one.pairs} or {0}
    rounds = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
    heads = f"Calls ({machine}; rounds: {rounds}):", f"Streams of {long_sizes[-1]:,} characters:"
    return "\n\n".join(part for part in (heads[0], calls, heads[1], streams, missing) if part)


def calls_row(samples: Samples) -> str:
    if samples.name == "baseline":
        cells = ["", f"{ms(samples, 'start', 0)}", ms(samples, "sync", 3), ms(samples, "async", 3)]
        rate = value(samples, "rate")
        cells.append(f"{rate.median:,.0f}" if rate else DASH)
    else:
        ratio_text = value(samples, "import")
        cells = [f"{ratio_text.median * 1e3:,.0f} ms" if ratio_text else DASH]
        cells += [times(ratio(samples, measure)) for measure in ("start", "sync", "async")]
        cells.append(share(ratio(samples, "rate")))
    return f"| {' | '.join([samples.name, samples.versions, *cells])} |"


def stream_row(samples: Samples, short_sizes: tuple[int, ...], long_sizes: tuple[int, ...]) -> str:
    cost = growth(samples, short_sizes, long_sizes)
    if cost is None:
        return f"| {samples.name} {f'| {DASH} ' * 5}| {samples.notes.get('stream', DASH)} |"
    is_measured = cost.read == long_sizes[-1]
    cells = stream_cells(samples.name, cost, is_measured=is_measured)
    remarks = [] if is_measured else [f"extrapolated from {cost.read:,} characters"]
    remarks += [PARTIALS[samples.name]] if PARTIALS.get(samples.name) else []
    remarks += ["no partial values: the text is parsed at the end"] if samples.name == "baseline" else []
    return f"| {' | '.join([samples.name, *cells, '; '.join(remarks)])} |"


def stream_cells(name: str, cost: Growth, *, is_measured: bool) -> list[str]:
    seconds = f"{cost.seconds:,.2f} s" if is_measured else f"about {rounded(cost.seconds):,} s"
    ratio_text = times(cost.ratio) if is_measured else f"about {rounded(cost.ratio.median):,}"
    ratio_text = "1" if name == "baseline" else ratio_text
    partials = DASH if name == "baseline" else f"{cost.partials:.2g}"
    return [ratio_text, seconds, f"{cost.exponent:.2f}", f"{cost.peak:,.1f}", partials]


def times(figure: Figure | None) -> str:
    """Return a ratio with its range: `4.1 (3.9-4.4)`."""
    if figure is None:
        return DASH
    return f"{format_number(figure.median)} ({format_number(figure.minimum)}{DASH}{format_number(figure.maximum)})"


def format_number(number: float) -> str:
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.1f}"


def share(figure: Figure | None) -> str:
    if figure is None:
        return DASH
    return f"{figure.median:.0%} ({figure.minimum:.0%}{DASH}{figure.maximum:.0%})"


def ms(samples: Samples, measure: str, digits: int) -> str:
    figure = value(samples, measure)
    return f"{figure.median * 1e3:,.{digits}f} ms" if figure else DASH


def insert_tables(page: str, text: str) -> str:
    """Return the page with *text* between its marks."""
    before, _, tail = page.partition(BEGIN)
    _, _, after = tail.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
