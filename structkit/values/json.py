"""JSON, the only untyped data that crosses a module border, and paths into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeAlias

JSONValue: TypeAlias = Any
"""A JSON value as `json.loads` returns it: str, int, float, bool, None, list or dict."""

JSON: TypeAlias = dict[str, Any]
"""A JSON object: a JSON Schema or a wire body, the only untyped data that crosses a module border."""

JSONPath: TypeAlias = tuple[str | int, ...]
"""The place of a value inside another: keys and list positions, outermost first, as `("lines", 0, "price")`."""


def compact_encoder(
    *, allow_nan: bool = True, is_ascii: bool = False, sort_keys: bool = False, default: Any = None
) -> Callable[[JSONValue], str]:
    """Return a function that encodes as `json.JSONEncoder` does, without white space.

    `JSONEncoder.encode` makes an encoder in C for each value, in Python code that takes as long as a small value.

    Args:
        allow_nan: Whether NaN and the infinities are written; otherwise they raise ValueError.
        is_ascii: Whether other characters are escaped.
        sort_keys: Whether keys are sorted.
        default: Returns what is encoded instead of a value that is not JSON; by default, that raises TypeError.

    >>> compact_encoder(sort_keys=True)({"b": "é", "a": [1, None]})
    '{"a":[1,null],"b":"é"}'
    """
    encoder = json.JSONEncoder(
        ensure_ascii=is_ascii, allow_nan=allow_nan, sort_keys=sort_keys, default=default, separators=(",", ":")
    )
    c_encoder: Any = getattr(json.encoder, "c_make_encoder", None)
    if c_encoder is None:  # another Python than CPython
        return encoder.encode
    to_string: Any = json.encoder.encode_basestring_ascii if is_ascii else json.encoder.encode_basestring
    or_default = encoder.default

    def encode(value: JSONValue) -> str:
        if type(value) is str:
            text: str = to_string(value)
            return text
        # A dict of its own for the containers that are open: after an error it is not empty.
        return "".join(c_encoder({}, or_default, to_string, None, ":", ",", sort_keys, False, allow_nan)(value, 0))  # noqa: FBT003

    return encode


encode_json = compact_encoder(allow_nan=False)
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
        if type(value) is dict and type(step) is str:  # almost always
            if (value := value.get(step, ABSENT)) is ABSENT:
                return ABSENT
            continue
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
