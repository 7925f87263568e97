"""JSON as it arrives: a parser that is fed pieces of a text, and says at once what they complete.

It accepts what `read_json` accepts, whatever the pieces, and looks at no character twice (but for a few of an
escape or a word that a piece ends in), so that a character costs the same at any size of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NoReturn, Protocol, TypeAlias

from structkit.parsing.exact import NotJSON, NoValue
from structkit.values import ABSENT, JSONValue

DEEPEST = 1_000
"""Levels of nesting; `json` gives up near them too."""

_SPACE = r"[ \t\n\r]*+"
_TEXT = r'[^"\\\x00-\x1f\ud800-\udfff]'
_WHOLE = r"-?(?:0|[1-9][0-9]*+)"
_FRACTION = r"(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"

VALUE = re.compile(
    rf'{_SPACE}(?:"({_TEXT}*+)(")?|({_WHOLE})(?=[,\]}} \t\n\r])|([\[{{])|(true|false|null)'
    rf"|({_WHOLE}{_FRACTION})(?=[,\]}} \t\n\r]))"
)
"""A value, or what opens one: a string (perhaps cut), a whole number, a bracket, a word, any other number."""

STRING, INTEGER, BRACKET, WORD, NUMBER = 2, 3, 4, 5, 6
"""The groups of `VALUE` that say what it is; without any of them it is a string that is cut."""

CHUNK = re.compile(rf'(?:{_TEXT}++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}))*')
"""As much of a string as is complete."""

CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
CUT_NUMBER = re.compile(r"-?[0-9][-+.0-9eE]*+\Z|-\Z")
DIGITS = re.compile(r"[-+.0-9eE]*+")
ANY_NUMBER = re.compile(rf"({_WHOLE})({_FRACTION})")
SPACE = re.compile(_SPACE)
COLON = re.compile(rf"{_SPACE}:")
KEY = re.compile(rf'{_SPACE}"({_TEXT}*+)(")?')
FIRST_MEMBER = re.compile(rf'{_SPACE}(?:"({_TEXT}*+)"{_SPACE}:|(\}}))')
NEXT_MEMBER = re.compile(rf'{_SPACE}(?:,{_SPACE}(?:"({_TEXT}*+)"{_SPACE}:)?|(\}}))')
FIRST_ITEM = re.compile(rf"{_SPACE}(\])?")
NEXT_ITEM = re.compile(rf"{_SPACE}(?:,|(\]))")

WORDS: dict[str, JSONValue] = {"true": True, "false": False, "null": None}

State: TypeAlias = Callable[["PushParser", str, int], int]
"""What to do with a text from a position on; gives the position after what was read."""


class Receiver(Protocol):
    """Who is told what the pieces complete. Positions count characters from the first piece on."""

    def begin(self, bracket: str, at: int, /) -> None:
        """An object (`{`) or array (`[`) opens at a position."""
        ...

    def key(self, name: str, /) -> None:
        """A key of the innermost object; its value is next."""
        ...

    def scalar(self, value: JSONValue, /) -> None:
        """A string, number, boolean or null, complete."""
        ...

    def end(self, at: int, /) -> None:
        """The innermost object or array is complete, before a position."""
        ...


class PushParser:
    r"""A parser of one JSON text that arrives in pieces.

    >>> tree = Tree()
    >>> parser = PushParser(tree)
    >>> for piece in ('{"pri', 'ce": 2', '4.5, "note": "\\u00', 'e9 l'):
    ...     parser.feed(piece)
    >>> parser.read_text()
    'é l'
    >>> parser.feed('a"}')
    >>> parser.done, tree.value
    (True, {'price': 24.5, 'note': 'é la'})

    Attributes:
        receiver: Who is told; it may be changed at any time.
        done: Whether the text is complete.
        length: How many characters of the open string are known; -1 where no string that is a value is open.
    """

    def __init__(self, receiver: Receiver, at: int = 0) -> None:
        """Begin.

        Args:
            receiver: Who is told.
            at: How many characters stand before the first piece, for positions.
        """
        self.receiver = receiver
        self.done = False
        self.length = -1
        self._offset = at
        self._pending = ""
        self._parts: list[str] = []
        self._stack: list[tuple[State, set[str] | None]] = []
        self._keys: set[str] | None = None
        self._state: State = PushParser._value
        self._after: State = PushParser._end_of_text

    def feed(self, piece: str) -> None:
        """Read one more piece.

        Raises:
            NotJSON: What came is no beginning of a JSON text; the message names the place. Nothing more can be fed.
        """
        text = piece
        if self._pending:
            text, self._offset, self._pending = self._pending + piece, self._offset - len(self._pending), ""
        at, end = 0, len(text)
        while at < end:
            at = self._state(self, text, at)
        self._offset += end

    def finish(self) -> None:
        """No more will come.

        Raises:
            NotJSON: The text is not complete.
        """
        if self._state is PushParser._more_digits:
            self.feed(" ")
        if not self.done or self._pending:
            self._refuse("the text ends too early", 0)

    def read_text(self) -> str:
        """What is known of the open string; it costs its length."""
        text = "".join(self._parts)
        self._parts = [text]
        return text

    def _refuse(self, what: str, at: int) -> NoReturn:
        raise NotJSON(f"not valid JSON: {what} at character {self._offset + at}")

    def _scalar(self, value: JSONValue) -> None:
        self._state = self._after
        self.done = not self._stack
        self.receiver.scalar(value)

    def _value(self, text: str, at: int) -> int:
        found = VALUE.match(text, at)
        if found is None:
            return self._odd_value(text, at)
        kind = found.lastindex
        if kind == STRING:
            self._scalar(found[1])
        elif kind == BRACKET:
            self._begin(found[BRACKET], found.end())
        elif kind == WORD:
            self._scalar(WORDS[found[WORD]])
        elif kind is not None and kind >= INTEGER:
            self._number(found[kind], whole=kind == INTEGER)
        else:
            self._open_string(found[1], is_key=False)
        return found.end()

    def _odd_value(self, text: str, at: int) -> int:
        """A value that the piece ends in, or before; else there is none."""
        at, end = SPACE.match(text, at).end(), len(text)  # type: ignore[union-attr]
        if CUT_NUMBER.match(text, at):
            self._parts = [text[at:]]
            self._state = PushParser._more_digits
        elif end - at < len("false") and any(word.startswith(text[at:]) for word in WORDS):
            self._pending = text[at:]
        elif at < end:
            self._refuse("a value is expected", at)
        return end

    def _more_digits(self, text: str, at: int) -> int:
        end = DIGITS.match(text, at).end()  # type: ignore[union-attr]
        self._parts.append(text[at:end])
        if end < len(text):
            digits = "".join(self._parts)
            found = ANY_NUMBER.fullmatch(digits)
            if found is None:
                self._refuse(f"{digits[:40]} is no number, which ends", end)
            self._number(digits, whole=not found[2])
        return end

    def _number(self, digits: str, *, whole: bool) -> None:
        try:
            value = int(digits) if whole else float(digits)
        except ValueError:  # int() refuses more than sys.get_int_max_str_digits() digits
            raise NoValue("a number has too many digits") from None
        if not whole and value in (float("inf"), float("-inf")):
            raise NoValue(f"the number {digits[:40]} is too large")
        self._scalar(value)

    def _open_string(self, beginning: str, *, is_key: bool) -> None:
        self._parts = [beginning]
        self._state = PushParser._key_text if is_key else PushParser._text
        self.length = -1 if is_key else len(beginning)

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
        """Read on in a string; gives the position after its quote, 0 where the text ends first."""
        end = CHUNK.match(text, at).end()  # type: ignore[union-attr]
        if text[end : end + 1] == '"':
            self._parts.append(self._decoded(text[at:end], at))
            return end + 1
        if end < len(text) and not CUT_ESCAPE.match(text, end):
            self._refuse("an escape or a character that no string may have stands", end)
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
            raise NoValue(
                f"not valid JSON: half of a surrogate pair stands alone at character {self._offset + at}"
            ) from None
        return decoded

    def _name(self, name: str, state: State) -> None:
        """A key; *state* is what comes after it."""
        keys = self._keys
        if keys is None or name in keys:
            raise NoValue(f"the key {json.dumps(name)} stands twice in one object")
        keys.add(name)
        self._state = state
        self.receiver.key(name)

    def _key(self, text: str, at: int) -> int:
        found = KEY.match(text, at)
        if found is None:
            return self._only_space(text, at, "a key is expected")
        if found[2]:
            self._name(found[1], PushParser._colon)
        else:
            self._open_string(found[1], is_key=True)
        return found.end()

    def _colon(self, text: str, at: int) -> int:
        found = COLON.match(text, at)
        if found is None:
            return self._only_space(text, at, "a colon is expected")
        self._state = PushParser._value
        return found.end()

    def _begin(self, bracket: str, end: int) -> None:
        if len(self._stack) == DEEPEST:
            raise NoValue("nested too deep")
        self._stack.append((self._after, self._keys))
        if bracket == "{":
            self._keys, self._state, self._after = set(), PushParser._first_member, PushParser._next_member
        else:
            self._keys, self._state, self._after = None, PushParser._first_item, PushParser._next_item
        self.receiver.begin(bracket, self._offset + end - 1)

    def _end(self, end: int) -> int:
        self._after, self._keys = self._stack.pop()
        self._state = self._after
        self.done = not self._stack
        self.receiver.end(self._offset + end)
        return end

    def _first_member(self, text: str, at: int) -> int:
        found = FIRST_MEMBER.match(text, at)
        if found is None:
            self._state = PushParser._key
            at = SPACE.match(text, at).end()  # type: ignore[union-attr]
            if at == len(text):  # it may still be an end
                self._state = PushParser._first_member
            return at
        if found[2]:
            return self._end(found.end())
        self._name(found[1], PushParser._value)
        return found.end()

    def _next_member(self, text: str, at: int) -> int:
        found = NEXT_MEMBER.match(text, at)
        if found is None:
            return self._only_space(text, at, "a comma or the end of the object is expected")
        if found.lastindex == 1:
            self._name(found[1], PushParser._value)
        elif found.lastindex:
            return self._end(found.end())
        else:
            self._state = PushParser._key
        return found.end()

    def _first_item(self, text: str, at: int) -> int:
        found = FIRST_ITEM.match(text, at)
        end: int = found.end()  # type: ignore[union-attr]
        if end < len(text) or found[1]:  # type: ignore[index]
            if found[1]:  # type: ignore[index]
                return self._end(end)
            self._state = PushParser._value
        return end

    def _next_item(self, text: str, at: int) -> int:
        found = NEXT_ITEM.match(text, at)
        if found is None:
            return self._only_space(text, at, "a comma or the end of the array is expected")
        if found.lastindex:
            return self._end(found.end())
        self._state = PushParser._value
        return found.end()

    def _end_of_text(self, text: str, at: int) -> int:
        return self._only_space(text, at, "nothing more is expected")

    def _only_space(self, text: str, at: int, what: str) -> int:
        at = SPACE.match(text, at).end()  # type: ignore[union-attr]
        if at < len(text):
            self._refuse(what, at)
        return at


def _half_pair(text: str, at: int, end: int) -> int:
    """Where the first half of a surrogate pair stands that the complete part of a text ends in; else its end."""
    half = end - 6
    is_half = half >= at and HALF.match(text, half) and not _is_escaped(text, half, at)
    return half if is_half else end


HALF = re.compile(r"\\u[dD][89abAB]")


def _is_escaped(text: str, at: int, start: int) -> bool:
    """Whether a backslash is the second of two."""
    before = text[start:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


class Tree:
    """A receiver that puts everything together: the value is what `read_json` gives.

    Attributes:
        value: The value, once it is complete.
    """

    def __init__(self) -> None:
        """With nothing yet."""
        self.value: JSONValue = ABSENT
        self._open: list[JSONValue] = []
        self._names: list[str] = []

    def begin(self, bracket: str, _at: int) -> None:
        """Put a new container where it belongs."""
        container: JSONValue = {} if bracket == "{" else []
        self.scalar(container)
        self._open.append(container)
        self._names.append("")

    def key(self, name: str) -> None:
        """Keep it for its value."""
        self._names[-1] = name

    def scalar(self, value: JSONValue) -> None:
        """Put it where it belongs."""
        if not self._open:
            self.value = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        else:
            self._open[-1][self._names[-1]] = value

    def end(self, _at: int) -> None:
        """Go on around the container."""
        self._open.pop()
        self._names.pop()
