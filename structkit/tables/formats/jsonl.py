"""JSONL: one object on each line, written and read without loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from structkit.parsing import NotJSON, read_json
from structkit.parsing.exact import InvalidJSONValue
from structkit.tables.files import Input
from structkit.tables.formats.format import Format, Header, SourceRow, Table, Target, depth_error
from structkit.values import ABSENT, JSON
from structkit.values.source_cell import to_json_text


def _read(source: Input) -> Table:
    """Open a table whose rows each have columns of their own."""
    return Table(Header(), _rows(source))


def _rows(source: Input) -> Iterator[SourceRow]:
    needs = repeat(1) if source.needed_rows is None else iter(source.needed_rows)
    for number, text in source.lines():
        if not text.isspace():
            yield SourceRow(number, _read_row(source, number, text) if next(needs, 1) else {}, line=text)


def _read_row(source: Input, number: int, text: str) -> JSON:
    try:
        value = read_json(text)
    except NotJSON as error:
        raise source.error(f"{str(error).removesuffix(' at line 1 column 1')}{_hint(error, number)}", number) from None
    if not isinstance(value, dict):
        raise source.error(f"a row must be an object with a value for each column, not {text[:40].strip()!r}", number)
    if reason := depth_error(text, value):
        raise source.error(reason, number)
    return value


def _hint(error: NotJSON, number: int) -> str:
    """Return what to do about a line that is not JSON."""
    if "is not a JSON number" in str(error):
        return "; write null for a missing value"
    return "; JSONL has one object on each line" if number == 1 and not isinstance(error, InvalidJSONValue) else ""


class _JSONLWriter:
    """Writes rows as JSON objects. A field that a value does not have is omitted; a row without a value has nulls.

    So has a field whose name the input has taken: without its column, that of the input would be read as the field.
    """

    def __init__(self, target: Target) -> None:
        self._file, self._columns = target.file, target.columns

    def write(self, row: JSON) -> None:
        """Write a row."""
        has_value = row.get("output", ABSENT) is not ABSENT
        cells = ((column, column.cell(row)) for column in self._columns)
        fields = {
            column.name: None if cell is ABSENT else cell
            for column, cell in cells
            if cell is not ABSENT or (column.origin == "output" and (not has_value or column.is_renamed))
        }
        self._file.write(to_json_text(fields).encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Do nothing: no row is buffered."""


JSONL = Format("jsonl", (".jsonl", ".ndjson"), _read, _JSONLWriter, is_text=True, can_stream=True)
