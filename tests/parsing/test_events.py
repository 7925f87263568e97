"""Server-sent events in any pieces, by the rules of the WHATWG."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.errors import MalformedReply
from structkit.parsing.events import Event, Events

WORDS = ["data", "data:", "data: ", "event", "event:", "error", "id: 7", "retry: 1", ":", " ", "x", "ü", "😀", "\ufeff"]
ENDS = ["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"]
STREAMS = st.lists(st.sampled_from([*WORDS, *ENDS, *ENDS]), max_size=30).map("".join)
KEPT_APART = (
    'retry: 9\r\rdata:{"a": "ü😀"}\r\n: wait\r\ndata:  [\n\nevent: error\ndata\r\ndata\r\r\ndata: [DONE]\n\ndata: half'
)


def read(pieces: Iterable[bytes | str], **limits: int) -> list[Event]:
    events = Events(**limits)
    return [event for piece in pieces for event in events.feed(piece)]


def by_the_rules(text: str) -> list[Event]:
    """The specification's algorithm, on a whole text."""
    found, data, name = [], [], ""
    for line in re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))[:-1]:
        field, _, value = line.partition(":")
        if not line:
            found += [(name, "\n".join(data))] if data else []
            data, name = [], ""
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
    return found


@given(STREAMS, st.data())
def test_any_stream_in_any_pieces_is_read_by_the_rules(text: str, data: st.DataObject) -> None:
    whole, wanted = text.encode(), by_the_rules(text)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    assert read(whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)) == wanted
    assert read(text[at : at + 1] for at in range(len(text))) == wanted


def test_every_split_of_the_bytes_in_two_in_three_and_in_ones_reads_the_same() -> None:
    whole = b"\xef\xbb\xbf" + KEPT_APART.encode()
    wanted = [("", '{"a": "ü😀"}\n ['), ("error", "\n"), ("", "[DONE]")]
    assert by_the_rules(KEPT_APART) == wanted
    assert read(whole[at : at + 1] for at in range(len(whole))) == wanted
    for first in range(len(whole) + 1):
        assert read([whole[:first], whole[first:]]) == wanted
        for second in range(first, len(whole) + 1, 3):
            assert read([whole[:first], whole[first:second], b"", whole[second:]]) == wanted


def test_an_event_is_given_as_soon_as_its_line_has_ended() -> None:
    events = Events()
    assert [*events.feed(b"data: 1\r\r")] == [("", "1")]
    assert [*events.feed(b"\ndata: 2\n\r")] == [("", "2")]


@pytest.mark.parametrize("text", ["data: 123456789", ": 12345678901234567890", "data: 12\ndata: 34\ndata: 56\n\n"])
def test_what_is_too_long_is_refused_in_any_pieces(text: str) -> None:
    for size in (1, 7, 100):
        with pytest.raises(MalformedReply, match="longer than 14 bytes"):
            read((text[at : at + size] for at in range(0, len(text), size)), longest=14)


def test_the_limit_is_an_events_and_not_the_streams() -> None:
    events = Events(longest=14)
    assert len([event for _ in range(100) for event in events.feed(b": wait wait\ndata: 12345678\n\n")]) == 100


@pytest.mark.parametrize("piece", [b"data: \xff\n\n", b"data: \xf0\x9f\x98\n\n", "data: \ud83d\n\n"])
def test_data_that_is_no_utf8_is_refused_and_never_altered(piece: bytes | str) -> None:
    with pytest.raises(MalformedReply, match="no UTF-8"):
        [*Events().feed(piece)]
    assert [*Events().feed(b": \xff\ndata: 1\n\n")] == [("", "1")]
