"""The actor of a run on Ray: it leases the limits, takes the progress of workers, and passes commands on to them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from structkit.batch.engines.limiter import Limiter
from structkit.batch.engines.progress import Progress
from structkit.batch.limits.lease_keeper import INTERVAL_S, PATIENCE_S, REGISTER, TIMEOUT_S
from structkit.batch.limits.limit_shares import Limits, LimitShares
from structkit.batch.limits.limits_service import LimitsService
from structkit.batch.processes.parent_link import Command
from structkit.values import JSON


class Hub:
    """What all workers of a run share. It may be restarted at any time: workers and driver tell it again what it needs.

    Args:
        limits: What is divided among the workers.
        limiter: Learns from the replies to all workers.
    """

    def __init__(self, limits: Limits, limiter: Limiter) -> None:
        """Start without workers."""
        self._shares = LimitShares(limits, limiter)
        self._service = LimitsService(self._shares)
        self._progress = dict[int, Progress]()
        self._commands: list[Command] = []

    def answer(self, path: str, message: JSON) -> tuple[int, JSON]:
        """Answer a worker about its limits."""
        return self._service.answer(path, message)

    def report(self, number: int, progress: Progress | None) -> list[Command]:
        """Take the progress of a part, and return the commands so far."""
        if progress is not None:
            self._progress[number] = progress
        return self._commands

    def exchange(self, commands: Sequence[Command], spent: Mapping[str, Decimal]) -> dict[int, Progress]:
        """Take the commands of the driver, and return the progress of each part since the last time.

        Args:
            commands: All so far.
            spent: By part, what those have spent that have ended.
        """
        self._commands = list(commands)
        for part, amount in spent.items():
            self._shares.add_finished(part, amount)
        progress, self._progress = self._progress, {}
        return progress


class HubLimits:
    """The connection of a worker to the limits of its hub."""

    name = "of the run"

    def __init__(self, ray: Any, hub: Any) -> None:
        """Take the actor."""
        self._ray, self._hub = ray, hub

    def post(self, path: str, message: JSON) -> tuple[int, JSON]:
        """See `LimitsLink`. A worker that starts while the hub is being restarted waits for it."""
        deadline = time.monotonic() + (PATIENCE_S if path == REGISTER else 0.0)
        while True:
            try:
                reply: tuple[int, JSON] = self._ray.get(self._hub.answer.remote(path, message), timeout=TIMEOUT_S)
            except self._ray.exceptions.RayError as error:
                if time.monotonic() >= deadline:
                    raise OSError(type(error).__name__) from None
                time.sleep(INTERVAL_S)
            else:
                return reply

    def close(self) -> None:
        """See `LimitsLink`."""
