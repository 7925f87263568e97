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
from structkit.values import JSON, Attempt, Choice, Completion, Issue, Message, Request, Usage, format_path

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

# opentelemetry.io, "Semantic conventions for generative AI", as of 2026-10 (status: development).
CHAT = "chat"
PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "seed": "gen_ai.request.seed",
}
"""The parameters that have a name there, and are no words of the caller's."""

PORTS = {"http": 80, "https": 443}
BLACK = "…"
TELLING = 4
"""Characters from which on a text is blacked out wherever it stands, not only in quotes."""


def hooks(
    tracer: Tracer | None = None, *, base_url: str | None = None, provider: str = "openai", content: bool = False
) -> Hooks:
    """Hooks that make a span of each request: `Client("gpt-4o", hooks=otel.hooks())`.

    A span lasts from sending to the reply, retries included, and its parent is the caller's current span. What was
    wrong with the reply is an event of it, `structkit.issue`, with path and message. Prompts, replies and keys stay
    out. An issue's message is without the value that stood there; one of a validator or check of your own says
    what you let it say.

    Args:
        tracer: By default the global provider's tracer `structkit`.
        base_url: Where the endpoint is, for `server.address` and `server.port`.
        provider: `gen_ai.provider.name`; by default the interface that the endpoint speaks.
        content: Whether messages, replies and wrong values go along.

    Raises:
        ConfigError: The extra `otel` is not installed.
    """
    try:
        from opentelemetry import trace
    except ImportError:
        raise ConfigError(f"OpenTelemetry needs: {install_hint('otel')}") from None
    always = {"gen_ai.operation.name": CHAT, "gen_ai.provider.name": provider, **_server(base_url)}
    spans = Spans(tracer or trace.get_tracer("structkit"), always, content)
    return Hooks(
        before_request=spans.begin,
        after_reply=spans.reply,
        on_issue=spans.issue,
        on_attempt=spans.end,
        on_abort=spans.abort,
    )


