"""The feedback that the model receives on an invalid reply: one line per issue, in the names of the wire.

The wording was measured with a small model (docs/benchmarks.md): do not change it without measuring it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from structkit.values import Issue, JSONPath, JSONValue, format_path, value_at
from structkit.values.text import shorten_json

MAX_ISSUES = 20
"""Issues that the feedback lists. A reply with more of them is wrong as a whole, which the first ones show."""

MAX_CONTEXT_CHARS = 240
"""Characters of the object around an invalid value, which is quoted to show the model which value is meant."""


TRUNCATED = "Your last reply was truncated. Reply again with the whole JSON, from its start, and nothing else."


def feedback(issues: Sequence[Issue], wire_path: Callable[[JSONPath], JSONPath]) -> str:
    """Return the correction to send after an invalid reply.

    Without issues, the reply was truncated, and the rest that was sent since cannot be used.

    Values from the reply are quoted as shortened JSON, so that text in them does not read as an instruction.

    >>> issue = Issue(("age",), "Input should be a valid integer", '"old"')
    >>> print(feedback([issue], lambda path: path))
    Your reply does not fit the schema:
    age: Input should be a valid integer (got "old")
    Reply again with the whole corrected JSON and nothing else.
    """
    if not issues:
        return TRUNCATED
    lines = [_line(replace(issue, path=wire_path(issue.path))) for issue in issues[:MAX_ISSUES]]
    omitted = [f"and {len(issues) - MAX_ISSUES} more"] if len(issues) > MAX_ISSUES else []
    return "\n".join(
        [
            "Your reply does not fit the schema:",
            *lines,
            *omitted,
            "Reply again with the whole corrected JSON and nothing else.",
        ]
    )


def patch_feedback(issues: Sequence[Issue], places: Sequence[tuple[str, JSONPath, bool]], draft: JSONValue) -> str:
    """Return the correction that asks for a part of the reply only.

    Args:
        issues: What is wrong; nothing, if the reply was truncated.
        places: For each missing or invalid value: its name in the next reply, its path, and whether it is a truncated
            list to be continued.
        draft: The value so far, for the objects around the invalid values.

    >>> draft = {"rows": [{"item": "tea", "price": "x"}]}
    >>> issue = Issue(("rows", 0, "price"), "Input should be a valid number", '"x"')
    >>> print(patch_feedback([issue], [("rows_0_price", ("rows", 0, "price"), False)], draft))
    Your last reply was right but for this:
    rows[0].price: Input should be a valid number (got "x")
    It is part of {"item": "tea", "price": "x"}
    Reply with a JSON object of these values alone: rows_0_price is rows[0].price.
    """
    contexts = dict.fromkeys(_context(draft, path) for _, path, is_list in places if not is_list)
    lists = [(name, path) for name, path, is_list in places if is_list]
    is_truncated = bool(lists) or not issues
    values = ", ".join(_assignment(name, format_path(path)) for name, path, is_list in places if not is_list)
    items = ", ".join(f"{name} is what follows in {format_path(path)}" for name, path in lists)
    return "\n".join(
        [
            "Your last reply was truncated:" if is_truncated else "Your last reply was right but for this:",
            *map(_line, () if lists else issues[:MAX_ISSUES]),
            *(f"It is part of {context}" for context in contexts if context),
            *(_progress(draft, path) for _, path in lists),
            f"Reply with a JSON object of these values alone: {', '.join(filter(None, [items, values]))}.",
        ]
    )


def _assignment(name: str, path: str) -> str:
    """Return a name and what it stands for; a small model copies "due is due" into its reply."""
    return name if name == path else f"{name} is {path}"


def _line(issue: Issue) -> str:
    """Return an issue without its cause, in which the model could change nothing."""
    return str(replace(issue, cause=""))


def _context(draft: JSONValue, path: JSONPath) -> str:
    """The innermost object of a list that contains the value; empty outside lists, where the path is unambiguous."""
    items = (value_at(draft, path[:end]) for end in range(len(path) - 1, 0, -1) if isinstance(path[end - 1], int))
    return next((shorten_json(item, MAX_CONTEXT_CHARS) for item in items if isinstance(item, dict)), "")


def _progress(draft: JSONValue, path: JSONPath) -> str:
    items = value_at(draft, path)
    last = f", the last one {shorten_json(items[-1], MAX_CONTEXT_CHARS)}" if items else ""
    return f"{format_path(path)} has {len(items)} items so far{last}"
