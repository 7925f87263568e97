"""The faults of endpoints and models by their names, and the random choice of one for a request."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from structkit.testing import content_faults, endpoint_faults, stream_faults
from structkit.testing.endpoint_faults import ReplyChange, constant, error_reply
from structkit.testing.script_arguments import validate_texts
from structkit.testing.scripted_reply import Reply, completion, conforming_reply
from structkit.values import JSON
from structkit.values.text import suggest_name

REFUSAL = completion(None, refusal="I'm sorry, I cannot help with that.")
BLOCKING_FAULTS: Mapping[str, Callable[..., ReplyChange]] = {
    "rate_limited": endpoint_faults.rate_limited_for,
    "rate_limited_until": endpoint_faults.rate_limited_until,
    "rate_limited_bare": lambda: constant(endpoint_faults.rate_limited(None)),
    "server_error": lambda: constant(error_reply(500, "internal error")),
    "bad_gateway": lambda: constant(Reply(endpoint_faults.PAGE, status=502, headers=endpoint_faults.HTML)),
    "unavailable": lambda: constant(error_reply(503, "overloaded")),
    "read_timeout": endpoint_faults.read_timeout,
    "reset": lambda: constant(Reply(completion("never whole"), is_truncated=True)),
    "html": lambda: endpoint_faults.html,
    "error_with_200": endpoint_faults.error_with_200,
    "huge": endpoint_faults.huge,
    "gzip_bomb": endpoint_faults.gzip_bomb,
    "no_choices": lambda: constant(Reply({**completion(), "choices": []})),
    "null_content": lambda: content_faults.null_content,
    "refusal": lambda: constant(Reply(REFUSAL)),
    "content_filter": lambda: constant(Reply(completion("", finish_reason="content_filter"))),
    "finish_reason": content_faults.with_finish_reason,
    "choice_error": content_faults.with_choice_error,
    "length": lambda: content_faults.rewrite_text(lambda text: text[: len(text) // 2], finish_reason="length"),
    "ignores_schema": lambda: content_faults.with_text(
        lambda _: "I would be glad to help! Which of the two did you mean?"
    ),
    "other_keys": lambda: content_faults.with_text(lambda _: '{"answer": "yes", "confidence": "high"}'),
    "schema_back": lambda: content_faults.with_text(content_faults.schema_as_text),
    "deep": lambda: content_faults.with_text(content_faults.nested_lists),
    "duplicate_keys": lambda: content_faults.rewrite_text(content_faults.with_duplicate_key),
    "nan": lambda: content_faults.rewrite_text(content_faults.with_scalars(math.nan)),
    "infinity": lambda: content_faults.rewrite_text(content_faults.with_scalars(math.inf)),
    "lone_surrogate": lambda: content_faults.rewrite_text(content_faults.with_scalars("half an emoji: \ud83d")),
    "broken_arguments": lambda: content_faults.rewrite_text(lambda text: f"{text.rstrip()[:-1]},"),
    "rejects_response_format": endpoint_faults.rejects_response_format,
    "rejects_tools": lambda: endpoint_faults.rejects_tools,
    "rejects_keyword": endpoint_faults.rejects_keyword,
    "stream_cut": lambda: stream_faults.disconnect,
    "stream_ends_early": lambda: stream_faults.with_events(stream_faults.first_half),
    "stream_error": lambda: stream_faults.with_events(stream_faults.error_object),
    "stream_error_event": lambda: stream_faults.with_events(stream_faults.error_event),
    "stream_not_text": lambda: stream_faults.with_events(stream_faults.number_as_text),
    "stream_options_refused": lambda: stream_faults.reject_stream_options,
    "stream_stalls": stream_faults.stall,
}
"""Faults that keep the model's text from the client."""

