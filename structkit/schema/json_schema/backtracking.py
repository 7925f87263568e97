"""How many ways through a text Python's engine may try for a pattern: where it can be forever, the pattern is refused.

The count is an upper bound. A repeat of single characters that what follows ends for certain counts as one way, and
so do branches that differ in their first character: such are the patterns that people write by hand.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

MOST_WAYS = math.log(1e9)
"""Steps of Python's engine in some ten seconds, at the worst."""

LONG = 100
"""Rounds of a repeat that count as those of one without end."""

SAMPLES = frozenset(map(chr, range(256))) | frozenset("жЖ中あ٣߀ſ\u2028\u3000😀")
"""Characters by which it is told whether two sets of characters have one in common."""

Tokens: TypeAlias = Any
Characters: TypeAlias = frozenset[str]

_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")


@dataclass(frozen=True)
class Ways:
    """A number of ways through a text: a constant (its logarithm) times a power of the text's length.

    Args:
        constant: The logarithm.
        power: The power.
        is_long: Whether one way can be as long as the text.
    """

    constant: float = 0
    power: float = 0
    is_long: bool = False

    def __add__(self, other: Ways) -> Ways:
        """One after the other, whichever way each has been taken."""
        return Ways(self.constant + other.constant, self.power + other.power, self.is_long or other.is_long)

    def times(self, most: float) -> Ways:
        """Over and over again."""
        return Ways(self.constant and self.constant * most, self.power and self.power * most, self.is_long)

    def too_many(self, length: int) -> bool:
        """Whether a text of this length may take too long."""
        return self.constant + (self.power + self.is_long) * math.log(max(length, 2)) > MOST_WAYS


ONE = Ways()


def count_ways(pattern: str) -> Ways:
    r"""The ways to look for a pattern in a text.

    >>> count_ways("^(a+)+$").power, count_ways(r"^([a-z]+\.)+$").power, count_ways(r"^a*a*b(?!c)").power
    (inf, 0, 1)
    """
    tree = _parser.parse(pattern)
    is_anchored = bool(tree) and tree[0] == (_parser.AT, _parser.AT_BEGINNING)
    escaped = (chr(int(code, 16)) for code in re.findall(r"\\u([0-9a-fA-F]{4})", pattern))
    samples = SAMPLES.union(pattern, escaped)
    has_flags = re.search(r"\(\?[a-zA-Z]*-?[a-zA-Z]+[:)]", pattern)
    return _Count(samples, known=not has_flags).of(tree) + (ONE if is_anchored else Ways(power=1))


@dataclass(frozen=True)
class _Count:
    """The count for one pattern.

    Args:
        samples: Every character that is looked at.
        known: Whether it is known which characters a set takes: flags would change that.
    """

    samples: Characters
    known: bool

    def of(self, tree: Tokens) -> Ways:
        """The ways through a tree; what looks around is tried anew on each, and left for good."""
        around = [self.of(inner) for inner in _around(tree)]
        costliest = max(around, key=lambda ways: (ways.power + ways.is_long, ways.constant), default=ONE)
        return self.sequence(tree, self.samples) + costliest

    def sequence(self, tokens: Tokens, after: Characters) -> Ways:
        """The ways through tokens that are followed by one of the characters *after*, or by the end."""
        total = ONE
        for kind, value in reversed([*tokens]):
            total += self.token(str(kind), value, after)
            after = self.beginning(str(kind), value, after)
        return total

    def token(self, kind: str, value: Any, after: Characters) -> Ways:
        """The ways through one token."""
        if kind.endswith("REPEAT"):
            least, most, body = value
            return self.repeat(least, most, body, after)
        if kind == "BRANCH":
            firsts = [self.first(branch, after) for branch in value[1]]
            inside = sum((self.sequence(branch, after) for branch in value[1]), ONE)
            return inside if _are_apart(firsts) else inside + Ways(math.log(len(firsts)))
        if kind == "GROUPREF_EXISTS":
            return sum((self.sequence(branch, after) for branch in value[1:] if branch), Ways(math.log(2)))
        inside = _group(kind, value)
        return ONE if inside is None else self.sequence(inside, after)

    def repeat(self, least: int, most: int, body: Tokens, after: Characters) -> Ways:
        """The ways through each round, and the rounds that there can be."""
        again = self.first(body, after)
        inside = self.sequence(body, after | again if most > 1 else after)
        endless = most == _parser.MAXREPEAT
        rounds = inside.times(math.inf if endless else most)
        if least == most or _are_apart([again, after]):
            return rounds + Ways(is_long=most > LONG)
        return rounds + (Ways(power=1) if endless else Ways(math.log(most - least + 1)))

    def first(self, tokens: Tokens, after: Characters) -> Characters:
        """The characters that tokens can begin with, where *after* can follow them."""
        for kind, value in reversed([*tokens]):
            after = self.beginning(str(kind), value, after)
        return after

    def beginning(self, kind: str, value: Any, after: Characters) -> Characters:
        """The characters that one token can begin with."""
        if kind == "BRANCH":
            return frozenset[str]().union(*(self.first(branch, after) for branch in value[1]))
        if kind.endswith("REPEAT"):
            return self.first(value[2], after) | (after if value[0] == 0 else frozenset())
        if (inside := _group(kind, value)) is not None:
            return self.first(inside, after)
        if kind in {"AT", "ASSERT", "ASSERT_NOT"}:
            return frozenset() if str(value) in {"AT_END", "AT_END_STRING"} else after
        return self.characters(kind, value)

    def characters(self, kind: str, value: Any) -> Characters:
        """What a token takes that is one character."""
        if not self.known or kind not in SINGLE:
            return self.samples
        if kind == "LITERAL":
            return frozenset(chr(value))
        one = _compiler.compile(_parser.SubPattern(_parser.State(), [(SINGLE[kind], value)]), re.DOTALL)
        return frozenset(filter(one.fullmatch, self.samples))


SINGLE = {str(kind): kind for kind in (_parser.LITERAL, _parser.NOT_LITERAL, _parser.ANY, _parser.IN)}
"""The tokens that take one character."""


def _group(kind: str, value: Any) -> Tokens:
    """The tokens of a group; None of what is none."""
    return value[3] if kind == "SUBPATTERN" else value if kind == "ATOMIC_GROUP" else None


def _are_apart(sets: list[Characters]) -> bool:
    return all(one.isdisjoint(other) for one, other in combinations(sets, 2))


def _around(tree: Tokens) -> Iterator[Tokens]:
    """What looks around in a tree, but not what is within that."""
    for kind, value in tree:
        if str(kind) in {"ASSERT", "ASSERT_NOT"}:
            yield value[1]
        else:
            for inner in _inside(value):
                yield from _around(inner)


def _inside(value: Any) -> Iterable[Tokens]:
    """The trees in the value of a token, at any depth of lists and tuples."""
    if isinstance(value, _parser.SubPattern):
        return [value]
    return [tree for each in value for tree in _inside(each)] if isinstance(value, list | tuple) else []
