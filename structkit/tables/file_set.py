"""A table of several files: which files a folder or a pattern has, and their rows, one file after the other."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any

from structkit.errors import JobError
from structkit.tables.columns import Column
from structkit.tables.files import Input
from structkit.tables.formats import Format, find_format
from structkit.tables.formats.format import Header, SourceRow, Table
from structkit.tables.object_store import is_url
from structkit.values import JSON
from structkit.values.text import format_names

PART_FORMATS = frozenset({"csv", "tsv", "jsonl", "parquet", "arrow"})
"""The formats of files that together are one table."""

HIDDEN = (".", "_")
"""How the names of files begin that are no rows: hidden files, and what other programs leave, such as `_SUCCESS`."""

MAX_NAMES = 3
"""Files that an error names."""


def is_file_set(name: str) -> bool:
    """Return whether a name is that of a folder, or a pattern that is not the name of a file."""
    return os.path.isdir(os.path.expanduser(name)) or is_pattern(name)  # noqa: PTH111, PTH112 (false for an invalid name)


def is_pattern(name: str) -> bool:
    """Return whether a name is a pattern, such as `texts/*.parquet`, and not that of a file."""
    return glob.has_magic(name) and not os.path.lexists(os.path.expanduser(name))  # noqa: PTH111 (as it is without such a user)


def has_file(name: str, path: Path) -> bool:
    """Return whether a file belongs to a folder or matches a pattern, once it exists.

    >>> has_file("texts/*.csv", Path("texts/a.csv")), has_file("texts/*.csv", Path("texts/out/a.csv"))
    (True, False)
    """
    if is_url(name) or not is_file_set(name):
        return False
    source, file = (os.path.abspath(os.path.expanduser(each)) for each in (name, path))  # noqa: PTH100, PTH111 (not resolved: a link is another name)
    if not is_pattern(name):
        return Path(source).resolve() == Path(file).parent.resolve()
    return fnmatch(file, source) if "**" in source else PurePath(file).match(source)


def list_table_files(name: str) -> list[str]:
    """Return the files of a folder or a pattern, by name, without hidden ones and subfolders.

    Raises:
        JobError: There are none, or the folder cannot be read.
    """
    files = _match_pattern(name) if is_pattern(name) else _list_folder(Path(name).expanduser())
    if not files and is_pattern(name):
        raise JobError(f"no file matches {name!r}", file=name)
    if not files:
        raise JobError(
            f"the folder {name!r} has no files; for those of its subfolders, name a pattern: "
            f"{str(Path(name, '**', '*.parquet'))!r}",
            file=name,
        )
    return files


def _match_pattern(name: str) -> list[str]:
    """Return the files that match; in a pattern, `**` is any folder."""
    hidden = () if Path(name).name.startswith(HIDDEN) else HIDDEN
    matches = glob.iglob(str(Path(name).expanduser()), recursive=True)  # noqa: PTH207 (a pattern may be absolute)
    return _distinct(each for each in matches if not Path(each).name.startswith(hidden) and Path(each).is_file())


def _list_folder(folder: Path) -> list[str]:
    try:
        return _distinct(str(each) for each in folder.iterdir() if not each.name.startswith(HIDDEN) and each.is_file())
    except OSError as error:
        raise JobError(f"cannot read {str(folder)!r}: {error.strerror or error}", file=str(folder)) from None


def _distinct(names: Iterable[str]) -> list[str]:
    """Return the files by name, each once: a link to one of them, or to a folder of them, adds no rows."""
    by_file: dict[str, list[str]] = {}
    for name in names:
        by_file.setdefault(os.path.realpath(name), []).append(name)
    return sorted(
        min(each, key=lambda name: (Path(name).is_symlink(), len(Path(name).parts), name)) for each in by_file.values()
    )


def find_shared_format(names: Sequence[str], format_name: str | None = None) -> Format:
    """Return the format of files that are one table; their compression may differ.

    Raises:
        JobError: They are not of one format, or a file is not a table.
    """
    strangers = [name for name in names if format_name is None and not is_table_file(name)]
    if strangers:
        more = f" and {len(strangers) - MAX_NAMES} more" if len(strangers) > MAX_NAMES else ""
        raise JobError(
            f"not a table: {', '.join(strangers[:MAX_NAMES])}{more}; the files of a table are "
            f"{', '.join(sorted(PART_FORMATS))} files; name only these, with a pattern such as 'texts/*.parquet'",
            file=strangers[0],
        )
    first = find_format(names[0], format_name).format
    for name in names:
        if find_format(name, format_name).format is not first:
            raise JobError(
                f"{name} and {names[0]} are files of two formats: name those of one, with a pattern such as "
                f"'texts/*{first.suffixes[0]}'",
                file=name,
            )
    return first


def is_table_file(name: str) -> bool:
    """Return whether the suffix of a file is that of a table that may be in several files."""
    try:
        return find_format(name).format.name in PART_FORMATS
    except JobError:
        return False


class TableFiles:
    """Files that are one table."""

    def __init__(self, files: Sequence[Input], format: Format) -> None:
        """Read what each of them declares.

        Raises:
            JobError: A file cannot be read, or does not have the columns of the first one; with the file.
        """
        self._files, self._format = files, format
        self._header = _merge_headers(files, format.read)

    def read(self) -> Table:
        """Open the table."""
        return Table(self._header, self._rows())

    def count(self) -> int | None:
        """Return the number of rows, if that is cheap to know."""
        total = 0
        for file in self._files:
            rows = self._format.count(file)
            if rows is None:
                return None
            total += rows
        return total

    def _rows(self) -> Iterator[SourceRow]:
        for file in self._files:
            for row in self._format.read(file).rows:
                yield SourceRow(row.number, row.values, file, row.line)


def _merge_headers(files: Sequence[Input], read: Callable[[Input], Table]) -> Header:
    header = read(files[0]).header
    if not header.columns:  # each row has its own
        return header
    columns, origins = {column.name: column for column in header.columns}, dict[str, Input]()
    for file in files[1:]:
        in_file = {column.name: column for column in read(file).header.columns}
        _validate_names(file, [*in_file], files[0], [*columns])
        for name, column in in_file.items():
            if _is_untyped(columns[name]):
                columns[name], origins[name] = column, file
            elif _type(column) != _type(columns[name]) and not _is_untyped(column):
                raise file.error(
                    f"the column {name!r} is {_type_name(column)}, but {_type_name(columns[name])} in "
                    f"{origins.get(name, files[0]).name}; all files need the same types"
                )
    return replace(header, columns=tuple(columns.values()))


def _validate_names(file: Input, names: list[str], first: Input, expected: list[str]) -> None:
    """Validate that a file has the columns of the first one, in any order.

    Raises:
        JobError: It has not.
    """
    missing, added = [each for each in expected if each not in names], [each for each in names if each not in expected]
    if missing or added:
        differences = [f"without {format_names(missing)}"] * bool(missing) + [f"with {format_names(added)}"] * bool(
            added
        )
        raise file.error(
            f"its columns are not those of {first.name}: {' and '.join(differences)}; all files need the same columns"
        )


def _type(column: Column) -> tuple[Any, JSON]:
    return column.arrow, column.schema


def _type_name(column: Column) -> str:
    return "JSON text" if column.arrow is None else str(column.arrow)


def _is_untyped(column: Column) -> bool:
    """Return whether a column has only nulls in its file, as programs write a column without any value."""
    return str(column.arrow) == "null"
