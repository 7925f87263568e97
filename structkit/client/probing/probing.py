"""`probe_route`: the requests to a route, in order.

Most of them contradict the schema in the prompt: if the reply satisfies the schema all the same, the schema constrains
the decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, TypeAlias

from structkit.client.probing.features import COPY, probe_features
from structkit.client.probing.probe_reply import (
    WITHHELD_NOTE,
    ProbeSteps,
    error_text,
    failed_finding,
    is_empty,
    is_gateway_error,
    is_rejection,
    is_server_error,
    is_truncated,
    is_withheld,
    value_of,
    without_probe_advice,
)
from structkit.client.probing.probe_report import SCHEMA_MODES, Finding, ProbeReport, Verdict, route_after_probe
from structkit.client.probing.request_template import REASONING_FACTOR, ProbeSchema, RequestTemplate
from structkit.client.probing.schema_visibility import probe_descriptions
from structkit.dialects import Route, identify_route
from structkit.errors import TransportError
from structkit.extraction import MODES, Mode
from structkit.parsing.stream_body import OBJECT
from structkit.schema.strict.conformance import conforms
from structkit.transport import TransportReply
from structkit.values import Completion, Request, Usage

HELLO = "Answer with one word: what colour is the sky?"
CONTRADICT_SCHEMA = f'{COPY}{{"colour": "blue"}}'
NAME_ANIMAL = "Name an animal."
NO_JSON = "Copy this text exactly, and write no JSON: The sky is blue."

ONLY_HERE = "; a plain question was answered right after: it may fail on this mode"

ANIMAL = ProbeSchema("pick", {"animal": {"type": "string", "enum": ["xq7", "zz9"]}})
"""A model writes these names only if it has read the schema."""

WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": ProbeSchema("weather", {"city": {"type": "string"}}).schema,
}

ProbeOutcome: TypeAlias = "ProbeReport | TransportError"


def probe_route(model: str, route: Route) -> ProbeSteps[ProbeOutcome]:
    """Test what a route supports, in at most 30 requests, most of them of a few dozen tokens.

    Args:
        model: The model's name.
        route: The route by its address and the model's name; what it rejected before is tested again.

    Returns:
        The report, or the error if even a plain question has no answer.
    """
    steps = _findings(model, route)
    calls, usage, providers = 0, Usage(), dict[str, None]()
    step: Any = advance(steps)
    while isinstance(step, Request):
        reply = yield step
        calls += 1
        usage += reply.usage if isinstance(reply, Completion) else reply.usage_of_reply
        if isinstance(reply, Completion) and reply.provider:
            providers[reply.provider] = None
        step = advance(steps, reply)
    if isinstance(step, TransportError):
        return without_probe_advice(step)
    known_route, findings = step
    return ProbeReport(model, route_after_probe(known_route, findings), tuple(findings), calls, usage, tuple(providers))


def advance(steps: Generator[Request, Any, Any], reply: TransportReply | None = None) -> Any:
    """Send a reply to a probe; return its next request, or its outcome."""
    try:
        return steps.send(reply)
    except StopIteration as stop:
        return stop.value


def _findings(model: str, route: Route) -> ProbeSteps[tuple[Route, list[Finding]] | TransportError]:
    """Return the findings, and the route with the dialect that the first reply shows it to have."""
    outcome = yield from _hello(RequestTemplate(model))
    if isinstance(outcome, TransportError):
        return outcome
    template, basic_findings, reply = outcome
    route = identify_route(route, reply)
    modes = yield from _modes(template)
    verdicts: dict[str, Verdict] = {finding.name: finding.verdict for finding in modes}
    mode = _mode_for_features(verdicts)
    if mode:
        constrains, harmful = verdicts[mode.name] == "constrained", route.dialect.harmful
        modes += yield from probe_features(template, mode, constrains=constrains, harmful=harmful)
        basic_findings += yield from probe_descriptions(template, mode, verdicts[mode.name])
    return route, [*modes, *basic_findings, *(yield from _parameters(template))]


def _modes(template: RequestTemplate) -> ProbeSteps[list[Finding]]:
    findings: list[Finding] = []
    for mode in MODES.values():
        findings += [(yield from _mode(template, mode))]
    return findings


def _mode_for_features(verdicts: dict[str, Verdict]) -> Mode | None:
    """Return the mode in which the effect of keywords shows best, or None if no mode sends the schema."""
    order: tuple[Verdict, ...] = ("constrained", "served")
    ranked_modes = (MODES[name] for verdict in order for name in SCHEMA_MODES if verdicts[name] == verdict)
    return next(ranked_modes, None)


def _hello(
    template: RequestTemplate,
) -> ProbeSteps[tuple[RequestTemplate, list[Finding], Completion] | TransportError]:
    """Find parameters that the model accepts: some models reject `temperature`, or need another limit."""
    findings: list[Finding] = []
    reply = yield template.with_text(HELLO)
    while isinstance(reply, TransportError):
        next_template = _without_rejected_parameter(template, reply)
        if next_template is None:
            return reply
        rejected_parameter = "temperature" if next_template.cap == template.cap else template.cap
        findings.append(failed_finding("parameter", rejected_parameter, reply))
        template = next_template
        reply = yield template.with_text(HELLO)
    if is_empty(reply) and is_truncated(reply):
        template = replace(template, factor=REASONING_FACTOR)
    has_usage = bool(reply.usage.total_tokens)  # a retry before it may have reported none
    note = "" if has_usage else "replies carry no token counts"
    findings.append(Finding("parameter", "usage", "served" if has_usage else "ignored", note))
    return template, findings, reply


def _without_rejected_parameter(template: RequestTemplate, error: TransportError) -> RequestTemplate | None:
    text = error_text(error)
    if not is_rejection(error):
        return None
    if template.cap == "max_tokens" and "max_tokens" in text:
        return replace(template, cap="max_completion_tokens")
    if template.temperature is not None and "temperature" in text:
        return replace(template, temperature=None)
    return None


def _mode(template: RequestTemplate, mode: Mode) -> ProbeSteps[Finding]:
    """Return whether the endpoint accepts the schema in a mode, and whether the reply satisfies it."""
    if mode.name == "json_object":
        return (yield from _json_object(template, mode))
    if mode.name in SCHEMA_MODES:
        reply = yield template.with_schema(mode, ANIMAL, CONTRADICT_SCHEMA)
        if isinstance(reply, TransportError):
            return (yield from _failed_mode(template, mode, reply))
        if _satisfies_schema(reply, mode):
            return Finding("mode", mode.name, "constrained", "the reply satisfies the schema against the prompt")
    reply = yield template.with_schema(mode, ANIMAL, NAME_ANIMAL)
    if isinstance(reply, TransportError):
        return (yield from _failed_mode(template, mode, reply))
    if _satisfies_schema(reply, mode):
        note = "the model follows the schema" + (", unless the prompt contradicts it" if mode.constrains else "")
        return Finding("mode", mode.name, "served", note)
    return _ignored_mode(mode, reply, "the reply does not satisfy the schema")


def _failed_mode(template: RequestTemplate, mode: Mode, error: TransportError) -> ProbeSteps[Finding]:
    """Return the finding for a mode without a completion.

    A server that fails on a mode, after retries, and answers a request without it right after, rejects the mode. If a
    gateway failed, which may be for a moment only, that is said, and nothing is stored.
    """
    finding = failed_finding("mode", mode.name, error)
    is_server, is_gateway = is_server_error(error), is_gateway_error(error)
    if not (is_server or is_gateway) or not isinstance((yield template.with_text(HELLO)), Completion):
        return finding
    return replace(finding, verdict="refused") if is_server else replace(finding, note=f"{finding.note}{ONLY_HERE}")


def _json_object(template: RequestTemplate, mode: Mode) -> ProbeSteps[Finding]:
    reply = yield template.with_text(NO_JSON, response_format={"type": "json_object"})
    if isinstance(reply, TransportError):
        return (yield from _failed_mode(template, mode, reply))
    if any(text.lstrip().startswith("{") for text in mode.decode(reply.choices[0])):
        return Finding("mode", mode.name, "constrained", "the reply is JSON against the prompt")
    return _ignored_mode(mode, reply, "the reply is not JSON if the prompt forbids it")


def _satisfies_schema(reply: Completion, mode: Mode) -> bool:
    return conforms(value_of(reply, mode), ANIMAL.schema)


def _ignored_mode(mode: Mode, reply: Completion, note: str) -> Finding:
    if unknown_note := _unknown_note(reply):
        return Finding("mode", mode.name, "unknown", unknown_note)
    return Finding("mode", mode.name, "ignored", note)


def _unknown_note(reply: Completion) -> str:
    """Return why a reply proves nothing; empty if it is the model's whole answer."""
    if is_empty(reply):
        return "the reply is empty"
    if is_truncated(reply):
        return "the reply was truncated before it proved anything"
    return WITHHELD_NOTE if is_withheld(reply) else ""


