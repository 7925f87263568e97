"""Re-asking for places and going on with a cut list, over generated values and cuts: nothing lost, nothing invented."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structkit.parsing import read_prefix

SETTINGS = settings(max_examples=200, deadline=None, derandomize=True, database=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",[]{}:\\'), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
DUMPS: list[Callable[[Any], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    lambda value: json.dumps(value, indent=1),
]


# The complete part of a cut text


@pytest.mark.parametrize(
    "cut", ['"b, c', '"b], c', '{"d": "e}, f', '{"d": 1, "', '"\\"', '"\\', "[[1], [", "12", "tru"]
)
def test_what_was_cut_is_left_out_whatever_marks_stand_in_it(cut: str) -> None:
    prefix = read_prefix('{"rows": ["a, b", ' + cut)
    assert prefix is not None
    assert (prefix.value, prefix.path) == ({"rows": ["a, b"]}, ("rows",))


@SETTINGS
@given(
    st.data(), st.dictionaries(TEXT, JSON, max_size=2), st.lists(JSON, min_size=1, max_size=4), st.sampled_from(DUMPS)
)
def test_of_a_cut_list_every_complete_element_is_kept_and_nothing_else(data, before, rows, dumped) -> None:
    before.pop("rows", None)

    def until(number: int) -> int:
        """Where the text has said this many elements for sure: behind a number it takes a comma."""
        text = dumped({**before, "rows": rows[:number]})
        last = rows[number - 1] if number else []
        return len(text[: text.rindex("]")].rstrip()) + (not isinstance(last, str | list | dict))

    text = dumped({**before, "rows": rows})
    cut = data.draw(st.integers(until(0), text.rindex("]")))
    kept = max(number for number in range(len(rows) + 1) if until(number) <= cut)
    prefix = read_prefix(text[:cut])
    assert (prefix and (prefix.value, prefix.path)) == (({**before, "rows": rows[:kept]}, ("rows",)) if kept else None)


@SETTINGS
@given(st.data(), JSON, st.sampled_from(DUMPS))
def test_whatever_the_text_its_complete_part_stands_in_it(data, value, dumped) -> None:
    text = dumped(value)
    prefix = read_prefix(text[: data.draw(st.integers(0, len(text)))])
    if prefix is not None:
        found, whole = prefix.value, value
        for step in prefix.path:
            assert found == whole or [*found][-1] == step
            assert isinstance(found, list) or all(found[key] == whole[key] for key in found if key != step)
            found, whole = found[step], whole[step]
        assert found
        assert found == whole[: len(found)]


HOSTILE = {
    "lists": "[",
    "objects": '{"a":',
    "lists in objects": '[1,{"a":',
    "an endless string": '["a","' + "b" * 1_000_000,
    "quotes that are none": '["a","' + '\\"' * 500_000,
    "backslashes": '["' + "\\" * 1_000_000,
    "colons": '[1,{"' + "a" * 500_000 + '"' + ":" * 500_000,
    "numbers": "[" + "1," * 500_000,
    "quotes": '["",' + '"' * 1_000_000,
    "fences": "`" * 1_000_000,
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_that_was_cut_is_read_in_little_time_and_memory(unit: str) -> None:
    pytest.importorskip("resource")  # not on every system
    program = (
        "import json, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\n"
        "from structkit.parsing import read_prefix\n"
        "unit = json.load(sys.stdin)\n"
        "read_prefix(unit * (1_000_000 // len(unit) or 1))\n"
    )
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, input=json.dumps(unit), text=True, timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
