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
from structkit.tables.sources import open_source
from structkit.values import JSON

Settings = TypeVar("Settings", bound=JobSettings)

ARROW = "arrow"
TYPED_SUFFIX = ".parquet"


class OutputTable:
    """The rows of an output: in memory, or in a file that is read when they are asked for."""

    def __init__(self, source: Path | list[JSON] | Any) -> None:
        """Take a file, rows as dicts, or an Arrow table."""
        self._source = source

    def to_dicts(self) -> list[JSON]:
        """Return each row as a dict."""
        if isinstance(self._source, Path):
            return [dict(record.values) for record in open_source(self._source)]
        rows: list[JSON] = self._source if isinstance(self._source, list) else self._source.to_pylist()
        return rows

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`; a Parquet file keeps its types."""
        arrow = import_extra("pyarrow", ARROW)
        if isinstance(self._source, Path) and self._source.name.endswith(TYPED_SUFFIX):
            return import_extra("pyarrow.parquet", ARROW).read_table(self._source)
        return self._source if isinstance(self._source, arrow.Table) else arrow.Table.from_pylist(self.to_dicts())

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`."""
        pandas = import_extra("pandas", "pandas")
        is_typed = isinstance(self._source, Path) and self._source.name.endswith(TYPED_SUFFIX)
        if is_typed or not isinstance(self._source, Path | list):
            return self.to_arrow().to_pandas()
        return pandas.DataFrame(self.to_dicts())


@contextmanager
def in_memory(settings: Settings) -> Iterator[Settings]:
    """Yield the settings of a job without an output with one in a folder that is removed: it cannot be resumed."""
    suffix = TYPED_SUFFIX if hasattr(settings.source, "__arrow_c_stream__") else ".jsonl"
    with TemporaryDirectory(prefix="structkit-") as folder:
        yield replace(settings, output=Path(folder, f"output{suffix}"))


def load_table(path: Path) -> OutputTable:
    """Return the rows of a file in memory."""
    table = OutputTable(path)
    return OutputTable(table.to_arrow() if path.name.endswith(TYPED_SUFFIX) else table.to_dicts())
