"""The text of a chart in an Office file: its titles, and its data as rows, a column for each series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from structkit.documents.cell_formats import CellFormats, code_kind, format_cell
from structkit.documents.office_file import OfficeFile, is_on

CATEGORIES = frozenset({"cat", "xVal"})
VALUES = frozenset({"val", "yVal"})
"""Elements of a series with what its values belong to, and with the values (ECMA-376, part 1, section 21.2.2)."""


def chart_lines(file: OfficeFile, part: str) -> list[str]:
    """Return the lines of the charts to which a part refers: titles, and rows with tabs between the cells.

    Raises:
        PromptError: A chart is damaged.
    """
    lines: list[str] = []
    for relationship in file.relationships(part).values():
        if relationship.kind == "chart":
            chart = Chart()
            file.read(relationship.target, chart)
            lines += chart.lines()
    return lines


@dataclass
class Series:
    """A series of a chart: its name, and its categories and values by their positions."""

    name: str = ""
    categories: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


class Chart:
    """Collects the titles and the series of a chart."""

    def __init__(self) -> None:
        """Begin outside of everything."""
        self.titles: list[str] = []
        self.series: list[Series] = []
        self._formats = CellFormats(has_1904_dates=False)
        self._path: list[str] = []
        self._position = self._text = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive the start of an element."""
        self._path.append(name)
        if name == "date1904":
            self._formats = CellFormats(has_1904_dates=is_on(attributes))
        elif name == "title":
            self.titles.append("")
        elif name == "ser":
            self.series.append(Series())
        elif name in CATEGORIES | VALUES:
            self._formats.kinds = []
        elif name == "pt":
            self._position = attributes.get("idx", "")
        self._text = ""

    def end(self, name: str) -> None:
        """Receive the end of an element."""
        self._path.pop()
        if name == "formatCode":
            self._formats.kinds = [code_kind(self._text)]
        elif name in {"t", "v"} and "title" in self._path:
            self.titles[-1] += self._text
        elif name == "v" and "ser" in self._path:
            self._add(format_cell(self._text, self._formats, 0))
        self._text = ""

    def data(self, text: str) -> None:
        """Receive text."""
        self._text += text

    def _add(self, text: str) -> None:
        series, text = self.series[-1], " ".join(text.split())
        if "tx" in self._path:
            series.name = text
        elif not CATEGORIES.isdisjoint(self._path):
            series.categories.setdefault(self._position, text)  # of categories on several levels, the innermost
        elif not VALUES.isdisjoint(self._path):
            series.values[self._position] = text

    def lines(self) -> list[str]:
        """Return the titles, and a table for each group of series with the same categories."""
        titles = [" ".join(title.split()) for title in self.titles]
        tables = groupby(self.series, key=lambda series: series.categories)
        return [*filter(None, titles), *(line for _, group in tables for line in _rows([*group]))]


def _rows(group: list[Series]) -> Iterator[str]:
    categories = group[0].categories
    if any(series.name for series in group):
        yield "\t".join(["", *(series.name for series in group)])
    positions = {*categories, *(position for series in group for position in series.values)}
    for position in sorted(positions, key=lambda position: int(position) if position.isdecimal() else 0):
        yield "\t".join([categories.get(position, ""), *(series.values.get(position, "") for series in group)])