PASSING_FAULTS: Mapping[str, Callable[..., ReplyChange]] = {
    "wrong_content_type": lambda: endpoint_faults.wrong_content_type,
    "no_usage": lambda: content_faults.no_usage,
    "bad_usage": lambda: content_faults.invalid_usage,
    "prose": lambda: content_faults.rewrite_text("Sure! Here is the JSON:\n\n%s\n\nAnything else?".__mod__),
    "fence": lambda: content_faults.rewrite_text("```json\n%s\n```".__mod__),
    "think": lambda: content_faults.rewrite_text("<think>The user wants {JSON}. Let me see.</think>\n\n%s".__mod__),
    "wrapper": lambda: content_faults.wrap_in_object,
    "in_reasoning": lambda: content_faults.in_reasoning,
    "tool_call_instead": lambda: content_faults.tool_call_instead,
    "content_instead": lambda: content_faults.content_instead,
    "several_tool_calls": lambda: content_faults.several_tool_calls,
    "other_vendor": content_faults.changing_vendor,
    "stream_bare": lambda: stream_faults.rewrite_each(lambda item: item.replace(b"data: ", b"data:", 1)),
    "stream_comments": lambda: stream_faults.with_events(stream_faults.add_comments),
    "stream_cr": lambda: stream_faults.rewrite_each(lambda item: item.replace(b"\n", b"\r")),
    "stream_crlf": lambda: stream_faults.rewrite_each(lambda item: item.replace(b"\n", b"\r\n")),
    "stream_fields": lambda: stream_faults.with_events(stream_faults.add_fields),
    "stream_half_event": lambda: stream_faults.with_events(stream_faults.half_an_event),
    "stream_ignored": lambda: stream_faults.send_unstreamed,
    "stream_interleaved": lambda: stream_faults.interleave_second_choice,
    "stream_lines": lambda: stream_faults.with_events(stream_faults.split_lines),
    "stream_no_done": lambda: stream_faults.with_events(lambda events: events[:-1]),
    "stream_nulls": lambda: stream_faults.with_events(stream_faults.add_nulls),
    "stream_split": stream_faults.resize_chunks,
    "stream_whole": lambda: stream_faults.send_as_one_event,
}
"""Faults that change the form of a reply, but still deliver the model's text."""

FAULTS: tuple[str, ...] = tuple(sorted({**BLOCKING_FAULTS, **PASSING_FAULTS}))
"""The name of every fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that can be used as a reply of a script.

    Args:
        name: One of `FAULTS`.
        change: What it does to a reply.
    """

    name: str
    change: ReplyChange

    def __call__(self, request: JSON) -> Reply:
        """Return the faulty form of a reply that conforms to the request's schema."""
        return self.change(request, conforming_reply(request))

    def delivers(self, scripted: Reply, sent: Reply) -> bool:
        """Whether the text of the scripted reply reached the client; if not, the next request gets it."""
        return self.name in PASSING_FAULTS or sent is scripted


def fault(name: str, *arguments: Any) -> Fault:
    """Return the fault of that name, for a script: `Endpoint(fault("html"), "{...}")`.

    Args:
        name: One of `FAULTS`; arguments may follow a colon (`"rejects_keyword:pattern"`).
        *arguments: The arguments of the fault, where it has any: `fault("rate_limited", 0.1)`.

    Raises:
        ValueError: There is no such fault, or it does not take these arguments.
        TypeError: The name is not a text.

    >>> fault("html")({"model": "m"}).headers["content-type"]
    'text/html; charset=utf-8'
    >>> fault("htlm")
    Traceback (most recent call last):
    ValueError: there is no fault 'htlm'; did you mean 'html'?
    """
    validate_texts("fault", {"name": name})
    base, _, suffix = name.partition(":")
    if base not in FAULTS:
        raise ValueError(f"there is no fault {base!r}; {suggest_name(base, FAULTS, 'there are ')}")
    values = (*filter(None, suffix.split(",")), *arguments)
    try:
        return Fault(base, {**BLOCKING_FAULTS, **PASSING_FAULTS}[base](*values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the fault {base!r} does not take {values!r}: {error}") from None


class FaultDraw:
    """A random choice of faults, which is the same for the same seed and order of requests.

    Args:
        rates: The share of requests that have each fault.
        seed: The seed of the random numbers.

    Raises:
        ValueError: There is no such fault, or the rates are not shares of 1.
    """

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        """Look up the faults."""
        if not all(0 <= rate <= 1 for rate in rates.values()) or math.fsum(rates.values()) > 1 + 1e-9:
            raise ValueError(
                f"the rates of faults must be shares of all requests, and at most 1 together, not {dict(rates)}"
            )
        self._faults = [(fault(name), rate) for name, rate in rates.items()]
        self._random = Random(seed)  # noqa: S311

    def draw(self) -> Fault | None:
        """Return the fault of the next request, or None."""
        position = self._random.random()
        for candidate, rate in self._faults:
            position -= rate
            if position < 0:
                return candidate
        return None
