"""Completions as endpoints stream them, event by event, and what goes wrong on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import zip_longest

from structkit.testing.content_faults import with_choices
from structkit.testing.endpoint_faults import Change, error_reply
from structkit.testing.scripted_reply import Reply
from structkit.values import JSON, JSONValue

EventRewrite = Callable[[list[bytes]], Iterable[bytes]]
"""The events of a stream as they would have been sent -> what is sent instead."""

DONE = b"data: [DONE]\n\n"
EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8"}
UPSTREAM = {"message": "upstream died", "code": 502}


def is_streamed(request: JSON, reply: Reply) -> bool:
    """Whether a reply is sent as a stream: the request wants one, and it is a completion."""
    choices = reply.body.get("choices") if isinstance(reply.body, dict) else None
    is_completion = bool(choices) and all(isinstance(choice.get("message"), dict) for choice in choices or ())
    return request.get("stream") is True and is_completion


def as_stream(request: JSON, reply: Reply, size: int) -> Reply:
    """The reply as a stream where the request wants one; any other reply stays as it is.

    Args:
        request: The request's body.
        reply: What is to be sent.
        size: The characters of a delta.
    """
    if not is_streamed(request, reply):
        return reply
    events = [*map(event, chunks(request, reply.body, size)), DONE]
    kept = events[: len(events) // 2] if reply.is_truncated else events
    sent = reply.rewrite_events(kept) if reply.rewrite_events else kept
    return replace(reply, body=iter(sent), headers={**EVENT_STREAM, **reply.headers})


def event(chunk: JSONValue) -> bytes:
    r"""One event; its text is UTF-8, and escaped only where that cannot say it.

    >>> event({"a": "ü"}).decode()
    'data: {"a":"ü"}\n\n'
    """
    try:
        data = json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        data = json.dumps(chunk, separators=(",", ":")).encode()
    return b"data: %s\n\n" % data


def chunks(request: JSON, body: JSON, size: int) -> Iterator[JSON]:
    """The chunks of a completion: the deltas of all choices in turns, then how each ended, then the tokens."""
    told = {name: value for name, value in body.items() if name not in {"choices", "usage"}}
    told["object"] = "chat.completion.chunk"
    reports = bool((request.get("stream_options") or {}).get("include_usage")) and "usage" in body
    told |= {"usage": None} if reports else {}
    for turn in zip_longest(*(_deltas(choice, size) for choice in body["choices"])):
        yield from ({**told, "choices": [choice]} for choice in turn if choice)
    if reports:
        yield {**told, "choices": [], "usage": body["usage"]}


def _deltas(choice: JSON, size: int) -> Iterator[JSON]:
    ended = {name: value for name, value in choice.items() if name not in {"message", "finish_reason"}}
    index = {"index": choice.get("index", 0)}
    message = choice["message"]
    deltas = (delta for name, value in message.items() for delta in _field_deltas(name, value, size))
    for delta in deltas:
        yield {**index, "delta": delta, "finish_reason": None}
    yield {**index, **ended, "delta": {}, "finish_reason": choice.get("finish_reason")}


def _field_deltas(name: str, value: JSONValue, size: int) -> Iterator[JSON]:
    """The deltas of one field of a message."""
    if name == "tool_calls" and value:
        for number, call in enumerate(value):
            function = {**call["function"], "arguments": ""}
            yield {"tool_calls": [{"index": number, **call, "function": function}]}
            for piece in _split_text(call["function"]["arguments"], size):
                yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}
    elif isinstance(value, str) and name != "role":
        yield from ({name: piece} for piece in ["", *_split_text(value, size)])
    else:
        yield {name: value}


def _split_text(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def streams_only(change: Callable[[Reply], Reply]) -> Change:
    """A change of replies that are streamed; any other reply stays as it is."""

    @wraps(change)
    def changed(request: JSON, reply: Reply) -> Reply:
        return change(reply) if is_streamed(request, reply) else reply

    return changed


def rewrite(change: EventRewrite) -> Change:
    """Another stream of the same reply."""
    return streams_only(lambda reply: replace(reply, rewrite_events=change))


@streams_only
def disconnect(reply: Reply) -> Reply:
    """A stream that breaks off in the middle, and the connection with it."""
    return replace(reply, is_truncated=True)


def first_half(events: list[bytes]) -> list[bytes]:
    """The first half, and then nothing more."""
    return events[: len(events) // 2]


def half_an_event(events: list[bytes]) -> list[bytes]:
    """All but `[DONE]` and half of the event before it."""
    return [*events[:-2], events[-2][: len(events[-2]) // 2]]


def error_object(events: list[bytes]) -> list[bytes]:
    """The first half, and then an error object."""
    return [*first_half(events), event({"error": UPSTREAM}), DONE]


def error_event(events: list[bytes]) -> list[bytes]:
    """The first half, and then an event that is named an error."""
    return [*first_half(events), b"event: error\n" + event(UPSTREAM)]


def number_as_text(events: list[bytes]) -> list[bytes]:
    """A number where text goes on."""
    number = event({"choices": [{"index": 0, "delta": {"content": 3}}]})
    return [*first_half(events), number, *events[len(events) // 2 :]]


def stall(seconds: float | str = 60) -> Change:
    """The first half, and the rest so many seconds later."""
    wait = float(seconds)

    def sent(events: list[bytes]) -> Iterator[bytes]:
        yield from first_half(events)
        threading.Event().wait(wait)
        yield from events[len(events) // 2 :]

    return rewrite(sent)


def add_comments(events: list[bytes]) -> list[bytes]:
    """Comments before, between and after."""
    return [b": wait\n\n", *(one + b":\n: keep-alive\n\n" for one in events)]


def add_fields(events: list[bytes]) -> list[bytes]:
    """A byte order mark, and all the fields that nobody needs."""
    return [b"\xef\xbb\xbf", *(b"event: message\nid: 7\nretry: 1000\nnothing\n" + one for one in events)]


def split_lines(events: list[bytes]) -> list[bytes]:
    """Every chunk in several lines of data."""
    written = [json.dumps(json.loads(one[6:]), indent=1).encode() for one in events[:-1]]
    return [*(b"data: " + text.replace(b"\n", b"\ndata: ") + b"\n\n" for text in written), DONE]


def resize_chunks(size: int | str = 1) -> Change:
    """The same bytes in pieces of another size, which cut characters in two."""
    length = int(size)
    if length < 1:
        raise ValueError(f"pieces have 1 byte or more, not {length}")

    def sent(events: list[bytes]) -> Iterator[bytes]:
        data = b"".join(events)
        yield from (data[start : start + length] for start in range(0, len(data), length))

    return rewrite(sent)


def rewrite_each(change: Callable[[bytes], bytes]) -> Change:
    """Every event written another way."""
    return rewrite(lambda events: [*map(change, events)])


@streams_only
def interleave_second_choice(reply: Reply) -> Reply:
    """A second choice that says the same, its deltas between those of the first."""
    return with_choices(reply, lambda body: [*body["choices"], {**body["choices"][0], "index": len(body["choices"])}])


@streams_only
def send_unstreamed(reply: Reply) -> Reply:
    """The whole reply at once, though a stream was asked for."""
    return replace(reply, body=json.dumps(reply.body))


@streams_only
def send_as_one_event(reply: Reply) -> Reply:
    """The whole reply as one event."""
    return replace(reply, rewrite_events=lambda _: [event(reply.body), DONE])


def reject_stream_options(request: JSON, reply: Reply) -> Reply:
    """A 400 for a request with `stream_options`; others are served."""
    message = "Unrecognized request argument supplied: stream_options"
    refusal = error_reply(400, message, type="invalid_request_error", param="stream_options")
    return refusal if request.get("stream_options") else reply
