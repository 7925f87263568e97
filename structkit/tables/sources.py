"""Where rows are read from: a file of any format, standard input, a data frame, rows in memory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

from structkit.errors import JobError
from structkit.tables.atomic_file import write_atomically
from structkit.tables.file_set import TableFiles, find_shared_format, is_file_set, list_table_files
from structkit.tables.file_states import FileStates
from structkit.tables.files import Input
from structkit.tables.formats import STANDARD, find_format
from structkit.tables.formats.arrow import fetch_rows, read_stream
from structkit.tables.formats.format import Format, Table
from structkit.tables.formats.memory import read_rows
from structkit.tables.object_store import find_stored_files, is_stored_set, is_url, public_url
from structkit.tables.output_reading import find_unguarded_columns, without_escapes
from structkit.tables.source import Source
from structkit.values.source_cell import to_json_text

STREAM_FILE = "input.jsonl"
"""The file in a job's folder with the rows of a stream."""

DELIMITED, WITH_TABLES = frozenset({"csv", "tsv"}), frozenset({"sqlite", "excel"})
"""Formats with a delimiter, and formats of files that may have several tables."""


def open_source(
    source: Any,
    *,
    key: str | None = None,
    format: str | None = None,
    table: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    is_output: bool = False,
) -> Source:
    """Open the rows of a file, of standard input, of a data frame, or in memory.

    Args:
        source: A path (the suffix determines the format: `rows.csv`, `rows.jsonl.gz`); a folder or a pattern
            (`texts/*.parquet`), whose files are one table, in the order of their names; the address of one of these
            (`s3://bucket/rows.parquet`), which needs the extra `objects`; `-` for standard input; anything with
            `__arrow_c_stream__`, such as a pandas or polars frame; an iterable of dicts, or of texts, which become the
            column `text`.
        key: The column that identifies a row; by default a digest of its content does.
        format: `csv`, `tsv`, `jsonl`, `sqlite`, `parquet`, `arrow` or `excel`, if the suffix does not determine it.
        table: Which table or query of a database, or which sheet of a workbook; by default its only table, or its first
            visible sheet.
        delimiter: The character between the cells of a CSV file, if it is not that of the format.
        encoding: The encoding of a text file, if it is not UTF-8.
        is_output: Whether it is the output of a job, or made from one: it is read without the apostrophes before
            formulas (`guard_formulas`).

    Raises:
        JobError: There is no such file, format or column, the header is invalid, or the format has no such setting.
        ConfigError: The format needs an extra that is not installed.
    """
    if isinstance(source, str | PathLike):
        unguarded = find_unguarded_columns(str(source)) if is_output and not is_url(str(source)) else None
        settings = Input(
            "", None, "", table, delimiter, encoding, unguarded_columns=unguarded, has_settings=not is_output
        )
        return _open_file(str(source), key, format, settings, is_output=is_output)
    if (table, delimiter, encoding) != (None, None, None):
        raise JobError("table, delimiter and encoding are for files: these rows are not in one")
    if hasattr(source, "__arrow_c_stream__"):
        place = Input(f"the {type(source).__name__}")
        frame, is_stream = fetch_rows(source, place), type(source).__name__ == "RecordBatchReader"
        return Source(
            lambda place: read_stream(frame, place), place, key, is_stream=is_stream, count=lambda: _length(frame)
        )
    if (
        isinstance(source, bytes | Mapping | type)
        or hasattr(type(source), "columns")
        or not hasattr(source, "__iter__")
    ):
        name = type(source).__name__
        raise JobError(f"rows cannot be read from a {name}: pass a path, a data frame or a list of dicts")
    place, is_stream = Input("the rows"), iter(source) is source
    return Source(
        lambda place: read_rows(source, place), place, key, is_stream=is_stream, count=lambda: _length(source)
    )


def store_stream(source: Source, path: Path, limit: int | None = None) -> Source:
    """Return a source that can be read again: the source itself, or the rows of a stream, copied to a JSONL file.

    Of a stream, which may have no end, no more rows than *limit* are read.

    Dates, bytes and decimals become text in the file. A copy that a killed process left is not used: the file has its
    name only once the whole stream is in it.

    Raises:
        JobError: The stream or the file fails.
    """
    if source.is_repeatable:
        return source
    write_atomically(
        path,
        (to_json_text(record.values).encode() + b"\n" for record in islice(source, limit and min(limit, sys.maxsize))),
    )
    return open_source(path, key=source.key, format="jsonl")


