"""The rule for words: a name is a noun of the field, or a verb and a noun; prose is plain, idiomatic technical English.

The lists below are short on purpose: they hold the words that once made this code hard to read. The rule is wider
than the lists; CONTRIBUTING.md states it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "structkit").rglob("*.py"))
CODE = [*PACKAGE, ROOT / "structkit_pytest.py"]
CODE += [path for name in ("tests", "benchmarks", "recipes") for path in sorted((ROOT / name).rglob("*.py"))]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

INSTEAD_OF_NAMES = {
    "told tell tells said say says spoken": "callback, on_progress, message, text, content",
    "kept keeps": "stored_x, saved_x",
    "given": "argument, value, or what it is",
    "found": "match, result, or what it is",
    "wanted unwanted": "output_format, expected_x",
    "known": "cached_x, or what it is",
    "asked asking asks": "attempt, request, mode",
    "heard unheard seen unseen shown shows unsaid unread unsent unmet unsure": "what it is",
    "taken took put puts made makes lost begun began beginning gone going came comes": "what it is",
    "ended ending named learnt learns placed moved mended listed gathered opened written spelled": "what it is",
    "judged": "verdict, with_issues",
    "odd alike alone same twin once twice afresh anew doubtful sound faithful patient silent": "what it is",
    "wrong": "issues, invalid_x",
    "whole rest most least enough few deep": "max_x, min_x, remaining_x, or what it is",
    "own ours others either": "what it is",
    "cut uncut": "truncated_x, truncate",
    "way ways where why here there now around about again beyond besides": "what it is",
    "piece pieces": "chunk, fragment, part",
    "refuse refuses refused": "validate_x, reject_x, rejected_x",
    "lacking fresh fine flawed blind dress": "what it is",
}
"""Names that nobody can guess, and what to write instead. A name may hold one as one word of several."""

INSTEAD_OF_PREFIXES = {
    "refuse": "validate",
    "mend": "repair",
    "tell": "notify or report",
    "MOST": "MAX",
    "LONGEST": "MAX",
    "LEAST": "MIN",
}
"""First words of longer names."""

INSTEAD_OF_PHRASES = {
    r"\b(go|goes|going|went|gone) on\b(?! (the|a|an) )": "resume, continue",
    r"\bask(s|ed|ing)? again\b": "re-ask (the model), retry (a request)",
    r"\b(mend|mends|mended|mending)\b": "repair",
    r"\bstep(s|ped|ping)? down\b": "fall back to the next mode",
    r"\b(is|are|was|were|be|been) told\b": "is notified, receives, is called with",
    r"\b(anew|afresh)\b": "again, from scratch",
    r"\bat (its|their) ends?\b": "finished",
    r"\b(come|comes|came|coming) of\b": "the result of",
    r"\bwhat (comes|came|there is|is said|it says|they say)\b": "name it: the reply, the issues, the result",
    r"\bnext to nothing\b": "near zero",
    r"\bof no use\b": "useless, fails for every row",
    r"\bdrawn fairly\b": "a random sample",
    r"\b(stand|stands|stood) (in|at|twice|there|here|beside)\b": "is in, is at, duplicate",
    r"\b(was|is|were|are|been) cut\b": "is truncated, was interrupted",
    r"(?<!there )\b(is|are|was|were) no (JSON|object|text|number|value|schema|data|list|UTF|completion)": "is not a",
    r"\bsuch as (have|has|had|are|is|were)\b": "those that",
    r"\b(believe|believed|believes)\b": "cached, assumed",
    r"\b(room|rooms|floor|floors)\b(?! (for|to|left))": "module, layer",
}
"""Phrases that read as translated, and what to write instead."""


def names_bound(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that a file introduces, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


PUBLIC_NAMES = frozenset({"Found", "Judged", "wrong"})
"""Names of the public interface that read like adjectives: `Annotated[str, Judged]`, and the verdict `wrong`."""


def better_name(name: str) -> str | None:
    """What to write instead of a banned name; None for any other."""
    word = name.strip("_")
    if word in PUBLIC_NAMES:
        return None
    for words, better in INSTEAD_OF_NAMES.items():
        if word.lower() in words.split():
            return better
    first, _, more = word.partition("_")
    if more and first in INSTEAD_OF_PREFIXES:
        return f"{INSTEAD_OF_PREFIXES[first]}_{more}"
    return None


def code_prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines of comments and of texts with a space in them: docstrings, messages, help."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string.strip()):
            for number, line in enumerate(token.string.splitlines()):
                if not line.lstrip().startswith((">>>", "...")):
                    yield token.start[0] + number, line


def page_prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a page outside of its code blocks."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        is_code ^= line.startswith("```")
        if not is_code:
            yield number, line


def banned_phrases(lines: Iterator[tuple[int, str]]) -> list[str]:
    return [
        f"line {number}: {match[0]!r}; write: {better}"
        for number, line in lines
        for pattern, better in INSTEAD_OF_PHRASES.items()
        if (match := re.search(pattern, line, re.IGNORECASE))
    ]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_name_is_a_noun_or_a_verb_and_a_noun(path: Path) -> None:
    names = [(0, path.stem), *names_bound(ast.parse(path.read_text(encoding="utf-8")))]
    assert [f"line {line}: {name}; write: {better}" for line, name in names if (better := better_name(name))] == []


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_comments_and_messages_are_plain_english(path: Path) -> None:
    assert banned_phrases(code_prose(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_documentation_is_plain_english(path: Path) -> None:
    assert banned_phrases(page_prose(path.read_text(encoding="utf-8"))) == []
