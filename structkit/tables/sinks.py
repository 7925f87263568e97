"""Where rows go: a file of any format, which appears under its name when it is whole; or standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from os import PathLike
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from structkit.errors import ConfigError, JobError
from structkit.tables.columns import Column, flat, named
from structkit.tables.files import Draft, packed, standard_output
from structkit.tables.formats import STANDARD, Format, find_format
from structkit.tables.formats.format import Target
from structkit.values import JSON


def open_sink(
    output: str | PathLike[str],
    columns: Iterable[Column],
    *,
    format: str | None = None,
    overwrite: bool = False,
    formulas: bool = False,
    table: str = "labels",
) -> Sink:
    """Begin a table.

    The columns of the input come first and keep their names; one of the output or the run whose name is taken gets
    `_output` or `_run` behind it. In CSV, TSV, Excel and SQLite objects are taken apart, with dots in the names, and
    lists and maps are JSON text; in Parquet and Arrow they are what they are.

    Args:
        output: A path (the suffix says the format); `-` for standard output, by default as JSONL.
        columns: What is written: `source.fields`, `output_columns(schema)`, `run_columns("status", ...)`.
        format: As of `open_source`, where the suffix does not say.
        overwrite: Whether a file of that name may be replaced.
        formulas: Whether a text that a spreadsheet would run may stand in CSV, TSV and Excel as it is. By default it
            gets an apostrophe before it.
        table: The name of the table or the sheet.

    Raises:
        JobError: The file exists or cannot be written there, or the format cannot hold the columns.
        ConfigError: The format needs an extra that is not installed.
    """
    name = str(output)
    found = find_format(name, format or ("jsonl" if name == STANDARD else None))
    _refuse_unwritable(found.format, name)
    layout = named(flat(columns) if found.format.is_flat else columns, folds=found.format.folds)
    draft = None if name == STANDARD else Draft(Path(name).expanduser(), overwrite=overwrite)
    try:
        file = packed(draft.file if draft else standard_output(), found.compression)
        return Sink(found.format, Target(name, file, draft.path if draft else None, layout, formulas, table), draft)
    except (ConfigError, OSError) as error:
        if draft:
            draft.discard()
            raise (draft.wrong(error) if isinstance(error, OSError) else error) from None
        raise


def _refuse_unwritable(format: Format, name: str) -> None:
    if name == STANDARD:
        if not format.streams:
            raise JobError(f"{format.name} cannot be written to standard output: give a file")
    elif format.written and Path(name).suffix.lower() not in format.written:
        raise JobError(f"{name}: only {', '.join(format.written)} can be written", file=name)


class Sink:
    """A table that is being written, row by row, in the order of the calls.

    As a context manager it closes at the end, and after an exception leaves nothing.
    """

    def __init__(self, format: Format, target: Target, draft: Draft | None) -> None:
        """Begin the table."""
        if format.write is None:
            raise JobError(f"{format.name} is only read", file=target.name)
        self._target, self._draft, self._ended = target, draft, False
        self._writer = format.write(target)

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called."""
        return tuple(column.name for column in self._target.columns)

    def write(self, row: JSON) -> None:
        """Write a row: `{"input": record.values, "output": natural, "run": {"status": "done", ...}}`.

        `output` is left out where the row has no value.

        Raises:
            JobError: It cannot be written, or the format cannot hold a value.
        """
        self._told(lambda: self._writer.write(row))

    def close(self) -> None:
        """End the table: all of it on the disk, and then under its name. Nothing happens after `discard`.

        Raises:
            JobError: It cannot be written, or another file has taken the name in the meantime.
        """
        if self._ended:
            return
        try:
            self._told(self._end)
        except BaseException:
            self.discard()
            raise
        if self._draft:
            self._draft.publish()

    def discard(self) -> None:
        """Leave nothing of what was written."""
        if not self._ended:
            with suppress(Exception):  # whatever keeps the rest from being written, nobody wants it
                self._end()
        if self._draft:
            self._draft.discard()

    def __enter__(self) -> Self:
        """The sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, or discard after an exception."""
        if kind is None:
            self.close()
        else:
            self.discard()

    def _end(self) -> None:
        self._ended = True
        try:
            self._writer.close()
        finally:
            file = self._target.file
            if self._draft and file is not self._draft.file:
                file.close()  # the end of what is compressed; the file itself stays open
            else:
                file.flush()

    def _told(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise (self._draft.wrong(error) if self._draft else error) from None
