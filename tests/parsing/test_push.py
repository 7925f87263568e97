"""The push parser: whatever the pieces, it says what `read_json` says of the whole."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from structkit.parsing import NotJSON, read_json
from structkit.parsing.push import DEEPEST, PushParser, Tree
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
NEARLY = st.text(alphabet='{}[]",:\\u0123dD8eE.+- \n\ttrufalsn\x00\ud83d', max_size=30)
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


def pushed(pieces: list[str]) -> JSONValue:
    tree = Tree()
    parser = PushParser(tree)
    for piece in pieces:
        parser.feed(piece)
    parser.finish()
    return tree.value


def outcome(read, text) -> str:
    try:
        return repr(read(text))
    except NotJSON:
        return "refused"


def split_at(text: str, places: list[int]) -> list[str]:
    cuts = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(cuts)]


@settings(deadline=None)
@given(DOCUMENTS | NEARLY | FRAGMENTS)
@example('{"a": "\\ud83d\\ude00\\n", "b": [-1.5e-3, {}], "a\\u0000": 10000000000000000000000}')
@example('{"a": 1, "a": 2}')
@example('{"a": 1, "\\u0061": 2}')
@example("[1, 2, ]")
@example('"\\\\ud83d"')
@example('["\\ud83d\\u0041"]')
def test_every_split_in_two_says_what_the_whole_says(text: str) -> None:
    wanted = outcome(read_json, text)
    assert {outcome(pushed, [text[:cut], text[cut:]]) for cut in range(len(text) + 1)} == {wanted}


@settings(deadline=None)
@given(DOCUMENTS | NEARLY | FRAGMENTS, st.lists(st.integers(0, 1_000), max_size=20))
def test_any_split_says_what_the_whole_says(text: str, places: list[int]) -> None:
    wanted = outcome(read_json, text)
    assert outcome(pushed, split_at(text, places)) == wanted
    assert outcome(pushed, [*text]) == wanted


@settings(deadline=None, max_examples=30)
@given(
    DOCUMENTS, st.integers(0, 1_000), st.sampled_from('{}[]",:\\x1-.etn'), st.lists(st.integers(0, 1_000), max_size=5)
)
def test_a_wrong_character_is_refused_where_the_whole_is(text: str, at: int, wrong: str, places: list[int]) -> None:
    at %= len(text) + 1
    text = text[:at] + wrong + text[at:]
    assert outcome(pushed, split_at(text, places)) == outcome(read_json, text)


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
        ('["\\x"]', "an escape or a character that no string may have stands at character 2"),
        ('["ab\n"]', "stands at character 4"),
        ('["\\ud83d"]', "half of a surrogate pair stands alone at character 2"),
        ('{"a": 1, "a": 2}', 'the key "a" stands twice in one object'),
        ("[1e999]", "the number 1e999 is too large"),
        ("[" + "1" * 5_000 + "]", "a number has too many digits"),
        ("[1.2.3]", "a value is expected at character 1"),
        ("[", "the text ends too early at character 1"),
        ("tru", "the text ends too early"),
        ("[" * (DEEPEST + 1), "nested too deep"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(NotJSON, match=re.escape(message)):
        pushed([text])


def test_a_number_in_many_pieces_that_is_none_is_refused() -> None:
    with pytest.raises(NotJSON, match=re.escape("1.2.3 is no number")):
        pushed(["[1.", "2.", "3", "]"])


@settings(deadline=None)
@given(st.text(min_size=1), st.data())
def test_the_open_string_is_known_up_to_the_cut(value: str, data: st.DataObject) -> None:
    text = json.dumps([value])
    cut = data.draw(st.integers(2, len(text) - 2))
    parser = PushParser(Tree())
    parser.feed(text[:cut])
    assert parser.length == len(parser.read_text())
    assert value.startswith(parser.read_text())
    parser.feed(text[cut:])
    assert (parser.length, parser.done) == (-1, True)


def test_an_open_key_is_no_open_string() -> None:
    parser = PushParser(Tree())
    parser.feed('{"ke')
    assert parser.length == -1
    parser.feed("y")
    assert parser.length == -1


def test_positions_count_from_the_first_piece_whatever_was_held_back() -> None:
    class Places(Tree):
        def begin(self, bracket: str, at: int) -> None:
            super().begin(bracket, at)
            places.append((bracket, at))

        def end(self, at: int) -> None:
            super().end(at)
            places.append(("end", at))

    text = '{"a": "\\ud83d\\ude00", "b": [tru, {"c": null}]}'.replace("tru,", "true,")
    found = set()
    for cut in range(len(text) + 1):
        places: list[tuple[str, int]] = []
        parser = PushParser(Places())
        parser.feed(text[:cut])
        parser.feed(text[cut:])
        found.add(tuple(places))
    array, inner = text.index("["), text.index('{"c"')
    assert found == {
        (("{", 0), ("[", array), ("{", inner), ("end", text.index("}") + 1), ("end", len(text) - 1), ("end", len(text)))
    }
