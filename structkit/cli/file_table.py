"""`extract` with a table as its output: a job with a row for each file, or for each item of a list in it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from structkit.cli.default_client import default_model
from structkit.cli.file_input import FileReading
from structkit.cli.input_files import validate_names
from structkit.cli.prompt_options import build_prompt
from structkit.cli.terminal import notice
from structkit.errors import ConfigError, JobError
from structkit.values import Prompt

if TYPE_CHECKING:
    from structkit.prompts import JinjaTemplate
    from structkit.tables.store_address import StoreAddress

table_option = functools.partial(typer.Option, rich_help_panel="A table of files", show_default=False)

LINES = frozenset({".jsonl", ".ndjson", ".json"})
"""Suffixes of an output that has a line of JSON for each file."""

COLUMNS = ("page", "status", "error", "message", "attempts")
"""The columns of the run; `page` is the page of the row's first value, as far as it is known."""

FILE = "file"
"""The column with the name of the file, by which a row is recognised when the job is resumed."""


def is_table(output: Path | StoreAddress | None) -> bool:
    """Return whether the output is a table and not lines of JSON.

    Raises:
        ConfigError: It is lines of JSON in an object store, where they cannot be written one by one.

    >>> is_table(Path("a.csv")), is_table(Path("a.jsonl")), is_table(Path("a.out")), is_table(None)
    (True, False, False, False)
    """
    from structkit.tables.formats import find_format

    if output is None:
        return False
    try:
        is_table_name = PurePath(output.name).suffix.lower() not in LINES and bool(find_format(output.name))
    except JobError:
        is_table_name = False
    if not is_table_name and not isinstance(output, Path):
        raise ConfigError(f"{output}: only a table, such as a .csv or .parquet file, can be written to a store")
    return is_table_name


@dataclass(frozen=True)
class FileRowPrompt:
    """The prompt about the file of a row, as a job takes it.

    Args:
        template: The template of `--prompt`.
        reading: How files are read.
    """

    template: str | JinjaTemplate | None
    reading: FileReading

    needs = columns = frozenset({FILE})
    file_parameters: ClassVar[Mapping[str, Any]] = {FILE: build_prompt}

    @property
    def job_identity(self) -> str:
        """What makes two prompts the same."""
        template = getattr(self.template, "source", self.template)
        return f"file: {template!r} {self.reading}"

    async def __call__(self, row: Mapping[str, Any]) -> Prompt:
        """Read the file in a thread, beside the requests in flight."""
        return (await asyncio.to_thread(build_prompt, str(row[FILE]), self.template, self.reading)).parts


def run_table(
    names: Sequence[str],
    output: Path | StoreAddress | None,
    output_type: Any,
    prompt: FileRowPrompt,
    endpoint: Mapping[str, str | None],
    call: Any,
    new: bool,
    evidence: Any,
    settings: Mapping[str, Any],
) -> int:
    """Run a job about files, print its progress and its report, and return the exit code.

    Raises:
        ConfigError: No endpoint is configured, or an option is invalid.
        JobError: The output is not this job's, or the job has changed.
    """
    from structkit.batch.job import Job
    from structkit.cli.job_actions import run_job

    validate_names(names)
    job = Job(
        source=[{FILE: name} for name in dict.fromkeys(names)],
        output=output,
        output_type=output_type,
        prompt=prompt,
        model=default_model(endpoint["model"], endpoint["base_url"], notice),
        base_url=endpoint["base_url"] or None,
        key=FILE,
        columns=COLUMNS if evidence else COLUMNS[1:],
        evidence=evidence,
        on_change="new" if new else "stop",
        call=call,
        **{name: value for name, value in settings.items() if value is not None},
    )
    return run_job(job)


def reject_table_options(**options: Any) -> None:
    """Reject the options of a table for an output that is none.

    Raises:
        ConfigError: One of them is used.
    """
    if names := [
        f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None and value is not False
    ]:
        raise ConfigError(f"{names[0]} is for a table: write one with --output, such as -o values.csv")
