"""The rows that a run has written, for the program that started it: as dicts, an Arrow table or a data frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from structkit.batch.settings import JobSettings
from structkit.optional import import_extra
from structkit.tables.formats.cells import cell_text, flat_cell
from structkit.tables.sources import open_source
from structkit.values import JSON

Settings = TypeVar("Settings", bound=JobSettings)

ARROW = "arrow"
TYPED_SUFFIX, UNTYPED_SUFFIX = ".parquet", ".jsonl"


class OutputTable:
    """The rows of an output: in memory, or in a file that is read when they are asked for."""

    def __init__(self, source: Path | list[JSON] | Any) -> None:
        """Take a file, rows as dicts, or an Arrow table."""
        self._source = source

    def to_dicts(self) -> list[JSON]:
        """Return each row as a dict."""
        if isinstance(self._source, Path):
            return [dict(record.values) for record in open_source(self._source, is_output=True)]
        rows: list[JSON] = self._source if isinstance(self._source, list) else self._source.to_pylist()
        return rows

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`; a Parquet file, or a folder of these, keeps its types.

        A column whose cells have no common type is one of texts.
        """
        arrow = import_extra("pyarrow", ARROW)
        if files := self._typed_files:
            parquet = import_extra("pyarrow.parquet", ARROW)
            tables = [parquet.read_table(file) for file in files]
            return arrow.concat_tables(tables, promote_options="permissive")  # a column may be empty in one of them
        return self._source if isinstance(self._source, arrow.Table) else _to_arrow(self.to_dicts(), arrow)

    @property
    def _typed_files(self) -> list[Path]:
        """The Parquet files of the table, in order; none if it is in another format."""
        if not isinstance(self._source, Path):
            return []
        is_folder = self._source.is_dir()
        files = sorted(self._source.glob(f"part-*{TYPED_SUFFIX}")) if is_folder else [self._source]
        return [file for file in files if file.name.endswith(TYPED_SUFFIX)]

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`."""
        pandas = import_extra("pandas", "pandas")
        if self._typed_files or not isinstance(self._source, Path | list):
            return self.to_arrow().to_pandas()
        return pandas.DataFrame(self.to_dicts())


def _to_arrow(rows: list[JSON], arrow: Any) -> Any:
    """Return a table of all columns of rows, which `Table.from_pylist` takes from the first row only."""
    names = dict.fromkeys(name for row in rows for name in row)
    return arrow.table({name: _to_array([row.get(name) for row in rows], arrow) for name in names})


def _to_array(cells: list[Any], arrow: Any) -> Any:
    try:
        return arrow.array(cells)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, OverflowError):  # the cells have several types
        return arrow.array([None if cell is None else cell_text(flat_cell(cell)) for cell in cells], arrow.string())


@contextmanager
def in_memory(settings: Settings) -> Iterator[Settings]:
    """Yield the settings of a job without an output with one in a folder that is removed: it cannot be resumed."""
    suffix = TYPED_SUFFIX if hasattr(settings.source, "__arrow_c_stream__") else UNTYPED_SUFFIX
    with TemporaryDirectory(prefix="structkit-") as folder:
        yield replace(settings, output=Path(folder, f"output{suffix}"))


def load_table(path: Path) -> OutputTable:
    """Return the rows of a file in memory."""
    table = OutputTable(path)
    return OutputTable(table.to_arrow() if path.name.endswith(TYPED_SUFFIX) else table.to_dicts())
