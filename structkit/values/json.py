"""JSON, the only untyped thing that crosses a room, and paths into it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, TypeAlias

JSONValue: TypeAlias = Any
"""A JSON value as `json.loads` gives it: str, int, float, bool, None, list or dict."""

JSON: TypeAlias = dict[str, Any]
"""A JSON object: a JSON Schema or a wire body, the only untyped things that cross a room."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands inside another: keys and list positions, outermost first."""


WRITE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""JSON text in the fewest letters; what JSON cannot say is a `ValueError` or `TypeError`."""


class Fixed(JSON):
    """A JSON object that nobody changes, so that it is written as text once; its copies are plain dicts.

    >>> Fixed(a=[1, None]).text
    '{"a":[1,null]}'
    >>> import copy; type(copy.deepcopy(Fixed(a=1)))
    <class 'dict'>
    """

    @cached_property
    def text(self) -> str:
        """The object as JSON text."""
        return WRITE(self)

    def __reduce__(self) -> tuple[type[JSON], tuple[JSON]]:
        """A copy may be changed, and knows no text."""
        return dict, ({**self},)


def written(value: JSONValue) -> str:
    """A JSON value as text; of a `Fixed` the one there is.

    >>> written("é"), written(Fixed(a=1))
    ('"é"', '{"a":1}')
    """
    return value.text if isinstance(value, Fixed) else WRITE(value)


ABSENT: JSONValue = object()
"""What stands where nothing does."""


def value_at(value: JSONValue, path: Path) -> JSONValue:
    """What stands at a path inside a JSON value; `ABSENT` where nothing does.

    >>> value_at({"rows": [{"n": 3}]}, ("rows", 0, "n")), value_at({"rows": []}, ("rows", 0)) is ABSENT
    (3, True)
    """
    for step in path:
        fits = isinstance(value, list if isinstance(step, int) else dict)
        if not fits or (step not in value if isinstance(value, dict) else not 0 <= int(step) < len(value)):
            return ABSENT
        value = value[step]
    return value


def show_path(path: Path) -> str:
    """Write a path the way Python would.

    >>> show_path(("steps", 0, "output"))
    'steps[0].output'
    >>> show_path(("unit price", "a.b"))
    '["unit price"]["a.b"]'
    >>> show_path(())
    '(root)'
    """
    return "".join(map(_show_step, path)).removeprefix(".") or "(root)"


def _show_step(step: str | int) -> str:
    if isinstance(step, int) or step == "[]":
        return "[]" if step == "[]" else f"[{step}]"
    return f".{step}" if step.isidentifier() else f'["{step}"]'
