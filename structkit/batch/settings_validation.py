"""Which settings of a job are rejected before anything is opened or sent: those that are invalid or would do harm."""

from __future__ import annotations

from math import inf
from os import PathLike
from pathlib import Path
from typing import Any

from structkit.batch.failure_limit import validate_max_failed
from structkit.batch.job_endpoint import validate_connection
from structkit.batch.job_prices import job_prices
from structkit.batch.setting_types import validate_types
from structkit.batch.settings import JobSettings, RowPrompt
from structkit.errors import ConfigError
from structkit.journal.lock import LOCK_NAME
from structkit.journal.shards import job_path
from structkit.prompts import JinjaTemplate, validate_template
from structkit.tables.atomic_file import validate_name
from structkit.tables.file_set import has_file
from structkit.tables.formats import STANDARD
from structkit.tables.output_reading import manifest_path
from structkit.tables.sinks import validate_output_format
from structkit.tables.source import Source
from structkit.tables.store_address import StoreAddress
from structkit.values.text import format_names

CHOICES = {
    "on_ambiguous": ("resend", "hold"),
    "on_change": ("stop", "reparse", "new", "mix"),
    "blank": ("skip", "ask", "fail"),
    "guard_formulas": ("all", "output", "none"),
}
"""Settings with a few values. A misspelt `hold` would send requests again that may have been paid for."""

MINIMA = {"limit": 0, "sample": 1, "grace": 0}
"""The minimum of each setting that is a number."""


def validate_settings(settings: JobSettings) -> None:
    """Validate the settings of a job.

    Raises:
        ConfigError: A setting is invalid, or the output is the input.
        JobError: The suffix of the output is not that of a format that can be written.
    """
    validate_types(settings)
    _validate_choices(settings)
    _validate_numbers(settings)
    validate_connection(settings)
    validate_max_failed(settings.max_failed)
    _validate_batch_api(settings)
    if not settings.value_column:
        raise ConfigError(f"value_column (--value-column) must be the name of a column, not {settings.value_column!r}")
    if str(settings.output) == STANDARD:
        raise ConfigError("a job needs a file as its output, not standard output: its journal is kept beside the file")
    if settings.budget is not None and job_prices(settings).max_price is None:
        # An endpoint reports a cost only after the money was spent, and many requests may be in flight at once.
        raise ConfigError(
            "a budget needs the price of a million tokens, price= (--price-input and --price-output, or --prices), and "
            "that of each model of fallback= and escalate= in prices= (--prices): the most that a request may cost has "
            "to be known before it is sent, and an endpoint reports the cost afterwards"
        )
    validate_output_format(str(settings.output))
    if settings.output is not None:
        validate_name(settings.output_path)
        validate_name(manifest_path(settings.output_path))
        validate_name(settings.folder)
    _validate_target(settings)


def _validate_target(settings: JobSettings) -> None:
    """Validate that the output is not the input, nor a file of it, nor in a journal.

    Raises:
        ConfigError: It is.
    """
    validate_outside_journal(settings.output_path)
    if isinstance(settings.output, StoreAddress) and settings.output.is_in(str(settings.source)):
        raise ConfigError(
            f"the output {str(settings.output)!r} would replace the input or be a file of it: use another folder"
        )
    if is_same_file(settings.source, settings.output_path):
        raise ConfigError(f"the output {str(settings.output)!r} is the input: it would be replaced; use another name")
    if has_output(settings.source, settings.output_path):
        raise ConfigError(
            f"the output {str(settings.output)!r} would be a file of the input {str(settings.source)!r}, which the "
            "next run would read: write it to another folder"
        )


def _validate_batch_api(settings: JobSettings) -> None:
    has_endpoint = settings.client is None or settings.client.endpoint is not None
    if settings.batch_api and (settings.transport is not None or not has_endpoint):
        raise ConfigError("batch_api (--batch-api) needs an endpoint, not a client or transport of your own")
    if not settings.wait and not settings.batch_api:
        raise ConfigError("wait=False (--no-wait) is for batch_api=True (--batch-api): other requests are answered now")


def _validate_choices(settings: JobSettings) -> None:
    for name, choices in CHOICES.items():
        if not isinstance(value := getattr(settings, name), str) or value not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _validate_numbers(settings: JobSettings) -> None:
    for name, minimum in MINIMA.items():
        if (number := getattr(settings, name)) is not None and not minimum <= number < inf:
            raise ConfigError(f"{name} must be {minimum} or more, not {number}")


def validate_part_items(settings: JobSettings) -> None:
    """Validate, before anything is sent, that the rows of items that a part writes can be joined.

    Raises:
        ConfigError: They cannot.
    """
    if settings.items is not None and settings.part is not None and settings.key is None:
        raise ConfigError(
            "items (--items) in parts or several processes needs key (--key): the rows of an item are joined by it"
        )


def validate_outside_journal(path: Path) -> None:
    """Validate that a table would not be written into the folder of a journal, whose files it could replace.

    Raises:
        ConfigError: It would.
        JobError: This user cannot enter the folder.
    """
    validate_name(path)
    if job_path(path.parent).exists() and (path.parent / LOCK_NAME).exists():
        raise ConfigError(f"{str(path)!r} is in the journal of a job: write it to another folder")


def is_same_file(source: Any, path: Path) -> bool:
    """Return whether a source is that file, even through a link or by another path."""
    if not isinstance(source, str | PathLike) or str(source) == STANDARD:
        return False
    try:
        source_path = Path(source).expanduser()
        is_linked = source_path.exists() and path.exists() and source_path.samefile(path)
        return is_linked or source_path.resolve() == path.resolve()
    except (ValueError, OSError, RuntimeError):  # no file can have one of the names, as opening it says
        return False


def has_output(source: Any, path: Path) -> bool:
    """Return whether a source is a folder or a pattern that has a file, or would have it."""
    return isinstance(source, str | PathLike) and str(source) != STANDARD and has_file(str(source), path)


def validate_columns(prompt: str | RowPrompt, source: Source) -> None:
    """Check that an input has the columns that a prompt needs: a template names them, a function may have `needs`.

    Where each row has its own columns (JSONL, dicts), one row with the column is enough: all rows are read if the first
    ones do not have it. Those of a stream are not known before it is stored, and not checked here.

    Raises:
        PromptError: A template names a column that the input does not have, or no column at all.
        ConfigError: A function needs a column that the input does not have.
    """
    if not source.has_header and not source.is_repeatable:
        return
    if not source.columns:
        source.read_columns()
    if not source.columns:  # there are no rows
        return
    try:
        _validate_all_columns(prompt, source)
    except ConfigError as error:
        if not source.note:
            raise
        raise type(error)(f"{error} ({source.note})") from None


def _validate_all_columns(prompt: str | RowPrompt, source: Source) -> None:
    """Validate the columns by the first rows, and if one is missing, by all rows."""
    try:
        _validate_columns(prompt, source.columns)
    except ConfigError:
        if source.has_header:
            raise
        source.read_columns()
        _validate_columns(prompt, source.columns)


def _validate_columns(prompt: str | RowPrompt, columns: tuple[str, ...]) -> None:
    if isinstance(prompt, str):
        validate_template(prompt, columns)
    elif isinstance(prompt, JinjaTemplate):
        prompt.validate(columns)
    elif missing := sorted(getattr(prompt, "needs", frozenset()) - {*columns}):
        names = ", ".join(map(repr, missing))
        raise ConfigError(f"the prompt needs {names}, but the columns of the input are: {format_names(columns)}")
