"""Where the parts of a job run: in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from structkit.batch.engines.progress import ProgressCallback
from structkit.batch.report import Report
from structkit.batch.settings import EngineName, JobSettings
from structkit.errors import ConfigError
from structkit.tables.store_address import StoreAddress

if TYPE_CHECKING:
    from structkit.batch.processes.worker_process import LoadJob


@dataclass(frozen=True)
class WorkerPlacement:
    """How many processes work on a job, and where.

    Args:
        processes: Their number, which is that of the parts.
        engine: `local` or `ray`.
        address: Of the Ray cluster.

    Raises:
        ConfigError: There is no such engine, or the settings do not fit together.
    """

    processes: int = 1
    engine: EngineName = "local"
    address: str | None = None

    def __post_init__(self) -> None:
        """Validate."""
        if self.engine not in {"local", "ray"}:
            raise ConfigError(f"engine (--engine) must be local or ray, not {self.engine!r}")
        if self.address is not None and self.engine != "ray":
            raise ConfigError("address (--address) is that of a Ray cluster: it needs engine='ray' (--engine ray)")
        if self.engine == "ray" and self.processes == 1:
            raise ConfigError(
                "engine='ray' (--engine ray) needs processes (--processes), the number of parts: 2 or more"
            )

    @property
    def is_divided(self) -> bool:
        """Whether the job has parts."""
        return self.processes != 1


ONE_PROCESS = WorkerPlacement()


def run_divided(
    settings: JobSettings,
    placement: WorkerPlacement,
    on_progress: ProgressCallback | None = None,
    load: LoadJob | None = None,
) -> Report:
    """Run the parts of a job, and make one table of their outputs.

    Args:
        settings: The job.
        placement: Where they run.
        on_progress: Called with the progress of all together.
        load: Returns the job in each process; by default, the job is pickled.
    """
    if isinstance(settings.output, StoreAddress):
        from structkit.batch.stored_output import run_stored

        return run_stored(settings, settings.output, lambda: _run_parts(settings, placement, on_progress, load))
    return _run_parts(settings, placement, on_progress, load)


def _run_parts(
    settings: JobSettings, placement: WorkerPlacement, on_progress: ProgressCallback | None, load: LoadJob | None
) -> Report:
    if placement.engine == "ray":
        from structkit.batch.ray_engine.run_on_ray import run_on_ray

        return run_on_ray(settings, placement.processes, placement.address, on_progress, load)
    from structkit.batch.processes.run_processes import run_in_processes

    return run_in_processes(settings, placement.processes, on_progress, load)
