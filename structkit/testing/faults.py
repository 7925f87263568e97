"""The faults of endpoints and models by name, and how often each happens."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from structkit.testing import content_faults, endpoint_faults, stream_faults
from structkit.testing.endpoint_faults import Change, always, error_reply
from structkit.testing.scripted_reply import Reply, completion, conforming_reply
from structkit.values import JSON

REFUSED = completion(None, refusal="I'm sorry, I cannot help with that.")
LOST: Mapping[str, Callable[..., Change]] = {
    "rate_limited": endpoint_faults.rate_limited_for,
    "rate_limited_until": endpoint_faults.rate_limited_until,
    "rate_limited_bare": lambda: always(endpoint_faults.rate_limited(None)),
    "server_error": lambda: always(error_reply(500, "internal error")),
    "bad_gateway": lambda: always(Reply(endpoint_faults.PAGE, status=502, headers=endpoint_faults.HTML)),
    "unavailable": lambda: always(error_reply(503, "overloaded")),
    "read_timeout": endpoint_faults.read_timeout,
    "reset": lambda: always(Reply(completion("never whole"), is_truncated=True)),
    "html": lambda: endpoint_faults.html,
    "error_with_200": endpoint_faults.error_with_200,
    "huge": endpoint_faults.huge,
    "gzip_bomb": endpoint_faults.gzip_bomb,
    "no_choices": lambda: always(Reply({**completion(), "choices": []})),
    "null_content": lambda: content_faults.null_content,
    "refusal": lambda: always(Reply(REFUSED)),
    "content_filter": lambda: always(Reply(completion("", finish_reason="content_filter"))),
    "length": lambda: content_faults.rewritten(lambda text: text[: len(text) // 2], finish_reason="length"),
    "ignores_schema": lambda: content_faults.says(lambda _: "I would be glad to help! Which of the two did you mean?"),
    "other_keys": lambda: content_faults.says(lambda _: '{"answer": "yes", "confidence": "high"}'),
    "schema_back": lambda: content_faults.says(content_faults.schema_back),
    "deep": lambda: content_faults.says(content_faults.deep),
    "duplicate_keys": lambda: content_faults.rewritten(content_faults.twice),
    "nan": lambda: content_faults.rewritten(content_faults.filled(math.nan)),
    "infinity": lambda: content_faults.rewritten(content_faults.filled(math.inf)),
    "lone_surrogate": lambda: content_faults.rewritten(content_faults.filled("half an emoji: \ud83d")),
    "broken_arguments": lambda: content_faults.rewritten(lambda text: f"{text.rstrip()[:-1]},"),
    "rejects_response_format": endpoint_faults.rejects_response_format,
    "rejects_tools": lambda: endpoint_faults.rejects_tools,
    "rejects_keyword": endpoint_faults.rejects_keyword,
    "stream_cut": lambda: stream_faults.disconnect,
    "stream_ends_early": lambda: stream_faults.rewrite(stream_faults.first_half),
    "stream_error": lambda: stream_faults.rewrite(stream_faults.error_object),
    "stream_error_event": lambda: stream_faults.rewrite(stream_faults.error_event),
    "stream_not_text": lambda: stream_faults.rewrite(stream_faults.number_as_text),
    "stream_options_refused": lambda: stream_faults.reject_stream_options,
    "stream_stalls": stream_faults.stall,
}
"""Faults that keep the model's words from the client."""

