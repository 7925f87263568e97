"""Any JSON value comes back from the journal's bytes as it was, also where pydantic's encoder or parser gives up."""

from __future__ import annotations

import contextlib
import json
import random
import zlib
from typing import Any

import pytest

from structkit.journal.encoding import pack, unpack

SCALARS = (None, True, 0, -(10**40), 2**64, 0.1, -0.0, 1e16, 1.5e-300, float("inf"), "", 'é\0\u2028"\\', "\ud83d", "漢")


def nested(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"k": value}
    return value


def random_value(rng: random.Random, levels: int = 4) -> Any:
    kind = rng.randrange(3) if levels else 0
    if kind == 0:
        return rng.choice(SCALARS)
    items = [random_value(rng, levels - 1) for _ in range(rng.randrange(4))]
    return items if kind == 1 else {f"{rng.choice(('é', chr(0xDC80), 'k'))}{n}": item for n, item in enumerate(items)}


@pytest.mark.parametrize("seed", range(20))
def test_a_value_comes_back_as_it_was(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        value = random_value(rng)
        assert repr(unpack(pack(value))) == repr(value)


@pytest.mark.parametrize("levels", [10, 250, 300, 600])
def test_a_deep_value_comes_back_as_it_was(levels: int) -> None:
    assert unpack(pack(nested(levels))) == nested(levels)


def test_bytes_of_earlier_versions_are_read() -> None:
    value = {"value": [1, 1e-07, "é\ud83d", float("inf")], "text": "x" * 20}
    assert unpack(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


@pytest.mark.parametrize("value", [object(), [{1, 2, object()}], {"a": json}])
def test_what_is_not_json_is_an_error(value: object) -> None:
    with pytest.raises(TypeError):
        pack(value)


@pytest.mark.parametrize("value", [None, 7, "a text", {"a": [1, "b"]}, ["long text"] * 99])
def test_a_value_of_which_a_bit_has_changed_is_never_read_as_another(value: Any) -> None:
    packed = pack(value)
    for place in range(8, 8 * len(packed)):
        damaged = bytearray(packed)
        damaged[place // 8] ^= 1 << place % 8
        with contextlib.suppress(ValueError, zlib.error):
            assert unpack(bytes(damaged)) == value, "a bit that says nothing, at the end of a compressed text"
