"""What each part may have spent, on disk before it does: a limits server that is restarted overspends no budget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from structkit.costs.attempt_cost import MAX_TOTAL, parse_amount
from structkit.errors import JobError
from structkit.tables.atomic_file import write_atomically

STEPS = 100
"""The file is written when a part may spend another hundredth of the budget, not for every request."""


class MoneyFile:
    """A file with the most that each part may have spent.

    Args:
        path: The file.
        budget: The budget.

    Attributes:
        job: The digest of the job that it is about; empty for a new file.
        amounts: By part.

    Raises:
        JobError: It cannot be read, or is about another budget.
    """

    def __init__(self, path: Path, budget: Decimal) -> None:
        """Read it, if it exists."""
        self._path, self._budget = path, budget
        self.job, self.amounts = "", dict[str, Decimal]()
        if not path.is_file():
            if path.exists() or not path.parent.is_dir():
                raise JobError(f"cannot write {path}: it is not a file, or its folder does not exist", file=str(path))
            return
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            self.job = str(stored["job"])
            self.amounts = {str(part): _amount(amount) for part, amount in stored["parts"].items()}
            stored_budget = _amount(stored["budget"])
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise JobError(f"{path} is not the state of a limits server: {error!r}", file=str(path)) from None
        if stored_budget > budget:
            raise JobError(f"{path} is about a budget of {stored_budget}, which can only be raised", file=str(path))

    def store(self, job: str, part: str, amount: Decimal) -> None:
        """Make sure that the file says that a part may have spent an amount.

        Raises:
            JobError: It cannot be written.
        """
        if amount <= self.amounts.get(part, Decimal(-1)) and job == self.job:
            return
        self.job = job
        self.amounts[part] = amount + self._budget / STEPS
        self._write()

    def _write(self) -> None:
        parts: Mapping[str, str] = {part: str(amount) for part, amount in self.amounts.items()}
        text = json.dumps({"job": self.job, "budget": str(self._budget), "parts": parts}, indent=1)
        write_atomically(self._path, [text.encode()])


def _amount(text: object) -> Decimal:
    amount = parse_amount(str(text), MAX_TOTAL)
    if amount is None:
        raise ValueError(f"{text!r} is not an amount")
    return amount
