"""What comes back: completions, their choices, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from structkit.values.json import JSONValue


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
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.total_tokens + other.total_tokens,
            self.unreported + other.unreported,
        )


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
class RateLimit:
    """How much the endpoint still allows, as a reply told it.

    Args:
        kind: What is counted.
        limit: How much is allowed in all.
        remaining: How much of it is left.
        reset: Seconds from the reply until the limit is whole again.
    """

    kind: Literal["requests", "tokens"]
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


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
    limits: tuple[RateLimit, ...] = ()
    """What its headers told of rate limits."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply that is streamed.

    Args:
        index: The choice that it goes on with.
        text: What came; never empty, and never half of a character.
        kind: Where it stands: in the content, in the arguments of the choice's first tool call, in its refusal, or in
            what the model thinks aloud.
    """

    index: int
    text: str
    kind: Literal["content", "arguments", "refusal", "reasoning"] = "content"
