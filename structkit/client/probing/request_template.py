"""The requests of a probe: the parameters that they share, and the strict schemas that they send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from structkit.extraction import Mode
from structkit.values import JSON, Message, Parameters, Request

SHORT_REPLY_TOKENS = 200
"""Enough tokens for every short answer."""

REASONING_FACTOR = 10
"""The factor by which limits are raised for a model that used up the first one on its reasoning."""


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """The model and parameters of the requests of a probe.

    Args:
        model: The model's name.
        cap: The parameter that limits a reply.
        factor: Multiplies the limits of all replies.
        temperature: 0, or None if the model rejects the parameter.
    """

    model: str
    cap: str = "max_tokens"
    factor: int = 1
    temperature: float | None = 0

    def with_text(self, text: str, tokens: int = SHORT_REPLY_TOKENS, **fields: Any) -> Request:
        """Return a request with one message and additional fields of the body."""
        return self._request((Message("user", text),), fields, tokens)

    def with_schema(self, mode: Mode, schema: ProbeSchema, text: str, tokens: int = SHORT_REPLY_TOKENS) -> Request:
        """Return a request that sends a schema in a mode."""
        codec: Any = schema
        messages, fields = mode.encode(codec, (Message("user", text),))
        return self._request(messages, fields, tokens)

    def _request(self, messages: tuple[Message, ...], fields: JSON, tokens: int) -> Request:
        options: Any = {"temperature": self.temperature, self.cap: tokens * self.factor}
        return Request(self.model, messages, Parameters(**options), fields)


@dataclass(frozen=True, slots=True)
class ProbeSchema:
    """A strict schema that is sent verbatim: compiling a type would omit what its dialect does not accept."""

    name: str
    properties: JSON

    @property
    def schema(self) -> JSON:
        """The schema, with all properties required and no others allowed."""
        schema = {"type": "object", "properties": self.properties, "required": [*self.properties]}
        return {**schema, "additionalProperties": False}

    @property
    def payload(self) -> JSON:
        """The value of `response_format`."""
        return {"type": "json_schema", "json_schema": {"name": self.name, "schema": self.schema, "strict": True}}
