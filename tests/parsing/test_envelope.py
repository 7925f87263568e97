"""The JSON around an answer: parsed exactly as `json.loads` parses it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from structkit.parsing import read_envelope

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
NEARLY_JSON = st.text(alphabet='{}[]",:\\u0123dD8eE.+- \n\ttrufalsnINaity\x00\ufeff\ud83d', max_size=30)


TEXTS = st.builds(json.dumps, VALUES) | NEARLY_JSON
BODIES = st.binary(max_size=20) | st.builds(
    lambda value: json.dumps(value, ensure_ascii=False).encode(errors="replace"), VALUES
)


@given(TEXTS | BODIES)
@example('{"a": 1, "a": 2}')
@example('"\\ud83d"')
@example("\ufeff[]")
@example("1" * 5000)
@example("[" * 300 + "]" * 300)
@example(b"\xef\xbb\xbf[1]")
@example(b'"\xed\xa0\xbd"')
def test_a_body_is_parsed_or_rejected_exactly_as_json_does(body):
    try:
        expected = json.loads(body.decode("utf-8-sig") if isinstance(body, bytes) else body.removeprefix("\ufeff"))
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            read_envelope(body)
    else:
        assert repr(read_envelope(body)) == repr(expected)


def test_nan_and_infinity_are_accepted():
    assert math.isnan(read_envelope("[NaN]")[0])
    assert read_envelope("-Infinity") == -math.inf
