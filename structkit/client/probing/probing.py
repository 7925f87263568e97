"""`probe_route`: the questions to a route, in order. Schema and prompt pull in opposite directions: which one wins?"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, TypeAlias

from structkit.client.probing.features import COPY, features
from structkit.client.probing.probe_report import SCHEMA_MODES, Finding, ProbeReport, Verdict, learnt
from structkit.client.probing.request_template import (
    THINKING,
    ProbeSchema,
    RequestTemplate,
    Steps,
    failed,
    is_cut,
    is_refusal,
    is_silent,
    said,
    value_of,
)
from structkit.dialects import Route
from structkit.errors import MalformedReply, TransportError
from structkit.extraction import MODES, Mode
from structkit.schema.strict.conformance import conforms
from structkit.transport import TransportReply
from structkit.values import Completion, Request, Usage

HELLO = "Answer with one word: what colour is the sky?"
AGAINST = f'{COPY}{{"colour": "blue"}}'
FREELY = "Name an animal."
NO_JSON = "Copy this text exactly, and write no JSON: The sky is blue."

PICK = ProbeSchema("pick", {"animal": {"type": "string", "enum": ["xq7", "zz9"]}})
"""Nobody writes these names who has not seen them."""

WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": ProbeSchema("weather", {"city": {"type": "string"}}).schema,
}

Outcome: TypeAlias = "ProbeReport | TransportError"


def probe_route(model: str, route: Route) -> Steps[Outcome]:
    """Ask a route what it honours, in at most 30 requests, most of them of a few dozen tokens.

    Args:
        model: The model to ask.
        route: What its address and name tell; nothing that was refused before is taken for granted.

    Returns:
        The report; or the fault, where a plain question already gets no answer.
    """
    asking = _findings(model)
    calls, usage, providers = 0, Usage(), dict[str, None]()
    step: Any = advance(asking)
    while isinstance(step, Request):
        reply = yield step
        calls += 1
        usage += reply.usage if isinstance(reply, Completion) else reply.usage_of_reply
        if isinstance(reply, Completion) and reply.provider:
            providers[reply.provider] = None
        step = advance(asking, reply)
    if isinstance(step, TransportError):
        return step
    return ProbeReport(model, learnt(route, step), tuple(step), calls, usage, tuple(providers))


def advance(steps: Generator[Request, Any, Any], reply: TransportReply | None = None) -> Any:
    """The next request of a probe; or what it came to."""
    try:
        return steps.send(reply)
    except StopIteration as done:
        return done.value


def _findings(model: str) -> Steps[list[Finding] | TransportError]:
    begun = yield from _hello(RequestTemplate(model))
    if isinstance(begun, TransportError):
        return begun
    line, plain = begun
    modes = yield from _modes(line)
    verdicts: dict[str, Verdict] = {finding.name: finding.verdict for finding in modes}
    best = _best(verdicts)
    bounds = (yield from features(line, best, binds=verdicts[best.name] == "constrained")) if best else []
    return [*modes, *bounds, *plain, *(yield from _parameters(line))]


def _modes(line: RequestTemplate) -> Steps[list[Finding]]:
    found: list[Finding] = []
    for mode in MODES.values():
        found += [(yield from _mode(line, mode))]
    return found


def _best(verdicts: dict[str, Verdict]) -> Mode | None:
    """The way of asking in which keywords show best what they do."""
    wanted: tuple[Verdict, ...] = ("constrained", "served")
    ranked = (MODES[name] for verdict in wanted for name in SCHEMA_MODES if verdicts[name] == verdict)
    return next(ranked, None)


def _hello(line: RequestTemplate) -> Steps[tuple[RequestTemplate, list[Finding]] | TransportError]:
    """Find parameters that the model takes: some take no temperature, or another limit."""
    found: list[Finding] = []
    reply = yield line.ask(HELLO)
    while isinstance(reply, TransportError):
        other = _without_what_is_refused(line, reply)
        if other is None:
            return reply
        found.append(failed("parameter", "temperature" if other.cap == line.cap else line.cap, reply))
        line = other
        reply = yield line.ask(HELLO)
    if is_silent(reply) and is_cut(reply):
        line = replace(line, room=THINKING)
    is_told = not reply.usage.unreported
    note = "" if is_told else "replies carry no token counts"
    return line, [*found, Finding("parameter", "usage", "served" if is_told else "ignored", note)]


def _without_what_is_refused(line: RequestTemplate, fault: TransportError) -> RequestTemplate | None:
    text = said(fault)
    if not is_refusal(fault):
        return None
    if line.cap == "max_tokens" and "max_tokens" in text:
        return replace(line, cap="max_completion_tokens")
    return replace(line, temperature=None) if line.temperature is not None and "temperature" in text else None


def _mode(line: RequestTemplate, mode: Mode) -> Steps[Finding]:
    """Whether the endpoint takes the schema in this way, and what it does with it."""
    if mode.name == "json_object":
        return (yield from _json_object(line, mode))
    if mode.name in SCHEMA_MODES:
        reply = yield line.put(mode, PICK, AGAINST)
        if isinstance(reply, TransportError):
            return failed("mode", mode.name, reply)
        if _is_picked(reply, mode):
            return Finding("mode", mode.name, "constrained", "the reply keeps to the schema against the prompt")
    reply = yield line.put(mode, PICK, FREELY)
    if isinstance(reply, TransportError):
        return failed("mode", mode.name, reply)
    if _is_picked(reply, mode):
        note = "the model follows the schema" + (", unless the prompt says otherwise" if mode.constrains else "")
        return Finding("mode", mode.name, "served", note)
    return _unheard(mode, reply, "the reply shows nothing of the schema")


def _json_object(line: RequestTemplate, mode: Mode) -> Steps[Finding]:
    reply = yield line.ask(NO_JSON, response_format={"type": "json_object"})
    if isinstance(reply, TransportError):
        return failed("mode", mode.name, reply)
    if any(text.lstrip().startswith("{") for text in mode.decode(reply.choices[0])):
        return Finding("mode", mode.name, "constrained", "the reply is JSON against the prompt")
    return _unheard(mode, reply, "the reply is no JSON where the prompt wants none")


def _is_picked(reply: Completion, mode: Mode) -> bool:
    return conforms(value_of(reply, mode), PICK.schema)


def _unheard(mode: Mode, reply: Completion, note: str) -> Finding:
    if is_silent(reply):
        return Finding("mode", mode.name, "unknown", "the reply is empty")
    if is_cut(reply):
        return Finding("mode", mode.name, "unknown", "the reply was cut before it showed anything")
    return Finding("mode", mode.name, "ignored", note)


def _parameters(line: RequestTemplate) -> Steps[list[Finding]]:
    """What else of the protocol is served."""
    tools = [{"type": "function", "function": WEATHER}]
    return [
        (yield from _parameter("stream", line.ask(HELLO, stream=True), _is_stream, "the reply came whole")),
        (
            yield from _parameter(
                "tools",
                line.ask("What is the weather in Paris? Use the tool.", tools=tools),
                lambda reply: isinstance(reply, Completion) and bool(reply.choices[0].tool_calls),
                "the model calls none that it may call",
            )
        ),
        (yield from _parameter("logprobs", line.ask(HELLO, logprobs=True), _has_logprobs, "the reply carries none")),
        (yield from _parameter("n", line.ask(HELLO, n=2), _is_double, "n=2 gets one choice")),
    ]


def _parameter(
    name: str, request: Request, is_served: Callable[[TransportReply], bool], otherwise: str
) -> Steps[Finding]:
    reply = yield request
    if is_served(reply):
        return Finding("parameter", name, "served")
    if isinstance(reply, TransportError):
        return failed("parameter", name, reply)
    return Finding("parameter", name, "ignored", otherwise)


def _is_stream(reply: TransportReply) -> bool:
    """Whether server-sent events came; to a reader of whole replies they are a malformed one."""
    text = reply.body if isinstance(reply, MalformedReply) else None
    return isinstance(text, str) and any(line.startswith("data:") for line in text.splitlines())


def _has_logprobs(reply: TransportReply) -> bool:
    return isinstance(reply, Completion) and any(choice.get("logprobs") for choice in reply.raw["choices"])


def _is_double(reply: TransportReply) -> bool:
    return isinstance(reply, Completion) and len(reply.choices) > 1
