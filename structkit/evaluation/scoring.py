"""`evaluate`: the score of values, of a table, or of a decorated function against gold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic_core import PydanticSerializationError, to_jsonable_python

from structkit.errors import ConfigError, StructkitError
from structkit.evaluation.comparators import Comparator, Compare
from structkit.evaluation.field_tree import AnyTree, leaf_fields, make_tree
from structkit.evaluation.item_tables import TableForm
from structkit.evaluation.judgments import Judgment
from structkit.evaluation.label_run import (
    FinishedRun,
    FunctionRun,
    LabelFunction,
    LabelJob,
    argument_cells,
    complete_run,
    example_pairs,
    is_function,
    run_output,
    validate_arguments,
)
from structkit.evaluation.labelled_rows import LabelledRow, LabelledTable, RunCosts, read_costs
from structkit.evaluation.number_keys import match_number_keys, whole_number
from structkit.evaluation.score import SEED, FieldScore, Score
from structkit.evaluation.tally import Tally
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source
from structkit.values import JSONValue, Result
from structkit.values.text import suggest_name

PLAIN_TYPES = (type(None), bool, int, float, str, list, tuple, Mapping)
"""Types whose values say nothing of their fields' types."""


class ScoreOptions(NamedTuple):
    """How a score is made.

    Args:
        comparators: How the values of some fields are compared, by name.
        seed: Of the random numbers.
    """

    comparators: Mapping[str, Comparator]
    seed: int


def evaluate(  # noqa: PLR0913 (one argument a fact)
    gold: Any,
    got: Any,
    output_type: Any = None,
    *,
    key: str | None = None,
    value_column: str = "value",
    items: str | None = None,
    comparators: Mapping[str, Comparator] | None = None,
    output: Path | str | None = None,
    budget: Decimal | str | None = None,
    concurrency: int | Literal["auto"] = "auto",
    seed: int = SEED,
) -> Score:
    """Return how good values are, by field: precision, recall and F1 with their intervals.

    Args:
        gold: The values that are trusted: a list of values, one value, a table (a file, a data frame, or with `key` a
            list of rows), or for a function a list of pairs of an input and its value.
        got: What is scored: values in the same order, which may be `Result`s and errors; a table, such as the output or
            the report of a job; a `Job`, which is run; or a decorated function, which is run over gold as a job.
        output_type: The type of the values; by default that of gold's values or of the function. Of plain dicts, each
            key is a field.
        key: The column by which the rows of two tables belong together.
        value_column: The column of the values, if the type is not an object with fields.
        items: The list of the type that both tables have a row for each item of, as a job with `items=` writes them.
        comparators: How the values of some fields are compared, by the names of the fields: `Compare.fuzzy(0.9)`.
        output: For a function: the file of its job, which is journalled and can be resumed. By default the rows stay in
            memory.
        budget: For a function: the most that its job may spend.
        concurrency: For a function: the most requests in flight.
        seed: Of the random numbers of intervals and tests.

    Raises:
        ConfigError: The lists have different lengths, an argument is missing, or gold has a value that is not one of
            the type.
        JobError: A table cannot be read, has a duplicate key, or a gold row that is not valid; with its line.
        BudgetExceeded, TransportError: A run was not completed; with the same `output`, it is resumed.

    >>> gold = [{"city": "Zürich", "total": 9.5}, {"city": "Oslo", "total": None}]
    >>> score = evaluate(gold, [{"city": "zurich", "total": 9.5}, {"city": "Bergen", "total": 4}])
    >>> score.fields["total"].precision, score.fields["total"].recall, score.fields["city"].f1
    (0.5, 1.0, 0.5)
    """
    options = ScoreOptions(comparators or {}, seed)
    if is_function(got):
        run = FunctionRun(output, key, budget, concurrency, value_column)
        return _score_function(gold, got, run, output_type, options)
    if output is not None or budget is not None:
        raise ConfigError("output and budget are for a decorated function, which is run over gold")
    is_table = any(isinstance(each, str | PathLike) or hasattr(each, "__arrow_c_stream__") for each in (gold, got))
    if key is None and not is_table and not isinstance(got, FinishedRun | LabelJob):
        return _score_values(gold, got, output_type, options)
    if isinstance(got, LabelJob):
        output_type, key, value_column = output_type or got.output_type, key or got.key, got.value_column
        items = items or got.items
        got = complete_run(got.run())
    if key is None:
        raise ConfigError("evaluate needs key=: the column by which the rows of the two tables belong together")
    if output_type is None:
        raise ConfigError("evaluate needs output_type=: the type whose fields the columns are")
    output_format = response_format(output_type)
    form = TableForm(output_format, key, value_column, items)
    gold_table = form.open(gold)
    rows = form.open(got.to_dicts() if isinstance(got, FinishedRun) else got, is_output=True)
    expected = [*gold_table.gold_rows()]
    return _score_rows(expected, rows, output_format, _costs(got), options, gold_table.unscored)


