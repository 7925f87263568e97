"""Values out of the rows of a table: gold labels, or the output of a job."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

from structkit.errors import ConfigError, JobError
from structkit.evaluation.cell_values import CellPlace, read_value
from structkit.evaluation.comparators import is_absent
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.tables.columns import Column, flatten_columns, output_columns
from structkit.tables.output_header import OutputHeader, find_header
from structkit.tables.output_reading import manifest_path
from structkit.tables.records import Record
from structkit.tables.source import Source
from structkit.values import JSON, JSONValue
from structkit.values.text import format_names

UNFINISHED = ("failed", "held", "skipped", "open")
"""States of a row of a job that has no value; a tuple, since a cell may be a list, which has no hash."""

MAX_ISSUES = 3
"""Issues of a gold row that a message lists."""


class LabelledRow(NamedTuple):
    """A row of a table.

    Args:
        key: What identifies it.
        value: Its value as natural JSON; None if it has none.
        is_failed: Whether a job has failed to find its value.
    """

    key: str
    value: JSONValue
    is_failed: bool = False


@dataclass(frozen=True)
class LabelledTable:
    """A table whose columns are the fields of a type.

    Args:
        source: The table.
        output_format: The type.
        value_column: The column of a type without fields.
        is_output: Whether it is the output of a job, in which a column of the type whose name the input has as well is
            called `NAME_output`.
    """

    source: Source
    output_format: ResponseFormat[Any]
    value_column: str = "value"
    is_output: bool = False

    def __iter__(self) -> Iterator[LabelledRow]:
        """Yield its rows; a value that is not valid is as the table has it.

        Raises:
            JobError: A row cannot be read, or its key is empty or a duplicate.
        """
        return map(self.read_row, self.source)

    def read_row(self, record: Record) -> LabelledRow:
        """Return one row; a value that is not valid is as the table has it."""
        value = self._value(record)
        is_failed = is_absent(value) and self.run_cell(record.values, "status") in UNFINISHED
        return LabelledRow(self.key(record), None if is_absent(value) else self._normalize(value), is_failed)

    def key(self, record: Record) -> str:
        """Return what identifies a row: the cell of the key column, or else its number."""
        return record.key if self.source.key is not None else str(record.row)

    def _value(self, record: Record) -> JSONValue:
        """Return the value of a row, which nothing has validated."""
        names = tuple(record.values)
        if names not in self._places:
            self._places[names] = self.places(names)
        return read_value(record.values, self._places[names], self._is_root)

    @cached_property
    def _places(self) -> dict[tuple[str, ...], list[CellPlace]]:
        """Where the cells of rows belong, by the names of their columns."""
        return {}

    def gold_rows(self) -> Iterator[LabelledRow]:
        """Yield its rows as gold.

        Raises:
            JobError: As before, or a value is not one of the type; with its line.
        """
        validator = self._gold_format
        is_complete = validator is self.output_format
        for record in self.source:
            value = self._value(record)
            answer = validator.read_natural(value)
            if not answer.valid:
                issues = "; ".join(map(str, answer.issues[:MAX_ISSUES]))
                raise self.source.row_error(f"not a value of {self.output_format.name}: {issues}", record)
            yield LabelledRow(
                self.key(record), self.output_format.natural(answer.value, for_reader=True) if is_complete else value
            )

    @cached_property
    def unscored(self) -> tuple[str, ...]:
        """The columns of the type that a table of gold does not have.

        Raises:
            ConfigError: It has none of them.
        """
        names = self.source.columns
        paths = {place.path for place in self.places(names)}
        missing = [
            each for each in self.fields if not any(path[: len(each.path) - 1] == each.path[1:] for path in paths)
        ]
        if names and len(missing) == len(self.fields):
            expected = format_names([each.name for each in self.fields])
            raise ConfigError(f"gold has no column of the type: expected {expected}; it has {format_names([*names])}")
        required = self.output_format.natural_schema.get("required", ())
        has_header = self.source.has_header
        return tuple(each.name for each in missing if has_header or each.path[-1] in required)

    def places(
        self, names: tuple[str, ...], fields: Sequence[Column] | None = None, layout: Sequence[Column] | None = None
    ) -> list[CellPlace]:
        """Return where the cells of columns belong.

        Args:
            names: The names of the table.
            fields: The columns; by default all fields of the type.
            layout: All columns that an output has of the type; by default those of `columns`.
        """
        columns = self.fields if fields is None else fields
        layout = self.columns if layout is None else layout
        header = find_header(names, layout) if self.is_output else None
        find = header.fields.get if header else partial(self._find, names, {column.name for column in layout})
        places = []
        for column in columns:
            parts = (column,) if find(column.name) else flatten_columns([column])
            pairs = ((find(part.name), part) for part in parts)
            places += [
                CellPlace.of(name, part, column, is_untyped=self.source.is_untyped)
                for name, part in pairs
                if name is not None
            ]
        return places

    def run_cell(self, cells: Mapping[str, Any], name: str) -> Any:
        """Return the cell of a row in a column of the run; None if it has none."""
        names = tuple(cells)
        if names not in self._headers:
            self._headers[names] = find_header(names, self.columns) if self.is_output else None
        header = self._headers[names]
        column = header.run_name(name) if header else self._find_run(names, name)
        return None if column is None else cells.get(column)

    @cached_property
    def _headers(self) -> dict[tuple[str, ...], OutputHeader | None]:
        """The columns of rows as a job has written them, by their names."""
        return {}

    def _find_run(self, names: tuple[str, ...], name: str) -> str | None:
        """Return the column of the run in a table that is not as a job has written it."""
        is_taken = any(each.name == name for each in self.fields)
        return f"{name}_run" if f"{name}_run" in names else None if is_taken else name

    def _find(self, names: tuple[str, ...], own_names: set[str], name: str) -> str | None:
        """Return the column of a field in a table that is not as a job has written it."""
        renamed = f"{name}_output"
        while f"{renamed}_output" in names:
            renamed = f"{renamed}_output"
        has_renamed = renamed in names and renamed not in own_names
        if has_renamed and (self.is_output or name not in names):
            return renamed
        return name if name in names else None

    def _normalize(self, value: JSONValue) -> JSONValue:
        answer = self.output_format.read_natural(value)
        return self.output_format.natural(answer.value, for_reader=True) if answer.valid else value

    @cached_property
    def fields(self) -> tuple[Column, ...]:
        """The columns of the fields of the type."""
        return tuple(each for each in self.columns if each.declared_keys is None)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that an output has of the type: its fields, and one of undeclared keys if it allows them."""
        is_open = isinstance(self.output_format.output_type, dict)
        return output_columns(self.output_format.natural_schema, is_open=is_open, name=self.value_column)

    @cached_property
    def _is_root(self) -> bool:
        return self.fields[0].path == ("output",)

    @cached_property
    def _gold_format(self) -> ResponseFormat[Any]:
        """The type that gold is validated against: without the fields that it has no column of."""
        schema = self.output_format.natural_schema
        missing = {*self.unscored} & {*schema.get("required", ())}
        if not missing:
            return self.output_format
        properties = {key: part for key, part in schema["properties"].items() if key not in missing}
        required = [key for key in schema["required"] if key not in missing]
        return response_format({**schema, "properties": properties, "required": required})


class RunCosts(NamedTuple):
    """What an output cost.

    Args:
        tokens: Of all replies; None if unknown.
        cost: None if unknown.
        seconds: The duration of the last run; None if unknown.
    """

    tokens: int | None = None
    cost: Decimal | None = None
    seconds: float | None = None


def read_costs(path: Path) -> RunCosts:
    """Return what an output cost, by the manifest beside it; nothing if it has none.

    Raises:
        JobError: The manifest cannot be read.
    """
    manifest = manifest_path(path)
    if not manifest.is_file():
        return RunCosts()
    try:
        fields: JSON = json.loads(manifest.read_text(encoding="utf-8"))
        spend = fields.get("spend")
        return RunCosts(fields.get("tokens"), None if spend is None else Decimal(spend), fields.get("seconds"))
    except (OSError, ValueError, AttributeError, InvalidOperation, TypeError, RecursionError) as error:
        raise JobError(f"{manifest}: cannot be read: {error}", file=str(manifest)) from None
