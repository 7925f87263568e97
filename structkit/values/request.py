"""What is sent: messages, the endpoint's own parameters, requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias, TypedDict

from structkit.values.json import JSON

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
