"""The frozen values that travel between rooms: messages, requests, completions, results."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Literal, TypeAlias, TypedDict, TypeVar

T = TypeVar("T")

JSONValue: TypeAlias = Any
"""A JSON value as `json.loads` gives it: str, int, float, bool, None, list or dict."""

JSON: TypeAlias = dict[str, Any]
"""A JSON object: a JSON Schema or a wire body, the only untyped things that cross a room."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands inside another: keys and list positions, outermost first."""

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    Args:
        role: Who speaks.
        content: Text, or the endpoint's content parts (`{"type": "text", ...}`, `{"type": "image_url", ...}`).
    """

    role: Role
    content: str | tuple[JSON, ...]

    @property
    def body(self) -> JSON:
        """The message as the endpoint takes it."""
        return {"role": self.role, "content": self.content if isinstance(self.content, str) else [*self.content]}


Prompt: TypeAlias = "str | Message | list[Message] | tuple[Message, ...]"
"""What a caller may give as input: the user message's text, one message, or several."""


class Options(TypedDict, total=False):
    """The endpoint's own parameters, by their own names (the closed keyword set of every call)."""

    temperature: float
    top_p: float
    n: int
    stop: str | list[str]
    max_tokens: int
    max_completion_tokens: int
    presence_penalty: float
    frequency_penalty: float
    logit_bias: Mapping[str, float]
    seed: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """`Options` as a value: None means not given, and what is not given is not sent."""

    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: Mapping[str, float] | None = None
    seed: int | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that JSON cannot say."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{item.name} must be a finite number, not {value}")

    @property
    def body(self) -> JSON:
        """The parameters that were given.

        >>> Parameters(temperature=0, seed=7).body
        {'temperature': 0, 'seed': 7}
        """
        given = ((item.name, getattr(self, item.name)) for item in fields(self))
        return {name: value for name, value in given if value is not None}


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to `POST /v1/chat/completions`: the caller's part and the mode's fields."""

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    fields: JSON = field(default_factory=dict)

    @property
    def body(self) -> JSON:
        """The JSON body; it has no key that nobody asked for."""
        messages = [message.body for message in self.messages]
        return {"model": self.model, "messages": messages, **self.parameters.body, **self.fields}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the endpoint reported them.

    `unreported` counts the replies that carried no readable usage: their tokens are unknown, not zero.

    >>> Usage(9, 12, 21) + Usage(unreported=1)
    Usage(prompt_tokens=9, completion_tokens=12, total_tokens=21, unreported=1)
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    unreported: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool that the model asks for.

    Args:
        name: The tool; empty where the endpoint left it out.
        arguments: JSON text as the model wrote it, which may be none.
        id: The endpoint's name for the call.
    """

    name: str
    arguments: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a reply's choices: what the model said, the tools it calls, and why it stopped."""

    index: int = 0
    content: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion: its choices in order of index, and the reply's body as it came."""

    choices: tuple[Choice, ...]
    usage: Usage
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    raw: JSONValue = None
    retries: int = 0
    """How often the request had to be sent again before this reply came."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a reply.

    Args:
        path: Where, in the names of the caller's type.
        message: What is wanted there.
        got: What stood there instead, cut short; empty where nothing did.
    """

    path: Path
    message: str
    got: str = ""

    def __str__(self) -> str:
        """`steps[0].output: Input should be a valid string (got 3)`."""
        got = f" (got {self.got})" if self.got else ""
        return f"{show_path(self.path)}: {self.message}{got}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ask of the model and what came of it.

    Args:
        number: Counted from 1.
        request: What was sent.
        completion: The reply, or None where no usable one came.
        issues: Why the reply was not accepted; empty for the accepted one.
        repairs: What had to be mended to read it.
        usage: The tokens it cost.
        raw: The reply's body as it came, usable or not.
        retries: How often the transport sent the same request again.
    """

    number: int
    request: Request
    completion: Completion | None = None
    issues: tuple[Issue, ...] = ()
    repairs: tuple[str, ...] = ()
    usage: Usage = Usage()
    raw: JSONValue = None
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one choice of a reply came to: a value, or the issues that kept it from being one."""

    index: int
    text: str
    value: T | None
    issues: tuple[Issue, ...] = ()
    finish_reason: str | None = None

    @property
    def valid(self) -> bool:
        """Whether `value` is the caller's type (which may itself take None)."""
        return not self.issues


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """A value and how it was come by.

    Args:
        value: The first valid choice.
        choices: Every choice of the last reply, valid or not (more than one only when `n > 1`).
        attempts: Every ask, with request, raw reply, issues and usage; the last is the accepted one.
        mode: How the schema was enforced (`json_schema`).
    """

    value: T
    choices: tuple[Answer[T], ...]
    attempts: tuple[Attempt, ...]
    mode: str

    @property
    def values(self) -> tuple[T, ...]:
        """The value of every valid choice, in order."""
        return tuple(choice.value for choice in self.choices if choice.valid)  # type: ignore[misc]

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return sum_usage(self.attempts)

    @property
    def repairs(self) -> tuple[str, ...]:
        """What had to be mended to read the accepted reply."""
        return self.attempts[-1].repairs

    @property
    def completion(self) -> Completion | None:
        """The accepted reply."""
        return self.attempts[-1].completion


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
            retry has its own. None leaves a slow reply all the time it takes.
        reply_bytes: The most bytes of a reply, unpacked; what is more is refused, not read.
    """

    attempts: int = 3
    retries: int = 3
    wait_initial: float = 0.5
    wait_max: float = 60.0
    timeout: float = 600.0
    deadline: float | None = None
    reply_bytes: int = 32 * 2**20

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        if self.attempts < 1:
            raise ValueError(f"attempts counts the first ask too: at least 1, not {self.attempts}")
        if self.retries < 0:
            raise ValueError(f"retries: 0 or more, not {self.retries}")
        if not 0 < self.timeout < LONGEST_WAIT:
            raise ValueError(f"timeout: seconds, more than 0 and less than {LONGEST_WAIT}, not {self.timeout}")
        if self.deadline is not None and not 0 < self.deadline < LONGEST_WAIT:
            raise ValueError(f"deadline: seconds, more than 0 and less than {LONGEST_WAIT}, not {self.deadline}")
        if self.reply_bytes < 1:
            raise ValueError(f"reply_bytes: at least 1, not {self.reply_bytes}")
        if not (0 <= self.wait_initial < LONGEST_WAIT and 0 <= self.wait_max < LONGEST_WAIT):
            raise ValueError(f"waits: seconds, 0 or more, not {self.wait_initial} and {self.wait_max}")


def show_path(path: Path) -> str:
    """Write a path the way Python would.

    >>> show_path(("steps", 0, "output"))
    'steps[0].output'
    >>> show_path(("unit price", "a.b"))
    '["unit price"]["a.b"]'
    >>> show_path(())
    '(root)'
    """
    return "".join(map(_show_step, path)).removeprefix(".") or "(root)"


def _show_step(step: str | int) -> str:
    if isinstance(step, int) or step == "[]":
        return "[]" if step == "[]" else f"[{step}]"
    return f".{step}" if step.isidentifier() else f'["{step}"]'


def sum_usage(attempts: tuple[Attempt, ...]) -> Usage:
    """The tokens of several attempts together."""
    return sum((attempt.usage for attempt in attempts), Usage())
