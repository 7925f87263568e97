"""A job in several processes: its parts, each with a journal of its own, and one table of their outputs."""

from __future__ import annotations

import os
import pickle
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from multiprocessing import current_process
from typing import cast

from structkit.batch.engines.limiter import Limiter
from structkit.batch.engines.progress import Progress, ProgressCallback
from structkit.batch.limits.limit_shares import Limits, LimitShares
from structkit.batch.limits.limits_server import LimitsServer
from structkit.batch.processes.local_workers import WORKER_NAME, LocalWorkers
from structkit.batch.processes.part_files import join_outputs, parts_of, validate_parts
from structkit.batch.processes.worker_pool import WorkerPool
from structkit.batch.processes.worker_process import WORKER_VARIABLE, LoadJob
from structkit.batch.report import Report
from structkit.batch.settings import JobSettings
from structkit.batch.settings_validation import validate_part_items, validate_settings
from structkit.errors import ConfigError
from structkit.journal.database import create_folder
from structkit.journal.lock import lock_folder

LOCK_FOLDER = "processes"
"""The folder in the journal of the first part with the lock of the process that has started the workers."""


def run_in_processes(
    settings: JobSettings, total: int, on_progress: ProgressCallback | None = None, load: LoadJob | None = None
) -> Report:
    """Run a job in several processes, and make one table of their outputs.

    Args:
        settings: The job.
        total: How many processes.
        on_progress: Called with the progress of all together.
        load: Returns the job in a worker; by default, the job is pickled.

    Raises:
        ConfigError: A setting is invalid, or the job cannot be passed to another process.
        JobError: The files cannot be used, or a worker failed.
        KeyboardInterrupt: The run was interrupted twice.
    """
    start = time.monotonic()
    validate_division(settings, total)
    load = load or pickle_job(settings)
    with lock_parts(settings, total), shared_limits(settings, total) as address:
        workers = LocalWorkers(load, address)
        reports = WorkerPool(workers, total, settings.grace, on_progress or ignore_progress).run()
    return join_outputs(settings, reports, time.monotonic() - start)


def validate_division(settings: JobSettings, total: int) -> None:
    """Validate, before anything is sent, that a job can be divided among so many workers.

    Raises:
        ConfigError: A setting is invalid, or this is a worker itself.
        JobError: The files cannot be used.
    """
    _validate_process()
    for each in parts_of(settings, total):
        validate_settings(each)
        validate_part_items(each)
    validate_parts(settings, total)


@contextmanager
def lock_parts(settings: JobSettings, total: int) -> Iterator[None]:
    """Lock the parts for this process: a worker waits for those of a parent that was killed, not for a second parent.

    Raises:
        JobError: Another process runs the job.
    """
    folder = parts_of(settings, total)[0].folder / LOCK_FOLDER
    create_folder(folder)
    lock = lock_folder(folder)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def shared_limits(settings: JobSettings, total: int) -> Iterator[str]:
    """Yield the address of the server that leases the limits of a job to its workers, with its token."""
    if settings.limits is not None:
        yield settings.limits
        return
    budget = None if settings.budget is None else Decimal(settings.budget)
    limiter = Limiter(settings.concurrency, maximum=settings.max_concurrency, policy=settings.call.get("policy"))
    token = secrets.token_urlsafe()
    # What a part has spent is in its journal: money is leased once every worker has said what that is.
    with LimitsServer(LimitShares(Limits(budget, parts=total), limiter), token) as server:
        yield server.url.replace("://", f"://{token}@")


def pickle_job(settings: JobSettings, dumps: Callable[[JobSettings], bytes] = pickle.dumps) -> LoadJob:
    """Return a function that returns the job in another process.

    Args:
        settings: The job.
        dumps: Pickles it.

    Raises:
        ConfigError: It cannot be pickled.
    """
    try:
        return partial(unpickle_job, dumps(settings))
    except Exception as error:  # noqa: BLE001 (whatever its parts do)
        raise _not_portable(error) from None


def unpickle_job(data: bytes) -> JobSettings:
    """Return the job in the process that it was passed to.

    Raises:
        ConfigError: Its type or its function was defined in a notebook, which another process cannot import.
    """
    try:
        return cast("JobSettings", pickle.loads(data))  # noqa: S301 (written by `pickle_job`)
    except (AttributeError, ImportError) as error:
        raise _not_portable(error) from None


def _validate_process() -> None:
    """Validate that this is not a worker, whose main module is imported: each would start workers, without end.

    Raises:
        ConfigError: It is a worker, or was started by one.
    """
    if current_process().name.startswith(WORKER_NAME):
        raise ConfigError("run(processes=...) was called by a worker: call it under `if __name__ == '__main__':`")
    if os.environ.get(WORKER_VARIABLE):
        raise ConfigError("processes (--processes) was used by a program that a worker has started: leave it out there")


def _not_portable(error: Exception) -> ConfigError:
    return ConfigError(
        f"the job cannot be passed to another process ({error}): define its type and its prompt function at the "
        "top of a module, and not in a notebook; or use the command line: structkit label --processes"
    )


def ignore_progress(_: Progress) -> None:
    """Do nothing: nobody has asked for the progress."""
