"""Nearly JSON as a value: mends what leaves no doubt, and knows cut text from broken text.

No repair library does this: those at hand close what is open, which makes data of cut text, and put
commas, colons and empty values where there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from structkit.values import JSON, JSONValue

Repair: TypeAlias = Literal[
    "byte order mark",
    "think block",
    "code fence",
    "prose",
    "trailing comma",
    "single quotes",
    "raw newline",
    "string escape",
    "python literal",
    "comment",
    "unquoted key",
    "wrapper",
]
"""What may be mended in a reply's text."""

DEEPEST = 100
"""Levels of nesting beyond which text that needs mending is given up."""

STRING = {
    '"': re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*)"', re.DOTALL),
    "'": re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*)'", re.DOTALL),
}
SPACE = re.compile(r"[ \t\r\n]*+")
COMMENTS = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+|#[^\n]*+|/\*[\s\S]*?\*/)*")
BARE_KEY = re.compile(r"[\w$][\w$-]*+")
BARE_VALUE = re.compile(r"""[^\s,:\[\]{}"'/#]++""")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
ESCAPE = re.compile(
    r"""\\(?:(["\\/bfnrt'])|u([0-9a-fA-F]{4})|(x[0-9a-fA-F]{2}|U(?:0010|000[0-9a-fA-F])[0-9a-fA-F]{4})|.)""", re.DOTALL
)
CONTROL = re.compile(r"[\x00-\x1f]")
SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
NO_NUMBERS = frozenset({"NaN", "-NaN", "Infinity", "-Infinity", "nan", "-nan", "inf", "-inf"})


class Cut(ValueError):
    """The text ends before the document does; what it would have said is unknown."""


class Broken(ValueError):
    """The text at `at` fits no mend; where the document ends is unknown."""

    def __init__(self, at: int = 0) -> None:
        """Say where."""
        super().__init__(f"cannot be read at character {at}")
        self.at = at


@dataclass(frozen=True, slots=True)
class Document:
    """An object or array that stands whole in a text.

    Args:
        value: What it says.
        end: The position after it.
        repairs: What had to be mended, in order of first need.
        refused: Whether it says what exact reading refuses: equal keys, NaN, numbers too large, lone surrogates.
    """

    value: JSONValue
    end: int
    repairs: tuple[Repair, ...]
    refused: bool


def read_document(text: str, start: int = 0) -> Document:
    """Read the object or array that opens at *start*; every scalar of its value stands in the text.

    The time taken is linear in the characters read.

    Raises:
        Cut: The text ends first, or the nesting is deeper than `DEEPEST`.
        Broken: It cannot be read without guessing.

    >>> document = read_document("{name: 'Ada', tags: [None,],} // done")
    >>> document.value, document.repairs
    ({'name': 'Ada', 'tags': [None]}, ('unquoted key', 'single quotes', 'python literal', 'trailing comma'))
    >>> read_document('{"a": 1, "a": 2}').refused
    True
    >>> read_document('{"a": "cut he')
    Traceback (most recent call last):
    structkit.parsing.tolerant.Cut
    >>> read_document('{"a" 1}')
    Traceback (most recent call last):
    structkit.parsing.tolerant.Broken: cannot be read at character 5
    """
    reader = _Reader(text, start)
    try:
        value = reader.value(0)
        text[start : reader.at].encode()
    except UnicodeEncodeError:
        return Document(None, reader.at, (), refused=True)
    except RecursionError:
        raise Cut from None
    return Document(value, reader.at, tuple(reader.repairs), reader.refused)


