"""JSON, the only untyped data that crosses a module border, and paths into it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, TypeAlias

JSONValue: TypeAlias = Any
"""A JSON value as `json.loads` returns it: str, int, float, bool, None, list or dict."""

JSON: TypeAlias = dict[str, Any]
"""A JSON object: a JSON Schema or a wire body, the only untyped data that crosses a module border."""

JSONPath: TypeAlias = tuple[str | int, ...]
"""The place of a value inside another: keys and list positions, outermost first, as `("lines", 0, "price")`."""


encode_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Encode a value as compact JSON text.

Raises:
    TypeError, ValueError: JSON cannot represent the value, for instance NaN.
"""


class FrozenJSON(JSON):
    """A JSON object that is never changed, so that its JSON text is computed only once; its copies are plain dicts.

    >>> FrozenJSON(a=[1, None]).text
    '{"a":[1,null]}'
    >>> import copy; type(copy.deepcopy(FrozenJSON(a=1)))
    <class 'dict'>
    """

    @cached_property
    def text(self) -> str:
        """The object as JSON text."""
        return encode_json(self)

    def __reduce__(self) -> tuple[type[JSON], tuple[JSON]]:
        """Copy and pickle as a plain dict, because a copy may be changed and the text would be stale."""
        return dict, ({**self},)


def json_text(value: JSONValue) -> str:
    """Return a JSON value as text; a `FrozenJSON` returns the text that it has computed already.

    >>> json_text("é"), json_text(FrozenJSON(a=1))
    ('"é"', '{"a":1}')
    """
    return value.text if isinstance(value, FrozenJSON) else encode_json(value)


class _Absent:
    def __repr__(self) -> str:
        """As signatures show it."""
        return "ABSENT"


ABSENT: JSONValue = _Absent()
"""Marks a place without a value; None cannot, because it is a JSON value."""


def value_at(value: JSONValue, path: JSONPath) -> JSONValue:
    """Return the value at a path inside a JSON value, or `ABSENT`.

    >>> value_at({"rows": [{"n": 3}]}, ("rows", 0, "n")), value_at({"rows": []}, ("rows", 0)) is ABSENT
    (3, True)
    """
    for step in path:
        fits = isinstance(value, list if isinstance(step, int) else dict)
        if not fits or (step not in value if isinstance(value, dict) else not 0 <= int(step) < len(value)):
            return ABSENT
        value = value[step]
    return value


def leaf_paths(value: JSONValue, path: JSONPath = ()) -> Iterator[JSONPath]:
    """Yield the path of each scalar of a value; an empty list or object counts as one.

    >>> [*leaf_paths({"a": 1, "b": [{}, 2]})]
    [('a',), ('b', 0), ('b', 1)]
    """
    if not value or not isinstance(value, dict | list):
        yield path
        return
    items: Iterable[tuple[Any, JSONValue]] = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in items:
        yield from leaf_paths(item, (*path, step))


def format_path(path: JSONPath) -> str:
    r"""Return a path in the notation of Python.

    >>> format_path(("steps", 0, "output"))
    'steps[0].output'
    >>> format_path(("unit price", 'a "b"'))
    '["unit price"]["a \\"b\\""]'
    >>> format_path(())
    '(root)'
    """
    return "".join(map(_format_step, path)).removeprefix(".") or "(root)"


def _format_step(step: str | int) -> str:
    if isinstance(step, int) or step == "[]":
        return "[]" if step == "[]" else f"[{step}]"
    return f".{step}" if step.isidentifier() else f"[{json.dumps(step, ensure_ascii=False)}]"
