"""The progress bar of a job that is run from Python: in a terminal only, and only if nobody else shows the progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from structkit.batch.engines.progress import ProgressCallback
from structkit.batch.job_input import open_input
from structkit.batch.settings import JobSettings
from structkit.errors import StructkitError
from structkit.tables.formats import STANDARD


@contextmanager
def default_progress(settings: JobSettings, on_progress: ProgressCallback | None) -> Iterator[ProgressCallback | None]:
    """Yield the caller's callback, or else that of a progress bar if stderr is a terminal."""
    if on_progress is not None or not settings.progress or not _is_terminal():
        yield on_progress
        return
    from rich.console import Console

    from structkit.batch.progress_display import display_progress

    with display_progress(_row_count(settings), settings.price, Console(stderr=True)) as on_display:
        yield on_display


def _is_terminal() -> bool:
    return bool(sys.stderr and sys.stderr.isatty())


def _row_count(settings: JobSettings) -> int | None:
    """Return about how many rows the input has, if that is cheap to know; errors are those of the run itself."""
    if settings.source == STANDARD:
        return None
    with suppress(StructkitError):
        source = open_input(settings)
        rows = source.count() if source.is_repeatable else None
        return None if rows is None else min(rows, settings.limit or rows, settings.sample or rows)
    return None
