"""The calls of tools about one row: a call that the journal has the result of is not made again."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from structkit.batch.engines.engine import RunContext
from structkit.client.tool_calls import make_call
from structkit.errors import ToolError
from structkit.extraction import ToolStep
from structkit.journal.row_state import RowState
from structkit.tables.records import Record
from structkit.tools import PlannedCall
from structkit.values import ToolRun


class RowTools:
    """Makes the calls of a row's conversation, in the same order in every run.

    Args:
        context: What the rows of the run share.
        record: The row.
        row: What the journal has of it.
    """

    def __init__(self, context: RunContext, record: Record, row: RowState | None) -> None:
        """Make no call yet."""
        self._context, self._record = context, record
        self._stored_runs = {(each.number, each.call): each.run for each in (row.tool_runs if row else ())}
        self._number = 0

    def are_stored(self, step: ToolStep) -> bool:
        """Return whether the journal has the results of all calls of a step."""
        return all(self._find(number, call) for number, call in self._numbered(step))

    async def next_step(self, step: ToolStep) -> Any:
        """Make the calls of a step at once, store each result when it arrives, and return the next step."""
        runs = await asyncio.gather(*(self._make(number, call, step) for number, call in self._numbered(step)))
        self._number += len(step.calls)
        return step.receive(*runs)

    async def _make(self, number: int, call: PlannedCall, step: ToolStep) -> ToolRun | ToolError:
        if (stored_run := self._find(number, call)) is not None:
            return stored_run
        run = await make_call(call, step.policy.tool_timeout, self._context.hooks)
        # A call that ends the row is made again if the row is retried.
        if isinstance(run, ToolRun) and not (run.error and step.policy.tool_errors == "raise"):
            self._context.journal.add_tool_run(self._record.ordinal, number, _digest(call), run)
        return run

    def _find(self, number: int, call: PlannedCall) -> ToolRun | None:
        return self._stored_runs.get((number, _digest(call)))

    def _numbered(self, step: ToolStep) -> list[tuple[int, PlannedCall]]:
        return [*enumerate(step.calls, self._number + 1)]


def _digest(call: PlannedCall) -> str:
    text = f"{call.name}\0{call.call.id}\0{call.call.arguments}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
