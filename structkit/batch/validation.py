"""What of a job is refused before anything is opened or sent: settings that mean nothing, or would do harm."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structkit.errors import ConfigError
from structkit.prompts import fill
from structkit.tables.formats import STANDARD, find_format

if TYPE_CHECKING:
    from structkit.batch.job import Job

CHOICES = {"on_ambiguous": ("resend", "hold"), "on_change": ("stop", "reparse", "new", "mix")}
"""Settings that are one of a few words. A misspelt `hold` would send again what may have been paid for."""

LEAST = {"limit": 0, "sample": 1, "grace": 0}
"""Settings that are numbers, and the least of each."""


def refuse_unsound(job: Job) -> None:
    """See that what is wanted can be had.

    Raises:
        ConfigError: It cannot.
        JobError: The output's suffix says no format.
    """
    for name, known in CHOICES.items():
        if (given := getattr(job, name)) not in known:
            raise ConfigError(f"{name}: one of {', '.join(known)}, not {given!r}")
    for name, least in LEAST.items():
        if (number := getattr(job, name)) is not None and not least <= number < inf:
            raise ConfigError(f"{name}: {least} or more, not {number}")
    if str(job.output) == STANDARD:
        raise ConfigError("a job needs a file for its output: what happens on the way is kept beside it")
    at_once: Any = job.concurrency
    if at_once != "auto" and not (isinstance(at_once, int) and at_once >= 1):
        raise ConfigError(f"concurrency: auto, or 1 or more, not {at_once!r}")
    if job.budget is not None and job.price is None:
        # What an endpoint reports of a cost comes when the money is spent, for all requests in flight at once.
        raise ConfigError(
            "a budget needs a price, price=Price(input, output) per million tokens: what a request may cost has to "
            "be known before it goes out, and an endpoint reports it afterwards"
        )
    refuse_its_input(job.source, Path(job.output))
    find_format(str(job.output))


def refuse_its_input(source: Any, output: Path) -> None:
    """See that a job does not replace the table that it reads.

    Raises:
        ConfigError: It would, be it by a link or another spelling.
    """
    if is_file_of(source, output):
        raise ConfigError(f"the output {str(output)!r} is the input: it would be replaced; choose another name")


def is_file_of(source: Any, path: Path) -> bool:
    """Whether a source is that file, be it by a link or another spelling."""
    if not isinstance(source, str | PathLike) or str(source) == STANDARD:
        return False
    given = Path(source).expanduser()
    return (given.exists() and path.exists() and given.samefile(path)) or given.resolve() == path.resolve()


def refuse_missing(prompt: str | Callable[..., Any], columns: tuple[str, ...]) -> None:
    """See that an input has the columns that a prompt needs; a function may say in `needs` which these are.

    Raises:
        PromptError: A template names another one.
        ConfigError: A function needs another one.
    """
    if not columns:  # of rows that do not declare them, there are none
        return
    if isinstance(prompt, str):
        fill(prompt, dict.fromkeys(columns, ""))
    elif missing := sorted(getattr(prompt, "needs", frozenset()) - {*columns}):
        named = ", ".join(map(repr, missing))
        raise ConfigError(f"the prompt needs {named}, but the columns of the input are: {', '.join(columns)}")