ARRIVES: Mapping[str, Callable[..., Change]] = {
    "wrong_content_type": lambda: endpoint_faults.wrong_content_type,
    "no_usage": lambda: content_faults.no_usage,
    "bad_usage": lambda: content_faults.bad_usage,
    "prose": lambda: content_faults.rewritten("Sure! Here is the JSON:\n\n%s\n\nAnything else?".__mod__),
    "fence": lambda: content_faults.rewritten("```json\n%s\n```".__mod__),
    "think": lambda: content_faults.rewritten("<think>The user wants {JSON}. Let me see.</think>\n\n%s".__mod__),
    "wrapper": lambda: content_faults.wrapper,
    "tool_call_instead": lambda: content_faults.tool_call_instead,
    "content_instead": lambda: content_faults.content_instead,
    "several_tool_calls": lambda: content_faults.several_tool_calls,
    "other_vendor": content_faults.other_vendor,
    "stream_bare": lambda: stream_faults.rewrite_each(lambda one: one.replace(b"data: ", b"data:", 1)),
    "stream_comments": lambda: stream_faults.rewrite(stream_faults.add_comments),
    "stream_cr": lambda: stream_faults.rewrite_each(lambda one: one.replace(b"\n", b"\r")),
    "stream_crlf": lambda: stream_faults.rewrite_each(lambda one: one.replace(b"\n", b"\r\n")),
    "stream_fields": lambda: stream_faults.rewrite(stream_faults.add_fields),
    "stream_half_event": lambda: stream_faults.rewrite(stream_faults.half_an_event),
    "stream_ignored": lambda: stream_faults.send_unstreamed,
    "stream_interleaved": lambda: stream_faults.interleave_second_choice,
    "stream_lines": lambda: stream_faults.rewrite(stream_faults.split_lines),
    "stream_no_done": lambda: stream_faults.rewrite(lambda events: events[:-1]),
    "stream_split": stream_faults.resize_chunks,
    "stream_whole": lambda: stream_faults.send_as_one_event,
}
"""Faults through which the model's words still come."""

FAULTS: tuple[str, ...] = tuple(sorted({**LOST, **ARRIVES}))
"""The name of every fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as a reply of the script.

    Args:
        name: One of `FAULTS`.
        change: What it does to a reply.
    """

    name: str
    change: Change

    def __call__(self, request: JSON) -> Reply:
        """The fault, where else a reply would come that conforms to the request's own schema."""
        return self.change(request, conforming_reply(request))

    def spends(self, reply: Reply, came: Reply) -> bool:
        """Whether the words of *reply* reached the client in what *came*; if not, the next request gets them."""
        return self.name in ARRIVES or came is reply


def fault(name: str, *arguments: Any) -> Fault:
    """The fault of that name, for a script: `Endpoint(fault("html"), "{...}")`.

    Args:
        name: One of `FAULTS`; arguments may stand behind a colon (`"rejects_keyword:pattern"`).
        *arguments: What the fault takes, where it takes anything: `fault("rate_limited", 0.1)`.

    Raises:
        ValueError: There is no such fault, or it takes no such arguments.

    >>> fault("html")({"model": "m"}).headers["content-type"]
    'text/html; charset=utf-8'
    >>> fault("htlm")
    Traceback (most recent call last):
    ValueError: there is no fault 'htlm'; did you mean 'html'?
    """
    base, _, behind = name.partition(":")
    if base not in FAULTS:
        close = difflib.get_close_matches(base, FAULTS, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(FAULTS)}"
        raise ValueError(f"there is no fault {base!r}; {hint}")
    given = (*filter(None, behind.split(",")), *arguments)
    try:
        return Fault(base, {**LOST, **ARRIVES}[base](*given))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the fault {base!r} does not take {given!r}: {error}") from None


class Odds:
    """Which requests meet a fault: each on its own, the same ones for the same seed and order.

    Args:
        rates: The share of requests that meet each fault.
        seed: Chooses among the orders that these shares allow.

    Raises:
        ValueError: A name is misspelt, or the rates are no shares of one whole.
    """

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        """Look up the faults."""
        if not all(0 <= rate <= 1 for rate in rates.values()) or math.fsum(rates.values()) > 1 + 1e-9:
            raise ValueError(f"the rates of faults are shares of all requests, at most 1 together; not {dict(rates)}")
        self._faults = [(fault(name), rate) for name, rate in rates.items()]
        self._chance = Random(seed)  # noqa: S311

    def draw(self) -> Fault | None:
        """The fault that the next request meets, or None."""
        left = self._chance.random()
        for met, rate in self._faults:
            left -= rate
            if left < 0:
                return met
        return None
