"""What an endpoint returns: completions, their choices and usage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import Self

from structkit.values.json import JSON, JSONValue

ECHOED_FIELDS = ("reasoning_content", "reasoning_details")
"""Fields of a reply that some endpoints require in the next request: DeepSeek, Moonshot, MiniMax, OpenRouter."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, as the endpoint reported them.

    Args:
        prompt_tokens: Tokens of the input.
        completion_tokens: Tokens of the output, with those of the model's thinking, which some endpoints count beside
            them.
        total_tokens: Their sum, as the endpoint counts it.
        unreported: Replies without a readable usage: their tokens are unknown, not zero.
        cached_tokens: How many of `prompt_tokens` came from the endpoint's cache, as far as it says so.
        reasoning_tokens: How many of `completion_tokens` are of the model's thinking, as far as the endpoint says so.

    >>> Usage(9, 12, 21, cached_tokens=4) + Usage(unreported=1)
    Usage(prompt_tokens=9, completion_tokens=12, total_tokens=21, unreported=1, cached_tokens=4, reasoning_tokens=0)
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    unreported: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sum of two usages."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.total_tokens + other.total_tokens,
            self.unreported + other.unreported,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call that the model requests.

    Args:
        name: The tool; empty if the endpoint omitted it.
        arguments: The arguments as the model wrote them, which may be invalid JSON.
        id: The endpoint's identifier of the call.
    """

    name: str
    arguments: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a reply: its content, its tool calls and its finish reason.

    Args:
        index: Its position among the choices.
        content: The text.
        refusal: Why the model declined to answer.
        finish_reason: The endpoint's word for why the text ends, unchanged.
        tool_calls: The calls, in order.
        error: The error with which the endpoint reports that it failed while the model wrote this choice.
        reasoning: The model's thinking, where the endpoint sends it in a field of its own.
    """

    index: int = 0
    content: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    error: JSONValue = field(default=None, repr=False)
    reasoning: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate limit as the headers of a reply report it.

    Args:
        kind: The unit that is counted.
        limit: The number allowed per period.
        remaining: The number still allowed in this period.
        reset: Seconds from the reply until the full limit is available again.
    """

    kind: Literal["requests", "tokens"]
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion: its choices in order of index, and the unchanged body of the reply."""

    choices: tuple[Choice, ...]
    usage: Usage
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    raw: JSONValue = None
    retries: int = 0
    """Number of retries before this reply."""
    limits: tuple[RateLimit, ...] = ()
    """The rate limits in the headers of the reply."""
    server: str | None = field(default=None, compare=False)
    """The header `Server`."""
    is_cached: bool = False
    """Whether it comes from a cache of replies."""
    ignores_stream: bool = field(default=False, compare=False)
    """Whether a stream was asked for to stop a loop, and the endpoint did not stream, or not count the tokens."""

    def raw_choice(self, index: int) -> JSON:
        """Return a choice as the endpoint sent it; empty if a transport does not have it."""
        body: Any = self.raw
        choices = body.get("choices") if isinstance(body, dict) else None
        raw_choices = [each for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []
        return next((each for each in raw_choices if each.get("index", 0) == index), {})

    def raw_message(self, index: int) -> JSON:
        """Return the message of a choice as the endpoint sent it; empty if a transport does not have it."""
        message = self.raw_choice(index).get("message")
        return message if isinstance(message, dict) else {}

    def echoed_fields(self, index: int) -> JSON:
        """Return the fields of a choice's message that the endpoint needs back in the next request."""
        message = self.raw_message(index)
        return {name: message[name] for name in ECHOED_FIELDS if message.get(name)}


class ModelName(str):
    """A model's name in an endpoint's list of models.

    Attributes:
        owner: What the list says in `owned_by`; many servers name themselves there.
    """

    __slots__ = ("owner",)
    owner: str | None

    def __new__(cls, name: str, owner: str | None = None) -> Self:
        """Return the name with its owner."""
        model = super().__new__(cls, name)
        model.owner = owner
        return model


@dataclass(frozen=True, slots=True)
class Delta:
    """A fragment of a streamed reply.

    Args:
        index: The choice to which the text is appended.
        text: The text; never empty, and never half of a character.
        kind: The field that it belongs to: the content, the arguments of the choice's first tool call, the refusal, or
            the model's reasoning.
        tool: The name of the tool whose arguments it belongs to.
    """

    index: int
    text: str
    kind: Literal["content", "arguments", "refusal", "reasoning"] = "content"
    tool: str = field(default="", repr=False, compare=False)
