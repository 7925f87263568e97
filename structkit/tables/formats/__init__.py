"""Formats of tables: one format a file, both ways; and which one a name means."""

from __future__ import annotations

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
"""The name that means standard input or standard output."""


class Found(NamedTuple):
    """The format of a file, and the suffix of its compression."""

    format: Format
    compression: str


def find_format(name: str, given: str | None = None) -> Found:
    """What a file is, by its suffix, or by a format's name that was given.

    Raises:
        JobError: Neither says.

    >>> find_format("rows.csv.gz").format.name, find_format("rows.csv.gz").compression, find_format("x", "tsv")[0].name
    ('csv', '.gz', 'tsv')
    """
    suffix = Path(name).suffix.lower()
    compression = suffix if suffix in COMPRESSIONS else ""
    stem = name[: len(name) - len(compression)]
    suffix = Path(stem).suffix.lower()
    wanted = [each for each in FORMATS if (given == each.name if given else suffix in each.suffixes)]
    if not wanted:
        unknown = f"there is no format {given!r}" if given else f"the suffix of {name!r} says no format"
        known = [each.name for each in FORMATS] if given else [suffix for each in FORMATS for suffix in each.suffixes]
        raise JobError(f"{unknown}; {'formats' if given else 'suffixes'} are {', '.join(known)}", file=name)
    if compression and not wanted[0].is_text:
        raise JobError(f"{name}: {wanted[0].name} is not read or written compressed as a whole", file=name)
    return Found(wanted[0], compression)


__all__ = ["FORMATS", "STANDARD", "Format", "Found", "find_format"]
