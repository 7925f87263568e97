"""Texts in messages: a hint at the name that was probably meant, long texts shortened, control characters escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from structkit.values.json import JSONValue

CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""What a terminal executes, what reorders or hides other characters (bidirectional marks, tags, spaces of no width),
and halves of surrogate pairs, which cannot be written. The joiners of emoji and Persian words are not among them."""


MAX_LISTED_NAMES = 20
"""Names that a message lists."""

MAX_LISTED_LINES = 100
"""Lines that a message lists."""


def format_names(names: Sequence[str]) -> str:
    """Return names that come from data, such as columns or sheets, for a message.

    >>> format_names(["a", "b c"]), format_names([])
    ("'a', 'b c'", 'none')
    """
    more = f" and {len(names) - MAX_LISTED_NAMES} more" if len(names) > MAX_LISTED_NAMES else ""
    return (", ".join(map(repr, names[:MAX_LISTED_NAMES])) or "none") + more


def text_without_address(value: object) -> str:
    """Return `str(value)` without the address in memory, which differs from run to run.

    >>> text_without_address(object())
    '<object object>'
    """
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))


def suggest_name(name: str, candidates: Iterable[str], prefix: str | None = None) -> str:
    """Return a hint at the candidate that is closest to a misspelt name, or else the list of all after a prefix.

    >>> suggest_name("opnai", ["core", "openai"])
    "did you mean 'openai'?"
    >>> suggest_name("xyz", ["core", "openai"], "expected one of: ")
    'expected one of: core, openai'
    >>> suggest_name("xyz", ["core", "openai"])
    ''
    """
    from difflib import get_close_matches

    names = [*candidates]
    close = get_close_matches(name, names, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "" if prefix is None else prefix + ", ".join(names)


SENTENCE_END = re.compile(r"""[.,:;!?…。，：；！？][)\]"'”’»」]*$""")  # noqa: RUF001 (full-width punctuation is meant)
"""Punctuation at the end of a text, with the brackets and quotes that it may be inside."""


def end_sentence(text: str) -> str:
    """Return a text with a full stop, unless it ends with punctuation.

    >>> end_sentence("In EUR"), end_sentence("In EUR (gross.)"), end_sentence("Why?")
    ('In EUR.', 'In EUR (gross.)', 'Why?')
    """
    stripped = text.rstrip()
    return stripped if SENTENCE_END.search(stripped) else f"{stripped}."


def join_sentences(texts: Iterable[str]) -> str:
    r"""Return texts as one, each distinct from the next: by a full stop, or by a new line after several lines.

    >>> join_sentences(["In EUR", "Null if not given."])
    'In EUR. Null if not given.'
    >>> join_sentences(["One of\n- net\n- gross", "Null if not given."])
    'One of\n- net\n- gross\nNull if not given.'
    """
    *firsts, last = texts
    sentences = (f"{text.rstrip()}\n" if "\n" in text.strip() else f"{end_sentence(text)} " for text in firsts)
    return "".join([*sentences, last])


def exception_text(error: BaseException) -> str:
    """Return the class and the text of an exception of the caller's code, whose `__str__` may fail itself.

    >>> exception_text(KeyError("zip"))
    "KeyError: 'zip'"
    """
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 (the caller's code)
        return f"{type(error).__name__}, whose text cannot be read"


def shorten(text: str, max_chars: int) -> str:
    """Return *text*, or its start with an ellipsis where it is longer than *max_chars*.

    >>> shorten("abcdef", 4), shorten("abcd", 4)
    ('abc…', 'abcd')
    """
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"


def shorten_json(value: JSONValue, max_chars: int = 80) -> str:
    r"""Return a value as JSON, shortened to *max_chars*; what has no JSON form is written as its `str`.

    Halves of surrogate pairs are escaped, because they cannot be printed or stored.

    >>> shorten_json({"a": "b" * 100}, 12), shorten_json("é\ud83d")
    ('{"a": "bbbb…', '"é\\ud83d"')
    """
    text = shorten(json.dumps(value, ensure_ascii=False, default=str), max_chars)
    return text.encode("utf-8", "backslashreplace").decode()


def escape_controls(text: str, keep: str = "\n\t") -> str:
    r"""Return a text from elsewhere so that it can be shown: control characters become their escapes in JSON.

    A JSON text keeps its value, because such characters occur only inside its strings.

    Args:
        text: The text.
        keep: Control characters that are not escaped.

    >>> print(escape_controls("größer\x1b[2J\u202e, 你好"))
    größer\u001b[2J\u202e, 你好
    """
    return CONTROLS.sub(lambda match: match[0] if match[0] in keep else json.dumps(match[0])[1:-1], text)


def list_lines(items: Sequence[object]) -> str:
    r"""Return items as indented lines, of which a message has the first ones.

    >>> list_lines(["a", "b"]), list_lines(range(1_200))[-17:]
    ('  a\n  b', '\n  and 1,100 more')
    """
    omitted = [f"and {len(items) - MAX_LISTED_LINES:,} more"] if len(items) > MAX_LISTED_LINES else []
    return "\n".join(f"  {item}" for item in (*items[:MAX_LISTED_LINES], *omitted))
