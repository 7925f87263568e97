"""`Policy`: the limits on attempts, retries, time and size."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from structkit.values.argument_hints import explain_arguments
from structkit.values.repair import REPAIRS

DEFAULT_TIMEOUT_S = 600.0
"""The timeout where neither the policy nor an SDK client of the caller's sets one."""

MAX_WAIT_S = 1_000_000
"""Timeouts above this many seconds overflow the clocks of some operating systems."""

DEFAULT_TOOL_TIMEOUT_S = 600.0
"""The timeout of a tool: a tool that never ends would otherwise block the call forever."""

CHOICES = {
    "escalation": ("record", "places"),
    "reask": ("places", "always", "whole"),
    "parameters": ("adapt", "exact"),
    "tool_errors": ("raise", "tell"),
    "missing_evidence": ("warn", "raise"),
    "stop_loops": ("auto", True, False),
    "show": ("auto", True, False),
}
"""The values of the settings that have a closed set of them."""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


COUNTS = ("attempts", "retries", "reply_bytes", "tool_rounds", "max_tokens")
NUMBERS = ("wait_initial", "wait_max", "timeout", "deadline", "tool_timeout", "escalate_below")

TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(COUNTS, (_is_count, "a whole number")),
    **dict.fromkeys(NUMBERS, (_is_number, "a number")),
    **dict.fromkeys(("repairs", "fallback_on"), (lambda value: isinstance(value, Collection | bool), "a set of names")),
}
"""By setting, what its value has to be, as a function and in words."""

OPTIONAL = frozenset({"timeout", "deadline", "tool_timeout", "escalate_below", "max_tokens"})
"""Settings that may be None."""

FALLBACK_FAILURES = ("transport", "refusal", "invalid")
"""The names in `Policy.fallback_on`."""


OTHER_NAMES = {
    "max_retries": "use retries=... for the endpoint's errors, attempts=... for invalid replies",
    "max_attempts": "use attempts=...",
    "total_timeout": "use deadline=...",
    "models": "use fallback=[...] of the client or call",
    "show_form": "use show=...",
    "fallback": "it is an argument of the client or call; fallback_on=... names the failures",
}
"""What other libraries call a limit, and what it is here."""


