"""Where in a reply's text its documents stand: behind thinking, in code fences, among prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from structkit.parsing.tolerant import Broken, Cut, Document, read_document

BLANK = " \t\r\n"
MARK = re.compile(r"[\[{]|`{3,}|~{3,}|</?think(?:ing)?>", re.IGNORECASE)
INFO = re.compile(r"[^\n`~{\[]*+")
END_OF_THINKING = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
ASIDE = re.compile(r"""(?:\[|\{\{?)(?:[^\[\]{}"'\n]|(?<=\w)')*(?:\]|\}\}?)""")
"""Brackets of prose: `[see note 2]`, `{{name}}`. They close on their line, and nothing is nested or quoted in them."""

FRESH_START = re.compile(r"^[ \t]*+(?:`{3,}|~{3,})[^\n`~{\[]*+\s*+(?=[{\[])", re.MULTILINE)
"""Where reading goes on after a document that is broken: its end is unknown, and what follows may be part of it."""

CERTAIN_END = re.compile(r"</think(?:ing)?>(?=[ \t]*\r?\n)", re.IGNORECASE)
"""An end of thinking that stands in no string, unless in one that spans lines as neither JSON nor Python lets it."""


@dataclass(slots=True)
class Survey:
    """What stands in a text.

    Args:
        documents: The whole ones, and whether each stands in a code fence.
        thinking: Whether there is thinking, which is never part of the answer.
        prose: Whether there is anything else.
    """

    documents: list[tuple[Document, bool]] = field(default_factory=list)
    thinking: bool = False
    prose: bool = False


@dataclass(frozen=True, slots=True)
class Thinking:
    """Thinking that ends; where its start is not marked, all before it is thinking too."""

    opened: bool


def survey(text: str) -> Survey:
    r"""Find every document of *text* that stands in no other, in linear time.

    Raises:
        Cut: The text ends within a document or within thinking. The answer would have stood there,
            so that what stands before is a draft at best.

    >>> found = survey('<think>[1]</think>Here:\n```json\n{"a": 1}\n```\nor {"a": 2}, [1, said he].')
    >>> [(document.value, fenced) for document, fenced in found.documents]
    [({'a': 1}, True), ({'a': 2}, False)]
    >>> survey('{"a": 1} and {"a": 2, "b": ')
    Traceback (most recent call last):
    structkit.parsing.tolerant.Cut
    """
    found = Survey()
    for piece in _pieces(text):
        if isinstance(piece, str):
            found.prose |= bool(piece.strip(BLANK))
        elif isinstance(piece, tuple):
            found.documents.append(piece)
        else:
            found = found if piece.opened else Survey()
            found.thinking = True
    return found


def _pieces(text: str) -> Iterator[str | tuple[Document, bool] | Thinking]:
    """The text bit by bit, without fences, read forward but for one step back to where thinking ends."""
    at, fenced, behind = 0, False, _last_end_of_thinking(text)
    while mark := MARK.search(text, at):
        yield text[at : mark.start()]
        sign = mark.group()[0]
        if sign in "`~":
            fenced = not fenced
            at = INFO.match(text, mark.end()).end() if fenced else mark.end()  # type: ignore[union-attr]
        elif sign == "<":
            yield Thinking(opened=mark.group()[1] != "/")
            at = _end_of_thinking(text, mark)
        elif isinstance(read := _read(text, mark.start(), behind), Document):
            yield read, fenced
            at = read.end
        else:
            yield text[mark.start() : read.end]
            at, fenced = read.end, fenced and read.aside
    yield text[at:]


def _last_end_of_thinking(text: str) -> int:
    """Where thinking surely ends, for it is full of brackets left open; 0 where the text itself opens with one."""
    if text.lstrip(BLANK)[:1] in {"{", "["}:
        return 0
    return max((found.start() for found in CERTAIN_END.finditer(text)), default=0)


def _end_of_thinking(text: str, mark: re.Match[str]) -> int:
    found = END_OF_THINKING.search(text, mark.start())
    if found is None:
        raise Cut
    return found.end()


@dataclass(frozen=True, slots=True)
class Skipped:
    """What opened with a bracket and is no document: an aside of prose, or broken."""

    end: int
    aside: bool


def _read(text: str, start: int, behind: int) -> Document | Skipped:
    try:
        return read_document(text, start)
    except Cut:
        if behind > start:
            return Skipped(behind, aside=False)
        raise
    except Broken as broken:
        aside = ASIDE.match(text, start)
        if aside is not None and aside.end() >= broken.at:
            return Skipped(aside.end(), aside=True)
        if behind > start:
            return Skipped(behind, aside=False)
        again = FRESH_START.search(text, broken.at)
        return Skipped(again.start() if again else len(text), aside=False)
