"""What is sent: messages, the endpoint's own parameters, requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict

from structkit.values.json import JSON, written

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
        for name in NAMES:
            value = getattr(self, name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, not {value}")

    @property
    def body(self) -> JSON:
        """The parameters that were given.

        >>> Parameters(temperature=0, seed=7).body
        {'temperature': 0, 'seed': 7}
        """
        return {name: value for name in NAMES if (value := getattr(self, name)) is not None}


NAMES = tuple(Parameters.__dataclass_fields__)
"""Of the parameters, in order."""


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

    @property
    def text(self) -> str:
        """The body as JSON text, put together from pieces: a schema is written once for all requests that share it.

        Raises:
            TypeError, ValueError: JSON cannot say it.

        >>> Request("m", (Message("user", "x"),), Parameters(seed=7), {"response_format": {"type": "json_object"}}).text
        '{"model":"m","messages":[{"role":"user","content":"x"}],"seed":7,"response_format":{"type":"json_object"}}'
        """
        return "{" + ",".join(f"{written(name)}:{written(value)}" for name, value in self.body.items()) + "}"
