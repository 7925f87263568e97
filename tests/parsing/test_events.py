"""Server-sent events, split anywhere, by the rules of the WHATWG."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.errors import MalformedReply
from structkit.parsing.events import Event, EventParser

WORDS = ["data", "data:", "data: ", "event", "event:", "error", "id: 7", "retry: 1", ":", " ", "x", "ü", "😀", "\ufeff"]
LINE_ENDS = ["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"]
STREAMS = st.lists(st.sampled_from([*WORDS, *LINE_ENDS, *LINE_ENDS]), max_size=30).map("".join)
MIXED_LINE_ENDS = (
    'retry: 9\r\rdata:{"a": "ü😀"}\r\n: wait\r\ndata:  [\n\nevent: error\ndata\r\ndata\r\r\ndata: [DONE]\n\ndata: half'
)


def parse(fragments: Iterable[bytes | str], **limits: int) -> list[Event]:
    parser = EventParser(**limits)
    return [event for fragment in fragments for event in parser.feed(fragment)]


def parse_by_specification(text: str) -> list[Event]:
    """Apply the algorithm of the specification to a complete text."""
    events, data, name = [], [], ""
    for line in re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))[:-1]:
        field, _, value = line.partition(":")
        if not line:
            events += [(name, "\n".join(data))] if data else []
            data, name = [], ""
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
    return events


@given(STREAMS, st.data())
def test_any_stream_is_parsed_by_the_rules_at_any_split(text: str, data: st.DataObject) -> None:
    stream, expected = text.encode(), parse_by_specification(text)
    splits = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    fragments = (stream[start:end] for start, end in zip([0, *splits], [*splits, len(stream)], strict=True))
    assert parse(fragments) == expected
    assert parse(text[at : at + 1] for at in range(len(text))) == expected


def test_every_split_in_two_in_three_and_in_single_bytes_gives_the_same_events() -> None:
    stream = b"\xef\xbb\xbf" + MIXED_LINE_ENDS.encode()
    expected = [("", '{"a": "ü😀"}\n ['), ("error", "\n"), ("", "[DONE]")]
    assert parse_by_specification(MIXED_LINE_ENDS) == expected
    assert parse(stream[at : at + 1] for at in range(len(stream))) == expected
    for first in range(len(stream) + 1):
        assert parse([stream[:first], stream[first:]]) == expected
        for second in range(first, len(stream) + 1, 3):
            assert parse([stream[:first], stream[first:second], b"", stream[second:]]) == expected


def test_an_event_is_yielded_as_soon_as_its_last_line_is_complete() -> None:
    parser = EventParser()
    assert [*parser.feed(b"data: 1\r\r")] == [("", "1")]
    assert [*parser.feed(b"\ndata: 2\n\r")] == [("", "2")]


@pytest.mark.parametrize("text", ["data: 123456789", ": 12345678901234567890", "data: 12\ndata: 34\ndata: 56\n\n"])
def test_an_event_that_is_too_long_is_rejected_at_any_split(text: str) -> None:
    for size in (1, 7, 100):
        with pytest.raises(MalformedReply, match="longer than 14 bytes"):
            parse((text[at : at + size] for at in range(0, len(text), size)), max_bytes=14)


def test_the_size_limit_applies_to_an_event_and_not_to_the_stream() -> None:
    parser = EventParser(max_bytes=14)
    assert len([event for _ in range(100) for event in parser.feed(b": wait wait\ndata: 12345678\n\n")]) == 100


@pytest.mark.parametrize("fragment", [b"data: \xff\n\n", b"data: \xf0\x9f\x98\n\n", "data: \ud83d\n\n"])
def test_data_that_is_not_utf8_is_rejected_and_never_altered(fragment: bytes | str) -> None:
    with pytest.raises(MalformedReply, match="not UTF-8"):
        [*EventParser().feed(fragment)]
    assert [*EventParser().feed(b": \xff\ndata: 1\n\n")] == [("", "1")]


def test_a_field_may_have_a_space_before_its_colon() -> None:
    parser = EventParser()
    assert [*parser.feed(b"data : a\ndata :b\n\ndata : [DONE]\n")] == [("", "a\nb"), ("", "[DONE]")]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_stream_that_is_cut_inside_a_character_ends_before_it(length: int) -> None:
    parser = EventParser()
    assert [*parser.feed(b'data: {"a": "' + "😀".encode()[:length])] == []
    assert [*parser.end()] == [("", '{"a": "')]


def test_a_last_event_that_is_not_utf8_is_rejected() -> None:
    parser = EventParser()
    assert [*parser.feed(b"data: \xff!")] == []
    with pytest.raises(MalformedReply, match="not UTF-8"):
        [*parser.end()]
