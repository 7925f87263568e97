"""The progress bar of a job that is run from Python: in a terminal or a notebook, if nobody else shows the progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from structkit.batch.engines.progress import ProgressCallback
from structkit.batch.job_input import open_input
from structkit.batch.selection import estimate_rows
from structkit.batch.settings import JobSettings
from structkit.errors import ConfigError, StructkitError
from structkit.tables.formats import STANDARD
from structkit.values.callbacks import callback_issue


@contextmanager
def default_progress(settings: JobSettings, on_progress: ProgressCallback | None) -> Iterator[ProgressCallback | None]:
    """Yield the caller's callback, or else that of a progress bar in a notebook or on a terminal.

    Raises:
        ConfigError: The caller's is not a function, or has to be awaited.
    """
    if on_progress is not None and (issue := callback_issue(on_progress)):
        raise ConfigError(f"on_progress= {issue}")
    if on_progress is not None or not settings.progress:
        yield on_progress
    elif _is_notebook():
        from structkit.batch.notebook_progress import display_in_notebook

        with display_in_notebook(_row_count(settings), settings.price) as on_display:
            yield on_display
    elif sys.stderr and sys.stderr.isatty():
        from structkit.batch.progress_display import display_progress
        from structkit.batch.stderr_console import stderr_console

        with display_progress(_row_count(settings), settings.price, stderr_console()) as on_display:
            yield on_display
    else:
        yield None


def _is_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def _row_count(settings: JobSettings) -> int | None:
    """Return about how many rows the input has, if that is cheap to know; errors are those of the run itself."""
    if settings.source == STANDARD:
        return None
    with suppress(StructkitError):
        source = open_input(settings)
        rows = source.count() if source.is_repeatable else None
        return None if rows is None else estimate_rows(rows, settings)
    return None
