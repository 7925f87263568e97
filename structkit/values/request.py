"""What is sent to an endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from structkit.values.credentials import hide_credentials
from structkit.values.json import JSON, json_text
from structkit.values.message import Message
from structkit.values.parameters import Parameters

MAX_STORED_CHARS = 100_000
"""A longer text, such as one with a file, is not stored beside the messages that have the same characters."""


class _StoredText:
    """The place of a request's text; not a field, so that it is neither compared nor copied."""

    __slots__ = ("_text",)


@dataclass(frozen=True, slots=True)
class Request(_StoredText):
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

    def without_credentials(self) -> Request:
        """Return the request without the values of its headers and of its query, and without credentials of the body.

        It is itself if it has none of the caller's own, so that requests of one pickle stay one object.
        """
        parameters = self.parameters.without_credentials()
        return self if parameters is self.parameters else replace(self, parameters=parameters)

    @property
    def identity(self) -> JSON:
        """What makes two requests the same, as JSON without the values of headers and without credentials."""
        return {**hide_credentials(self.body), **self.parameters.envelope_identity}

    @property
    def text(self) -> str:
        """The body as JSON text, which is stored: a job hashes it, counts its tokens and sends it.

        It is joined from the texts of its members, so that a schema (`FrozenJSON`) is encoded only once for all
        requests that share it.

        Raises:
            TypeError, ValueError: JSON cannot represent the body.

        >>> Request("m", (Message("user", "x"),), Parameters(seed=7), {"response_format": {"type": "json_object"}}).text
        '{"model":"m","messages":[{"role":"user","content":"x"}],"seed":7,"response_format":{"type":"json_object"}}'
        """
        text: str | None = getattr(self, "_text", None)
        if text is None:
            text = "{" + ",".join([f"{json_text(name)}:{json_text(value)}" for name, value in self.body.items()]) + "}"
            if len(text) <= MAX_STORED_CHARS:
                object.__setattr__(self, "_text", text)
        return text
