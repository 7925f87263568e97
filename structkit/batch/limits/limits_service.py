"""What whoever leases the limits of a job answers to the messages of workers, however they arrive."""

from __future__ import annotations

import threading
import time
from typing import Any

from structkit.batch.limits.lease_keeper import REGISTER
from structkit.batch.limits.limit_shares import (
    LimitShares,
    LimitsRejected,
    validate_amount,
    validate_message,
    validate_requests,
)
from structkit.errors import JobError
from structkit.values import JSON


class LimitsService:
    """Answers messages, from any thread.

    Args:
        shares: What it serves.
    """

    def __init__(self, shares: LimitShares) -> None:
        """Serve nobody yet."""
        self._shares, self._lock = shares, threading.Lock()

    def answer(self, path: str, message: Any) -> tuple[int, JSON]:
        """Return the status, as in HTTP, and the body of a reply."""
        try:
            with self._lock:
                return 200, self._act(path, message)
        except LimitsRejected as error:
            return 409, {"error": str(error)}
        except JobError as error:  # what was leased could not be stored
            return 503, {"error": str(error)}
        except KeyError:
            is_taken = isinstance(message, dict) and self._shares.has_part(str(message.get("part")))
            return (410 if is_taken else 404), {"error": "another worker has the part" if is_taken else "no session"}
        except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
            return 400, {"error": f"not a message of a worker: {type(error).__name__}"}

    def _act(self, path: str, message: Any) -> JSON:
        shares, time_s = self._shares, time.monotonic()
        if path != REGISTER:
            return shares.exchange(message["session"], validate_message(message), time_s)
        job, part, budget, spent = (message[name] for name in ("job", "part", "budget", "spent"))
        in_flight = validate_requests(message.get("in_flight", ()))
        budget, spent = budget and validate_amount(budget), validate_amount(spent)
        session = shares.register(job, part, budget, spent, time_s, in_flight)
        return {"session": session, "has_budget": shares.limits.budget is not None}
