"""The figures as two tables, and their place on the page."""

from __future__ import annotations

from peers.figures import Figure, Growth, Samples, growth, ratio, rounded, value
from peers.libraries import LIBRARIES

BEGIN, END = "<!-- compare:begin -->", "<!-- compare:end -->"
DASH = "\u2013"
PARTIALS = {library.name: library.partials for library in LIBRARIES}

CALLS = "| library | installed | import | start | sync CPU | async CPU | rows/s at 50 ms |\n|---|---" + "|--:" * 5 + "|"
STREAMS = "| library | CPU | in seconds | exponent | memory | partial values a delta | |\n|---" + "|--:" * 5 + "|---|"


def tables(samples: list[Samples], small: tuple[int, ...], whole: tuple[int, ...], machine: str) -> str:
    """Both tables, with the notes on what is missing."""
    shown = [one for one in samples if "all" not in one.notes]
    calls = "\n".join([CALLS, *[calls_row(one) for one in shown]])
    streams = "\n".join([STREAMS, *[stream_row(one, small, whole) for one in shown]])
    missing = "\n".join(f"- {one.name}: {one.notes['all']}" for one in samples if "all" in one.notes)
    counts = {len(one.pairs["rate"]) for one in shown if "rate" in one.pairs} or {0}
    rounds = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
    heads = f"Calls ({machine}; rounds: {rounds}):", f"Streams of {whole[-1]:,} characters:"
    return "\n\n".join(part for part in (heads[0], calls, heads[1], streams, missing) if part)


def calls_row(samples: Samples) -> str:
    if samples.name == "floor":
        cells = ["", f"{ms(samples, 'start', 0)}", ms(samples, "sync", 3), ms(samples, "async", 3)]
        rate = value(samples, "rate")
        cells.append(f"{rate.middle:,.0f}" if rate else DASH)
    else:
        over = value(samples, "import")
        cells = [f"{over.middle * 1e3:,.0f} ms" if over else DASH]
        cells += [times(ratio(samples, measure)) for measure in ("start", "sync", "async")]
        cells.append(share(ratio(samples, "rate")))
    return f"| {' | '.join([samples.name, samples.versions, *cells])} |"


def stream_row(samples: Samples, small: tuple[int, ...], whole: tuple[int, ...]) -> str:
    grown = growth(samples, small, whole)
    if grown is None:
        return f"| {samples.name} {f'| {DASH} ' * 5}| {samples.notes.get('stream', DASH)} |"
    exact = grown.read == whole[-1]
    cells = stream_cells(samples.name, grown, exact=exact)
    words = [] if exact else [f"extrapolated from {grown.read:,} characters"]
    words += [PARTIALS[samples.name]] if PARTIALS.get(samples.name) else []
    words += ["no partial values: the text is read at its end"] if samples.name == "floor" else []
    return f"| {' | '.join([samples.name, *cells, '; '.join(words)])} |"


def stream_cells(name: str, grown: Growth, *, exact: bool) -> list[str]:
    seconds = f"{grown.seconds:,.2f} s" if exact else f"about {rounded(grown.seconds):,} s"
    over = times(grown.ratio) if exact else f"about {rounded(grown.ratio.middle):,}"
    over = "1" if name == "floor" else over
    partials = DASH if name == "floor" else f"{grown.partials:.2g}"
    return [over, seconds, f"{grown.exponent:.2f}", f"{grown.peak:,.1f}", partials]


def times(figure: Figure | None) -> str:
    """A ratio with its spread: `4.1 (3.9-4.4)`."""
    if figure is None:
        return DASH
    return f"{short(figure.middle)} ({short(figure.least)}{DASH}{short(figure.most)})"


def short(number: float) -> str:
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.1f}"


def share(figure: Figure | None) -> str:
    if figure is None:
        return DASH
    return f"{figure.middle:.0%} ({figure.least:.0%}{DASH}{figure.most:.0%})"


def ms(samples: Samples, measure: str, digits: int) -> str:
    found = value(samples, measure)
    return f"{found.middle * 1e3:,.{digits}f} ms" if found else DASH


def written(page: str, text: str) -> str:
    """The page with *text* between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