@dataclass(slots=True)
class Open:
    """A span that has not ended, the request it is of, and when the reply came."""

    span: Span
    request: Request
    came: int | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of the requests under way, each found by the request itself, however many there are.

    Args:
        tracer: Makes them.
        always: What every one of them says.
        content: Whether they say what was said.
        under_way: By the identity of the request, which the entry keeps alive.
    """

    tracer: Tracer
    always: JSON
    content: bool
    under_way: dict[int, Open] = field(default_factory=dict)

    def begin(self, request: Request) -> None:
        """A request goes out."""
        from opentelemetry.trace import SpanKind

        said = {"gen_ai.input.messages": _messages(request.messages)} if self.content else {}
        attributes = {**self.always, **_asked(request), **said}
        span = self.tracer.start_span(f"{CHAT} {request.model}", kind=SpanKind.CLIENT, attributes=attributes)
        self.under_way[id(request)] = Open(span, request)

    def reply(self, request: Request, reply: Completion | TransportError) -> None:
        """Its reply came; the span stays open for what is wrong with it, and ends with this moment."""
        if opened := self.under_way.get(id(request)):
            opened.came = time.time_ns()
            if isinstance(reply, TransportError):
                _fail(opened.span, _error_type(reply))
                opened.span.set_attributes(_spent(reply.usage_of_reply))
                return
            said = {"gen_ai.output.messages": _choices(reply.choices)} if self.content else {}
            opened.span.set_attributes({**_answered(reply), **said})

    def issue(self, issue: Issue, attempt: Attempt) -> None:
        """Something is wrong with the reply."""
        if opened := self.under_way.get(id(attempt.request)):
            message = issue.message if self.content else blacked_out(issue.message, issue.got)
            told = {"structkit.issue.path": format_path(issue.path), "structkit.issue.message": message}
            got = {"structkit.issue.got": issue.got} if self.content else {}
            opened.span.add_event("structkit.issue", {**told, **got}, timestamp=opened.came)

    def end(self, attempt: Attempt) -> None:
        """The reply has been read."""
        if opened := self.under_way.pop(id(attempt.request), None):
            opened.span.set_attributes(
                {
                    "structkit.attempt": attempt.number,
                    "structkit.mode": attempt.mode,
                    "structkit.retries": attempt.retries,
                    "structkit.repairs": attempt.repairs,
                    "structkit.issues": len(attempt.issues),
                }
            )
            opened.span.end(opened.came)

    def abort(self, request: Request, error: BaseException) -> None:
        """Nothing more will come."""
        if opened := self.under_way.pop(id(request), None):
            _fail(opened.span, type(error).__name__)
            opened.span.end(opened.came)


def _server(base_url: str | None) -> JSON:
    """Where the endpoint is, without what may be secret in a URL.

    >>> _server("https://user:key@gateway.example/v1?key=secret")
    {'server.address': 'gateway.example', 'server.port': 443}
    """
    found = urlsplit(base_url or "")
    if not found.hostname:
        return {}
    return {"server.address": found.hostname, "server.port": found.port or PORTS.get(found.scheme, 0)}


def _asked(request: Request) -> JSON:
    given = request.parameters.body
    stop = given.get("stop")
    return {
        "gen_ai.request.model": request.model,
        "gen_ai.output.type": "json",
        **{PARAMETERS[name]: value for name, value in given.items() if name in PARAMETERS},
        **({"gen_ai.request.choice.count": given["n"]} if given.get("n", 1) != 1 else {}),
        **({"gen_ai.request.stop_sequences": [stop] if isinstance(stop, str) else stop} if stop else {}),
    }


def _answered(reply: Completion) -> JSON:
    told = {
        "gen_ai.response.id": reply.id,
        "gen_ai.response.model": reply.model,
        "gen_ai.response.finish_reasons": [choice.finish_reason for choice in reply.choices if choice.finish_reason],
        "structkit.provider": reply.provider,
    }
    return {**{name: value for name, value in told.items() if value}, **_spent(reply.usage)}


def _spent(usage: Usage) -> JSON:
    """The tokens, where the endpoint said them.

    >>> _spent(Usage(9, 3, 12)), _spent(Usage(unreported=1))
    ({'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 3}, {})
    """
    if usage == Usage(unreported=usage.unreported):
        return {}
    return {"gen_ai.usage.input_tokens": usage.prompt_tokens, "gen_ai.usage.output_tokens": usage.completion_tokens}


def _error_type(fault: TransportError) -> str:
    return str(fault.status_code) if isinstance(fault, StatusError) else type(fault).__name__


def _fail(span: Span, error_type: str) -> None:
    """The status has no description: a fault's message quotes the endpoint, which may quote the prompt."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR))


def blacked_out(message: str, got: str) -> str:
    """A message without the value that it is about, in whatever spelling.

    >>> blacked_out("'a@b.example' is no name", '"a@b.example"')
    '… is no name'
    >>> blacked_out("170 is greater than the maximum of 130", "170")
    '… is greater than the maximum of 130'
    >>> blacked_out("Input should be 'a' or 'b'", '"c"')
    "Input should be 'a' or 'b'"
    """
    if got.endswith(BLACK):  # cut: what follows is unknown, and may be in the message
        beginnings = (got[:-1], got[:-1].replace('"', "'"), got[1:-1])
        found = [message.find(beginning[:20]) for beginning in beginnings if beginning[:20] in message]
        return message[: min(found)] + BLACK if found else message
    for spelling in filter(None, _spellings(got)):
        message = re.sub(rf"(?<!\w){re.escape(spelling)}(?!\w)", BLACK, message)
    return message


def _spellings(got: str) -> tuple[str, ...]:
    try:
        value: Any = json.loads(got)
    except ValueError:  # what is quoted is no JSON: a text as Python writes it
        return (got, got[1:-1])
    bare = (value,) if isinstance(value, str) and len(value) >= TELLING else ()
    return (got, repr(value), *bare)


def _messages(messages: tuple[Message, ...]) -> str:
    return json.dumps([{"role": message.role, "parts": _parts(message.content)} for message in messages])


def _parts(content: str | tuple[JSON, ...]) -> list[JSON]:
    """The parts of a message; of those that are no text, only the kind."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [
        {"type": "text", "content": part["text"]} if "text" in part else {"type": str(part.get("type"))}
        for part in parts
    ]


def _choices(choices: tuple[Choice, ...]) -> str:
    return json.dumps([_choice(choice) for choice in choices])


def _choice(choice: Choice) -> JSON:
    said = choice.content or choice.refusal
    calls = [
        {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments}
        for call in choice.tool_calls
    ]
    parts = [*([{"type": "text", "content": said}] if said else []), *calls]
    return {"role": "assistant", "parts": parts, "finish_reason": choice.finish_reason or ""}
