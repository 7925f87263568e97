"""A row of the input: its position, its key, its values, and a digest of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from structkit.values.exact_float import exact_floats, has_exact_floats
from structkit.values.json import compact_encoder
from structkit.values.source_cell import to_json_value


@dataclass(frozen=True)
class Record:
    """One row of the input.

    Args:
        ordinal: Its position in the journal, if it has one there, or else in the input; counted from 0.
        key: What identifies it, even after rows were added or removed: its key column, or else its `digest`. Rows with
            the same content then share a key.
        values: Its cells by column, as the source has them: text stays text.
        row: Its position in the input, counted from 1; 0 if it is not from an input.
    """

    ordinal: int
    key: str
    values: Mapping[str, Any]
    row: int = 0

    @cached_property
    def digest(self) -> str:
        """The digest of its content."""
        return digest(self.values)


def digest(values: Mapping[str, Any]) -> str:
    """Return a digest of a row's content, as 32 hex digits: the same in every run and for every order of columns.

    Raises:
        TypeError: A cell is an object that is not data.

    >>> digest({"a": 1, "b": "x"}) == digest({"b": "x", "a": 1}) != digest({"a": "1", "b": "x"})
    True
    """
    text = ENCODE_SORTED(cells := dict(values))
    if has_exact_floats(cells):  # the encoder writes floats only, without the digits in which two rows may differ
        text += " ".join(sorted(number.text for number in exact_floats(cells)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


ENCODE_SORTED = compact_encoder(sort_keys=True, is_ascii=True, default=to_json_value)