class _Reader:
    """A position in a text, and what was met before it."""

    __slots__ = ("at", "refused", "repairs", "text")

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self.repairs: dict[Repair, None] = {}
        self.refused = False

    def value(self, depth: int) -> JSONValue:
        char = self._peek()
        if char in "{[":
            if depth == DEEPEST:
                raise Cut
            return self._object(depth) if char == "{" else self._array(depth)
        return self._string(char) if char in STRING else self._scalar()

    def _object(self, depth: int) -> JSON:
        value: JSON = {}
        self.at += 1
        while self._peek() != "}":
            key = self._key()
            self.refused |= key in value
            if self._peek() != ":":
                raise Broken(self.at)
            self.at += 1
            value[key] = self.value(depth + 1)
            self._next("}")
        self.at += 1
        return value

    def _array(self, depth: int) -> list[JSONValue]:
        items: list[JSONValue] = []
        self.at += 1
        while self._peek() != "]":
            items.append(self.value(depth + 1))
            self._next("]")
        self.at += 1
        return items

    def _next(self, close: str) -> None:
        """Go over the comma that must part two items."""
        char = self._peek()
        if char == ",":
            self.at += 1
            if self._peek() == close:
                self.repairs["trailing comma"] = None
        elif char != close:
            raise Broken(self.at)

    def _peek(self) -> str:
        """The next character that is neither space nor comment."""
        text = self.text
        self.at = SPACE.match(text, self.at).end()  # type: ignore[union-attr]
        if text[self.at : self.at + 1] in {"/", "#"}:
            self._skip_comments()
        if self.at == len(text):
            raise Cut
        return text[self.at]

    def _skip_comments(self) -> None:
        end = COMMENTS.match(self.text, self.at).end()  # type: ignore[union-attr]
        if end > self.at:
            self.repairs["comment"] = None
            self.at = end
        if self.text[self.at : self.at + 2] in {"/", "/*"}:
            raise Cut

    def _key(self) -> str:
        quote = self.text[self.at]
        if quote in STRING:
            return self._string(quote)
        self.repairs["unquoted key"] = None
        return self._bare(BARE_KEY)

    def _bare(self, pattern: re.Pattern[str]) -> str:
        """A word or number, which goes on unless the text does after it."""
        found = pattern.match(self.text, self.at)
        if found is None:
            raise Broken(self.at)
        if found.end() == len(self.text):
            raise Cut
        self.at = found.end()
        return found.group()

    def _scalar(self) -> JSONValue:
        start, word = self.at, self._bare(BARE_VALUE)
        if word in WORDS:
            if word[0].isupper():
                self.repairs["python literal"] = None
            return WORDS[word]
        if word in NO_NUMBERS:
            self.refused = True
            return None
        found = NUMBER.fullmatch(word)
        if found is None:
            raise Broken(start)
        return self._number(word, whole=found.lastindex is None)

    def _number(self, digits: str, *, whole: bool) -> int | float:
        try:
            value = int(digits) if whole else float(digits)
        except ValueError:  # int() refuses more than sys.get_int_max_str_digits() digits
            value = float("inf")
        self.refused |= value in {float("inf"), float("-inf")}
        return value

    def _string(self, quote: str) -> str:
        found = STRING[quote].match(self.text, self.at)
        if found is None:
            raise Cut
        start, self.at, raw = self.at, found.end(), found.group(1)
        if quote == "'":
            self.repairs["single quotes"] = None
        if CONTROL.search(raw):
            self.repairs["raw newline"] = None
        return self._unescape(raw, quote, start) if "\\" in raw else raw

    def _unescape(self, raw: str, quote: str, start: int) -> str:
        def character(escape: re.Match[str]) -> str:
            short, unit, foreign = escape.groups()
            if foreign or (short == "'" and quote == '"'):
                self.repairs["string escape"] = None
            if short:
                return SHORT.get(short, short)
            if not unit and not foreign:  # `\d` may be a doubled backslash forgotten or a needless one
                raise Broken(start)
            return chr(int(unit or foreign[1:], 16))

        return self._pair_surrogates(ESCAPE.sub(character, raw))

    def _pair_surrogates(self, text: str) -> str:
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            self.refused = True
            return text
