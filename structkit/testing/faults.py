"""The faults of endpoints and models by name, and how often each happens."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from structkit.testing import route, streams, words
from structkit.testing.reply import Reply, completion, obliging
from structkit.testing.route import Change, always, failing
from structkit.values import JSON

REFUSED = completion(None, refusal="I'm sorry, I cannot help with that.")
LOST: Mapping[str, Callable[..., Change]] = {
    "rate_limited": route.rate_limited_for,
    "rate_limited_until": route.rate_limited_until,
    "rate_limited_bare": lambda: always(route.rate_limited(None)),
    "server_error": lambda: always(failing(500, "internal error")),
    "bad_gateway": lambda: always(Reply(route.PAGE, status=502, headers=route.HTML)),
    "unavailable": lambda: always(failing(503, "overloaded")),
    "read_timeout": route.read_timeout,
    "reset": lambda: always(Reply(completion("never whole"), cut=True)),
    "html": lambda: route.html,
    "error_with_200": route.error_with_200,
    "huge": route.huge,
    "gzip_bomb": route.gzip_bomb,
    "no_choices": lambda: always(Reply({**completion(), "choices": []})),
    "null_content": lambda: words.null_content,
    "refusal": lambda: always(Reply(REFUSED)),
    "content_filter": lambda: always(Reply(completion("", finish_reason="content_filter"))),
    "length": lambda: words.rewritten(lambda text: text[: len(text) // 2], finish_reason="length"),
    "ignores_schema": lambda: words.says(lambda _: "I would be glad to help! Which of the two did you mean?"),
    "other_keys": lambda: words.says(lambda _: '{"answer": "yes", "confidence": "high"}'),
    "schema_back": lambda: words.says(words.schema_back),
    "deep": lambda: words.says(words.deep),
    "duplicate_keys": lambda: words.rewritten(words.twice),
    "nan": lambda: words.rewritten(words.filled(math.nan)),
    "infinity": lambda: words.rewritten(words.filled(math.inf)),
    "lone_surrogate": lambda: words.rewritten(words.filled("half an emoji: \ud83d")),
    "broken_arguments": lambda: words.rewritten(lambda text: f"{text.rstrip()[:-1]},"),
    "rejects_response_format": route.rejects_response_format,
    "rejects_tools": lambda: route.rejects_tools,
    "rejects_keyword": route.rejects_keyword,
    "stream_cut": lambda: streams.cut,
    "stream_ends_early": lambda: streams.recut(streams.ends_early),
    "stream_error": lambda: streams.recut(streams.error),
    "stream_error_event": lambda: streams.recut(streams.error_event),
    "stream_not_text": lambda: streams.recut(streams.not_text),
    "stream_options_refused": lambda: streams.options_refused,
    "stream_stalls": streams.stalls,
}
"""Faults that keep the model's words from the client."""

ARRIVES: Mapping[str, Callable[..., Change]] = {
    "wrong_content_type": lambda: route.wrong_content_type,
    "no_usage": lambda: words.no_usage,
    "bad_usage": lambda: words.bad_usage,
    "prose": lambda: words.rewritten("Sure! Here is the JSON:\n\n%s\n\nAnything else?".__mod__),
    "fence": lambda: words.rewritten("```json\n%s\n```".__mod__),
    "think": lambda: words.rewritten("<think>The user wants {JSON}. Let me see.</think>\n\n%s".__mod__),
    "wrapper": lambda: words.wrapper,
    "tool_call_instead": lambda: words.tool_call_instead,
    "content_instead": lambda: words.content_instead,
    "several_tool_calls": lambda: words.several_tool_calls,
    "other_vendor": words.other_vendor,
    "stream_bare": lambda: streams.each(lambda one: one.replace(b"data: ", b"data:", 1)),
    "stream_comments": lambda: streams.recut(streams.comments),
    "stream_cr": lambda: streams.each(lambda one: one.replace(b"\n", b"\r")),
    "stream_crlf": lambda: streams.each(lambda one: one.replace(b"\n", b"\r\n")),
    "stream_fields": lambda: streams.recut(streams.fields),
    "stream_half_event": lambda: streams.recut(streams.half_event),
    "stream_ignored": lambda: streams.ignored,
    "stream_interleaved": lambda: streams.interleaved,
    "stream_lines": lambda: streams.recut(streams.lines),
    "stream_no_done": lambda: streams.recut(lambda events: events[:-1]),
    "stream_split": streams.split,
    "stream_whole": lambda: streams.whole,
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
        return self.change(request, obliging(request))

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
