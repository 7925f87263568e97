"""A task of a Ray cluster that works on a part of a job."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structkit.batch.engines.progress import Progress
from structkit.batch.limits.lease_keeper import TIMEOUT_S
from structkit.batch.parts import Part
from structkit.batch.processes.parent_link import PROGRESS_INTERVAL_S, Command, ParentLink, WorkerMessage
from structkit.batch.processes.worker_process import LOCK_POLL_S, WORKER_VARIABLE, LoadJob, report_run, run_part
from structkit.batch.ray_engine.hub import HubLimits
from structkit.batch.ray_engine.shared_folder import FolderProbe
from structkit.batch.report import Report
from structkit.batch.settings import JobSettings
from structkit.journal.lock import is_in_use, take_over
from structkit.optional import import_extra

HUB_PATIENCE_S = 60.0
"""Seconds without an answer of the hub after which a worker stops: nobody waits for it any more."""

RELEASE_S = 10.0
"""Seconds after which a worker takes over the journal of its predecessor, which Ray has declared dead."""


class HubChannel:
    """A connection to the driver by way of the hub, in the form of the one that `ParentLink` has to a parent.

    Attributes:
        result: The last message: the report of the run, or its error.
    """

    def __init__(self, ray: Any, hub: Any, number: int) -> None:
        """Take the actor, and the number of the part."""
        self._ray, self._hub, self._number = ray, hub, number
        self._progress: Progress | None = None
        self._commands: list[Command] = []
        self._closing = threading.Event()
        self.result = WorkerMessage()

    def send(self, message: WorkerMessage) -> None:
        """Keep a message: progress goes out with the next look at the commands, and a result with the task's end."""
        self._progress, self.result = message.progress or self._progress, message

    def recv(self) -> Command:
        """Wait for the next command.

        Raises:
            EOFError: There will be none: the run has ended, or nobody answers.
        """
        last_answer = time.monotonic()
        while not self._closing.wait(PROGRESS_INTERVAL_S):
            try:
                report = self._hub.report.remote(self._number, self._progress)
                commands: list[Command] = self._ray.get(report, timeout=TIMEOUT_S)
            except self._ray.exceptions.RayError as error:  # it is being restarted, for instance
                if time.monotonic() - last_answer > HUB_PATIENCE_S:
                    raise EOFError from error
                continue
            last_answer = time.monotonic()
            for command in commands:
                if command not in self._commands:
                    self._commands.append(command)
                    return command
        raise EOFError

    def close(self) -> None:
        """Wait for no further command."""
        self._closing.set()


def work_on_part(
    load: LoadJob, part: Part, restarts: int, hub: Any, probe: FolderProbe, environment: Mapping[str, str]
) -> WorkerMessage:
    """Run a part of a job; return its report, or its error, which Ray would write to its logs if it were raised.

    Args:
        load: Returns the job.
        part: The part.
        restarts: How many workers of this run have died on the part.
        hub: The actor.
        probe: Of the folder of the output.
        environment: Variables of the driver: the key is among them, so that they are no part of Ray's own settings,
            which its dashboard shows.
    """
    os.environ.update(environment)
    os.environ[WORKER_VARIABLE] = "1"
    ray = import_extra("ray", "ray")
    channel = HubChannel(ray, hub, part.number)
    link = ParentLink(channel)
    try:
        report_run(link, lambda: _run(load, part, restarts, HubLimits(ray, hub), probe, link))
    finally:
        channel.close()
    return channel.result


def _run(load: LoadJob, part: Part, restarts: int, limits: HubLimits, probe: FolderProbe, link: ParentLink) -> Report:
    probe.validate()
    os.chdir(probe.working_folder)  # where relative paths of the job begin
    settings = replace(load(), part=part)
    if restarts:
        _succeed(settings, link)
    return run_part(settings, link, limits)


def _succeed(settings: JobSettings, link: ParentLink) -> None:
    """Take over the journal of a worker that has died, as far as Ray can see: it may be stopped, or unreachable."""
    deadline = time.monotonic() + RELEASE_S
    while is_in_use(settings.folder):
        if time.monotonic() > deadline:
            return take_over(settings.folder)
        if link.is_stopped:
            return None
        time.sleep(LOCK_POLL_S)
    return None