@explain_arguments(OTHER_NAMES)
@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits on attempts, retries, time and size.

    `attempts` and `retries` are separate counters: a transport failure never uses up an attempt of the model.

    Args:
        attempts: Maximum number of replies requested from the model, including the first; only an invalid or truncated
            reply leads to another. At temperature 0, a model that repeats an invalid reply is asked no further.
        retries: Maximum number of times the transport retries the same request after a transient failure
            (429, 5xx, no connection, timeout).
        wait_initial: Seconds before the first retry; doubled each time, with jitter.
        wait_max: Maximum wait in seconds, even if the endpoint's `Retry-After` asks for more.
        timeout: Seconds without a byte from the endpoint after which a request fails; None uses your SDK client's own
            timeout, or 600 if you pass no SDK client.
        deadline: Seconds for one request in total, from sending it to the last byte of its reply; each
            retry has its own. None sets no limit. Over the OpenAI SDK, or behind a proxy that only httpx2
            supports, a blocking `Client` checks the clock only when bytes arrive, so a stalled endpoint can take
            up to twice as long.
        reply_bytes: Maximum size of a decompressed reply; a larger one is rejected without reading it to the end.
        repairs: Whether a reply that is not exact JSON may be repaired, for example by removing code fences,
            surrounding prose or trailing commas. Without repairs, only exact JSON is accepted. A set of names
            allows only these repairs: `structkit.REPAIRS - {"several answers"}` allows all but one.
        reask: What is re-asked after invalid output: the invalid places if that costs less (`places`), the invalid
            places whenever possible (`always`), or the whole value (`whole`).
        fallback_on: The failures after which the next model of `fallback=` is asked: of the endpoint, after its retries
            (`transport`), a refused or filtered reply (`refusal`), a reply that is still invalid or truncated after all
            attempts, or calls of tools without an answer (`invalid`).
        escalate_below: A valid value of which a scalar has a lower confidence leads to the last model of `fallback=`,
            as `escalate=` and `below=` of a call set it; None for none.
        escalation: What that model is asked for: the whole value (`record`), or only the places with such a confidence
            (`places`), where these can be asked for separately.
        parameters: What to do if the model rejects a parameter of the call that is only a preference, such as
            `temperature` or `seed`: leave it out, with a warning in `Result.warnings` (`adapt`), or raise the error
            (`exact`). A token limit is sent under its other name in both cases.
        tool_rounds: Maximum number of replies that call tools; a further one is a `ToolError`.
        tool_errors: What to do with an exception of a tool: stop with a `ToolError` (`raise`), or send its type and its
            message to the model (`tell`), which may call the tool with other arguments.
        tool_timeout: Seconds after which a tool that has not ended is a `ToolError`; None sets no limit.
        stop_loops: Whether a request is sent as a stream although no stream was asked for, so that it can be stopped
            once its reply only repeats itself: always (True), never, or where that is free (`auto`): where the server
            is llama.cpp's, and where a reply of the model was such a loop. An endpoint that does not stream, or not
            count the tokens of a stream, is not asked for one again.
        show: Whether the prompt has the form of the reply with the descriptions of its fields in the modes that send a
            schema, too: always (True), never, or where it is known that the model does not see the schema, for
            descriptions that it would miss (`auto`). llama.cpp, vLLM and the like turn the schema into a grammar.
        missing_evidence: What `evidence="null"` and `"require"` do with a value that is not in the text and that the
            type does not let be null: return it with a warning in `Result.warnings` (`warn`), or raise `InvalidOutput`
            (`raise`).
        max_tokens: The value to which the cap on a reply may be raised after a truncated reply; None keeps the
            caller's cap.
    """

    attempts: int = 3
    retries: int = 3
    wait_initial: float = 0.5
    wait_max: float = 60.0
    timeout: float | None = None
    deadline: float | None = None
    reply_bytes: int = 32 * 2**20
    repairs: bool | Collection[str] = True
    reask: Literal["places", "always", "whole"] = "places"
    fallback_on: Collection[Literal["transport", "refusal", "invalid"]] = ("transport", "refusal", "invalid")
    escalate_below: float | None = None
    escalation: Literal["record", "places"] = "record"
    parameters: Literal["adapt", "exact"] = "adapt"
    tool_rounds: int = 8
    tool_errors: Literal["raise", "tell"] = "raise"
    tool_timeout: float | None = DEFAULT_TOOL_TIMEOUT_S
    stop_loops: bool | Literal["auto"] = "auto"
    show: bool | Literal["auto"] = False
    missing_evidence: Literal["warn", "raise"] = "warn"
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        """Validate the settings.

        Raises:
            ValueError: One is of another type, or out of its range.
        """
        _validate_types(self)
        minimums = {"attempts": 1, "retries": 0, "reply_bytes": 1, "max_tokens": 1, "tool_rounds": 1}
        for name, minimum in minimums.items():
            if (value := getattr(self, name)) is not None and value < minimum:
                raise ValueError(f"{name} must be {minimum} or more, not {value}")
        for name in ("timeout", "deadline", "tool_timeout"):
            if (value := getattr(self, name)) is not None and not 0 < value < MAX_WAIT_S:
                raise ValueError(f"{name} must be more than 0 and less than {MAX_WAIT_S} seconds, not {value}")
        if not (0 <= self.wait_initial < MAX_WAIT_S and 0 <= self.wait_max < MAX_WAIT_S):
            waits = f"{self.wait_initial} and {self.wait_max}"
            raise ValueError(
                f"wait_initial and wait_max must be 0 or more and less than {MAX_WAIT_S} seconds, not {waits}"
            )
        if self.escalate_below is not None and not 0 < self.escalate_below <= 1:
            raise ValueError(f"escalate_below must be more than 0 and at most 1, not {self.escalate_below}")
        if not isinstance(self.repairs, bool):
            object.__setattr__(self, "repairs", _repair_names(self.repairs))
        _validate_choices(self)


def _validate_types(policy: Policy) -> None:
    for name, (is_valid, words) in TYPES.items():
        value = getattr(policy, name)
        if not (is_valid(value) or (value is None and name in OPTIONAL)):
            alternative = " or None" if name in OPTIONAL else ""
            raise ValueError(f"{name} must be {words}{alternative}, not {value!r}")


def _validate_choices(policy: Policy) -> None:
    if isinstance(policy.fallback_on, str | bool) or not {*policy.fallback_on} <= {*FALLBACK_FAILURES}:
        raise ValueError(f"fallback_on must be a set of {', '.join(FALLBACK_FAILURES)}, not {policy.fallback_on!r}")
    for name, choices in CHOICES.items():
        if (value := getattr(policy, name)) not in choices:
            raise ValueError(f"{name} must be one of {', '.join(map(str, choices))}, not {value!r}")


def _repair_names(names: Collection[str]) -> frozenset[str]:
    """Return the names of repairs as a set.

    Raises:
        ValueError: One is not the name of a repair.
    """
    if unknown := {names} if isinstance(names, str) else {*names} - REPAIRS:
        raise ValueError(f"repairs must be a set of names from {sorted(REPAIRS)}, not {sorted(unknown)}")
    return frozenset(names)


DEFAULT_POLICY = Policy()
"""Shared by all calls without their own."""
