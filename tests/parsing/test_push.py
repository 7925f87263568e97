"""The push parser: at any split, its result is that of `read_json` for the complete text."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from structkit.parsing import NotJSON, read_json
from structkit.parsing.push import MAX_DEPTH, PushParser, ValueBuilder
from structkit.values import JSONValue

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.builds(
    lambda value, escaped, indent: json.dumps(value, ensure_ascii=escaped, indent=indent),
    VALUES,
    st.booleans(),
    st.sampled_from([None, 1]),
)
NEARLY_JSON = st.text(alphabet='{}[]",:\\u0123dD8eE.+- \n\ttrufalsn\x00\ud83d', max_size=30)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            '{"a":',
            '"a":1',
            ",",
            "]",
            "}",
            "[",
            "1",
            "-",
            "01",
            "1.5e3",
            '"\\ud83d\\ude00"',
            '"\\ud83d"',
            "true",
            "nul",
            '"\\u00e9"',
            '"\\x"',
            '"\n"',
            "NaN",
            "-Infinity",
            "1e999",
            " ",
            "\ufeff",
            '"\\\\ud83d"',
            '"',
            "\\",
            "null",
        ]
    ),
    max_size=8,
).map("".join)


def push(chunks: list[str]) -> JSONValue:
    builder = ValueBuilder()
    parser = PushParser(builder)
    for chunk in chunks:
        parser.feed(chunk)
    parser.finish()
    return builder.value


def outcome(read, text) -> str:
    try:
        return repr(read(text))
    except NotJSON:
        return "rejected"


def split_at(text: str, positions: list[int]) -> list[str]:
    splits = sorted({0, len(text), *(position % (len(text) + 1) for position in positions)})
    return [text[start:end] for start, end in pairwise(splits)]


@given(DOCUMENTS | NEARLY_JSON | FRAGMENTS)
@example('{"a": "\\ud83d\\ude00\\n", "b": [-1.5e-3, {}], "a\\u0000": 10000000000000000000000}')
@example('{"a": 1, "a": 2}')
@example('{"a": 1, "\\u0061": 2}')
@example("[1, 2, ]")
@example('"\\\\ud83d"')
@example('["\\ud83d\\u0041"]')
def test_every_split_in_two_gives_the_result_of_the_complete_text(text: str) -> None:
    expected = outcome(read_json, text)
    assert {outcome(push, [text[:split], text[split:]]) for split in range(len(text) + 1)} == {expected}


@given(DOCUMENTS | NEARLY_JSON | FRAGMENTS, st.lists(st.integers(0, 1_000), max_size=20))
def test_any_split_gives_the_result_of_the_complete_text(text: str, positions: list[int]) -> None:
    expected = outcome(read_json, text)
    assert outcome(push, split_at(text, positions)) == expected
    assert outcome(push, [*text]) == expected


@settings(max_examples=30)
@given(
    DOCUMENTS, st.integers(0, 1_000), st.sampled_from('{}[]",:\\x1-.etn'), st.lists(st.integers(0, 1_000), max_size=5)
)
def test_an_inserted_character_is_rejected_as_in_the_complete_text(
    text: str, at: int, character: str, positions: list[int]
) -> None:
    at %= len(text) + 1
    text = text[:at] + character + text[at:]
    assert outcome(push, split_at(text, positions)) == outcome(read_json, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, x]", "a value is expected at character 4"),
        ('{"a" 1}', "a colon is expected at character 5"),
        ('{"a": 1 "b"}', "a comma or the end of the object is expected at character 8"),
        ("[1 2]", "a comma or the end of the array is expected at character 3"),
        ("{1}", "a key is expected at character 1"),
        ('{"a": 1,}', "a key is expected at character 8"),
        ("[] []", "nothing more is expected at character 3"),
        ('["\\x"]', "an invalid escape or control character in a string at character 2"),
        ('["ab\n"]', "in a string at character 4"),
        ('["\\ud83d"]', "half of a surrogate pair without the other half at character 2"),
        ('{"a": 1, "a": 2}', 'duplicate key "a" in one object'),
        ("[1e999]", "the number 1e999 is too large"),
        ("[" + "1" * 5_000 + "]", "a number has too many digits"),
        ("[1.2.3]", "a value is expected at character 1"),
        ("[", "the text is incomplete at character 1"),
        ("tru", "the text is incomplete"),
        ("[" * (MAX_DEPTH + 1), "nested too deep"),
    ],
)
def test_text_that_is_not_json_is_rejected_with_the_position(text: str, message: str) -> None:
    with pytest.raises(NotJSON, match=re.escape(message)):
        push([text])


def test_an_invalid_number_in_many_chunks_is_rejected() -> None:
    with pytest.raises(NotJSON, match=re.escape("the invalid number 1.2.3 at character 1")):
        push(["[1.", "2.", "3", "]"])


@given(st.text(min_size=1), st.data())
def test_the_open_string_is_available_up_to_the_end_of_the_chunk(value: str, data: st.DataObject) -> None:
    text = json.dumps([value])
    split = data.draw(st.integers(2, len(text) - 2))
    parser = PushParser(ValueBuilder())
    parser.feed(text[:split])
    assert parser.length == len(parser.read_text())
    assert value.startswith(parser.read_text())
    parser.feed(text[split:])
    assert (parser.length, parser.is_done) == (-1, True)


def test_an_open_key_does_not_count_as_an_open_string() -> None:
    parser = PushParser(ValueBuilder())
    parser.feed('{"ke')
    assert parser.length == -1
    parser.feed("y")
    assert parser.length == -1


def test_positions_count_from_the_first_chunk_also_after_pending_characters() -> None:
    class PositionRecorder(ValueBuilder):
        def begin(self, bracket: str, at: int) -> None:
            super().begin(bracket, at)
            positions.append((bracket, at))

        def end(self, at: int) -> None:
            super().end(at)
            positions.append(("end", at))

    text = '{"a": "\\ud83d\\ude00", "b": [tru, {"c": null}]}'.replace("tru,", "true,")
    recorded = set()
    for split in range(len(text) + 1):
        positions: list[tuple[str, int]] = []
        parser = PushParser(PositionRecorder())
        parser.feed(text[:split])
        parser.feed(text[split:])
        recorded.add(tuple(positions))
    array, inner = text.index("["), text.index('{"c"')
    assert recorded == {
        (("{", 0), ("[", array), ("{", inner), ("end", text.index("}") + 1), ("end", len(text) - 1), ("end", len(text)))
    }