def _parameters(template: RequestTemplate) -> ProbeSteps[list[Finding]]:
    """Return what else of the protocol the endpoint supports."""
    tools = [{"type": "function", "function": WEATHER}]
    stream = template.with_text(HELLO, stream=True)
    tool_call = template.with_text("What is the weather in Paris? Use the tool.", tools=tools)
    return [
        (yield from _parameter("stream", stream, _is_stream, "the reply came in one body")),
        (yield from _parameter("tools", tool_call, _has_tool_call, "the model does not call the tool")),
        (
            yield from _parameter(
                "logprobs", template.with_text(HELLO, logprobs=True), _has_logprobs, "the reply carries none"
            )
        ),
        (yield from _parameter("n", template.with_text(HELLO, n=2), _has_two_choices, "n=2 gets one choice")),
    ]


def _parameter(
    name: str, request: Request, is_served: Callable[[TransportReply], bool], note: str
) -> ProbeSteps[Finding]:
    reply = yield request
    if is_served(reply):
        return Finding("parameter", name, "served")
    if isinstance(reply, TransportError):
        return failed_finding("parameter", name, reply)
    unknown_note = _unknown_note(reply)
    return Finding("parameter", name, "unknown" if unknown_note else "ignored", unknown_note or note)


def _is_stream(reply: TransportReply) -> bool:
    """Return whether the reply is server-sent events, by what a reader of complete replies makes of them."""
    body = reply.raw if isinstance(reply, Completion) else reply.body
    if isinstance(body, dict):
        return bool(body.get("object") == OBJECT)
    return isinstance(body, str) and any(line.startswith("data:") for line in body.splitlines())


def _has_tool_call(reply: TransportReply) -> bool:
    return isinstance(reply, Completion) and bool(reply.choices[0].tool_calls)


def _has_logprobs(reply: TransportReply) -> bool:
    return isinstance(reply, Completion) and any(
        reply.raw_choice(choice.index).get("logprobs") for choice in reply.choices
    )


def _has_two_choices(reply: TransportReply) -> bool:
    return isinstance(reply, Completion) and len(reply.choices) > 1
