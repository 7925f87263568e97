"""The job of a `label` command in a worker process: the command is read again there, and its job is not run."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from typing import TYPE_CHECKING

from structkit.cli.app import app
from structkit.cli.received_jobs import RECEIVED_JOBS
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.batch.job import Job


def job_of_command(arguments: list[str]) -> Job:
    """Return the job of a command; its notices were printed by the process that has started this one.

    Raises:
        StructkitError: As by the command.
    """
    jobs: list[Job] = []
    token = RECEIVED_JOBS.set(jobs)
    try:
        with redirect_stderr(io.StringIO()):
            app(arguments, standalone_mode=False)
    finally:
        RECEIVED_JOBS.reset(token)
    if not jobs:
        raise ConfigError("the command has no job")
    return jobs[0]
