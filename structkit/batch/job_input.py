"""The input of a job, opened as its settings say."""

from __future__ import annotations

from structkit.batch.settings import JobSettings
from structkit.tables.source import Source
from structkit.tables.sources import open_source


def open_input(settings: JobSettings) -> Source:
    """Open the rows of a job.

    Raises:
        JobError: There is no such file, format, table or column, or the header is invalid.
        ConfigError: The format needs an extra that is not installed.
    """
    return open_source(
        settings.source,
        key=settings.key,
        table=settings.table,
        delimiter=settings.delimiter,
        encoding=settings.encoding,
    )
