"""What a value is against gold: right, wrong, invented, missed, or rightly absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from structkit.values import JSON, JSONPath, JSONValue, format_path
from structkit.values.text import shorten_json

Verdict: TypeAlias = Literal["right", "wrong", "invented", "missed", "absent"]
"""Equal; another value; one where gold has none; none where gold has one; none in both."""

RIGHT, DIFFERENT, INVENTED, MISSED, BOTH_ABSENT = range(5)
VERDICTS: tuple[Verdict, ...] = ("right", "wrong", "invented", "missed", "absent")

NO_KEY = object()
"""The key of a value whose equality is not transitive, so that it has none."""


class Judgment(NamedTuple):
    """The verdict on one scalar.

    Args:
        field: The name of its field, such as `lines[].price`.
        code: The position of the verdict in `VERDICTS`.
        path: Its place in gold; of an invented one, in the other value.
        gold: The gold value.
        got: The other one.
        is_choice: Whether it is of an enum or a boolean.
    """

    field: str
    code: int
    path: JSONPath
    gold: JSONValue
    got: JSONValue
    is_choice: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return VERDICTS[self.code]


Judgments: TypeAlias = list[Judgment]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A value that is not right.

    Args:
        row: The key of its row, or its position, counted from 1.
        path: Its place in the value.
        verdict: `wrong`, `invented` or `missed`.
        gold: The gold value; None if there is none.
        got: The other one; None if there is none.
    """

    row: str
    path: JSONPath
    verdict: Verdict
    gold: JSONValue
    got: JSONValue

    @classmethod
    def of(cls, row: str, judgment: Judgment) -> Mistake:
        """Return the mistake of a row."""
        return cls(row, judgment.path, judgment.verdict, judgment.gold, judgment.got)

    def __str__(self) -> str:
        """The mistake on one line.

        >>> print(Mistake("r-1", ("total",), "wrong", 9.5, 9))
        r-1: total: wrong: 9 instead of 9.5
        """
        place = f"{self.row}: {format_path(self.path)}: {self.verdict}"
        if self.verdict == "missed":
            return f"{place}: {shorten_json(self.gold)}"
        return f"{place}: {shorten_json(self.got)}" + (
            f" instead of {shorten_json(self.gold)}" if self.verdict == "wrong" else ""
        )

    def to_dict(self) -> JSON:
        """Return it as JSON."""
        fields = {"row": self.row, "path": format_path(self.path), "verdict": self.verdict}
        return {**fields, "gold": self.gold, "got": self.got}
