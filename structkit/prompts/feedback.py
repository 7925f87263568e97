"""What the model is told of a reply that broke the contract: one line an issue, in the wire's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from structkit.values import Issue, Path

MOST = 20
"""Issues told at once; a reply with more is wrong as a whole, and the first ones say how."""


def feedback(issues: Iterable[Issue], wire_path: Callable[[Path], Path]) -> str:
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
