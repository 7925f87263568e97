"""Where rows are written: a file of any format, which gets its name when it is complete; or standard output."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from os import PathLike
from pathlib import Path

from structkit.errors import ConfigError, JobError
from structkit.optional import import_extra
from structkit.tables.atomic_file import AtomicFile
from structkit.tables.columns import Column, flatten_columns, with_unique_names
from structkit.tables.files import open_compressed, standard_output
from structkit.tables.formats import PART_SUFFIX, STANDARD, Format, find_format, is_folder_name
from structkit.tables.formats.format import Target
from structkit.tables.formats.formulas import GuardFormulas
from structkit.tables.table_sink import TableSink
from structkit.values import JSON


def open_sink(
    output: str | PathLike[str],
    columns: Iterable[Column],
    *,
    format: str | None = None,
    overwrite: bool = False,
    guard_formulas: GuardFormulas = "all",
    table: str = "labels",
) -> Sink:
    """Start a table.

    The columns of the input are first and keep their names; one of the output or the run whose name is taken gets
    `_output` or `_run` appended. In CSV, TSV, Excel and SQLite each field of an object is a column, with dots in the
    names, and lists and maps are JSON text; in Parquet and Arrow they keep their types.

    Args:
        output: A path (the suffix determines the format); `-` for standard output, by default as JSONL.
        columns: The columns of the table: `source.fields`, `output_columns(schema)`, `run_columns("status", ...)`.
        format: The name of a format as in `open_source`, if the suffix does not determine it.
        overwrite: Whether a file of that name may be replaced.
        guard_formulas: In which columns of CSV and TSV a text that a spreadsheet would run gets a leading apostrophe:
            in `all`, in those of the `output` and the run, or in `none`. The other formats keep texts as they are.
        table: The name of the table or the sheet.

    Raises:
        JobError: The file exists or cannot be written, or the format cannot hold the columns.
        ConfigError: The format needs an extra that is not installed.
    """
    name = str(output)
    match = find_format(name, format or ("jsonl" if name == STANDARD else None))
    _validate_output(match.format, name)
    layout = flatten_columns(columns) if match.format.is_flat else columns
    layout = with_unique_names(layout, folds_case=match.format.folds_case)
    draft = None if name == STANDARD else AtomicFile(Path(name).expanduser(), overwrite=overwrite)
    try:
        file = open_compressed(draft.file if draft else standard_output(), match.compression)
        path = draft.path if draft else None
        return Sink(match.format, Target(name, file, path, layout, guard_formulas, table), draft)
    except (ConfigError, OSError) as error:
        if draft:
            draft.discard()
            raise (draft.error(error) if isinstance(error, OSError) else error) from None
        raise


def validate_output_format(name: str) -> None:
    """Validate that a table can be written in the format of its suffix, with what is installed.

    Raises:
        JobError: The suffix is not that of a format that can be written.
        ConfigError: The format or its compression needs something that is not installed.
    """
    if is_folder_name(name):
        return
    match = find_format(name)
    _validate_output(match.format, name)
    if match.format.write_extra:
        import_extra(*match.format.write_extra)
    open_compressed(io.BytesIO(), match.compression).close()


def _validate_output(format: Format, name: str) -> None:
    if name == STANDARD:
        if not format.can_stream:
            raise JobError(f"{format.name} cannot be written to standard output; write it to a file")
    elif format.write_suffixes and not PART_SUFFIX.sub("", name).lower().endswith(format.write_suffixes):
        raise JobError(f"{name}: only {', '.join(format.write_suffixes)} can be written", file=name)


class Sink(TableSink):
    """A table that is being written into one file, or to standard output."""

    def __init__(self, format: Format, target: Target, draft: AtomicFile | None) -> None:
        """Start the table."""
        if format.write is None:
            raise JobError(f"{format.name} can only be read, not written; choose another format", file=target.name)
        self._target, self._draft, self._is_finished = target, draft, False
        self._writer = format.write(target)

    @property
    def names(self) -> tuple[str, ...]:
        """Implement `TableSink.names`."""
        return tuple(column.name for column in self._target.columns)

    def write(self, row: JSON) -> None:
        """Implement `TableSink.write`."""
        self._translate_errors(lambda: self._writer.write(row))

    def write_line(self, line: str) -> None:
        """Implement `TableSink.write_line`."""
        data = f"{line.rstrip()}\n".encode()
        self._translate_errors(lambda: self._target.file.write(data))

    def close(self) -> None:
        """Implement `TableSink.close`."""
        if self._is_finished:
            return
        try:
            self._translate_errors(self._finish)
        except BaseException:
            self.discard()
            raise
        if self._draft:
            self._draft.publish()

    def discard(self) -> None:
        """Implement `TableSink.discard`."""
        if not self._is_finished:
            with suppress(Exception):  # the table is removed, complete or not
                self._finish()
        if self._draft:
            self._draft.discard()

    def _finish(self) -> None:
        self._is_finished = True
        try:
            self._writer.close()
        finally:
            file = self._target.file
            if self._draft and file is not self._draft.file:
                file.close()  # writes the end of the compressed stream; the file itself stays open
            else:
                file.flush()

    def _translate_errors(self, call: Callable[[], object]) -> None:
        try:
            call()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise (self._draft.error(error) if self._draft else error) from None
