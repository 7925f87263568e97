"""Which columns of an output are those of the type and of the run, whatever the columns of the input are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from structkit.errors import JobError
from structkit.tables.columns import (
    RUN_SCHEMAS,
    Column,
    flatten_columns,
    input_columns,
    run_columns,
    with_unique_names,
)

RUN_NAMES = frozenset({*RUN_SCHEMAS, *(column.name for column in flatten_columns(run_columns(*RUN_SCHEMAS)))})
"""The columns of a run; an object is one column, or in a flat table one for each field."""


class OutputHeader(NamedTuple):
    """The names of an output, sorted by where their columns come from.

    Args:
        fields: The name of each column of the type, by the name that it has where no other column has it.
        run: The names of the columns after these.
    """

    fields: dict[str, str]
    run: tuple[str, ...]

    def run_name(self, name: str) -> str | None:
        """Return the name of a column of the run; None if there is none."""
        return next((each for each in self.run if _is_name_of(each, name, "run")), None)


def find_header(names: Sequence[str], fields: Sequence[Column]) -> OutputHeader | None:
    """Find the columns of a type in an output: one after the other, named as `with_unique_names` does, the run's last.

    A name alone does not say it: `author` may be a field, or the column of the input beside `author.name`, and
    `kind_output` the field `kind`, or a column of the input.

    Args:
        names: Those of the output, in its order.
        fields: The columns of the type, with that of undeclared keys if it allows them.

    Returns:
        None if the table is not as a job has written it.

    >>> from structkit.tables.columns import output_columns
    >>> author = {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": False}
    >>> fields = output_columns({"type": "object", "properties": {"author": author}})
    >>> find_header(["author", "author.name", "status"], fields)
    OutputHeader(fields={'author.name': 'author.name'}, run=('status',))
    >>> find_header(["author", "author_output", "status"], fields)
    OutputHeader(fields={'author': 'author_output'}, run=('status',))
    """
    declared = [field for field in fields if field.declared_keys is None]
    layouts = [fields, declared]  # a row of JSONL without undeclared keys has no column of them
    with suppress(JobError):  # no flat table has so many columns
        layouts.append(flatten_columns(fields))
    headers = [header for layout in layouts for header in _headers(names, layout)]
    return max(headers, key=lambda header: len(header.run), default=None)


def _headers(names: Sequence[str], layout: Sequence[Column]) -> Iterator[OutputHeader]:
    """Yield what the names may mean if the columns of the type have a layout: nested, or flat."""
    for start, name in enumerate(names):
        end = start + len(layout)
        if not _is_name_of(name, layout[0].name, "output") or not all(map(_is_run_name, names[end:])):
            continue
        columns = with_unique_names((*input_columns(names[:start]), *layout))[start:]
        if [*names[start:end]] == [column.name for column in columns]:
            pairs = zip(layout, names[start:end], strict=True)
            fields = {column.name: name for column, name in pairs if column.declared_keys is None}
            yield OutputHeader(fields, tuple(names[end:]))


def _is_run_name(text: str) -> bool:
    """Return whether a text is the name of a column of the run."""
    return any(_is_name_of(text, name, "run") for name in RUN_NAMES)


def _is_name_of(text: str, name: str, origin: str) -> bool:
    """Return whether a text is the name of a column, or one that it has where that name is taken."""
    return text.startswith(name) and not text[len(name) :].replace(f"_{origin}", "")
