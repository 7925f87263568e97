"""What is sent to an endpoint: messages, parameters and requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict

from structkit.values.json import JSON, json_text

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    Args:
        role: The author of the turn.
        content: Text, or the endpoint's content parts (`{"type": "text", ...}`, `{"type": "image_url", ...}`).
    """

    role: Role
    content: str | tuple[JSON, ...]

    @property
    def body(self) -> JSON:
        """The message as JSON for the request body."""
        return {"role": self.role, "content": self.content if isinstance(self.content, str) else [*self.content]}


Prompt: TypeAlias = "str | Message | list[Message] | tuple[Message, ...]"
"""The input of a call: the text of the user message, one message, or several."""


class Options(TypedDict, total=False):
    """The parameters of the endpoint under the endpoint's names (the closed keyword set of every call)."""

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
    """`Options` as a frozen value; a parameter that is None is not sent."""

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
        """Validate that JSON can represent the numbers.

        Raises:
            ValueError: A parameter is NaN or infinite.
        """
        for name in PARAMETER_NAMES:
            value = getattr(self, name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, not {value}")

    @property
    def body(self) -> JSON:
        """The parameters that are set, as JSON for the request body.

        >>> Parameters(temperature=0, seed=7).body
        {'temperature': 0, 'seed': 7}
        """
        return {name: value for name in PARAMETER_NAMES if (value := getattr(self, name)) is not None}


PARAMETER_NAMES = tuple(Parameters.__dataclass_fields__)
"""The names of all parameters, in the order of the request body."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to `POST /v1/chat/completions`: the caller's part, and the fields that the mode adds."""

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    fields: JSON = field(default_factory=dict)

    @property
    def body(self) -> JSON:
        """The JSON body; it has only keys that the caller set or that the mode needs."""
        messages = [message.body for message in self.messages]
        return {"model": self.model, "messages": messages, **self.parameters.body, **self.fields}

    @property
    def text(self) -> str:
        """The body as JSON text.

        It is joined from the texts of its members, so that a schema (`FrozenJSON`) is encoded only once for all
        requests that share it.

        Raises:
            TypeError, ValueError: JSON cannot represent the body.

        >>> Request("m", (Message("user", "x"),), Parameters(seed=7), {"response_format": {"type": "json_object"}}).text
        '{"model":"m","messages":[{"role":"user","content":"x"}],"seed":7,"response_format":{"type":"json_object"}}'
        """
        return "{" + ",".join(f"{json_text(name)}:{json_text(value)}" for name, value in self.body.items()) + "}"
