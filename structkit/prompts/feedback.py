"""What the model is told of a reply that broke the contract: one line an issue, in the wire's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from structkit.values import Issue, JSONPath, JSONValue, format_path, value_at
from structkit.values.text import shorten_json

MOST = 20
"""Issues told at once; a reply with more is wrong as a whole, and the first ones say how."""

SHOWN = 240
"""Characters of the object around a wrong place that are shown, for the model to know which one it is."""


def feedback(issues: Iterable[Issue], wire_path: Callable[[JSONPath], JSONPath]) -> str:
    """The correction to send after a wrong reply.

    What stood there is quoted as JSON, cut short: it is data and says nothing on its own.

    >>> issue = Issue(("age",), "Input should be a valid integer", '"old"')
    >>> print(feedback([issue], lambda path: path))
    Your reply does not fit the schema:
    age: Input should be a valid integer (got "old")
    Reply again with the whole corrected JSON and nothing else.
    """
    lines = [str(Issue(wire_path(issue.path), issue.message, issue.got)) for issue in issues]
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n".join(
        [
            "Your reply does not fit the schema:",
            *lines[:MOST],
            *more,
            "Reply again with the whole corrected JSON and nothing else.",
        ]
    )


def ask_for_places(issues: Sequence[Issue], places: Sequence[tuple[str, JSONPath, bool]], draft: JSONValue) -> str:
    """The correction where only some places are asked for.

    Args:
        issues: What is wrong.
        places: For each place the name it is asked for under, its path, and whether a list is to be gone on with.
        draft: The value so far, for the objects around the places.

    >>> draft = {"rows": [{"item": "tea", "price": "x"}]}
    >>> issue = Issue(("rows", 0, "price"), "Input should be a valid number", '"x"')
    >>> print(ask_for_places([issue], [("rows_0_price", ("rows", 0, "price"), False)], draft))
    Your last reply was right but for this:
    rows[0].price: Input should be a valid number (got "x")
    It stands in {"item": "tea", "price": "x"}
    Reply with a JSON object of these values alone: rows_0_price is rows[0].price.
    """
    around = dict.fromkeys(_around(draft, path) for _, path, appends in places if not appends)
    cut = [(name, path) for name, path, appends in places if appends]
    named = ", ".join(f"{name} is {format_path(path)}" for name, path, appends in places if not appends)
    rest = ", ".join(f"{name} is what follows in {format_path(path)}" for name, path in cut)
    return "\n".join(
        [
            "Your last reply was right but for this:" if not cut else "Your last reply was cut short:",
            *(() if cut else map(str, issues[:MOST])),
            *(f"It stands in {shown}" for shown in around if shown),
            *(_so_far(draft, path) for _, path in cut),
            f"Reply with a JSON object of these values alone: {', '.join(filter(None, [rest, named]))}.",
        ]
    )


def _around(draft: JSONValue, path: JSONPath) -> str:
    """The innermost object inside a list that holds the place; nothing where the path alone says which it is."""
    items = (value_at(draft, path[:end]) for end in range(len(path) - 1, 0, -1) if isinstance(path[end - 1], int))
    return next((shorten_json(item, SHOWN) for item in items if isinstance(item, dict)), "")


def _so_far(draft: JSONValue, path: JSONPath) -> str:
    items = value_at(draft, path)
    return f"{format_path(path)} has {len(items)} items so far, the last one {shorten_json(items[-1], SHOWN)}"
