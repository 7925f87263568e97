"""A job on a Ray cluster: its parts as tasks, one limit and one budget in an actor, and one table of their outputs."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

from structkit.batch.engines.limiter import Limiter
from structkit.batch.engines.progress import ProgressCallback
from structkit.batch.limits.limit_shares import Limits
from structkit.batch.processes.part_files import join_outputs
from structkit.batch.processes.run_processes import ignore_progress, lock_parts, pickle_job, validate_division
from structkit.batch.processes.worker_pool import WorkerPool
from structkit.batch.processes.worker_process import WORKER_VARIABLE, LoadJob
from structkit.batch.ray_engine.hub import Hub
from structkit.batch.ray_engine.ray_workers import RayWorkers
from structkit.batch.ray_engine.shared_folder import probe_folder
from structkit.batch.report import Report
from structkit.batch.settings import JobSettings
from structkit.errors import ConfigError, JobError
from structkit.optional import import_extra

PREFIXES = ("OPENAI_", "AZURE_OPENAI_", "STRUCTKIT_")
"""Variables of the driver that its workers get. Those of the network and of certificates are each machine's own."""


def run_on_ray(
    settings: JobSettings,
    total: int,
    address: str | None = None,
    on_progress: ProgressCallback | None = None,
    load: LoadJob | None = None,
) -> Report:
    """Run the parts of a job as tasks of a Ray cluster, and make one table of their outputs.

    Args:
        settings: The job.
        total: How many parts.
        address: Of the cluster; by default that of `RAY_ADDRESS`, one of this machine, or a new one.
        on_progress: Called with the progress of all together.
        load: Returns the job in a task; by default, the job is pickled.

    Raises:
        ConfigError: A setting is invalid, Ray is not installed, or the cluster cannot be reached.
        JobError: The files cannot be used, or a worker failed.
        KeyboardInterrupt: The run was interrupted twice.
    """
    start = time.monotonic()
    ray = import_extra("ray", "ray")
    validate_division(settings, total)
    load = load or pickle_job(settings, import_extra("ray.cloudpickle", "ray").dumps)
    with (
        lock_parts(settings, total),
        _connect(ray, address),
        probe_folder(settings.journal_folder / settings.table_path.name) as probe,
    ):
        hub = _start_hub(ray, settings, total)
        try:
            workers = RayWorkers(ray, hub, load, probe, _environment(), _cpus(ray, total))
            reports = WorkerPool(workers, total, settings.grace, on_progress or ignore_progress).run()
        except ray.exceptions.RayError as error:
            raise JobError(f"Ray has failed ({type(error).__name__}); run the same job again to resume it") from error
        finally:
            with suppress(ray.exceptions.RayError):
                ray.kill(hub)
    return join_outputs(settings, reports, time.monotonic() - start)


@contextmanager
def _connect(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to a cluster, unless the program has done that already.

    Raises:
        ConfigError: There is none at the address.
    """
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address=address, log_to_driver=False, logging_level="WARNING")
    except Exception as error:  # noqa: BLE001 (Ray raises many kinds)
        name = f" at {address}" if address else ""
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError(f"Ray{name} (address=, --address) cannot be used: {reason}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _start_hub(ray: Any, settings: JobSettings, total: int) -> Any:
    # Ray stores these arguments for as long as the cluster runs: no secret is among them.
    budget = None if settings.budget is None else Decimal(settings.budget)
    limiter = Limiter(settings.concurrency, maximum=settings.max_concurrency, policy=settings.call.get("policy"))
    options = {"num_cpus": 0, "max_restarts": -1}
    hub = ray.remote(Hub).options(**options).remote(Limits(budget, parts=total), limiter)
    ray.get(hub.exchange.remote((), {}))  # workers would wait for it no longer than for one that has failed
    return hub


def _cpus(ray: Any, total: int) -> float:
    """Return what a task takes of a processor, so that all parts run at once: money is leased to all, or to none."""
    available = max(1, int(ray.cluster_resources().get("CPU", 1)))
    return 1 / math.ceil(total / available)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIXES) and name != WORKER_VARIABLE}
