"""Workers that are processes of this machine."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from structkit.batch.engines.signals import TERMINAL_SIGNALS
from structkit.batch.parts import Part
from structkit.batch.processes.parent_link import Command, WorkerMessage
from structkit.batch.processes.worker_pool import Death, RunningWorker
from structkit.batch.processes.worker_process import LoadJob, work

WORKER_NAME = "structkit worker"
"""How the names of worker processes begin."""


class LocalWorker:
    """A process that works on a part, and the connection to it."""

    def __init__(self, process: BaseProcess, connection: Any) -> None:
        """Take a process that was started."""
        self.process, self.connection = process, connection
        self._has_rows = False

    def receive(self) -> WorkerMessage:
        """See `RunningWorker`."""
        message: WorkerMessage = self.connection.recv()
        self._has_rows = self._has_rows or bool(message.progress and message.progress.counts)
        return message

    def send(self, command: Command) -> None:
        """See `RunningWorker`."""
        self.connection.send(command)

    def close(self, deadline: float) -> Death:
        """See `RunningWorker`."""
        self.process.join(max(0.0, deadline - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()
        code = self.process.exitcode or 0
        if code < 0:
            return Death(f"was killed by signal {-code}", is_kill=True)
        is_script = code and not self._has_rows
        advice = "; a script has to be a file, and to call run(processes=...) under `if __name__ == '__main__':`"
        text = f"ended with exit code {code}; its message is above{advice if is_script else ''}"
        return Death(text, is_kill=False)


class LocalWorkers:
    """Starts a process for each part.

    Args:
        load: Returns the job in each process.
        limits: The address of the server with the limits of all.
    """

    def __init__(self, load: LoadJob, limits: str) -> None:
        """Start nothing yet."""
        self._load, self._limits = load, limits
        self._context = multiprocessing.get_context("spawn")  # a fork would share threads, locks and connections

    def start(self, part: Part, restarts: int) -> LocalWorker:  # noqa: ARG002 (a killed process has left its journal)
        """See `Launcher`."""
        connection, remote = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(self._load, part, self._limits, remote), name=f"{WORKER_NAME} {part.number}"
        )
        with _interrupts_blocked():
            process.start()
        remote.close()  # otherwise the end of the process would not close the connection
        return LocalWorker(process, connection)

    def wait(self, workers: Sequence[RunningWorker], seconds: float) -> Iterable[RunningWorker]:
        """See `Launcher`."""
        connections = {worker.connection: worker for worker in workers if isinstance(worker, LocalWorker)}
        return [connections[connection] for connection in wait([*connections], seconds)]


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let a process that is started inherit that these signals wait: until it ignores them, they would end it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
