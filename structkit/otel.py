"""OpenTelemetry: a span for each request, by the semantic conventions for generative AI."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from structkit.client import Hooks
from structkit.errors import ConfigError, StatusError, TransportError, install_hint
from structkit.values import JSON, Attempt, Choice, Completion, Issue, Message, Request, ToolRun, Usage, format_path

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

# opentelemetry.io, "Semantic conventions for generative AI", as of 2026-10 (status: development).
CHAT = "chat"
EXECUTE_TOOL = "execute_tool"
PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "seed": "gen_ai.request.seed",
}
"""The parameters that have an attribute there, except those that may contain text of the caller's."""

PORTS = {"http": 80, "https": 443}
REDACTED = "…"
MIN_REDACTED_CHARS = 4
"""A value of at least this many characters is redacted everywhere; a shorter one only where it is quoted."""


def hooks(
    tracer: Tracer | None = None, *, base_url: str | None = None, provider: str = "openai", content: bool = False
) -> Hooks:
    """Return hooks that record a span for each request and each call of a tool.

    They are an argument of a client or call: `Client("gpt-4o", hooks=otel.hooks())`.

    A span lasts from the request to the reply, retries included, and its parent is the caller's current span. Each
    issue of the reply is an event of the span, `structkit.issue`, with path and message. Prompts, replies and keys are
    not recorded. The invalid value is removed from an issue's message; the message of a validator or check of your
    own is recorded as it is otherwise. The span of a tool has its name; arguments and result are content.

    Args:
        tracer: By default the global provider's tracer `structkit`.
        base_url: The address of the endpoint, for `server.address` and `server.port`.
        provider: `gen_ai.provider.name`; by default that of the protocol.
        content: Whether messages, replies, invalid values, and arguments and results of tools are recorded.

    Raises:
        ConfigError: The extra `otel` is not installed, or the address is not one.
    """
    try:
        from opentelemetry import trace
    except ImportError:
        raise ConfigError(f"OpenTelemetry needs: {install_hint('otel')}") from None
    attributes = {"gen_ai.operation.name": CHAT, "gen_ai.provider.name": provider, **_server(base_url)}
    spans = Spans(tracer or trace.get_tracer("structkit"), attributes, content)
    return Hooks(
        before_request=spans.start,
        after_reply=spans.reply,
        on_issue=spans.issue,
        on_attempt=spans.finish,
        on_tool=spans.tool,
        on_abort=spans.abort,
    )


@dataclass(slots=True)
class OpenSpan:
    """A span that has not ended, its request, and when the reply arrived, in nanoseconds."""

    span: Span
    request: Request
    replied_at: int | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """The open spans of all requests in flight.

    Args:
        tracer: Starts the spans.
        attributes: The attributes of every span.
        content: Whether messages, replies and invalid values are recorded.
        open_spans: The spans by the identity of their request, which the entry keeps alive.
    """

    tracer: Tracer
    attributes: JSON
    content: bool
    open_spans: dict[int, OpenSpan] = field(default_factory=dict)

    def start(self, request: Request) -> None:
        """Start the span of a request."""
        from opentelemetry.trace import SpanKind

        content = {"gen_ai.input.messages": _messages(request.messages)} if self.content else {}
        attributes = {**self.attributes, **_request_attributes(request), **content}
        span = self.tracer.start_span(f"{CHAT} {request.model}", kind=SpanKind.CLIENT, attributes=attributes)
        self.open_spans[id(request)] = OpenSpan(span, request)

    def reply(self, request: Request, reply: Completion | TransportError) -> None:
        """Record a reply; the span stays open for the issues, but its end time is that of the reply."""
        if entry := self.open_spans.get(id(request)):
            entry.replied_at = time.time_ns()
            if isinstance(reply, TransportError):
                _fail(entry.span, _error_type(reply))
                entry.span.set_attributes(_usage_attributes(reply.usage_of_reply))
                return
            content = {"gen_ai.output.messages": _choices(reply.choices)} if self.content else {}
            entry.span.set_attributes({**_reply_attributes(reply), **content})

    def issue(self, issue: Issue, attempt: Attempt) -> None:
        """Record an issue of the reply."""
        if entry := self.open_spans.get(id(attempt.request)):
            message = issue.message if self.content else redact(issue.message, issue.got)
            event = {"structkit.issue.path": format_path(issue.path), "structkit.issue.message": message}
            got = {"structkit.issue.got": issue.got} if self.content else {}
            entry.span.add_event("structkit.issue", {**event, **got}, timestamp=entry.replied_at)

    def finish(self, attempt: Attempt) -> None:
        """End the span of an attempt whose reply has been read."""
        if entry := self.open_spans.pop(id(attempt.request), None):
            entry.span.set_attributes(_attempt_attributes(attempt))
            entry.span.end(entry.replied_at)

    def tool(self, run: ToolRun) -> None:
        """Record the span of a call of a tool that has ended."""
        ended_at = time.time_ns()
        attributes = {**_tool_attributes(run), **(_tool_content(run) if self.content else {})}
        name, started_at = f"{EXECUTE_TOOL} {run.name}", ended_at - int(run.seconds * 1e9)
        span = self.tracer.start_span(name, attributes=attributes, start_time=started_at)
        if run.error:
            _fail(span, type(run.exception).__name__)
        span.end(ended_at)

    def abort(self, request: Request, error: BaseException) -> None:
        """End the span of a request that was interrupted."""
        if entry := self.open_spans.pop(id(request), None):
            _fail(entry.span, type(error).__name__)
            entry.span.end(entry.replied_at)


