"""How hard to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST_WAIT = 1_000_000
"""Seconds beyond which the clocks of operating systems overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How hard to try; two counters that never mix.

    Args:
        attempts: Asks of the model in all, the first included; only invalid output leads to another.
        retries: How often the transport sends the same request again after a failure that may pass
            (429, 5xx, no connection, timeout).
        wait_initial: Seconds before the first retry; doubled each time, with jitter.
        wait_max: The longest wait in seconds, also where the endpoint asks for more in `Retry-After`.
        timeout: Seconds without a sign from the endpoint until one request is given up.
        deadline: Seconds for one request in all, from sending it to the last byte of its reply; each
            retry has its own. None leaves a slow reply all the time it takes. `Client` looks at the clock
            when bytes come, so an endpoint that then falls silent may take it up to twice as long.
        reply_bytes: The most bytes of a reply, unpacked; what is more is refused, not read.
        repairs: Whether a reply may be mended to be read: fences and prose taken away, trailing commas and the
            like. Without, only exact JSON is.
        reask: What is asked for again: the places that are wrong, where that costs less (`places`), wherever it can be
            done (`always`), or the whole value (`whole`).
        max_tokens: How far the cap on a reply may be raised when it was cut there; None keeps the caller's.
    """

    attempts: int = 3
    retries: int = 3
    wait_initial: float = 0.5
    wait_max: float = 60.0
    timeout: float = 600.0
    deadline: float | None = None
    reply_bytes: int = 32 * 2**20
    repairs: bool = True
    reask: Literal["places", "always", "whole"] = "places"
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        at_least = {"attempts": 1, "retries": 0, "reply_bytes": 1, "max_tokens": 1}
        for name, least in at_least.items():
            if (value := getattr(self, name)) is not None and value < least:
                raise ValueError(f"{name}: {least} or more, not {value}")
        for name in ("timeout", "deadline"):
            if (value := getattr(self, name)) is not None and not 0 < value < LONGEST_WAIT:
                raise ValueError(f"{name}: seconds, more than 0 and less than {LONGEST_WAIT}, not {value}")
        if not (0 <= self.wait_initial < LONGEST_WAIT and 0 <= self.wait_max < LONGEST_WAIT):
            raise ValueError(f"waits: seconds, 0 or more, not {self.wait_initial} and {self.wait_max}")
        if self.reask not in {"places", "always", "whole"}:
            raise ValueError(f'reask: "places", "always" or "whole", not {self.reask!r}')
