"""JSON, the only untyped thing that crosses a room, and paths into it."""

from __future__ import annotations

from typing import Any, TypeAlias

JSONValue: TypeAlias = Any
"""A JSON value as `json.loads` gives it: str, int, float, bool, None, list or dict."""

JSON: TypeAlias = dict[str, Any]
"""A JSON object: a JSON Schema or a wire body, the only untyped things that cross a room."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands inside another: keys and list positions, outermost first."""


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
