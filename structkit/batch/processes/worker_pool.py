"""Workers on the parts of a job: started, watched, restarted if they are killed, and stopped."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from structkit.batch.engines.progress import Progress
from structkit.batch.engines.signals import HANGUP, ignore_hangups, is_ended_by_hangup
from structkit.batch.parts import Part
from structkit.batch.processes.parent_link import Command, WorkerMessage
from structkit.batch.processes.progress_sum import sum_progress
from structkit.batch.report import Report
from structkit.errors import JobError

MAX_RESTARTS = 3
"""How often a worker is restarted that was killed, for instance because memory was short."""

POLL_S = 0.2
"""Seconds after which the progress is reported even if no worker says anything."""

MAX_ANSWER_S = 2.0
"""Seconds for which the workers may say, at an interruption, how many requests are in flight."""

KILL_AFTER_S = 10.0
"""Seconds after which a worker is killed that does not even drop its requests."""


class Death(NamedTuple):
    """How a worker has ended that did not say how.

    Args:
        text: In words.
        is_kill: Whether it was killed, so that another one may have more luck.
    """

    text: str
    is_kill: bool


class RunningWorker(Protocol):
    """A worker that was started."""

    def receive(self) -> WorkerMessage:
        """Return its next message.

        Raises:
            EOFError: It has ended.
        """
        ...

    def send(self, command: Command) -> None:
        """Send it a command; one that has ended needs none."""
        ...

    def close(self, deadline: float) -> Death:
        """Wait for its end; after the deadline, by the monotonic clock, kill it. Return how it has ended."""
        ...


class Launcher(Protocol):
    """Starts workers, wherever they run."""

    def start(self, part: Part, restarts: int) -> RunningWorker:
        """Start a worker on a part, which had so many workers before that were killed."""
        ...

    def wait(self, workers: Sequence[RunningWorker], seconds: float) -> Iterable[RunningWorker]:
        """Wait for a moment, and return the workers that have said something or have ended."""
        ...


@dataclass
class Worker:
    """A worker, and what it has said.

    Attributes:
        part: What it works on.
        running: The worker as it runs; another one after a restart, and None once it has ended.
        latest: The last progress of it.
        finished_counts: The rows that earlier workers on the part have finished, by state.
        report: The report of its run.
        error: Why there is no report.
        restarts: How often it was restarted.
    """

    part: Part
    running: RunningWorker | None
    latest: Progress = field(default_factory=lambda: Progress({}))
    finished_counts: Counter[str] = field(default_factory=Counter)
    report: Report | None = None
    error: BaseException | None = None
    restarts: int = 0

    @property
    def progress(self) -> Progress:
        """How far the worker is, with what its predecessors have finished."""
        return sum_progress([self.latest, Progress(self.finished_counts)])


class WorkerPool:
    """Runs each part of a job in a worker.

    Args:
        launcher: Starts the workers.
        total: How many parts there are.
        grace: Seconds that requests in flight have after an interruption.
        on_progress: Called with the progress of all together.
    """

    def __init__(self, launcher: Launcher, total: int, grace: float, on_progress: Callable[[Progress], None]) -> None:
        """Start nothing yet."""
        self._launcher, self._total, self._on_progress = launcher, total, on_progress
        self._workers: list[Worker] = []
        self._grace = grace
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
                    self._workers.append(Worker(part, self._launcher.start(part, 0)))
                while any(worker.running for worker in self._workers):
                    self._watch()
            finally:
                self._end()
        errors = [worker.error for worker in self._workers if worker.error]
        if errors:
            raise next((error for error in errors if not isinstance(error, KeyboardInterrupt)), errors[0])
        return [worker.report for worker in self._workers if worker.report]

    def _watch(self) -> None:
        """Wait for messages for a moment, and report the progress."""
        workers = {id(worker.running): worker for worker in self._workers if worker.running}
        for running in self._launcher.wait([each.running for each in workers.values() if each.running], POLL_S):
            self._receive(workers[id(running)])
        if not self._is_stopping and any(worker.error for worker in self._workers):
            self._stop("stop")
        self._on_progress(sum_progress([worker.progress for worker in self._workers], self._grace_left()))

    def _grace_left(self) -> float | None:
        """Return the seconds that requests in flight still have; None until the workers have said how many they are."""
        if self._grace_end is None:
            return None
        seconds = max(0.0, self._grace_end - time.monotonic())
        is_late = not seconds or self._grace - seconds >= MAX_ANSWER_S
        is_known = all(worker.latest.grace is not None for worker in self._workers if worker.running)
        return seconds if is_late or is_known else None

    def _receive(self, worker: Worker) -> None:
        if worker.running is None:
            return None
        try:
            message = worker.running.receive()
        except (EOFError, OSError):
            return self._finish(worker, worker.running)
        except Exception as error:  # noqa: BLE001 (an error of a class that only the worker has)
            message = WorkerMessage(error=JobError(f"part {worker.part.number} failed: {error}"))
        worker.latest = message.progress or worker.latest
        worker.report, worker.error = message.report or worker.report, message.error or worker.error
        return None

    def _finish(self, worker: Worker, running: RunningWorker) -> None:
        """Take the end of a worker: one that was killed is restarted, with what its journal has."""
        worker.running = None
        death = running.close(time.monotonic() + KILL_AFTER_S)
        if worker.report or worker.error:
            return
        if not death.is_kill or worker.restarts >= MAX_RESTARTS or self._is_stopping:
            advice = "; run the same job again to resume it" if death.is_kill else ""
            worker.error = JobError(f"the process of part {worker.part.number} {death.text}{advice}")
            return
        worker.restarts += 1
        worker.finished_counts.update(worker.latest.counts)
        worker.latest = Progress({})
        worker.running = self._launcher.start(worker.part, worker.restarts)

    def _on_interrupt(self) -> None:
        """Let the workers stop; at the second time, let them drop their requests."""
        self._interrupts += 1
        self._grace_end = self._grace_end or time.monotonic() + self._grace
        self._stop("stop" if self._interrupts == 1 else "drop")

    def _stop(self, command: Command) -> None:
        self._is_stopping = True
        for worker in self._workers:
            if worker.running:
                with suppress(OSError):
                    worker.running.send(command)

    def _end(self) -> None:
        """Let no worker outlive the run."""
        if any(worker.running for worker in self._workers):
            self._stop("stop")
            self._stop("drop")
        deadline = time.monotonic() + KILL_AFTER_S
        for worker in self._workers:
            if worker.running:
                worker.running.close(deadline)


@contextmanager
def _interrupts_of(handler: Callable[[], None]) -> Iterator[None]:
    """Call a function at each Ctrl-C and SIGTERM, and once if the terminal closes.

    Outside the main thread, signals go to somebody else.
    """
    before: dict[signal.Signals, Any] = {}
    handlers = {signal.SIGINT: handler, signal.SIGTERM: handler}

    def on_hangup() -> None:
        del before[HANGUP]
        ignore_hangups()
        handler()

    if is_ended_by_hangup():
        handlers[HANGUP] = on_hangup
    for name, each in handlers.items():
        with suppress(ValueError):
            before[name] = signal.signal(name, lambda *_, each=each: each())
    try:
        yield
    finally:
        for name, previous in before.items():
            signal.signal(name, previous)
