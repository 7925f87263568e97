"""Parse text that is nearly JSON: repair what is unambiguous, and tell truncated from unrepairable text.

Repair libraries were not an option: they close open containers, which turns truncated text into data, and they insert
missing commas, colons and empty values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from structkit.parsing.strings import BACKTICKS, QUOTE_REPAIRS, STRING, TRIPLE_QUOTED
from structkit.parsing.unescaped_quotes import AFTER_STRING, find_string_end
from structkit.values import JSON, JSONValue, Repair
from structkit.values.exact_float import read_float

MAX_DEPTH = 100
"""Levels of nesting; text that needs repairs and is nested deeper counts as truncated."""

UNESCAPED_APOSTROPHE = re.compile(r"(?<=\w)'")
BRACKET = re.compile(r"[\[\]{}]")
SPACE = re.compile(r"[ \t\r\n]*+")
SPECIAL_SPACE = "\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
"""Spaces that are not JSON's, of any width, as a part of a pattern."""

SPECIAL_SPACES = re.compile(rf"[ \t\r\n{SPECIAL_SPACE}]*+")
IS_SKIPPED = re.compile(rf"[/#{SPECIAL_SPACE}]")
COMMENTS = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+|#[^\n]*+|/\*[\s\S]*?\*/)*")
ELLIPSIS = re.compile(r"\.{3}|\u2026")
FIRST_ELLIPSIS = re.compile(r"(?://|#|/\*)[\s*]*(?:\.{3}|\u2026)")
OMISSION = re.compile(r"(?i)\b(?:more|remaining|rest|others?|additional|further|omitted|continued?|etc)\b")
"""What a comment has that stands for elements: dots at its start; dots and such a word; or dots alone, if it is the
last element of a list or an object, and such a word alone, if it is that of a list: `[1, 2 /* 5 more */]`. Other dots
are those of a sentence."""

UNQUOTED_KEY = re.compile(r"[\w$][\w$-]*+")
FULL_WIDTH = str.maketrans("\uff5b\uff5d\uff3b\uff3d\uff1a\uff0c", "{}[]:,")
"""Punctuation in the width of Chinese and Japanese text, which has one meaning between values."""

FULL_WIDTH_NUMBER = str.maketrans({code: code - 0xFEE0 for code in (0xFF0D, 0xFF0E, *range(0xFF10, 0xFF1A))})
UNQUOTED_VALUE = re.compile(rf"""[^\s,:\[\]{{}}"'/#{SPECIAL_SPACE}\uff5b\uff5d\uff3b\uff3d\uff1a\uff0c]++""")
GROUPED_NUMBER = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:(\.)[0-9]+)?(?=[ \t\r\n]*[,}])")
"""A number in an object with commas between groups of digits; no member of an object starts with digits and a comma."""

