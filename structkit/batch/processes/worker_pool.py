"""The processes that work on the parts of a job: started, watched, restarted if they are killed, and stopped."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from structkit.batch.engines.progress import Progress
from structkit.batch.parts import Part
from structkit.batch.processes.parent_link import Command, WorkerMessage
from structkit.batch.processes.progress_sum import sum_progress
from structkit.batch.processes.worker_process import LoadJob, work
from structkit.batch.report import Report
from structkit.errors import JobError

WORKER_NAME = "structkit worker"
"""How the names of worker processes begin."""

MAX_RESTARTS = 3
"""How often a worker is restarted that was killed, for instance because memory was short."""

POLL_S = 0.2
"""Seconds after which the progress is reported even if no worker says anything."""

KILL_AFTER_S = 10.0
"""Seconds after which a worker is killed that does not even drop its requests."""


@dataclass
class Worker:
    """A worker, and what it has said.

    Attributes:
        part: What it works on.
        process: Its process; a restarted worker has another one.
        connection: To the process; None once the worker has ended.
        latest: The last progress of the process.
        finished_counts: The rows that earlier processes of the worker have finished, by state.
        report: The report of its run.
        error: Why there is no report.
        restarts: How often it was restarted.
    """

    part: Part
    process: BaseProcess
    connection: Any
    latest: Progress = field(default_factory=lambda: Progress({}))
    finished_counts: Counter[str] = field(default_factory=Counter)
    report: Report | None = None
    error: BaseException | None = None
    restarts: int = 0

    @property
    def progress(self) -> Progress:
        """How far the worker is, with what its earlier processes have finished."""
        return sum_progress([self.latest, Progress(self.finished_counts)])


class WorkerPool:
    """Runs each part of a job in a process of its own.

    Args:
        load: Returns the job in each process.
        total: How many parts there are.
        grace: Seconds that requests in flight have after an interruption.
        on_progress: Called with the progress of all together.
        limits: The address of the server with the limits of all.
    """

    def __init__(
        self, load: LoadJob, total: int, grace: float, on_progress: Callable[[Progress], None], limits: str
    ) -> None:
        """Start nothing yet."""
        self._load, self._total, self._on_progress = load, total, on_progress
        self._context = multiprocessing.get_context("spawn")  # a fork would share threads, locks and connections
        self._workers: list[Worker] = []
        self._grace, self._limits = grace, limits
        self._interrupts = 0
        self._grace_end: float | None = None
        self._is_stopping = False

    def run(self) -> list[Report]:
        """Run all parts, and return their reports in order.

        Raises:
            StructkitError: The first error of a worker; the others were stopped, with their requests in flight.
            KeyboardInterrupt: There was a second Ctrl-C.
        """
        with _interrupts_of(self._on_interrupt):
            try:
                for number in range(1, self._total + 1):
                    part = Part(number, self._total)
                    self._workers.append(Worker(part, *self._start(part)))
                while any(worker.connection for worker in self._workers):
                    self._watch()
            finally:
                self._end()
        errors = [worker.error for worker in self._workers if worker.error]
        if errors:
            raise next((error for error in errors if not isinstance(error, KeyboardInterrupt)), errors[0])
        return [worker.report for worker in self._workers if worker.report]

    def _start(self, part: Part) -> tuple[BaseProcess, Any]:
        connection, remote = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(self._load, part, self._limits, remote), name=f"{WORKER_NAME} {part.number}"
        )
        with _interrupts_blocked():
            process.start()
        remote.close()  # otherwise the end of the process would not close the connection
        return process, connection

    def _watch(self) -> None:
        """Wait for messages for a moment, and report the progress."""
        connections = {worker.connection: worker for worker in self._workers if worker.connection}
        for connection in wait([*connections], POLL_S):
            self._receive(connections[connection])
        if not self._is_stopping and any(worker.error for worker in self._workers):
            self._stop("stop")
        grace = None if self._grace_end is None else max(0.0, self._grace_end - time.monotonic())
        self._on_progress(sum_progress([worker.progress for worker in self._workers], grace))

    def _receive(self, worker: Worker) -> None:
        if worker.connection is None:
            return None
        try:
            message: WorkerMessage = worker.connection.recv()
        except (EOFError, OSError):
            return self._finish(worker)
        except Exception as error:  # noqa: BLE001 (an error of a class that only the worker has)
            message = WorkerMessage(error=JobError(f"part {worker.part.number} failed: {error}"))
        worker.latest = message.progress or worker.latest
        worker.report, worker.error = message.report or worker.report, message.error or worker.error
        return None

    def _finish(self, worker: Worker) -> None:
        """Take the end of a process: one that was killed is restarted, with what its journal has."""
        if worker.connection:
            worker.connection.close()
        worker.connection = None
        _join(worker.process, time.monotonic() + KILL_AFTER_S)
        if worker.report or worker.error:
            return
        code = worker.process.exitcode or 0
        if code >= 0 or worker.restarts >= MAX_RESTARTS or self._is_stopping:
            worker.error = _death(worker, code)
            return
        worker.restarts += 1
        worker.finished_counts.update(worker.latest.counts)
        worker.latest = Progress({})
        worker.process, worker.connection = self._start(worker.part)

    def _on_interrupt(self) -> None:
        """Let the workers stop; at the second time, let them drop their requests."""
        self._interrupts += 1
        self._grace_end = self._grace_end or time.monotonic() + self._grace
        self._stop("stop" if self._interrupts == 1 else "drop")

    def _stop(self, command: Command) -> None:
        self._is_stopping = True
        for worker in self._workers:
            if worker.connection:
                with suppress(OSError):
                    worker.connection.send(command)

    def _end(self) -> None:
        """Let no process outlive the run."""
        alive = [worker for worker in self._workers if worker.process.is_alive() and worker.connection]
        if alive:
            self._stop("stop")
            self._stop("drop")
        deadline = time.monotonic() + KILL_AFTER_S
        for worker in self._workers:
            _join(worker.process, deadline)


def _death(worker: Worker, code: int) -> JobError:
    """Return the error of a process that has ended without a word."""
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    advice = "run the same job again to resume it" if code < 0 else "its message is above"
    if code > 0 and not worker.latest.counts:
        advice += "; a script has to be a file, and to call run(processes=...) under `if __name__ == '__main__':`"
    return JobError(f"the process of part {worker.part.number} {how}; {advice}")


def _join(process: BaseProcess, deadline: float) -> None:
    """Wait for the end of a process; after the deadline, by the monotonic clock, it is killed."""
    process.join(max(0.0, deadline - time.monotonic()))
    if process.is_alive():
        process.kill()
        process.join()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let a process that is started inherit that Ctrl-C waits: until it ignores it, it would end with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _interrupts_of(handler: Callable[[], None]) -> Iterator[None]:
    """Call a function at each Ctrl-C and SIGTERM; outside the main thread, signals go to somebody else."""
    before = {}
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):
            before[name] = signal.signal(name, lambda *_: handler())
    try:
        yield
    finally:
        for name, previous in before.items():
            signal.signal(name, previous)