def verdicts(
    gold: Any, got: Any, output_type: Any = None, *, comparators: Mapping[str, Comparator] | None = None
) -> tuple[Judgment, ...]:
    """Return the verdict on each scalar of a value against that of gold.

    Raises:
        ConfigError: A value has no JSON form, or gold's is not one of the type.

    >>> first, second, third = verdicts({"a": 1, "b": [1, 2]}, {"a": 2, "b": [2]})
    >>> first.verdict, second.verdict, third.verdict
    ('wrong', 'right', 'missed')
    """
    output_format = _format_of([gold], output_type)
    tree = _tree(output_format, comparators)
    judgments: list[Judgment] = []
    tree.compare(_natural(gold, output_format), _natural(got, output_format, is_gold=False), (), judgments)
    return tuple(judgments)


def _score_function(
    gold: Any, function: LabelFunction, run: FunctionRun, output_type: Any, options: ScoreOptions
) -> Score:
    """Run a function over gold as a job, and return its score."""
    output_format = response_format(output_type or function.response_format)
    if pairs := example_pairs(gold):
        rows = [argument_cells(function, each) for each, _ in pairs]
        expected = [
            LabelledRow(str(row), _natural(value, output_format, row)) for row, (_, value) in enumerate(pairs, 1)
        ]
        report = replace(run, key=None).start(function, rows)
        return _score_rows(expected, run_output(report, output_format, None), output_format, _costs(report), options)
    source = open_source(gold, key=run.key, is_output=True)
    if not source.is_repeatable:
        raise ConfigError("gold is a stream, which can be read only once: pass a file or a list")
    table = LabelledTable(source, output_format, run.value_column)
    expected = [*table.gold_rows()]  # read before anything is paid for
    validate_arguments(function, table)
    report = run.start(function, gold)
    got = run_output(report, output_format, run.key, is_unescaped=source.is_unescaped)
    return _score_rows(expected, got, output_format, _costs(report), options, table.unscored)


def _costs(got: Any) -> RunCosts:
    if isinstance(got, FinishedRun):
        return RunCosts(got.tokens, got.spend, got.seconds)
    return read_costs(Path(got).expanduser()) if isinstance(got, str | PathLike) and str(got) != "-" else RunCosts()


def _score_rows(
    gold: Sequence[LabelledRow],
    got: Iterable[LabelledRow],
    output_format: ResponseFormat[Any],
    costs: RunCosts,
    options: ScoreOptions,
    unscored: tuple[str, ...] = (),
) -> Score:
    """Return the score of rows with keys."""
    tree = _tree(output_format, {**options.comparators, **dict.fromkeys(unscored, Compare.ignore)})
    by_key = {row.key: row for row in gold}
    numbers = {*map(whole_number, by_key)}
    answers: dict[str, LabelledRow] = {}
    only_in_got = []
    for row in got:
        if whole_number(row.key) in numbers:
            answers[row.key] = row
        else:
            only_in_got.append(row.key)
    pairs = match_number_keys(answers.keys() - by_key.keys(), by_key.keys() - answers.keys())
    answers = {pairs.get(key, key): row for key, row in answers.items()}
    tally = Tally(_names(tree))
    for row in gold:
        answer = answers.get(row.key)
        judgments: list[Judgment] = []
        tree.compare(row.value, None if answer is None else answer.value, (), judgments)
        tally.add_row(row.key, judgments)
    failed = tuple(row.key for row in gold if row.key in answers and answers[row.key].is_failed)
    only_in_gold = tuple(row.key for row in gold if row.key not in answers)
    only_in_got += [key for key in answers if key not in by_key]
    return _finish(tally, options.seed, failed, only_in_gold, tuple(only_in_got), unscored, costs)


