"""Rows in memory: any iterable of dicts, or of texts, which become the column `text`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from structkit.tables.files import Input
from structkit.tables.formats.format import Header, SourceRow, Table, depth_error
from structkit.values import JSON
from structkit.values.source_cell import to_json_text

TEXT = "text"
"""The column of the texts."""


def read_rows(rows: Iterable[Any], source: Input) -> Table:
    """Open a table whose rows each have columns of their own.

    Raises:
        JobError: During the iteration: a row is neither a dict nor a text, or a cell is not data.
    """
    return Table(Header(unit="row"), _rows(rows, source))


def _rows(rows: Iterable[Any], source: Input) -> Iterator[SourceRow]:
    for number, row in enumerate(rows, 1):
        values = {TEXT: row} if isinstance(row, str) else row
        if not isinstance(values, Mapping):
            raise source.error(
                f"a row must be a dict of columns, or a text, not a {type(row).__name__}", number, unit="row"
            )
        if names := [name for name in values if not isinstance(name, str)]:
            raise source.error(f"the name of a column must be a text, not {names[0]!r}", number, unit="row")
        if reason := _row_error(dict(values)):
            raise source.error(reason, number, unit="row")
        yield SourceRow(number, dict(values))


def _row_error(row: JSON) -> str:
    """Return why a row cannot be read; empty if it can."""
    try:
        text = to_json_text(row)
        text.encode()
    except Exception as error:  # noqa: BLE001 (an object of the user's may raise anything)
        is_text = isinstance(error, UnicodeEncodeError)
        reason = "half of a surrogate pair is not text" if is_text else f"a cell is not data: {error}"
        names = [name for name, cell in row.items() if len(row) > 1 and _row_error({name: cell})]
        return f"column {names[0]!r}: {reason}" if names else reason
    return depth_error(text, row)
