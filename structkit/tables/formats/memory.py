"""Rows in memory: any iterable of dicts, or of texts, which are the column `text`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from structkit.tables.files import Input
from structkit.tables.formats.format import Header, Line, Table
from structkit.tables.records import as_json

TEXT = "text"
"""The column of rows that are texts."""


def read_rows(rows: Iterable[Any], source: Input) -> Table:
    """A table whose rows each have columns of their own.

    Raises:
        JobError: In its course: a row is neither a dict nor a text, or holds what is no data.
    """
    return Table(Header(unit="row"), _rows(rows, source))


def _rows(rows: Iterable[Any], source: Input) -> Iterator[Line]:
    for number, row in enumerate(rows, 1):
        values = {TEXT: row} if isinstance(row, str) else row
        if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
            raise source.wrong(f"a row is a dict of columns, or a text, not a {type(row).__name__}", number, unit="row")
        try:
            as_json(dict(values)).encode()
        except UnicodeEncodeError:
            raise source.wrong("half of a surrogate pair stands alone", number, unit="row") from None
        except Exception as error:  # noqa: BLE001 (whatever an object of the user's raises)
            raise source.wrong(f"no data: {error}", number, unit="row") from None
        yield Line(number, dict(values))
