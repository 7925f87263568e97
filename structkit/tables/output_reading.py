"""How the output of a job is read as data: without the apostrophes that mark formulas as text in a CSV or TSV file."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from structkit.tables.formats import EXCEL, STANDARD, find_format, is_escaped, is_folder_name
from structkit.tables.formats.format import SourceRow, Table
from structkit.tables.formats.formulas import unescape_cells, unescape_formula
from structkit.values import JSON


def manifest_path(output: Path) -> Path:
    """Return the path of the manifest of an output.

    >>> manifest_path(Path("labels.csv")).name
    'labels.csv.manifest.json'
    """
    return output.with_name(f"{output.name}.manifest.json")


def find_unguarded_columns(name: str) -> Collection[str] | None:
    """Return the columns of a table whose texts have no apostrophe before a formula; None if no column has them.

    The manifest beside an output says which it has. A CSV or TSV file without one, and a workbook, may be made from an
    output: every column may have them.

    Args:
        name: The name of the file.
    """
    if name == STANDARD or is_folder_name(name):
        return None
    has_escapes, manifest = is_escaped(name), _read_manifest(name)
    if not has_escapes:
        return () if manifest is None and find_format(name).format is EXCEL else None
    guard_formulas = (manifest or {}).get("guard_formulas", "all")
    if guard_formulas == "none":
        return None
    columns = (manifest or {}).get("unguarded_columns")
    return frozenset(columns) if guard_formulas == "output" and isinstance(columns, list) else ()


def without_escapes(table: Table, unguarded: Collection[str]) -> Table:
    """Return a table without the apostrophes, in the names of its columns too."""
    columns = [replace(each, name=_unescaped_name(each.name, unguarded)) for each in table.header.columns]
    columns = [replace(each, path=(each.path[0], each.name)) for each in columns]
    return Table(replace(table.header, columns=tuple(columns)), _unescaped_rows(table.rows, unguarded))


def _unescaped_rows(rows: Iterator[SourceRow], unguarded: Collection[str]) -> Iterator[SourceRow]:
    for row in rows:
        cells = unescape_cells(row.values, unguarded)
        yield row._replace(values={_unescaped_name(name, unguarded): cell for name, cell in cells.items()})


def _unescaped_name(name: str, unguarded: Collection[str]) -> str:
    return name if name in unguarded else unescape_formula(name)


def _read_manifest(name: str) -> JSON | None:
    """Return the manifest of an output; None if there is none, or it cannot be read."""
    try:
        manifest = json.loads(manifest_path(Path(name).expanduser()).read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):  # also no such user, and nested too deep
        return None
    return manifest if isinstance(manifest, dict) else None
