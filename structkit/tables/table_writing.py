"""Starting a table in a file or in a folder of files, whichever the name of the output says."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from structkit.tables.columns import Column
from structkit.tables.folder_sink import FILE_ROWS, AtomicFolder, FolderSink
from structkit.tables.formats import is_folder_name
from structkit.tables.formats.formulas import GuardFormulas
from structkit.tables.sinks import open_sink
from structkit.tables.table_sink import TableSink


def open_table_sink(
    output: str | PathLike[str],
    columns: Iterable[Column],
    *,
    overwrite: bool = False,
    guard_formulas: GuardFormulas = "all",
    file_rows: int = FILE_ROWS,
) -> TableSink:
    """Start a table; see `open_sink`. A name without a suffix is a folder of files.

    Its files are Parquet if a column of the input has a type of Arrow, and JSONL otherwise.

    Raises:
        JobError: The file or folder exists or cannot be written, or the format cannot hold the columns.
        ConfigError: The format needs an extra that is not installed.
    """
    if not is_folder_name(str(output)):
        return open_sink(output, columns, overwrite=overwrite, guard_formulas=guard_formulas)
    layout = tuple(columns)
    suffix = ".parquet" if any(column.arrow is not None for column in layout) else ".jsonl"
    folder = AtomicFolder(Path(output).expanduser(), overwrite=overwrite)
    return FolderSink(folder, suffix, lambda path: open_sink(path, layout), file_rows)
