"""Formats of tables: one module for each, with its reader and its writer; and which one a file name has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from structkit.errors import JobError
from structkit.tables.files import COMPRESSIONS
from structkit.tables.formats.arrow import ARROW, PARQUET
from structkit.tables.formats.delimited import CSV, TSV
from structkit.tables.formats.excel import EXCEL
from structkit.tables.formats.format import Format
from structkit.tables.formats.jsonl import JSONL
from structkit.tables.formats.sqlite import SQLITE

FORMATS = (CSV, TSV, JSONL, SQLITE, PARQUET, ARROW, EXCEL)
STANDARD = "-"
"""The file name that means standard input or standard output."""


PART_SUFFIX = re.compile(r"\.part-([0-9]+)-of-([0-9]+)\Z")
"""What follows the name of a table in the name of one of its parts."""


class FormatMatch(NamedTuple):
    """The format of a file, and the suffix of its compression."""

    format: Format
    compression: str


def find_format(name: str, format_name: str | None = None) -> FormatMatch:
    """Return the format of a file, by the name of the format, or else by the suffix of the file.

    Raises:
        JobError: There is no such format, or the suffix is not one of a format.

    >>> find_format("rows.csv.gz").format.name, find_format("rows.csv.gz").compression, find_format("x", "tsv")[0].name
    ('csv', '.gz', 'tsv')
    """
    file = PART_SUFFIX.sub("", name)
    suffix = Path(file).suffix.lower()
    compression = suffix if suffix in COMPRESSIONS else ""
    stem = file[: len(file) - len(compression)]
    suffix = Path(stem).suffix.lower()
    matches = [each for each in FORMATS if (format_name == each.name if format_name else suffix in each.suffixes)]
    if not matches:
        raise _unknown_format(name, format_name)
    if compression and not matches[0].is_text:
        raise JobError(f"{name}: {matches[0].name} cannot be read or written as a compressed file", file=name)
    return FormatMatch(matches[0], compression)


def is_folder_name(name: str) -> bool:
    """Return whether the name of an output is that of a folder of files: it has no suffix.

    >>> is_folder_name("out"), is_folder_name("out.part-1-of-8"), is_folder_name("out.csv"), is_folder_name("-")
    (True, True, False, False)
    >>> is_folder_name(""), is_folder_name("/"), is_folder_name("..")
    (False, False, False)
    """
    own_name = Path(name).name
    is_hidden = own_name.startswith(".") or not own_name
    return name != STANDARD and not Path(PART_SUFFIX.sub("", name)).suffix and not is_hidden


def is_jsonl(name: str) -> bool:
    """Return whether a table of that name without types of Arrow is written as JSONL: a file, or a folder of files.

    >>> is_jsonl("rows.jsonl.gz"), is_jsonl("out"), is_jsonl("rows.csv")
    (True, True, False)
    """
    return is_folder_name(name) or find_format(name).format is JSONL


def is_escaped(name: str) -> bool:
    """Return whether a file of that name has an apostrophe before each text that a spreadsheet would run.

    >>> is_escaped("rows.csv.gz"), is_escaped("rows.csv.part-1-of-8"), is_escaped("rows.xlsx"), is_escaped("out")
    (True, True, False, False)
    """
    return not is_folder_name(name) and find_format(name).format in {CSV, TSV}


def _unknown_format(name: str, format_name: str | None) -> JobError:
    if format_name:
        names = ", ".join(each.name for each in FORMATS)
        return JobError(f"there is no format {format_name!r}; formats are {names}", file=name)
    suffixes = ", ".join(suffix for each in FORMATS for suffix in each.suffixes)
    return JobError(f"the suffix of {name!r} is not one of a known format; suffixes are {suffixes}", file=name)


__all__ = [
    "EXCEL",
    "FORMATS",
    "STANDARD",
    "Format",
    "FormatMatch",
    "find_format",
    "is_escaped",
    "is_folder_name",
    "is_jsonl",
]