def _score_values(gold: Any, got: Any, output_type: Any, options: ScoreOptions) -> Score:
    """Return the score of values in the same order."""
    gold_values, got_values = _as_list(gold), _as_list(got)
    if len(gold_values) != len(got_values):
        raise ConfigError(
            f"gold has {len(gold_values)} values, and there are {len(got_values)} others: they are compared by position"
        )
    output_format = _format_of(gold_values, output_type)
    tree = _tree(output_format, options.comparators)
    tally, failed = Tally(_names(tree)), []
    for number, (expected, value) in enumerate(zip(gold_values, got_values, strict=True), 1):
        if isinstance(value, StructkitError):
            failed.append(str(number))
        judgments: list[Judgment] = []
        natural = _natural(expected, output_format, number)
        tree.compare(natural, _natural(value, output_format, is_gold=False), (), judgments)
        tally.add_row(str(number), judgments)
    return _finish(tally, options.seed, tuple(failed))


def _as_list(values: Any) -> list[Any]:
    return [*values] if isinstance(values, list | tuple | Iterator) else [values]


def _natural(
    value: Any, output_format: ResponseFormat[Any] | None, number: int = 1, *, is_gold: bool = True
) -> JSONValue:
    """Return a value as natural JSON; None for an error.

    Raises:
        ConfigError: It has no JSON form, or gold's value is not one of the type.
    """
    if isinstance(value, Result):
        value = value.value
    if value is None or isinstance(value, StructkitError):
        return None
    is_plain = isinstance(value, PLAIN_TYPES) and not isinstance(value, Enum)
    try:
        if output_format is None:
            return to_jsonable_python(value)
        if not is_plain:
            return output_format.natural(value, for_reader=True)
        natural = to_jsonable_python(value)
    except (PydanticSerializationError, TypeError, ValueError, ConfigError) as error:
        raise ConfigError(f"value {number} has no JSON form of the type: {error}") from None
    answer = output_format.read_natural(natural)
    if answer.valid:
        return output_format.natural(answer.value, for_reader=True)
    if is_gold:
        raise ConfigError(f"gold's value {number} is not one of the type: {'; '.join(map(str, answer.issues))}")
    return natural


def _format_of(values: Sequence[Any], output_type: Any) -> ResponseFormat[Any] | None:
    """Return the type of values; None if they are plain."""
    if output_type is not None:
        return response_format(output_type)
    typed = (each for each in values if isinstance(each, Enum) or not isinstance(each, PLAIN_TYPES))
    first = next(typed, None)
    return None if first is None else response_format(type(first))


def _tree(output_format: ResponseFormat[Any] | None, comparators: Mapping[str, Comparator] | None) -> AnyTree:
    """Return the fields of a type.

    Raises:
        ConfigError: A comparator is for a field that the type does not have.
    """
    schema = output_format.natural_schema if output_format else {}
    tree = make_tree((), schema, schema, comparators=comparators)
    if output_format is not None:
        names = {each.name for each in leaf_fields(make_tree((), schema, schema))}
        for name in comparators or {}:
            if name not in names and not any(each.startswith((f"{name}.", f"{name}[")) for each in names):
                hint = suggest_name(name, names, "the fields are: ")
                raise ConfigError(f"comparators: the type has no field {name!r}; {hint}")
    return tree


def _names(tree: AnyTree) -> Iterator[str]:
    return (each.name for each in leaf_fields(tree))


def _finish(
    tally: Tally,
    seed: int,
    failed: tuple[str, ...] = (),
    only_in_gold: tuple[str, ...] = (),
    only_in_got: tuple[str, ...] = (),
    unscored: tuple[str, ...] = (),
    costs: RunCosts | None = None,
) -> Score:
    fields = {name: FieldScore.of(name, each, seed) for name, each in tally.finish().items()}
    return Score(fields, tuple(tally.keys), failed, only_in_gold, only_in_got, unscored, *(costs or RunCosts()), seed)
