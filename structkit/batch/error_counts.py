"""How many rows failed with which class of error, and the most frequent message of each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from structkit.values import JSON
from structkit.values.text import shorten

MAX_MESSAGE_CHARS = 1000
"""Characters of a message that are kept: its end rarely matters, and may quote a reply."""

MAX_MESSAGES = 1000
"""Different messages that are counted: those that quote a value may differ in every row."""


class ErrorCounts:
    """The errors of failed rows.

    >>> errors = ErrorCounts()
    >>> for message in ("rate limited", "no such model", "no such model"):
    ...     errors.add({"error": "StatusError", "message": message})
    >>> errors.by_class, errors.messages
    ({'StatusError': 3}, {'StatusError': 'no such model'})
    """

    def __init__(self) -> None:
        """Start without errors."""
        self._classes = Counter[str]()
        self._messages = Counter[tuple[str, str]]()

    def add(self, outcome: JSON) -> None:
        """Count the outcome of a row that failed."""
        name, message = str(outcome.get("error", "unknown")), str(outcome.get("message", ""))
        self._classes[name] += 1
        entry = (name, shorten(message, MAX_MESSAGE_CHARS))
        if message and (entry in self._messages or len(self._messages) < MAX_MESSAGES):
            self._messages[entry] += 1

    @property
    def by_class(self) -> Mapping[str, int]:
        """The number of rows by the class of their error, the most frequent one first."""
        return dict(self._classes.most_common())

    @property
    def messages(self) -> Mapping[str, str]:
        """The most frequent message of each class, in the same order; the first one of several."""
        first_messages: dict[str, str] = {}
        for (name, message), _ in self._messages.most_common():
            first_messages.setdefault(name, message)
        return {name: first_messages[name] for name in self.by_class if name in first_messages}
