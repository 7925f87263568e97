"""Rows in memory: any iterable of dicts, or of texts, which become the column `text`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from structkit.tables.files import Input
from structkit.tables.formats.format import Header, SourceRow, Table
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
        if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
            raise source.error(
                f"a row must be a dict of columns, or a text, not a {type(row).__name__}", number, unit="row"
            )
        try:
            to_json_text(dict(values)).encode()
        except UnicodeEncodeError:
            raise source.error("half of a surrogate pair is not text", number, unit="row") from None
        except Exception as error:  # noqa: BLE001 (an object of the user's may raise anything)
            raise source.error(f"a cell is not data: {error}", number, unit="row") from None
        yield SourceRow(number, dict(values))
