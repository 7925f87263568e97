"""Where the job of a command goes that is read again in a worker process: to the worker, which runs a part of it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structkit.batch.job import Job

RECEIVED_JOBS: ContextVar[list[Job] | None] = ContextVar("received_jobs", default=None)
"""The jobs of commands in a worker process; None where a command runs its job."""


def receive_job(job: Job) -> bool:
    """Return whether a worker process has received the job."""
    jobs = RECEIVED_JOBS.get()
    if jobs is not None:
        jobs.append(job)
    return jobs is not None