def _open_file(name: str, key: str | None, format_name: str | None, settings: Input, *, is_output: bool) -> Source:
    if is_url(name):
        return _open_stored(name, key, format_name, settings, is_output=is_output)
    if name != STANDARD and is_file_set(name):
        files = [replace(settings, name=each, path=Path(each)) for each in list_table_files(name)]
        place = replace(settings, name=name, path=Path(name).expanduser())
        return _open_files(place, files, key, format_name, FileStates(files))
    match = find_format(name, format_name or ("jsonl" if name == STANDARD else None))
    path = None if name == STANDARD else _existing_path(name)
    _validate_settings(match.format, settings)
    title = "standard input" if path is None else name
    place = replace(settings, name=title, path=path, compression=match.compression)
    if not place.is_repeatable and not match.format.can_stream:
        raise JobError(f"{match.format.name} cannot be read from a stream: pass a file", file=name)
    is_database = match.format.name == "sqlite"
    states = FileStates([place], are_databases=is_database) if place.is_repeatable else None
    return _open_one_file(place, match.format, key, states)


def _open_one_file(place: Input, format: Format, key: str | None, states: FileStates | None) -> Source:
    """Open a file; without states, a stream."""
    return Source(
        lambda place: _unescaped(format.read(place), place),
        place,
        key,
        is_stream=states is None,
        count=lambda: format.count(place),
        states=states,
    )


def _unescaped(table: Table, place: Input) -> Table:
    return table if place.unguarded_columns is None else without_escapes(table, place.unguarded_columns)


def _open_files(
    place: Input, files: list[Input], key: str | None, format_name: str | None, states: FileStates
) -> Source:
    """Open the files of a folder or a pattern as one table."""
    shared_format = find_shared_format([file.name for file in files], format_name)
    _validate_settings(shared_format, place)
    files = [replace(file, compression=find_format(file.name, format_name).compression) for file in files]
    table_files = TableFiles(files, shared_format)
    return Source(
        lambda _: _unescaped(table_files.read(), place),
        place,
        key,
        is_stream=False,
        count=table_files.count,
        states=states,
    )


def _open_stored(url: str, key: str | None, format_name: str | None, settings: Input, *, is_output: bool) -> Source:
    """Open a file, a folder or a pattern in an object store."""
    stored = find_stored_files(url)
    if is_output:
        settings = replace(settings, unguarded_columns=find_unguarded_columns(public_url(stored[0].url)))
    files = [replace(settings, name=public_url(each.url), stored=each) for each in stored]
    if is_stored_set(url, stored):
        return _open_files(replace(settings, name=public_url(url)), files, key, format_name, FileStates(files, url))
    match = find_format(files[0].name, format_name)
    _validate_settings(match.format, settings)
    if match.format.name in WITH_TABLES:
        raise JobError(f"{match.format.name} cannot be read from a store: download {files[0].name}", file=files[0].name)
    place = replace(files[0], compression=match.compression)
    return _open_one_file(place, match.format, key, FileStates([place], url))


def _existing_path(name: str) -> Path:
    """Return the path of a file that exists.

    Raises:
        JobError: There is none, or it is a pipe or a device.
    """
    try:
        path = Path(name).expanduser()
        if path.is_file():
            return path
        is_stream = path.exists()
    except PermissionError as error:  # of a folder in the path
        raise JobError(f"cannot read {name!r}: {error.strerror}", file=name) from None
    except (ValueError, OSError, RuntimeError) as error:  # a null character, a name that is too long, no such user
        raise JobError(f"there is no file {name!r}: {getattr(error, 'strerror', None) or error}", file=name) from None
    if is_stream:  # it would be opened several times, and each time wait for another writer
        raise JobError(f"{name!r} is a pipe or a device: save its content as a file, or pass JSONL as -", file=name)
    raise JobError(f"there is no file {name!r}", file=name)


def _validate_settings(format: Format, settings: Input) -> None:
    """Validate that a format has the settings that a file is opened with.

    Raises:
        JobError: It has not, or one is invalid.
    """
    has_delimiter, has_tables = format.name in DELIMITED, format.name in WITH_TABLES
    for name, has_setting in {"table": has_tables, "delimiter": has_delimiter, "encoding": format.is_text}.items():
        if getattr(settings, name) is not None and not has_setting:
            option = "--sheet" if name == "table" else f"--{name}"
            raise JobError(f"{name} ({option}) is not a setting of {format.name} files")
    if settings.delimiter is not None and (len(settings.delimiter) != 1 or settings.delimiter in '"\r\n\0'):
        raise JobError(f"delimiter (--delimiter) must be one character between two cells, not {settings.delimiter!r}")
    try:
        "".encode("utf-8" if settings.encoding is None else settings.encoding)
    except (LookupError, ValueError):
        raise JobError(
            f"there is no text encoding {settings.encoding!r}; common ones are cp1252, utf-16, gb18030"
        ) from None


def _length(source: Any) -> int | None:
    rows = getattr(source, "num_rows", None)
    return rows if isinstance(rows, int) else len(source) if hasattr(source, "__len__") else None