def _server(base_url: str | None) -> JSON:
    """Return the host and port of an endpoint, without the parts of a URL that may be secret.

    >>> _server("https://user:key@gateway.example/v1?key=secret")
    {'server.address': 'gateway.example', 'server.port': 443}
    """
    try:
        url = urlsplit(base_url or "")
        host, port = url.hostname, url.port or PORTS.get(url.scheme, 0)
    except ValueError as error:  # its text does not have a password
        raise ConfigError(f"the base_url of otel.hooks is not an http(s) URL: {error}") from None
    return {"server.address": host, "server.port": port} if host else {}


def _tool_attributes(run: ToolRun) -> JSON:
    attributes = {"gen_ai.operation.name": EXECUTE_TOOL, "gen_ai.tool.name": run.name, "gen_ai.tool.type": "function"}
    return {**attributes, **({"gen_ai.tool.call.id": run.id} if run.id else {})}


def _tool_content(run: ToolRun) -> JSON:
    return {"gen_ai.tool.call.arguments": json.dumps(run.arguments), "gen_ai.tool.call.result": run.content}


def _attempt_attributes(attempt: Attempt) -> JSON:
    return {
        "structkit.attempt": attempt.number,
        "structkit.mode": attempt.mode,
        "structkit.retries": attempt.retries,
        "structkit.repairs": attempt.repairs,
        "structkit.issues": len(attempt.issues),
    }


def _request_attributes(request: Request) -> JSON:
    parameters = request.parameters.body
    stop = parameters.get("stop")
    return {
        "gen_ai.request.model": request.model,
        "gen_ai.output.type": "json",
        **{PARAMETERS[name]: value for name, value in parameters.items() if name in PARAMETERS},
        **({"gen_ai.request.choice.count": parameters["n"]} if parameters.get("n", 1) != 1 else {}),
        **({"gen_ai.request.stop_sequences": [stop] if isinstance(stop, str) else stop} if stop else {}),
    }


def _reply_attributes(reply: Completion) -> JSON:
    attributes = {
        "gen_ai.response.id": reply.id,
        "gen_ai.response.model": reply.model,
        "gen_ai.response.finish_reasons": [choice.finish_reason for choice in reply.choices if choice.finish_reason],
        "structkit.provider": reply.provider,
    }
    return {**{name: value for name, value in attributes.items() if value}, **_usage_attributes(reply.usage)}


def _usage_attributes(usage: Usage) -> JSON:
    """Return the token counts, if the endpoint reported them.

    >>> _usage_attributes(Usage(9, 3, 12)), _usage_attributes(Usage(unreported=1))
    ({'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 3}, {})
    """
    if usage == Usage(unreported=usage.unreported):
        return {}
    return {"gen_ai.usage.input_tokens": usage.prompt_tokens, "gen_ai.usage.output_tokens": usage.completion_tokens}


def _error_type(error: TransportError) -> str:
    return str(error.status_code) if isinstance(error, StatusError) else type(error).__name__


def _fail(span: Span, error_type: str) -> None:
    """Mark a span as failed, without a description: the error quotes the endpoint, which may quote the prompt."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR))


def redact(message: str, got: str) -> str:
    """Return a message without the value that it is about, whether quoted as JSON or as Python.

    >>> redact("'a@b.example' is not a name", '"a@b.example"')
    '… is not a name'
    >>> redact("170 is greater than the maximum of 130", "170")
    '… is greater than the maximum of 130'
    >>> redact("Input should be 'a' or 'b'", '"c"')
    "Input should be 'a' or 'b'"
    """
    if got.endswith(REDACTED):  # a shortened value: its remainder is not available, but may be in the message
        starts = (got[:-1], got[:-1].replace('"', "'"), got[1:-1])
        positions = [message.find(start[:20]) for start in starts if start[:20] in message]
        return message[: min(positions)] + REDACTED if positions else message
    for form in filter(None, _quoted_forms(got)):
        message = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", REDACTED, message)
    return message


def _quoted_forms(got: str) -> tuple[str, ...]:
    try:
        value: Any = json.loads(got)
    except ValueError:  # not JSON: a text in the notation of Python
        return (got, got[1:-1])
    bare = (value,) if isinstance(value, str) and len(value) >= MIN_REDACTED_CHARS else ()
    return (got, repr(value), *bare)


def _messages(messages: tuple[Message, ...]) -> str:
    return json.dumps([{"role": message.role, "parts": _parts(message.content)} for message in messages])


def _parts(content: str | tuple[JSON, ...] | None) -> list[JSON]:
    """Return the parts of a message; of a part that is not text, only its type."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
    return [
        {"type": "text", "content": part["text"]} if "text" in part else {"type": str(part.get("type"))}
        for part in parts
    ]


def _choices(choices: tuple[Choice, ...]) -> str:
    return json.dumps([_choice(choice) for choice in choices])


def _choice(choice: Choice) -> JSON:
    content = choice.content or choice.refusal
    calls = [
        {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments}
        for call in choice.tool_calls
    ]
    parts = [*([{"type": "text", "content": content}] if content else []), *calls]
    return {"role": "assistant", "parts": parts, "finish_reason": choice.finish_reason or ""}
