"""One of several processes that work on a job: it runs one part, and says how far it is."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TypeAlias

from structkit.batch.engines.progress import Progress
from structkit.batch.engines.signals import TERMINAL_SIGNALS
from structkit.batch.limits.lease_keeper import LimitsLink
from structkit.batch.parts import Part
from structkit.batch.processes.parent_link import ParentLink, WorkerMessage
from structkit.batch.report import Report
from structkit.batch.runner import JobRunner
from structkit.batch.settings import JobSettings
from structkit.errors import JobError, StructkitError
from structkit.journal.lock import is_in_use
from structkit.values.text import exception_text

LoadJob: TypeAlias = Callable[[], JobSettings]
"""Returns the job in the process of a worker: a function that can be pickled."""

WORKER_VARIABLE = "STRUCTKIT_WORKER"
"""Is set in the environment of a worker, so that programs that it starts start no workers."""

LOCK_POLL_S = 0.1
"""Seconds between two looks at a folder that another process has locked."""

LOCK_MARGIN_S = 15.0
"""Seconds that a worker whose parent was killed may need besides `grace`: it writes its output before it ends."""


def work(load: LoadJob, part: Part, limits: str, connection: Connection) -> None:
    """Run a part of a job, and send the report or the error to the parent.

    Args:
        load: Returns the job.
        part: The part.
        limits: The address of the server with the limits of all workers.
        connection: To the parent.
    """
    os.environ[WORKER_VARIABLE] = "1"
    for name in TERMINAL_SIGNALS:  # they reach every process of a terminal: the parent decides
        signal.signal(name, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL_SIGNALS)  # blocked by the parent until here
    link = ParentLink(connection)
    report_run(link, lambda: run_part(replace(load(), part=part, limits=limits), link))


def report_run(link: ParentLink, run: Callable[[], Report]) -> None:
    """Run a part, and send its report, or its error."""
    try:
        link.send_report(run())
    except asyncio.CancelledError:
        link.send(WorkerMessage(error=KeyboardInterrupt()))
    except Exception as error:  # noqa: BLE001 (raised in the parent)
        link.send(WorkerMessage(error=portable_error(error)))


def run_part(settings: JobSettings, link: ParentLink, limits: LimitsLink | None = None) -> Report:
    """Run the part that settings are about, until it ends or the parent says so.

    Args:
        settings: The part.
        link: To the parent.
        limits: A connection to the limits of all workers, if they are not at an address.
    """
    runner = JobRunner(settings, link.on_progress, limits)
    _wait_for_folder(settings, link)
    return asyncio.run(runner.run(link.listen))  # noqa: TID251 (a process of its own)


def _wait_for_folder(settings: JobSettings, link: ParentLink) -> None:
    """Wait for a worker of a parent that was killed: it waits for its requests in flight, and then ends."""
    deadline = time.monotonic() + settings.grace + LOCK_MARGIN_S
    if is_in_use(settings.folder):
        part = settings.output_path.name
        link.send(WorkerMessage(Progress({}, waits_for=f"a worker on {part} of a run that was killed, to end")))
    while is_in_use(settings.folder) and time.monotonic() < deadline and not link.is_stopped:
        time.sleep(LOCK_POLL_S)


def portable_error(error: Exception) -> Exception:
    """Return an error that another process can read: the error itself, or one with its message.

    >>> portable_error(JobError("the disk is full"))
    JobError('the disk is full')
    """
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (written in the same expression)
    except Exception:  # noqa: BLE001 (whatever its class does)
        kind = next((kind for kind in type(error).__mro__ if kind.__module__ == StructkitError.__module__), None)
        return JobError(exception_text(error)) if kind is None else JobError(str(error))
    return error
