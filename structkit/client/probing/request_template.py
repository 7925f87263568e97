"""What every question of a probe needs: how the model is asked, and how its reply is told from a refusal."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from structkit.client.probing.probe_report import Finding, Kind
from structkit.errors import MalformedReply, StatusError, TransportError
from structkit.extraction import Mode, failure
from structkit.extraction.route_learning import SCHEMA_ERROR_STATUSES
from structkit.parsing import NotJSON, read_json
from structkit.transport import TransportReply
from structkit.values import ABSENT, JSON, Completion, JSONValue, Message, Parameters, Request

T = TypeVar("T")
Steps: TypeAlias = Generator[Request, TransportReply, T]
"""A part of a probe: it yields requests, is sent their replies, and returns what they came to."""

SHORT = 200
"""Tokens that every short answer fits in."""

THINKING = 10
"""How much more room a model gets that has spent the first on thoughts."""

SHOWN = 160
"""How many characters of a refusal a finding keeps."""

FAILING = 500
"""A status that refuses nothing: it may as well be a fault that passes."""


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """How the model is asked.

    Args:
        model: Its name.
        cap: The parameter that limits a reply.
        room: By how much the limits of all replies are multiplied.
        temperature: 0, or None where the model takes none.
    """

    model: str
    cap: str = "max_tokens"
    room: int = 1
    temperature: float | None = 0

    def ask(self, text: str, tokens: int = SHORT, **fields: Any) -> Request:
        """A request with one message."""
        return self._request((Message("user", text),), fields, tokens)

    def put(self, mode: Mode, schema: ProbeSchema, text: str, tokens: int = SHORT) -> Request:
        """A request that puts a schema to the endpoint."""
        codec: Any = schema
        messages, fields = mode.encode(codec, (Message("user", text),))
        return self._request(messages, fields, tokens)

    def _request(self, messages: tuple[Message, ...], fields: JSON, tokens: int) -> Request:
        caps: Any = {self.cap: tokens * self.room}
        return Request(self.model, messages, Parameters(temperature=self.temperature, **caps), fields)


@dataclass(frozen=True, slots=True)
class ProbeSchema:
    """A strict schema as modes take it, sent to the letter: a type's would leave out what its dialect does not say."""

    name: str
    properties: JSON

    @property
    def schema(self) -> JSON:
        """All properties required, no others."""
        shape = {"type": "object", "properties": self.properties, "required": [*self.properties]}
        return {**shape, "additionalProperties": False}

    @property
    def payload(self) -> JSON:
        """The value of `response_format`."""
        return {"type": "json_schema", "json_schema": {"name": self.name, "schema": self.schema, "strict": True}}


def is_refusal(fault: TransportError) -> bool:
    """Whether a fault is about what was asked, after the same endpoint has answered a plain question."""
    if isinstance(fault, StatusError):
        return fault.status_code in SCHEMA_ERROR_STATUSES - {FAILING}
    return isinstance(fault, MalformedReply) and isinstance(fault.body, dict) and bool(fault.body.get("error"))


def failed(kind: Kind, name: str, fault: TransportError) -> Finding:
    """The finding where no completion came."""
    return Finding(kind, name, "refused" if is_refusal(fault) else "unknown", words(fault))


def words(fault: TransportError) -> str:
    """What a fault says, in short.

    >>> words(StatusError("the endpoint answered 400: 'tools' is not supported"))
    "400: 'tools' is not supported"
    """
    said = str(fault).removeprefix("the endpoint answered ")
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}..."


def said(fault: TransportError) -> str:
    """All that a fault says."""
    return json.dumps(fault.body, ensure_ascii=False) if fault.body else str(fault)


def value_of(reply: Completion, mode: Mode) -> JSONValue:
    """The first JSON value among the texts that may be the answer; `ABSENT` where none is."""
    for text in mode.decode(reply.choices[0]):
        try:
            return read_json(text)
        except NotJSON:
            continue
    return ABSENT


def is_cut(reply: Completion) -> bool:
    """Whether the reply ended at the limit."""
    return failure.is_truncated(reply.choices[0])


def is_silent(reply: Completion) -> bool:
    """Whether a reply holds no words, so that nothing can be told by it."""
    first = reply.choices[0]
    return not (first.content or "").strip() and not first.tool_calls
