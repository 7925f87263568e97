"""Patterns that need a backtracking engine, for lookaround or back-references: bounded in CPU time and in size."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from structkit.schema.json_schema import match_time
from structkit.values.text import shorten_json

MAX_COMPILED_ITEMS = 100_000
"""Items of a pattern with its repeats written out, as `regex` compiles them: up to 0.1 s and 50 MB."""

MAX_RUN = 500
"""Characters between two of `RUN_ENDS`; `regex` prepares the search for 500 of them in 0.1 s, for 4,000 in 30 s."""

RUN_ENDS = frozenset("|*+.^$")

TOKEN = re.compile(
    r"(?P<recursion>\(\?(?:R|[0-9]|&|P>))|(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*(?:\]|\\?\Z))"
    r"|(?P<count>\{(?=[0-9,]+\})(?P<min>[0-9]*),?(?P<max>[0-9]*)\})|(?P<brace>\{)|(?P<end>\$)|.",
    re.DOTALL,
)
MULTILINE = re.compile(r"\(\?[a-zA-Z]*m")


class PatternError(ValueError):
    """A pattern that cannot be used."""


class InvalidPattern(PatternError):
    """A pattern that is not a regular expression, or is too large."""


class PatternTimeout(PatternError):
    """A pattern on a text where the time for all patterns was used up."""

    def __init__(self, pattern: str, text: str) -> None:
        """Name both."""
        super().__init__(
            f"the pattern {shorten_json(pattern)}, with those before it, takes more than {match_time.MAX_MATCH_S:g} s "
            "of CPU on this reply; write it without repeats inside repeats, lookaround and back-references"
        )
        self.text = text


def compile_bounded(pattern: str) -> Callable[[str], bool]:
    r"""Return a function that searches a text for a pattern, and raises `PatternTimeout` where that takes too long.

    Python's `re` has no limit of any kind; `regex` looks at the clock inside its loop, and lets other threads run.

    Raises:
        InvalidPattern: The pattern is not a regular expression, or too large.

    >>> search = compile_bounded(r"^(a|b)\1$")
    >>> search("aa"), search("ab"), search("aa\n")
    (True, False, False)
    """
    import regex  # 25 ms; few schemas need it

    if any(token["recursion"] for token in TOKEN.finditer(pattern)):
        raise InvalidPattern("a group that calls itself is not part of JSON Schema's patterns")
    if count_items(pattern) > MAX_COMPILED_ITEMS:
        raise InvalidPattern(f"its repeats, written out, are more than {MAX_COMPILED_ITEMS:,} items")
    if longest_run(pattern) > MAX_RUN:
        raise InvalidPattern(f"more than {MAX_RUN:,} characters without a choice or a repeat")
    try:
        compiled: Any = regex.compile(_as_regex_syntax(pattern), regex.VERSION0)
    except (regex.error, ValueError, KeyError) as error:  # the latter two for flags that exclude each other
        raise InvalidPattern(str(error)) from None
    except RecursionError:
        raise InvalidPattern("its groups are nested too deep") from None

    def search(text: str) -> bool:
        try:
            match = match_time.current_match_time().measure(lambda limit: compiled.search(text, timeout=limit))
        except TimeoutError:
            raise PatternTimeout(pattern, text) from None
        return match is not None

    return search


def count_items(pattern: str, *, counts_optional: bool = False) -> int:
    """Return how many items an engine compiles: `regex` writes out the required rounds of a repeat, and one round more.

    Args:
        pattern: The pattern.
        counts_optional: Whether to count the optional rounds as well, which a linear engine writes out.

    >>> count_items("ab*"), count_items("(ab){3}c"), count_items("((a+)+)+")
    (2, 9, 8)
    >>> count_items("a{2,9}"), count_items("a{2,9}", counts_optional=True)
    (3, 10)
    """
    sizes, last = [0], 0
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if text == "(":
            sizes.append(0)
        elif text == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif text == "+" or token["count"]:
            rounds = 1 if text == "+" else _rounds(token, counts_optional=counts_optional)
            sizes[-1] += last * rounds
            last *= rounds + 1
        elif text not in {"*", "?"}:
            last = 1
            sizes[-1] += 1
    return sum(sizes)


def longest_run(pattern: str) -> int:
    """Return how many characters, escapes and sets are between two characters that end a run.

    >>> longest_run("(?:ab|c[de])+f"), longest_run("a.b")
    (5, 1)
    """
    longest, run = 0, 0
    for token in TOKEN.finditer(pattern):
        run = 0 if token[0] in RUN_ENDS else run + 1
        longest = max(longest, run)
    return longest


def _rounds(count: re.Match[str], *, counts_optional: bool) -> int:
    digits = (count["max"] if counts_optional else "") or count["min"] or "0"
    return int(digits[:9])


def _as_regex_syntax(pattern: str) -> str:
    r"""Return a pattern of ECMA 262 as `regex` reads it: `$` is the end of the text, `{` may be a plain character.

    >>> _as_regex_syntax(r"^[$]\${a}a{2}$"), _as_regex_syntax(r"(?<q>['`])\k<q>")
    ('^[$]\\$\\{a}a{2}\\Z', "(?<q>['`])\\g<q>")
    """
    # Otherwise `a{e}` would be a fuzzy match.
    spellings = {"$": "$" if MULTILINE.search(pattern) else r"\Z", "{": r"\{", r"\k": r"\g"}
    return TOKEN.sub(lambda token: token[0] if token["set"] else spellings.get(token[0], token[0]), pattern)
