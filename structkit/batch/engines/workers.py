"""Several workers of one event loop that take the rows of a run, each the next one when it is free."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from structkit.batch.engines.engine import Engine
from structkit.batch.engines.row_runner import RowRunner
from structkit.batch.engines.stop import RunStopped, StopCause
from structkit.batch.matching import MatchedRow


async def run_workers(engine: Engine, runner: RowRunner, rows: Iterator[MatchedRow]) -> None:
    """Finish rows until there are no more, or the engine stops.

    Args:
        engine: Is stopped by an error; its context says how many rows are in progress at once.
        runner: Finishes a row.
        rows: The rows.

    Raises:
        Exception: The first error that concerns every row; the requests in flight were finished first.
    """
    errors: list[Exception] = []

    async def work() -> None:
        try:
            for record, row in rows:  # shared by all workers: in one event loop, each row is taken by one of them
                await runner.finish_row(record, row)
                if engine.stop_cause:
                    return
        except RunStopped as error:
            engine.stop(error.cause)
        except Exception as error:  # noqa: BLE001 (raised below, when the requests in flight have their replies)
            errors.append(error)
            engine.stop(StopCause("left", str(error)))

    async with asyncio.TaskGroup() as group:
        for _ in range(engine.context.max_rows):
            group.create_task(work())
    if errors:
        raise errors[0]
