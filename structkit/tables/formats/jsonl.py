"""JSONL: one object a line, exactly."""

from __future__ import annotations

from collections.abc import Iterator

from structkit.parsing import NotJSON, read_json
from structkit.tables.files import Input
from structkit.tables.formats.format import Format, Header, Line, Table, Target
from structkit.tables.records import as_json
from structkit.values import ABSENT, JSON


def _read(source: Input) -> Table:
    """A table whose rows each have columns of their own."""
    return Table(Header(), _rows(source))


def _rows(source: Input) -> Iterator[Line]:
    for number, text in source.lines():
        if text.isspace():
            continue
        try:
            value = read_json(text)
        except NotJSON as error:
            raise source.wrong(str(error).removesuffix(" at line 1 column 1"), number) from None
        if not isinstance(value, dict):
            raise source.wrong(f"a row is an object with a value for each column, not {text[:40].strip()!r}", number)
        yield Line(number, value)


class _Writer:
    """Rows as JSON objects. A field that a value does not have is left out; a row without a value has nulls."""

    def __init__(self, target: Target) -> None:
        self._file, self._columns = target.file, target.columns

    def write(self, row: JSON) -> None:
        """Take a row."""
        failed = row.get("output", ABSENT) is ABSENT
        cells = ((column, column.cell(row)) for column in self._columns)
        shown = {
            column.name: None if cell is ABSENT else cell
            for column, cell in cells
            if cell is not ABSENT or (failed and column.origin == "output")
        }
        self._file.write(as_json(shown).encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Nothing is held back."""


JSONL = Format("jsonl", (".jsonl", ".ndjson"), _read, _Writer, is_text=True, streams=True)
