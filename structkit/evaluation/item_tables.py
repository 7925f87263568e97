"""Tables with a row for each item of a list, as tables with a row for each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from structkit.errors import ConfigError
from structkit.evaluation.cell_values import read_value
from structkit.evaluation.labelled_rows import LabelledTable
from structkit.schema import ResponseFormat
from structkit.tables.columns import Column
from structkit.tables.item_rows import item_columns
from structkit.tables.source import Source, key_text
from structkit.tables.sources import open_source
from structkit.values import JSON, JSONValue
from structkit.values.text import format_names


@dataclass(frozen=True)
class TableForm:
    """How the tables of a score have their values.

    Args:
        output_format: The type.
        key: The column of the key.
        value_column: The column of a type without fields.
        items: The list that the tables have a row for each item of; None if they have a row for each value.
    """

    output_format: ResponseFormat[Any]
    key: str
    value_column: str = "value"
    items: str | None = None

    def open(self, table: Any, *, is_output: bool = False) -> LabelledTable:
        """Return a table with its values; of one with a row for each item, the rows of a key are one.

        Raises:
            JobError: It cannot be read.
            ConfigError: The type has no such list, or the table has none of the columns of its items.
        """
        if self.items is None:
            return self._with_values(open_source(table, key=self.key, is_output=True), is_output)
        rows = join_items(self._with_values(open_source(table, is_output=True), is_output), self.key, self.items)
        return self._with_values(open_source(rows, key=self.key), is_output)

    def _with_values(self, source: Source, is_output: bool) -> LabelledTable:
        return LabelledTable(source, self.output_format, self.value_column, is_output)


def join_items(table: LabelledTable, key: str, items: str) -> list[JSON]:
    """Return a row for each key: its first row, with the list of its items; an item without any value is none.

    Raises:
        JobError: A row cannot be read.
        ConfigError: The type has no such list, or the table has none of the columns of its items.
    """
    layout = item_columns(table.columns, items)
    fields = _item_fields(table, layout)
    is_root = fields[0].path == ("item",)
    rows: dict[str, JSON] = {}
    lists: dict[str, list[JSONValue]] = {}
    places_of = lru_cache(lambda names: table.places(names, fields, layout))
    has_places = False
    for record in table.source:
        places = places_of(tuple(record.values))
        has_places = has_places or bool(places)
        key_cell = key_text(record.values, key)
        if key_cell not in rows:
            lists[key_cell] = []
            rows[key_cell] = _with_list(record.values, {place.name for place in places}, items, lists[key_cell], table)
        item = read_value(record.values, places, is_root)
        if item is not None:
            lists[key_cell].append(item)
    if rows and not has_places:
        names = format_names([each.name for each in fields])
        raise ConfigError(f"items={items!r}: the table has no column of an item: expected {names}")
    return [*rows.values()]


def _with_list(
    cells: Mapping[str, Any], item_names: set[str], items: str, values: list[JSONValue], table: LabelledTable
) -> JSON:
    """Return the cells of a row with a list in the place of those of its items, named as in an output."""
    name, other_names = items, {other.casefold() for other in cells.keys() - item_names}
    while table.is_output and name.casefold() in other_names:
        name = f"{name}_output"
    row: JSON = {}
    for other, cell in cells.items():
        row.update({name: values} if other in item_names else {other: cell})
    return {**row, name: values}


def _item_fields(table: LabelledTable, layout: Sequence[Column]) -> Sequence[Column]:
    """Return the columns of an item, with their paths in it."""
    [items_column] = (each for each in table.columns if each not in layout)
    start = len(items_column.path)
    parts = (each for each in layout if each not in table.columns and each.declared_keys is None)
    return [replace(each, path=("item", *each.path[start:])) for each in parts]
