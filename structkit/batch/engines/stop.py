"""Why a run ends before its rows have finished."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from structkit.costs.budget import Budget

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


def explain_budget(budget: Budget, cost: Decimal) -> str:
    """Return why a request that may cost so much is not sent, in words.

    >>> explain_budget(Budget(5, spent=4), Decimal(2))
    'the budget is used up'
    >>> explain_budget(Budget(1), Decimal("4.1"))
    'one request may cost up to 4.1, more than the budget of 1: raise it, or set a lower max_tokens (--max-tokens)'
    """
    if budget.limit is None or cost <= budget.limit:
        return "the budget is used up"
    return (
        f"one request may cost up to {cost:f}, more than the budget of {budget.limit:f}: raise it, or set a lower "
        "max_tokens (--max-tokens)"
    )


class RunStopped(Exception):
    """No further request goes out; raised inside an engine to leave the row that would have needed one."""

    def __init__(self, cause: StopCause) -> None:
        """Say why."""
        super().__init__(cause.detail)
        self.cause = cause
