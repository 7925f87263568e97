"""Workers that are tasks of a Ray cluster, as the driver sees them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from structkit.batch.engines.progress import Progress
from structkit.batch.limits.lease_keeper import TIMEOUT_S
from structkit.batch.parts import Part
from structkit.batch.processes.parent_link import Command, WorkerMessage
from structkit.batch.processes.worker_pool import Death, RunningWorker
from structkit.batch.processes.worker_process import LoadJob
from structkit.batch.ray_engine.ray_worker import work_on_part
from structkit.batch.ray_engine.shared_folder import FolderProbe
from structkit.errors import JobError


class RayWorker:
    """A task that works on a part."""

    def __init__(self, launcher: RayWorkers, part: Part, task: Any) -> None:
        """Take a task that was submitted."""
        self.launcher, self.part, self.task = launcher, part, task
        self.progress: Progress | None = None
        self.is_ready = False
        self._death: Death | None = None

    def receive(self) -> WorkerMessage:
        """See `RunningWorker`."""
        if not self.is_ready:
            progress, self.progress = self.progress, None
            return WorkerMessage(progress)
        if self._death is not None:
            raise EOFError
        self._death = Death("has ended", is_kill=False)
        message, self._death = self.launcher.read_result(self)
        return message

    def send(self, command: Command) -> None:
        """See `RunningWorker`: it is sent with the next look at the progress, and to all."""
        self.launcher.add_command(command)

    def close(self, deadline: float) -> Death:
        """See `RunningWorker`."""
        self.launcher.end(self, deadline)
        return self._death or Death("was stopped", is_kill=False)


class RayWorkers:
    """Submits a task for each part.

    Args:
        ray: The module.
        hub: The actor.
        load: Returns the job in each task.
        probe: Of the folder of the output.
        environment: Variables that the job needs.
        cpus: What a task takes: all parts have to run at once, as they share one budget.
    """

    def __init__(
        self, ray: Any, hub: Any, load: LoadJob, probe: FolderProbe, environment: Mapping[str, str], cpus: float
    ) -> None:
        """Submit nothing yet."""
        self._ray, self._hub, self._load, self._probe, self._environment = ray, hub, load, probe, environment
        # The driver restarts a part, as the progress and a stop need it: Ray itself does not.
        self._options = {"max_retries": 0, "num_cpus": cpus, "scheduling_strategy": "SPREAD"}
        self._function = ray.remote(work_on_part)
        self._commands: list[Command] = []
        self._spent = dict[str, Decimal]()

    def start(self, part: Part, restarts: int) -> RayWorker:
        """See `Launcher`."""
        name = f"structkit part {part.number} of {part.total}"
        task = self._function.options(name=name, **self._options).remote(
            self._load, part, restarts, self._hub, self._probe, self._environment
        )
        return RayWorker(self, part, task)

    def wait(self, workers: Sequence[RunningWorker], seconds: float) -> Iterable[RunningWorker]:
        """See `Launcher`."""
        tasks = {worker.part.number: worker for worker in workers if isinstance(worker, RayWorker)}
        open_tasks = [worker.task for worker in tasks.values() if not worker.is_ready]
        ready = self._ray.wait(open_tasks, timeout=seconds)[0] if len(open_tasks) == len(tasks) else ()
        for number, progress in self._exchange().items():
            if number in tasks:
                tasks[number].progress = progress
        for worker in tasks.values():
            worker.is_ready = worker.is_ready or worker.task in ready
        return [worker for worker in tasks.values() if worker.is_ready or worker.progress]

    def add_command(self, command: Command) -> None:
        """Send a command to all workers, with the next look at the progress."""
        if command not in self._commands:
            self._commands.append(command)

    def read_result(self, worker: RayWorker) -> tuple[WorkerMessage, Death]:
        """Return what a task that has ended says, and how it has ended.

        Raises:
            EOFError: It says nothing.
        """
        message, death = WorkerMessage(), Death("has ended without a report", is_kill=False)
        errors = self._ray.exceptions
        try:
            message = self._ray.get(worker.task)
        except errors.TaskCancelledError:
            message = WorkerMessage(error=KeyboardInterrupt())
        except errors.RayTaskError as error:
            message = WorkerMessage(error=_task_error(worker.part, error.cause or error))
        except errors.RayError as error:  # the process or its machine has died
            death = Death(f"has died ({type(error).__name__})", is_kill=True)
        if message.report is not None and message.report.spend is not None:
            self._spent[f"{worker.part.number}/{worker.part.total}"] = message.report.spend
        return message, death

    def end(self, worker: RayWorker, deadline: float) -> None:
        """Wait for the end of a task; after the deadline, by the monotonic clock, kill it."""
        while not worker.is_ready and time.monotonic() < deadline:
            self._exchange()
            worker.is_ready = bool(self._ray.wait([worker.task], timeout=0.2)[0])
        if not worker.is_ready:
            self._ray.cancel(worker.task, force=True)

    def _exchange(self) -> dict[int, Progress]:
        """Tell the hub what it needs, and return the progress of the parts."""
        try:
            progress: dict[int, Progress] = self._ray.get(
                self._hub.exchange.remote(self._commands, self._spent), timeout=TIMEOUT_S
            )
        except self._ray.exceptions.RayError:  # it is being restarted
            return {}
        return progress


def _task_error(part: Part, error: BaseException) -> JobError:
    """Return the error of a task that could not start: its modules are missing, for instance."""
    return JobError(
        f"part {part.number} could not run on the cluster ({type(error).__name__}: {error}): each machine needs the "
        "same structkit, with the modules that the job uses"
    )
