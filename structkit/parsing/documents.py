"""The documents in a reply's text: after thinking, in code fences, between prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.mentions import (
    AFTER_FOOTNOTE,
    TASK_BOX,
    is_empty,
    is_number_of_footnote,
    is_subscript,
    program_end,
)
from structkit.parsing.strings import STRING
from structkit.parsing.thinking import END_OF, ENDS, STARTS
from structkit.parsing.tolerant import (
    SPECIAL_SPACE,
    ParsedDocument,
    TruncatedDocument,
    UnrepairableDocument,
    read_document,
)
from structkit.parsing.turns import OWN_TURN, TRANSCRIPT, TURN, TURN_END, is_mention

MAX_DOCUMENTS = 1_000
"""A text with more documents is not an answer; reading each of 200,000 empty ones would take seconds."""

MAX_MARKS = 20_000
"""Brackets, fences and tags outside of documents that are looked at, for the same reason."""

BLANK = " \t\r\n"
QUOTES = re.escape("".join(STRING))
BOUND = r"[ \t]*+[-+\u2212]?(?:[$\u20ac\xa3]?[0-9]++(?:\.[0-9]++)?(?:[ \t]?%)?|\u221e|inf(?:inity)?|[a-z])[ \t]*+"
LEFT_OPEN = rf"\]{BOUND}[,;]{BOUND}\["
"""An interval such as `]0, 1[`, with numbers or single letters as its bounds."""

MARK = re.compile(
    rf"{STARTS}|(?P<startless>{ENDS})|(?P<turn_end>{TURN_END})|[\[{{]|{LEFT_OPEN}|`{{3,}}|~{{3,}}|[\uff5b\uff3b](?=[\s{SPECIAL_SPACE}]*(?:[{QUOTES}\[{{\uff5b\uff3b]|//|/\*))",
    re.IGNORECASE,
)
"""What may begin a document, a fence, thinking or the next turn; a bracket in full width only before a value."""

FENCE_INFO = re.compile(r"[^\n`~{\[]*+")
BRACKETED_PROSE = re.compile(
    r"""(?:\[|\{\{?)(?:[^\[\]{}"'\n]|(?<=\w)')*(?:\]|\}\}?)|\uff3b[^\[\]{}"'\n\uff3b\uff3d\uff5b\uff5d]*\uff3d"""
)
"""Brackets in prose, as `[see note 2]` or `{{name}}`: closed on the same line, with nothing nested or quoted inside."""

HALF_OPEN = re.compile(
    r"""\[[^\[\]{}()"'`\n]++(?:(?<=\w)'[^\[\]{}()"'`\n]*+)*"""
    r"""(?:\)(?!\s*+,\s*+[\[{])|\[(?=[ \t]*+(?:[.,;:!?)]|\Z)|[ \t]++[^\W\d_]))"""
)
"""An interval such as `[1, 2)` or `[0, 1[`: no list ends so, and no item of one is followed so."""

UNCLOSED = re.compile(r"""\[[^\[\]{}"\n]*[.!?\u3002]\s++(?=[\[{])""")
"""A bracket that a sentence opens and does not close, up to a document after the sentence, as in `It costs [1, 2%.`"""

BRACKETS = re.compile(r"[\[\]]")
MAX_LOOKBACK = 200
"""Characters before such a bracket in which the words of its sentence are looked for."""

STARTS_LIKE_VALUES = re.compile(rf"[\[\uff3b\s]*+(?:\\?[{QUOTES}]|[-\d]|[{{\uff5b]\s*+(?:\\?[{QUOTES}]|\w++\s*+:))")
"""The start of an object with a key, or of a list of objects, texts or numbers; not of a note, a link or a template."""

FENCED_START = re.compile(r"^[ \t]*+(?:`{3,}|~{3,})[^\n`~{\[]*+\s*+(?=[{\[])", re.MULTILINE)
"""Where the scan resumes after an unrepairable document: its end is unknown, so that the text after it may be in it."""

CERTAIN_THINKING_END = re.compile(rf"(?:{ENDS})(?=[ \t]*\r?\n)", re.IGNORECASE)
"""The end of thinking, outside of any string: neither JSON nor Python lets a string continue on the next line."""

WORD = re.compile(r"[^\W\d_]")
EMPHASIS = " \t*_`'\"("
"""What may be between a word and the bracket after it."""

COLONS = {":", "\uff1a"}
INTRODUCTIONS = {*COLONS, "="}
"""Signs at the end of what introduces a document on the same line."""

ESCAPED = re.compile(r"\\(.)", re.DOTALL)
"""A character after a backslash."""


@dataclass(slots=True)
class DocumentScan:
    """The contents of a text.

    Args:
        documents: The complete documents, each with whether it is in a code fence.
        in_sentences: Whether each document is in a sentence that does not introduce it.
        has_thinking: Whether there is thinking, which is never part of the answer.
        has_fence: Whether there is a code fence, opened or closed, outside of thinking and documents.
        has_prose: Whether there is any other text.
        is_divided: Whether there is more than space or a comma between two documents.
        has_turn_sign: Whether there is a token of a chat template.
        has_turn_end: Whether the model's turn ends after some text: what follows it is not part of the reply.
        is_broken_last: Whether a document that cannot be repaired follows the others, and is not in a sentence.
    """

    documents: list[tuple[ParsedDocument, bool]] = field(default_factory=list)
    in_sentences: list[bool] = field(default_factory=list)
    has_thinking: bool = False
    has_fence: bool = False
    has_prose: bool = False
    is_divided: bool = False
    has_turn_sign: bool = False
    has_turn_end: bool = False
    is_broken_last: bool = False

    def add(self, document: ParsedDocument, is_fenced: bool, *, text: str, line: Line, is_divided: bool) -> None:
        """Add a document of *text*, unless it is only mentioned there."""
        if line.mentions(document, text):
            self.has_prose = True
            return
        self.documents.append((document, is_fenced))
        self.is_broken_last = False
        self.in_sentences.append(line.is_sentence)
        self.is_divided |= is_divided

    def ends_at(self, turn_end: TurnEnd) -> bool:
        """Note the end of a turn, and return whether the reply ends with it."""
        self.has_turn_sign = True
        self.has_turn_end = bool(self.documents) or (self.has_prose and not turn_end.continues)
        return self.has_turn_end


@dataclass(slots=True)
class Line:
    """What is on the line of a document before it.

    Args:
        has_word: Whether there is a word.
        sign: The last character, apart from emphasis and brackets.
        text: The text since the document before it.
    """

    has_word: bool = False
    sign: str = ""
    text: str = ""

    def add(self, text: str) -> None:
        """Add a text in front of a document."""
        *lines_above, text_on_line = text.rsplit("\n", 1)
        if lines_above:
            self.has_word, self.sign = False, ""
        self.text = text or self.text
        self.has_word = self.has_word or bool(WORD.search(text_on_line))
        self.sign = text_on_line.rstrip(EMPHASIS)[-1:] or self.sign

    @property
    def is_sentence(self) -> bool:
        """Whether a document here is in a sentence that does not introduce it."""
        return self.has_word and self.sign not in INTRODUCTIONS

    def mentions(self, document: ParsedDocument, text: str) -> bool:
        """Return whether a document here is only mentioned in *text*."""
        if is_empty(document.value):
            return self.has_word and self.sign not in COLONS
        if is_number_of_footnote(document.value):
            return self.is_sentence or AFTER_FOOTNOTE.match(text, document.end) is not None
        return is_subscript(document.value, self.text)


@dataclass(frozen=True, slots=True)
class ThinkBlock:
    """Thinking that has an end tag; without a start tag, all text before the end tag is thinking."""

    has_start_tag: bool


@dataclass(frozen=True, slots=True)
class Fence:
    """The start or the end of a code fence."""


class BrokenDocument(str):
    """The text of a document that cannot be repaired."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """A token that ends a turn, or starts the next one.

    Attributes:
        continues: Whether the next turn is the model's own.
    """

    continues: bool


def scan_documents(text: str) -> DocumentScan:
    r"""Find every document of *text* that is not part of another one, in linear time.

    Raises:
        TruncatedDocument: The text ends inside a document or inside thinking. The answer would have been there, so that
            any earlier document is at best a draft. Or it has more than `MAX_DOCUMENTS` or `MAX_MARKS`.

    >>> scan = scan_documents('<think>[1]</think>Here:\n```json\n{"a": 1}\n```\nor {"a": 2}, [1, said he].')
    >>> [(document.value, is_fenced) for document, is_fenced in scan.documents]
    [({'a': 1}, True), ({'a': 2}, False)]
    >>> scan_documents('{"a": 1} and {"a": 2, "b": ')
    Traceback (most recent call last):
    structkit.parsing.tolerant.TruncatedDocument
    """
    scan, is_divided, line = DocumentScan(), False, Line()
    for segment in _segments(text):
        if len(scan.documents) > MAX_DOCUMENTS:
            raise TruncatedDocument
        if isinstance(segment, TurnEnd):
            if scan.ends_at(segment):
                break
        elif isinstance(segment, str):
            scan.is_broken_last |= isinstance(segment, BrokenDocument) and not line.is_sentence
            scan.has_prose |= bool(segment.strip(BLANK))
            is_divided |= bool(scan.documents and segment.strip(BLANK + ","))
            line.add(segment)
        elif isinstance(segment, tuple):
            scan.add(*segment, text=text, line=line, is_divided=is_divided)
        elif isinstance(segment, Fence):
            scan.has_fence, line = True, Line()
            is_divided |= bool(scan.documents)
        else:
            scan = scan if segment.has_start_tag else DocumentScan()
            scan.has_thinking, line = True, Line()
            is_divided = bool(scan.documents)
    return scan


def has_ended_turn(text: str) -> bool:
    r"""Return whether the model's turn ends after some of *text*, so that it does not matter where the text ends.

    >>> has_ended_turn('{"a": 1}<|im_end|>\n<|im_start|>user\nAnd {"b'), has_ended_turn('{"a": "<|im_end|>')
    (True, False)
    """
    try:
        return TURN.search(text) is not None and scan_documents(text).has_turn_end
    except TruncatedDocument:
        return False


def _segments(text: str) -> Iterator[str | tuple[ParsedDocument, bool] | Fence | ThinkBlock | TurnEnd]:
    """Yield the text segment by segment, reading forward except for one step back to a thinking end."""
    at, is_fenced, thinking_end, brackets = 0, False, _last_thinking_end(text), _Brackets(text)
    for _ in range(MAX_MARKS):
        if (mark := MARK.search(text, at)) is None:
            break
        yield text[at : mark.start()]
        sign = mark.group()[0]
        if mark.lastgroup == "turn_end" or sign == "]":
            yield _turn_end(text, mark) if mark.lastgroup else mark.group()
            at = mark.end()
        elif mark.lastgroup:
            yield ThinkBlock(has_start_tag=mark.lastgroup in END_OF)
            at = _thinking_end(text, mark)
        elif sign in "`~":
            yield Fence()
            is_fenced = not is_fenced
            start, at = _program_in_fence(text, mark.end()) if is_fenced else (mark.end(), mark.end())
            yield text[start:at]
        elif isinstance(bracketed := _read_bracketed(text, mark.start(), thinking_end, brackets), ParsedDocument):
            yield _document(text, mark.start(), bracketed, is_fenced=is_fenced)
            at = bracketed.end
        else:
            yield _no_document(text, mark.start(), bracketed)
            at, is_fenced = bracketed.end, is_fenced and bracketed.is_prose
    else:
        raise TruncatedDocument
    yield text[at:]


def _program_in_fence(text: str, start: int) -> tuple[int, int]:
    """Return where a program in a code fence starts and ends; it is empty if the fence may have an answer."""
    content = FENCE_INFO.match(text, start).end()  # type: ignore[union-attr]
    return content, program_end(text, content) or content


def _document(
    text: str, start: int, document: ParsedDocument, *, is_fenced: bool
) -> tuple[ParsedDocument, bool] | BrokenDocument:
    """Return a document, or its text if its quotes and escapes give it two readings."""
    content = text[start : document.end]
    is_quoted = text[start - 1 : start] == "'" == text[document.end : document.end + 1]
    return BrokenDocument(content) if is_quoted and _is_string_of_json(content) else (document, is_fenced)


def _is_string_of_json(text: str) -> bool:
    r"""Return whether JSON in single quotes is other JSON if it is a string of Python or JavaScript.

    >>> [_is_string_of_json(text) for text in (r'["a\\nb"]', r'["a\\nb", "\""]', r'["C:\\dir"]')]
    [True, False, False]
    """
    if not {"\\"} <= set(ESCAPED.findall(text)) <= {"\\", "'"}:
        return False
    try:
        read_json(ESCAPED.sub(r"\1", text))
    except NotJSON:
        return False
    return True


def _no_document(text: str, start: int, bracketed: NotADocument) -> str:
    is_prose = bracketed.is_prose or not STARTS_LIKE_VALUES.match(text, start)
    return (str if is_prose else BrokenDocument)(text[start : bracketed.end])


def _turn_end(text: str, mark: re.Match[str]) -> TurnEnd | str:
    """Return the end of a turn, or the token as text."""
    if TRANSCRIPT.match(text) or is_mention(text, mark):
        return mark.group()
    return TurnEnd(continues=OWN_TURN.match(text, mark.start()) is not None)


def _last_thinking_end(text: str) -> int:
    """Return the last certain end of thinking, whose brackets may be unclosed; 0 if the text starts with a bracket."""
    if text.lstrip(BLANK)[:1] in {"{", "["}:
        return 0
    return max((end.start() for end in CERTAIN_THINKING_END.finditer(text)), default=0)


def _thinking_end(text: str, mark: re.Match[str]) -> int:
    end = END_OF[mark.lastgroup].search(text, mark.end()) if mark.lastgroup in END_OF else mark
    if end is None:
        raise TruncatedDocument
    return end.end()


@dataclass(frozen=True, slots=True)
class NotADocument:
    """Text that starts with a bracket without being a document: bracketed prose, or an unrepairable document."""

    end: int
    is_prose: bool


def _read_bracketed(text: str, start: int, thinking_end: int, brackets: _Brackets) -> ParsedDocument | NotADocument:
    if box := TASK_BOX.match(text, start):
        return NotADocument(box.end(), is_prose=True)
    try:
        return read_document(text, start)
    except TruncatedDocument:
        if thinking_end > start:
            return NotADocument(thinking_end, is_prose=False)
        raise
    except UnrepairableDocument as error:
        prose = BRACKETED_PROSE.match(text, start) or HALF_OPEN.match(text, start)
        prose = prose or _unclosed_prose(text, start, brackets)
        if prose is not None and prose.end() >= error.at:
            return NotADocument(prose.end(), is_prose=True)
        if thinking_end > start:
            return NotADocument(thinking_end, is_prose=False)
        resume = FENCED_START.search(text, error.at)
        return NotADocument(resume.start() if resume else len(text), is_prose=False)


def _unclosed_prose(text: str, start: int, brackets: _Brackets) -> re.Match[str] | None:
    """Return the end of a sentence with a bracket that the text never closes; None if it may be a list."""
    line = Line()
    line.add(text[max(0, start - MAX_LOOKBACK) : start])
    prose = UNCLOSED.match(text, start) if line.is_sentence else None
    return prose if prose and start in brackets.unclosed else None


class _Brackets:
    """The brackets of a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def unclosed(self) -> frozenset[int]:
        """Where the brackets are that no other one closes, wherever they are: in strings too."""
        positions: list[int] = []
        for bracket in BRACKETS.finditer(self._text):
            if bracket.group() == "[":
                positions.append(bracket.start())
            elif positions:
                positions.pop()
        return frozenset(positions)
