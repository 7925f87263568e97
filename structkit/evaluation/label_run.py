"""A decorated function or a job that is run over gold, by what they can do: this layer does not know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol, TypeGuard, runtime_checkable

from structkit.errors import ConfigError
from structkit.evaluation.labelled_rows import LabelledTable
from structkit.schema import ResponseFormat
from structkit.tables.formats.formulas import unescape_cells
from structkit.tables.sources import open_source
from structkit.values import JSON

RUN_COLUMNS = ("status", "error", "message", "attempts", "usage", "cost")


@runtime_checkable
class FinishedRun(Protocol):
    """The report of a job."""

    tokens: int
    spend: Decimal | None
    seconds: float

    def to_dicts(self) -> list[JSON]:
        """Return the rows of the output."""
        ...

    def raise_for_status(self) -> None:
        """Raise an error if the run is not complete."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether every row has finished."""
        ...


@runtime_checkable
class LabelJob(Protocol):
    """A job."""

    output_type: Any
    key: str | None
    value_column: str
    items: str | None

    def run(self) -> FinishedRun:
        """Process every row."""
        ...


@runtime_checkable
class LabelFunction(Protocol):
    """A decorated function."""

    response_format: ResponseFormat[Any]

    @property
    def row_function(self) -> Any:
        """The function of a row."""
        ...

    def job(self, source: Any, output: Path | str | None = None, **settings: Any) -> LabelJob:
        """Return a job that labels a table."""
        ...


@dataclass(frozen=True)
class FunctionRun:
    """How a function is run over gold: as a job with these settings."""

    output: Path | str | None = None
    key: str | None = None
    budget: Decimal | str | None = None
    concurrency: int | Literal["auto"] = "auto"
    value_column: str = "value"

    def start(self, function: LabelFunction, source: Any) -> FinishedRun:
        """Run the function over a table, and return the report."""
        settings = {"budget": self.budget, "concurrency": self.concurrency, "columns": RUN_COLUMNS, "progress": False}
        return complete_run(function.job(source, self.output, key=self.key, **settings).run())


def is_function(got: Any) -> TypeGuard[LabelFunction]:
    """Return whether a value is a decorated function."""
    return hasattr(got, "row_function") and hasattr(got, "job")


def complete_run(report: FinishedRun) -> FinishedRun:
    """Return the report of a run whose rows have all finished; that some have failed is part of the score."""
    if not report.is_complete:
        report.raise_for_status()
    return report


def run_output(
    report: FinishedRun, output_format: ResponseFormat[Any], key: str | None, *, is_unescaped: bool = False
) -> LabelledTable:
    """Return the rows of a run.

    Args:
        report: That of the run.
        output_format: The type.
        key: The column of the key.
        is_unescaped: Whether the keys of the gold were read without the apostrophes before formulas, which the input
            of a run has.
    """
    rows = report.to_dicts()
    if is_unescaped and key is not None:
        rows = [{**row, **unescape_cells({key: row[key]})} for row in rows]
    return LabelledTable(open_source(rows, key=key), output_format, is_output=True)


def validate_arguments(function: LabelFunction, gold: LabelledTable) -> None:
    """Validate that a function does not read the columns that have the right values.

    Raises:
        ConfigError: It does.
    """
    columns = function.row_function.columns
    names = [place.name for place in gold.places(gold.source.columns)]
    read = [name for name in names if columns is None or name in columns]
    if read:
        raise ConfigError(
            f"the function would read gold itself, from {', '.join(map(repr, read))}: name its parameters like other "
            "columns, without **kwargs, or rename the columns of the input"
        )


def example_pairs(gold: Any) -> list[tuple[Any, Any]]:
    """Return gold as pairs of an input and a value; nothing if it is a table."""
    is_list = isinstance(gold, list | tuple) and bool(gold)
    return [*gold] if is_list and all(isinstance(each, tuple) and len(each) == 2 for each in gold) else []  # noqa: PLR2004


def argument_cells(function: LabelFunction, argument: Any) -> JSON:
    """Return an input as a row: a dict of arguments, or the first argument.

    Raises:
        ConfigError: The function needs several arguments, and the input is not a dict.
    """
    if isinstance(argument, Mapping):
        return dict(argument)
    needs = function.row_function.needs
    if len(needs) > 1:
        raise ConfigError(f"the function has several parameters ({', '.join(sorted(needs))}): pass a dict as the input")
    return {next(iter(needs or function.row_function.columns or ()), "text"): argument}
