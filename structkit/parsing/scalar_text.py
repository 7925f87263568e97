"""The scalars that a text can mean, where the schema allows scalars of other types or lists the allowed values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from structkit.parsing.numbers import read_number
from structkit.parsing.spelling import find_name, group_names
from structkit.values import JSONValue, ValueRepair

BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
NULLS = frozenset({"null", "none"})
QUALIFIED_NAME = re.compile(r"\s*(?:[^\W\d]\w*\.)+[^\W\d]\w*\s*")
NUMBER_TYPES = frozenset({"number", "integer"})


@dataclass(frozen=True)
class Choices:
    """The values that a schema lists.

    Args:
        values: The values.
        by_member: Those of them that have a name in the caller's code, by that name.
    """

    values: list[JSONValue]
    by_member: Mapping[str, JSONValue] = field(default_factory=dict)

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """The texts among them, as `find_name` takes them."""
        return group_names(value for value in self.values if isinstance(value, str))

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """The names of members, as `find_name` takes them."""
        return group_names(self.by_member)

    @cached_property
    def numbers(self) -> list[int | float]:
        """The numbers among them."""
        return [value for value in self.values if isinstance(value, int | float) and not isinstance(value, bool)]


def scalar_readings(text: str, types: set[str], choices: Choices) -> Iterator[tuple[ValueRepair, JSONValue]]:
    """Yield the scalars that a text can mean, each with its repair.

    Args:
        text: The text, which is not one of the choices.
        types: The types of which any value is allowed.
        choices: The values that are allowed beside these.

    >>> [*scalar_readings("12", {"integer", "null"}, Choices([]))], [*scalar_readings("TWO", set(), Choices(["two"]))]
    ([('number in text', 12)], [('spelling', 'two')])
    """
    yield from _read_choice(text, choices)
    if (number := _read_number(text, types, choices)) is not None:
        yield "number in text", number
    word = text.strip().removesuffix(".").casefold()
    if word in BOOLEANS and ("boolean" in types or any(value is BOOLEANS[word] for value in choices.values)):
        yield "boolean in text", BOOLEANS[word]
    if word in NULLS and ("null" in types or None in choices.values):
        yield "null in text", None


def _read_choice(text: str, choices: Choices) -> Iterator[tuple[ValueRepair, JSONValue]]:
    """Yield the choice that a text names, in another spelling, or by the name of its member."""
    last = text.rpartition(".")[2] if QUALIFIED_NAME.fullmatch(text) else text  # as in `Color.RED`
    value = find_name(text, choices.names)
    value = find_name(last, choices.names) if value is None else value
    value = find_name(text.rstrip().removesuffix("."), choices.names) if value is None else value
    member = find_name(last.rstrip().removesuffix("."), choices.members)
    if value is not None:
        yield "spelling", value
    if member is not None and choices.by_member[member] != value:
        yield "member name", choices.by_member[member]


def _read_number(text: str, types: set[str], choices: Choices) -> int | float | None:
    if not types & NUMBER_TYPES and not choices.numbers:
        return None
    has_fractions = "number" in types or any(isinstance(number, float) for number in choices.numbers)
    number = read_number(text, as_integer=not has_fractions)
    return number if types & NUMBER_TYPES or number in choices.numbers else None


def means_choice(value: JSONValue, choices: Choices) -> bool:
    """Return whether a value is one of the choices, or a text that means one."""
    return value in choices.values or (isinstance(value, str) and any(scalar_readings(value, set(), choices)))
