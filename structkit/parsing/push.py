"""An incremental JSON parser: it is fed a text in chunks, and reports at once what they complete.

It accepts what `read_json` accepts, at any split of the text. It reads each character once, except for the few of an
escape or a literal at the end of a chunk, so that the cost of a character does not depend on the size of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NoReturn, Protocol, TypeAlias

from structkit.parsing.exact import InvalidJSONValue, NotJSON, duplicate_key_message
from structkit.values import ABSENT, JSONValue
from structkit.values.exact_float import read_float

MAX_DEPTH = 1_000
"""Levels of nesting; `json` raises RecursionError near them too."""

_SPACE = r"[ \t\n\r]*+"
_TEXT = r'[^"\\\x00-\x1f\ud800-\udfff]'
_INTEGER = r"-?(?:0|[1-9][0-9]*+)"
_FRACTION = r"(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"

VALUE = re.compile(
    rf'{_SPACE}(?:"({_TEXT}*+)(")?|({_INTEGER})(?=[,\]}} \t\n\r])|([\[{{])|(true|false|null)'
    rf"|({_INTEGER}{_FRACTION})(?=[,\]}} \t\n\r]))"
)
"""A value or its start: a string (complete or not), an integer, a bracket, a literal, any other number."""

STRING, INTEGER, BRACKET, LITERAL, NUMBER = 2, 3, 4, 5, 6
"""The groups of `VALUE` for each kind; if none of them matches, the value is an incomplete string."""

STRING_PART = re.compile(rf'(?:{_TEXT}++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}))*')
"""As many characters of a string as are complete."""

PARTIAL_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
PARTIAL_NUMBER = re.compile(r"-?[0-9][-+.0-9eE]*+\Z|-\Z")
DIGITS = re.compile(r"[-+.0-9eE]*+")
ANY_NUMBER = re.compile(rf"({_INTEGER})({_FRACTION})")
SPACE = re.compile(_SPACE)
COLON = re.compile(rf"{_SPACE}:")
KEY = re.compile(rf'{_SPACE}"({_TEXT}*+)(")?')
FIRST_MEMBER = re.compile(rf'{_SPACE}(?:"({_TEXT}*+)"{_SPACE}:|(\}}))')
NEXT_MEMBER = re.compile(rf'{_SPACE}(?:,{_SPACE}(?:"({_TEXT}*+)"{_SPACE}:)?|(\}}))')
FIRST_ITEM = re.compile(rf"{_SPACE}(\])?")
NEXT_ITEM = re.compile(rf"{_SPACE}(?:,|(\]))")

LITERALS: dict[str, JSONValue] = {"true": True, "false": False, "null": None}

ParserState: TypeAlias = Callable[["PushParser", str, int], int]
"""A function that parses a text from a position, and returns the position after what it parsed."""


class Receiver(Protocol):
    """The callbacks of a parser. Positions count characters from the start of the first chunk."""

    def begin(self, bracket: str, at: int, /) -> None:
        """Open an object (`{`) or array (`[`) at a position."""
        ...

    def key(self, name: str, /) -> None:
        """Note a key of the innermost object; its value is next."""
        ...

    def scalar(self, value: JSONValue, /) -> None:
        """Add a complete string, number, boolean or null."""
        ...

    def end(self, at: int, /) -> None:
        """Close the innermost object or array, which ends before a position."""
        ...


class PushParser:
    r"""Parse one JSON text that arrives in chunks.

    >>> builder = ValueBuilder()
    >>> parser = PushParser(builder)
    >>> for chunk in ('{"pri', 'ce": 2', '4.5, "note": "\\u00', 'e9 l'):
    ...     parser.feed(chunk)
    >>> parser.read_text()
    'é l'
    >>> parser.feed('a"}')
    >>> parser.is_done, builder.value
    (True, {'price': 24.5, 'note': 'é la'})

    Attributes:
        receiver: The object whose callbacks are called; it may be replaced at any time.
        is_done: Whether the text is complete.
        length: The number of characters of the open string so far; -1 if no string is open, or only a key.
    """

    def __init__(self, receiver: Receiver, at: int = 0) -> None:
        """Start before the first chunk.

        Args:
            receiver: The object whose callbacks are called.
            at: The position of the first chunk's first character.
        """
        self.receiver = receiver
        self.is_done = False
        self.length = -1
        self._offset = at
        self._pending = ""
        self._parts: list[str] = []
        self._stack: list[tuple[ParserState, set[str] | None]] = []
        self._keys: set[str] | None = None
        self._state: ParserState = PushParser._value
        self._after: ParserState = PushParser._end_of_text

    def feed(self, chunk: str) -> None:
        """Parse one more chunk.

        Raises:
            NotJSON: The text so far is not the start of a JSON text; the message has the position. The parser cannot be
                fed again.
        """
        text = chunk
        if self._pending:
            text, self._offset, self._pending = self._pending + chunk, self._offset - len(self._pending), ""
        at, end = 0, len(text)
        while at < end:
            at = self._state(self, text, at)
        self._offset += end

    def finish(self) -> None:
        """Finish the text.

        Raises:
            NotJSON: The text is incomplete.
        """
        if self._state is PushParser._more_digits:
            self.feed(" ")
        if not self.is_done or self._pending:
            self._reject("the text is incomplete", 0)

    def read_text(self) -> str:
        """Return the open string so far, in time proportional to its length."""
        text = "".join(self._parts)
        self._parts = [text]
        return text

    def _reject(self, reason: str, at: int) -> NoReturn:
        raise NotJSON(f"not valid JSON: {reason} at character {self._offset + at}")

    def _scalar(self, value: JSONValue) -> None:
        self._state = self._after
        self.is_done = not self._stack
        self.receiver.scalar(value)

    def _value(self, text: str, at: int) -> int:
        match = VALUE.match(text, at)
        if match is None:
            return self._partial_value(text, at)
        kind = match.lastindex
        if kind == STRING:
            self._scalar(match[1])
        elif kind == BRACKET:
            self._begin(match[BRACKET], match.end())
        elif kind == LITERAL:
            self._scalar(LITERALS[match[LITERAL]])
        elif kind is not None and kind >= INTEGER:
            self._scalar(_read_number(match[kind], is_integer=kind == INTEGER))
        else:
            self._open_string(match[1], is_key=False)
        return match.end()

    def _partial_value(self, text: str, at: int) -> int:
        """Parse a number or literal that the chunk may end in; reject anything else."""
        at, end = SPACE.match(text, at).end(), len(text)  # type: ignore[union-attr]
        if PARTIAL_NUMBER.match(text, at):
            self._parts = [text[at:]]
            self._state = PushParser._more_digits
        elif end - at < len("false") and any(word.startswith(text[at:]) for word in LITERALS):
            self._pending = text[at:]
        elif at < end:
            self._reject("a value is expected", at)
        return end

    def _more_digits(self, text: str, at: int) -> int:
        end = DIGITS.match(text, at).end()  # type: ignore[union-attr]
        self._parts.append(text[at:end])
        if end < len(text):
            digits = "".join(self._parts)
            match = ANY_NUMBER.fullmatch(digits)
            if match is None:
                self._reject(f"the invalid number {digits[:40]}", end - len(digits))
            self._scalar(_read_number(digits, is_integer=not match[2]))
        return end

    def _open_string(self, start: str, *, is_key: bool) -> None:
        self._parts = [start]
        self._state = PushParser._key_text if is_key else PushParser._text
        self.length = -1 if is_key else len(start)

    def _text(self, text: str, at: int) -> int:
        end = self._string(text, at)
        if end == 0:
            self.length += len(self._parts[-1])
            return len(text)
        value = "".join(self._parts)
        self.length, self._parts = -1, []
        self._scalar(value)
        return end

    def _key_text(self, text: str, at: int) -> int:
        end = self._string(text, at)
        if end == 0:
            return len(text)
        name = "".join(self._parts)
        self._parts = []
        self._name(name, PushParser._colon)
        return end

    def _string(self, text: str, at: int) -> int:
        """Continue a string; return the position after its quote, or 0 if the text ends first."""
        end = STRING_PART.match(text, at).end()  # type: ignore[union-attr]
        if text[end : end + 1] == '"':
            self._parts.append(self._decoded(text[at:end], at))
            return end + 1
        if end < len(text) and not PARTIAL_ESCAPE.match(text, end):
            self._reject("an invalid escape or control character in a string", end)
        pair = _half_pair(text, at, end)
        self._parts.append(self._decoded(text[at:pair], at))
        self._pending = text[pair:]
        return 0

    def _decoded(self, raw: str, at: int) -> str:
        if "\\" not in raw:
            return raw
        decoded: str = json.loads(f'"{raw}"')
        try:
            decoded.encode()
        except UnicodeEncodeError:
            raise InvalidJSONValue(
                f"not valid JSON: half of a surrogate pair without the other half at character {self._offset + at}"
            ) from None
        return decoded

    def _name(self, name: str, state: ParserState) -> None:
        """Report a key; *state* parses the text after it."""
        keys = self._keys
        if keys is None or name in keys:
            raise InvalidJSONValue(duplicate_key_message(name))
        keys.add(name)
        self._state = state
        self.receiver.key(name)

    def _key(self, text: str, at: int) -> int:
        match = KEY.match(text, at)
        if match is None:
            return self._skip_space(text, at, "a key is expected")
        if match[2]:
            self._name(match[1], PushParser._colon)
        else:
            self._open_string(match[1], is_key=True)
        return match.end()

    def _colon(self, text: str, at: int) -> int:
        match = COLON.match(text, at)
        if match is None:
            return self._skip_space(text, at, "a colon is expected")
        self._state = PushParser._value
        return match.end()

    def _begin(self, bracket: str, end: int) -> None:
        if len(self._stack) == MAX_DEPTH:
            raise InvalidJSONValue("nested too deep")
        self._stack.append((self._after, self._keys))
        if bracket == "{":
            self._keys, self._state, self._after = set(), PushParser._first_member, PushParser._next_member
        else:
            self._keys, self._state, self._after = None, PushParser._first_item, PushParser._next_item
        self.receiver.begin(bracket, self._offset + end - 1)

    def _end(self, end: int) -> int:
        self._after, self._keys = self._stack.pop()
        self._state = self._after
        self.is_done = not self._stack
        self.receiver.end(self._offset + end)
        return end

    def _first_member(self, text: str, at: int) -> int:
        match = FIRST_MEMBER.match(text, at)
        if match is None:
            self._state = PushParser._key
            at = SPACE.match(text, at).end()  # type: ignore[union-attr]
            if at == len(text):  # the object may still turn out to be empty
                self._state = PushParser._first_member
            return at
        if match[2]:
            return self._end(match.end())
        self._name(match[1], PushParser._value)
        return match.end()

    def _next_member(self, text: str, at: int) -> int:
        match = NEXT_MEMBER.match(text, at)
        if match is None:
            return self._skip_space(text, at, "a comma or the end of the object is expected")
        if match.lastindex == 1:
            self._name(match[1], PushParser._value)
        elif match.lastindex:
            return self._end(match.end())
        else:
            self._state = PushParser._key
        return match.end()

    def _first_item(self, text: str, at: int) -> int:
        match = FIRST_ITEM.match(text, at)
        end: int = match.end()  # type: ignore[union-attr]
        if end < len(text) or match[1]:  # type: ignore[index]
            if match[1]:  # type: ignore[index]
                return self._end(end)
            self._state = PushParser._value
        return end

    def _next_item(self, text: str, at: int) -> int:
        match = NEXT_ITEM.match(text, at)
        if match is None:
            return self._skip_space(text, at, "a comma or the end of the array is expected")
        if match.lastindex:
            return self._end(match.end())
        self._state = PushParser._value
        return match.end()

    def _end_of_text(self, text: str, at: int) -> int:
        return self._skip_space(text, at, "nothing more is expected")

    def _skip_space(self, text: str, at: int, reason: str) -> int:
        at = SPACE.match(text, at).end()  # type: ignore[union-attr]
        if at < len(text):
            self._reject(reason, at)
        return at


def _read_number(digits: str, *, is_integer: bool) -> int | float:
    try:
        value = int(digits) if is_integer else read_float(digits)
    except ValueError:  # int() rejects more than sys.get_int_max_str_digits() digits
        raise InvalidJSONValue("a number has too many digits") from None
    if not is_integer and value in (float("inf"), float("-inf")):
        raise InvalidJSONValue(f"the number {digits[:40]} is too large")
    return value


def _half_pair(text: str, at: int, end: int) -> int:
    """Return where the first half of a surrogate pair starts if a text ends with one; else the end of the text."""
    half = end - 6
    is_half = half >= at and HALF.match(text, half) and not _is_escaped(text, half, at)
    return half if is_half else end


HALF = re.compile(r"\\u[dD][89abAB]")


def _is_escaped(text: str, at: int, start: int) -> bool:
    """Return whether the backslash at a position is escaped by another one."""
    before = text[start:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


class ValueBuilder:
    """A receiver that builds the value, equal to that of `read_json`.

    Attributes:
        value: The value, once it is complete.
    """

    def __init__(self) -> None:
        """Start without a value."""
        self.value: JSONValue = ABSENT
        self._containers: list[JSONValue] = []
        self._keys: list[str] = []

    def begin(self, bracket: str, _at: int) -> None:
        """Add a new container."""
        container: JSONValue = {} if bracket == "{" else []
        self.scalar(container)
        self._containers.append(container)
        self._keys.append("")

    def key(self, name: str) -> None:
        """Store the key for its value."""
        self._keys[-1] = name

    def scalar(self, value: JSONValue) -> None:
        """Add a value to the innermost container."""
        if not self._containers:
            self.value = value
        elif isinstance(self._containers[-1], list):
            self._containers[-1].append(value)
        else:
            self._containers[-1][self._keys[-1]] = value

    def end(self, _at: int) -> None:
        """Return to the container around."""
        self._containers.pop()
        self._keys.pop()
