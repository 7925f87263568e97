"""Completions as endpoints stream them, event by event, and the faults of such streams."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import zip_longest

from structkit.testing.content_faults import with_choices
from structkit.testing.endpoint_faults import ReplyChange, error_reply
from structkit.testing.scripted_reply import Reply
from structkit.values import JSON, JSONValue

EventRewrite = Callable[[list[bytes]], Iterable[bytes]]
"""Takes the events of a stream without a fault, and returns the bytes that are sent instead."""

DONE = b"data: [DONE]\n\n"
EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8"}
UPSTREAM_ERROR = {"message": "upstream died", "code": 502}


def is_streamed(request: JSON, reply: Reply) -> bool:
    """Whether a reply is sent as a stream: the request asks for one, and the reply is a completion."""
    choices = reply.body.get("choices") if isinstance(reply.body, dict) else None
    choices = choices if isinstance(choices, list) else []
    messages = [choice.get("message") if isinstance(choice, dict) else None for choice in choices]
    is_completion = bool(messages) and all(isinstance(message, dict) for message in messages)
    return request.get("stream") is True and is_completion


def as_stream(request: JSON, reply: Reply, size: int) -> Reply:
    """Turn a completion into a stream if the request asks for one; any other reply is returned unchanged.

    Args:
        request: The request's body.
        reply: The reply.
        size: Characters of a delta.
    """
    if not is_streamed(request, reply):
        return reply
    events = [*map(event, chunks(request, reply.body, size)), DONE]
    events = first_half(events) if reply.is_truncated else events
    body = reply.rewrite_events(events) if reply.rewrite_events else events
    return replace(reply, body=iter(body), headers={**EVENT_STREAM, **reply.headers})


def event(chunk: JSONValue) -> bytes:
    r"""Return one event as UTF-8; escaped JSON is used only for text that UTF-8 cannot encode.

    >>> event({"a": "ü"}).decode()
    'data: {"a":"ü"}\n\n'
    """
    try:
        data = json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        data = json.dumps(chunk, separators=(",", ":")).encode()
    return b"data: %s\n\n" % data


def chunks(request: JSON, body: JSON, size: int) -> Iterator[JSON]:
    """Yield the chunks of a completion: the deltas of all choices in turn, the finish reasons, then the usage."""
    shared = {name: value for name, value in body.items() if name not in {"choices", "usage"}}
    shared["object"] = "chat.completion.chunk"
    has_usage = bool((request.get("stream_options") or {}).get("include_usage")) and "usage" in body
    shared |= {"usage": None} if has_usage else {}
    for turn in zip_longest(*(_deltas(choice, size) for choice in body["choices"])):
        yield from ({**shared, "choices": [choice]} for choice in turn if choice)
    if has_usage:
        yield {**shared, "choices": [], "usage": body["usage"]}


def _deltas(choice: JSON, size: int) -> Iterator[JSON]:
    final = {name: value for name, value in choice.items() if name not in {"message", "finish_reason"}}
    index = {"index": choice.get("index", 0)}
    message = choice["message"]
    deltas = (delta for name, value in message.items() for delta in _field_deltas(name, value, size))
    for delta in deltas:
        yield {**index, "delta": delta, "finish_reason": None}
    yield {**index, **final, "delta": {}, "finish_reason": choice.get("finish_reason")}


def _field_deltas(name: str, value: JSONValue, size: int) -> Iterator[JSON]:
    """The deltas of one field of a message."""
    if name == "tool_calls" and value:
        for number, call in enumerate(value):
            function = {**call["function"], "arguments": ""}
            yield {"tool_calls": [{"index": number, **call, "function": function}]}
            for text in _split_text(call["function"]["arguments"], size):
                yield {"tool_calls": [{"index": number, "function": {"arguments": text}}]}
    elif isinstance(value, str) and name != "role":
        yield from ({name: text} for text in ["", *_split_text(value, size)])
    else:
        yield {name: value}


def _split_text(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def streams_only(change: Callable[[Reply], Reply]) -> ReplyChange:
    """Restrict a change to replies that are streamed."""

    @wraps(change)
    def changed(request: JSON, reply: Reply) -> Reply:
        return change(reply) if is_streamed(request, reply) else reply

    return changed


def with_events(change: EventRewrite) -> ReplyChange:
    """Return the change that rewrites the events of a stream."""
    return streams_only(lambda reply: replace(reply, rewrite_events=change))


@streams_only
def disconnect(reply: Reply) -> Reply:
    """Close the connection in the middle of the stream."""
    return replace(reply, is_truncated=True)


def first_half(events: list[bytes]) -> list[bytes]:
    """Return the first half of the events."""
    return events[: len(events) // 2]


def half_an_event(events: list[bytes]) -> list[bytes]:
    """Drop `[DONE]` and half of the event before it."""
    return [*events[:-2], events[-2][: len(events[-2]) // 2]]


def error_object(events: list[bytes]) -> list[bytes]:
    """Return the first half, and then an error object."""
    return [*first_half(events), event({"error": UPSTREAM_ERROR}), DONE]


def error_event(events: list[bytes]) -> list[bytes]:
    """Return the first half, and then an event with the name `error`."""
    return [*first_half(events), b"event: error\n" + event(UPSTREAM_ERROR)]


def number_as_text(events: list[bytes]) -> list[bytes]:
    """Insert a number where text is expected."""
    number = event({"choices": [{"index": 0, "delta": {"content": 3}}]})
    return [*first_half(events), number, *events[len(events) // 2 :]]


def stall(seconds: float | str = 60) -> ReplyChange:
    """Send the second half that many seconds after the first."""
    wait = float(seconds)

    def rewritten(events: list[bytes]) -> Iterator[bytes]:
        yield from first_half(events)
        threading.Event().wait(wait)
        yield from events[len(events) // 2 :]

    return with_events(rewritten)


def add_comments(events: list[bytes]) -> list[bytes]:
    """Add comments before, between and after the events."""
    return [b": wait\n\n", *(item + b":\n: keep-alive\n\n" for item in events)]


def add_nulls(events: list[bytes]) -> list[bytes]:
    """Add an event `null` before each event, as some gateways do while a model reasons."""
    return [b"data: null\n\n" + item for item in events]


def add_fields(events: list[bytes]) -> list[bytes]:
    """Add a byte order mark, and the fields that clients ignore."""
    return [b"\xef\xbb\xbf", *(b"event: message\nid: 7\nretry: 1000\nnothing\n" + item for item in events)]


def split_lines(events: list[bytes]) -> list[bytes]:
    """Split every chunk into several lines of data."""
    texts = [json.dumps(json.loads(item[6:]), indent=1).encode() for item in events[:-1]]
    return [*(b"data: " + text.replace(b"\n", b"\ndata: ") + b"\n\n" for text in texts), DONE]


def resize_chunks(size: int | str = 1) -> ReplyChange:
    """Send the same bytes in chunks of another size, which may split a character."""
    length = int(size)
    if length < 1:
        raise ValueError(f"chunks must have 1 byte or more, not {length}")

    def rewritten(events: list[bytes]) -> Iterator[bytes]:
        data = b"".join(events)
        yield from (data[start : start + length] for start in range(0, len(data), length))

    return with_events(rewritten)


def rewrite_each(change: Callable[[bytes], bytes]) -> ReplyChange:
    """Change every event."""
    return with_events(lambda events: [*map(change, events)])


@streams_only
def interleave_second_choice(reply: Reply) -> Reply:
    """Add a second choice with the same text, its deltas between those of the first."""
    return with_choices(reply, lambda body: [*body["choices"], {**body["choices"][0], "index": len(body["choices"])}])


@streams_only
def send_unstreamed(reply: Reply) -> Reply:
    """Send the reply unstreamed, although a stream was asked for."""
    return replace(reply, body=json.dumps(reply.body))


@streams_only
def send_as_one_event(reply: Reply) -> Reply:
    """Send the whole reply as one event."""
    return replace(reply, rewrite_events=lambda _: [event(reply.body), DONE])


def reject_stream_options(request: JSON, reply: Reply) -> Reply:
    """Return a 400 for a request with `stream_options`."""
    message = "Unrecognized request argument supplied: stream_options"
    rejection = error_reply(400, message, type="invalid_request_error", param="stream_options")
    return rejection if request.get("stream_options") else reply
