"""Tokens and their probabilities are joined to the scalars of a reply, wherever the tokens cut it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from structkit.confidence.logprobs import Token, read_tokens, score_scalars
from structkit.errors import MalformedReply
from structkit.parsing.value_spans import value_spans
from structkit.values import leaf_paths, value_at

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
layouts = st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}])


@given(values, layouts)
def test_each_scalar_of_a_text_has_its_span(value: Any, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout)
    spans = {path: text[start:end] for path, start, end in value_spans(text)}
    assert [*spans] == [*leaf_paths(value)]
    for path, part in spans.items():
        leaf = value_at(value, path)
        assert json.loads(f'"{part}"' if isinstance(leaf, str) and leaf else part) == leaf


@given(values, layouts, st.data())
def test_a_truncated_text_has_only_spans_of_complete_scalars(value: Any, layout: dict[str, Any], data: Any) -> None:
    text = json.dumps([value], **layout)
    start = text[: data.draw(st.integers(0, len(text) - 1))]
    assert set(value_spans(start)) <= set(value_spans(text))


@given(values, layouts, st.data())
def test_the_score_of_a_scalar_is_that_of_its_least_probable_token(
    value: Any, layout: dict[str, Any], data: Any
) -> None:
    text = json.dumps(value, **layout)
    content = text.encode()
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(content) - 1)), max_size=20)))
    parts = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    tokens = [Token(part, -1.0 - number) for number, part in enumerate(parts)]
    scores = score_scalars(text, tokens)
    assert [*scores] == [*leaf_paths(value)]
    for path, start, end in value_spans(text):
        first, last = len(text[:start].encode()), len(text[:end].encode())
        touching = [number for number, part_start in enumerate([0, *cuts]) if part_start < last]
        touching = [number for number in touching if ([*cuts, len(content)][number]) > first]
        assert scores[path].score == pytest.approx(math.exp(-1.0 - touching[-1]))
        assert scores[path].token_count == len(touching)


def test_a_token_may_cut_a_character_and_special_tokens_may_surround_the_content() -> None:
    content = '{"name": "Zoé"}'
    parts = [b"<s>", b'{"name": "Zo', b"\xc3", b"\xa9", b'"}', b"</s>"]
    tokens = [Token(part, logprob) for part, logprob in zip(parts, (-9, -0.1, -0.5, -0.2, -9, -9), strict=True)]
    assert score_scalars(content, tokens)["name",].score == pytest.approx(math.exp(-0.5))


def test_tokens_without_an_alternative_do_not_count_in_the_mean() -> None:
    tokens = [Token(b'"', -5.0), Token(b"no", -1.0), Token(b"r", 0.0), Token(b"th", 0.0), Token(b'"', -5.0)]
    assert score_scalars('"north"', tokens)[()].mean_probability == pytest.approx(math.exp(-1))
    forced = [Token(b'"a"', 0.0)]
    assert score_scalars('"a"', forced)[()].score == 1


@pytest.mark.parametrize("tokens", [[], [Token(b'{"a": 2}', -1)], [Token(b'{"a": ', -1)]], ids=["none", "other", "cut"])
def test_tokens_that_do_not_join_to_the_content_are_an_error(tokens: list[Token]) -> None:
    with pytest.raises(MalformedReply, match="do not join to the content"):
        score_scalars('{"a": 1}', tokens)


def test_tokens_are_read_from_their_bytes_or_else_from_their_text() -> None:
    entries = [{"token": "\ufffd", "bytes": [195], "logprob": -1}, {"token": "é", "bytes": None, "logprob": -0.5}]
    assert read_tokens({"logprobs": {"content": entries}}) == snapshot(
        (Token(data=b"\xc3", logprob=-1.0), Token(data=b"\xc3\xa9", logprob=-0.5))
    )
    assert read_tokens({"logprobs": None}) == read_tokens({}) == read_tokens({"logprobs": {"content": None}}) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {"token": "a"},
        {"token": "a", "logprob": None},
        {"token": "a", "logprob": 0.5},
        {"token": "a", "logprob": float("nan")},
        {"bytes": [999], "logprob": -1},
        {"logprob": -1},
        "a",
        None,
    ],
    ids=str,
)
def test_an_entry_that_is_no_token_is_an_error(entry: Any) -> None:
    with pytest.raises(MalformedReply, match="no token with a log probability"):
        read_tokens({"logprobs": {"content": [entry]}})