TRUNCATABLE_VALUE = re.compile(
    r"[a-zA-Z_$][\w$-]*|[+-]|[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]*)?|-[a-zA-Z]+"
)
"""What may be the start of a number or a literal; `2).` may not, as in the interval `[1, 2).` at the end of a text."""

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
OTHER_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""A number with a plus sign, or without a digit before or after its point; its digits are few enough for a float."""

MAX_FLOAT_CHARS = 15
"""Digits that a float certainly has."""

ESCAPE = re.compile(
    r"""\\(?:(["\\/bfnrt'])|u([0-9a-fA-F]{4})|(x[0-9a-fA-F]{2}|U(?:0010|000[0-9a-fA-F])[0-9a-fA-F]{4}|u\{0*(?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4}\})|.)""",
    re.DOTALL,
)
LITERAL_BACKSLASH = re.compile(r"\\(?![uUx][0-9a-fA-F]|[uxN]\{|[0_\r\n])")
r"""A backslash that starts no escape of any notation, as in `\d`. A broken `\u12` may have lost digits, `\N{DASH}` is a
character by its name, `\0` may be a NUL, `\_` an underscore in Markdown, and one before a line break continues it."""

CONTROL = re.compile(r"[\x00-\x1f]")
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
LITERALS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
OTHER_LITERALS = {"TRUE": True, "FALSE": False, "NULL": None, "Null": None}
NON_FINITE = frozenset({"NaN", "-NaN", "Infinity", "-Infinity", "nan", "-nan", "inf", "-inf"})


class TruncatedDocument(ValueError):
    """The text ends before the document does, so that its value is unknown."""


class UnrepairableDocument(ValueError):
    """No repair fits the text at `at`; where the document ends is unknown."""

    def __init__(self, at: int = 0) -> None:
        """Store the position."""
        super().__init__(f"cannot be read at character {at}")
        self.at = at


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A complete object or array in a text.

    Args:
        value: Its value.
        end: The position after it.
        repairs: The repairs that were made, in the order they were first needed.
        is_rejected: Whether it must not be used: it contains something that `read_json` rejects (a duplicate key, NaN,
            a number that is too large, a lone surrogate), or an invalid escape beside valid ones, which may not be
            meant as escapes.
    """

    value: JSONValue
    end: int
    repairs: tuple[Repair, ...]
    is_rejected: bool


def read_document(text: str, start: int = 0) -> ParsedDocument:
    """Parse the object or array at *start*, in linear time; every scalar of its value occurs in the text.

    Raises:
        TruncatedDocument: The text ends first, or the nesting is deeper than `MAX_DEPTH`.
        UnrepairableDocument: It cannot be parsed without guessing.

    >>> document = read_document("{name: 'Ada', tags: [None,],} // done")
    >>> document.value, document.repairs
    ({'name': 'Ada', 'tags': [None]}, ('unquoted key', 'single quotes', 'python literal', 'trailing comma'))
    >>> read_document('{"a": 1, "a": 2}').is_rejected
    True
    >>> read_document('{"a": "cut he')
    Traceback (most recent call last):
    structkit.parsing.tolerant.TruncatedDocument
    >>> read_document('{"a" 1}')
    Traceback (most recent call last):
    structkit.parsing.tolerant.UnrepairableDocument: cannot be read at character 5
    """
    parser = _TolerantParser(text, start)
    try:
        value = parser.value(0)
        text[start : parser.at].encode()
    except UnicodeEncodeError:
        return ParsedDocument(None, parser.at, (), is_rejected=True)
    except RecursionError:
        raise TruncatedDocument from None
    # If the writer did not double one backslash, `\n` in `C:\new` may be a newline, or a backslash and an n.
    is_ambiguous = parser.has_escapes and "invalid escape" in parser.repairs
    return ParsedDocument(value, parser.at, tuple(parser.repairs), parser.is_rejected or is_ambiguous)


class _TolerantParser:
    """A recursive descent parser: a position in a text, and the repairs made before it."""

    __slots__ = ("at", "has_escapes", "is_rejected", "repairs", "text")

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self.repairs: dict[Repair, None] = {}  # a dict as an ordered set
        self.is_rejected = False
        self.has_escapes = False  # apart from escaped quotes

    def value(self, depth: int) -> JSONValue:
        char = self._peek()
        if char in "{[":
            if depth == MAX_DEPTH:
                raise TruncatedDocument
            return self._object(depth) if char == "{" else self._array(depth)
        return self._string(char) if char in STRING else self._scalar()

    def _object(self, depth: int) -> JSON:
        value: JSON = {}
        self.at += 1
        if self._peek() == "{":
            return self._doubled_object(depth)
        while self._peek() != "}":
            key = self._key()
            self.is_rejected |= key in value
            if self._peek() != ":":
                raise UnrepairableDocument(self.at)
            self.at += 1
            value[key] = self._member(depth)
            self._next_element("}")
        self.at += 1
        return value

    def _doubled_object(self, depth: int) -> JSON:
        """Parse an object in doubled braces, as templates and LaTeX have them; no key starts with a brace."""
        if depth + 1 == MAX_DEPTH:
            raise TruncatedDocument
        value = self._object(depth + 1)
        if self._peek() != "}":
            raise UnrepairableDocument(self.at)
        self.repairs["doubled braces"] = None
        self.at += 1
        return value

    def _member(self, depth: int) -> JSONValue:
        """Parse the value of a member, in one of the forms that would be ambiguous elsewhere."""
        if self._peek() == "`" and (match := BACKTICKS.match(self.text, self.at)):
            return self._quoted("`", match.group(1), match.end())
        return self._grouped_number() or self.value(depth + 1)

    def _array(self, depth: int) -> list[JSONValue]:
        items: list[JSONValue] = []
        self.at += 1
        while self._peek() != "]":
            items.append(self.value(depth + 1))
            self._next_element("]")
        self.at += 1
        return items

    def _next_element(self, close: str) -> None:
        """Skip the comma that must separate two elements."""
        char = self._peek()
        if char == ",":
            self.at += 1
            if self._peek() == close:
                self.repairs["trailing comma"] = None
        elif char != close:
            raise UnrepairableDocument(self.at)

    def _peek(self) -> str:
        """Move to the next character that is neither space nor comment, and return it."""
        text = self.text
        self.at = SPACE.match(text, self.at).end()  # type: ignore[union-attr]
        if IS_SKIPPED.match(text, self.at):
            self._skip()
        if self.at == len(text):
            raise TruncatedDocument
        char = text[self.at]
        return char if char.isascii() else self._half_width(char)

    def _half_width(self, char: str) -> str:
        """Return a character of the grammar that is written in full width as JSON has it."""
        if ord(char) in FULL_WIDTH:
            self.repairs["full width"] = None
        return char.translate(FULL_WIDTH)

    def _skip(self) -> None:
        """Skip comments and spaces that are not JSON's."""
        first, start = self.at, -1
        while start != self.at:
            start = self.at
            self._skip_match("special space", SPECIAL_SPACES)
            self._skip_match("comment", COMMENTS)
        if self.text[self.at : self.at + 2] in {"/", "/*"}:
            raise TruncatedDocument
        self._reject_ellipsis(first)

    def _reject_ellipsis(self, start: int) -> None:
        """Raise an error if a comment from *start* on stands for elements that the model left out."""
        comment, end = self.text[start : self.at], self.text[self.at : self.at + 1]
        has_dots, has_word = ELLIPSIS.search(comment), OMISSION.search(comment)
        if (
            FIRST_ELLIPSIS.search(comment)
            or (has_dots and (has_word or end in {"]", "}"}))
            or (has_word and end == "]")
        ):
            raise UnrepairableDocument(start)

    def _skip_match(self, repair: Repair, pattern: re.Pattern[str]) -> None:
        end = pattern.match(self.text, self.at).end()  # type: ignore[union-attr]
        if end > self.at:
            self.repairs[repair] = None
            self.at = end

    def _key(self) -> str:
        quote = self.text[self.at]
        if quote in STRING:
            return self._string(quote, is_key=True)
        self.repairs["unquoted key"] = None
        return self._unquoted(UNQUOTED_KEY)

    def _unquoted(self, pattern: re.Pattern[str]) -> str:
        """Parse an unquoted key or value; at the end of the text it may be incomplete."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise UnrepairableDocument(self.at)
        if match.end() == len(self.text):
            is_value = pattern is UNQUOTED_VALUE and not TRUNCATABLE_VALUE.fullmatch(match.group())
            raise UnrepairableDocument(self.at) if is_value else TruncatedDocument
        self.at = match.end()
        return match.group()

    def _scalar(self) -> JSONValue:
        start, word = self.at, self._unquoted(UNQUOTED_VALUE)
        if word in LITERALS:
            if word[0].isupper():
                self.repairs["python literal"] = None
            return LITERALS[word]
        if word in OTHER_LITERALS:
            self.repairs["literal case"] = None
            return OTHER_LITERALS[word]
        if word in NON_FINITE:
            self.is_rejected = True
            return None
        if not word.isascii() and (number := word.translate(FULL_WIDTH_NUMBER)) != word:
            self.repairs["full width"] = None
            word = number
        match = NUMBER.fullmatch(word)
        if match is None:
            return self._other_number(word, start)
        return self._number(word, is_integer=match.lastindex is None)

    def _other_number(self, word: str, start: int) -> float:
        """Return the value of a number in a notation that JSON does not have: `+5`, `.5` or `5.`.

        A float, because the integer `+5` may be meant as a text, whose sign would be lost.
        """
        if not OTHER_NUMBER.fullmatch(word) or len(word) > MAX_FLOAT_CHARS:
            raise UnrepairableDocument(start)
        self.repairs["number notation"] = None
        return self._number(word, is_integer=False)

    def _grouped_number(self) -> int | float | None:
        """Parse a member's value if it is a number with groups of digits, which is not zero."""
        self._peek()
        match = GROUPED_NUMBER.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        self.repairs["digit groups"] = None
        return self._number(match.group().replace(",", ""), is_integer=match.lastindex is None)

    def _number(self, digits: str, *, is_integer: bool) -> int | float:
        try:
            value = int(digits) if is_integer else read_float(digits)
        except ValueError:  # int() rejects more than sys.get_int_max_str_digits() digits
            value = float("inf")
        self.is_rejected |= value in {float("inf"), float("-inf")}
        return value

    def _string(self, quote: str, *, is_key: bool = False) -> str:
        if quote in TRIPLE_QUOTED and self.text.startswith(3 * quote, self.at):
            return self._triple_quoted(quote)
        match = STRING[quote].match(self.text, self.at)
        if match is None:
            raise TruncatedDocument
        if quote == '"' and not is_key and not AFTER_STRING.match(self.text, match.end()):
            end = find_string_end(self.text, self.at)
            if end is not None:
                self.repairs["unescaped quotes"] = None
                return self._quoted(quote, self.text[self.at + 1 : end], end + 1)
        return self._quoted(quote, match.group(1), match.end())

    def _triple_quoted(self, quote: str) -> str:
        match = TRIPLE_QUOTED[quote].match(self.text, self.at)
        if match is None:
            is_closed = self.text.find(3 * quote, self.at + 3) >= 0
            raise UnrepairableDocument(self.at) if is_closed else TruncatedDocument
        start, self.at = self.at, match.end()
        self.repairs["triple quotes"] = None
        return self._unescape(match.group(1), quote, start)

    def _quoted(self, quote: str, raw: str, end: int) -> str:
        """Move behind a string, and return its value."""
        start, self.at = self.at, end
        if quote in QUOTE_REPAIRS:
            self.repairs[QUOTE_REPAIRS[quote]] = None
        if quote in "'\u2018" and UNESCAPED_APOSTROPHE.search(raw):
            if BRACKET.search(raw):  # rather the end of a string whose own quote is missing
                raise UnrepairableDocument(start)
            self.repairs["unescaped quotes"] = None
        if quote != "`" and CONTROL.search(raw):
            self.repairs["raw newline"] = None
        return self._unescape(raw, quote, start)

    def _unescape(self, raw: str, quote: str, start: int) -> str:
        if "\\" not in raw:
            return raw

        def unescaped(escape: re.Match[str]) -> str:
            character, utf16, python = escape.groups()
            if not (character or utf16 or python):
                return self._literal_backslash(raw, escape, start)
            self.has_escapes |= character != quote
            if python or (character == "'" and quote == '"'):
                self.repairs["string escape"] = None
            return ESCAPES.get(character, character) if character else chr(int(utf16 or python[1:].strip("{}"), 16))

        return self._pair_surrogates(ESCAPE.sub(unescaped, raw))

    def _literal_backslash(self, raw: str, escape: re.Match[str], start: int) -> str:
        """Return an escape that no notation has, unchanged: its writer has not doubled the backslash."""
        if not LITERAL_BACKSLASH.match(raw, escape.start()):
            raise UnrepairableDocument(start)
        self.repairs["invalid escape"] = None
        return escape.group()

    def _pair_surrogates(self, text: str) -> str:
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            self.is_rejected = True
            return text
