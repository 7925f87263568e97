"""Why a run ends before its rows have finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Reason: TypeAlias = Literal["", "budget", "interrupted", "submitted", "endpoint", "limits", "left", "failed"]
"""Why a run did not succeed. Before its rows had finished: the budget is used up; it was interrupted; its requests are
in batches at the endpoint, which the same job collects later (`submitted`); the endpoint fails for every row; the
server of shared limits is gone (`limits`); or rows
are left open, for instance because only stored replies were read. After that: more rows failed than may (`failed`).
Empty otherwise."""


@dataclass(frozen=True, slots=True)
class StopCause:
    """Why a run ends before its rows have finished.

    Args:
        reason: For programs.
        detail: For people: a sentence, or the endpoint's message.
    """

    reason: Reason
    detail: str = ""


class RunStopped(Exception):
    """No further request goes out; raised inside an engine to leave the row that would have needed one."""

    def __init__(self, cause: StopCause) -> None:
        """Say why."""
        super().__init__(cause.detail)
        self.cause = cause
