"""Patterns of ECMA 262, as JSON Schema has them, in the syntax that the engines here read the same way."""

from __future__ import annotations

import re
from functools import lru_cache

ESCAPE = re.compile(
    r"\\c[A-Za-z]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u\{[0-9a-fA-F]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[pP]\{[^}\\]*\}|\\.",
    re.DOTALL,
)
CLASS = re.compile(r"\[(?P<negation>\^?)(?P<members>(?:\\.|[^\]\\])*)(?P<end>\]|\\?\Z)", re.DOTALL)
TOKEN = re.compile(rf"(?P<class>{CLASS.pattern})|{ESCAPE.pattern}", re.DOTALL)
MEMBER = re.compile(rf"{ESCAPE.pattern}|.", re.DOTALL)
SET_OPERATION = re.compile(r"\[|&&|--|~~")
CODE_POINT = re.compile(r"(?<!\\)(?:\\\\)*\\x\{")
DELIMITED = re.compile(
    r"r?(?P<mark>[/#~@%!'\"`])(?P<pattern>\^[^|]*|[^|]*(?<!\\)\$|\^.*\$)(?P=mark)(?P<flags>[a-zA-Z]*)", re.DOTALL
)
"""A pattern with an anchor, between the delimiters that it has in the source of a program: no text matches it so."""

INLINE_FLAGS = "ims"
SEVERAL_CHARACTERS = re.compile(r"\\[dDwWsSpP]")


@lru_cache(maxsize=1024)
def as_engine_syntax(pattern: str) -> str:
    r"""Return a pattern in a syntax that means to `regex` and to Rust's `regex` what the pattern means in ECMA 262.

    Those read `[a&&b]`, `[a~~b]`, `[+--]` and a `[` inside of a class as operations on sets, and `\<` as the start of a
    word, and they have no `\cA`, `[]` and `[^]`. The source of the syntax is ECMA 262, 22.2.1 and B.1.2.

    >>> print(as_engine_syntax(r"^[+--]\<[[&&]\cA[^]$"))
    ^[+-\-]<[\[\&\&]\x01[\s\S]$
    """
    return TOKEN.sub(_translate, pattern)


def without_delimiters(pattern: str) -> str | None:
    r"""Return a pattern without the delimiters that make it match nothing, or None if it has none.

    >>> [without_delimiters(text) for text in ("/^a+$/", "/^a+$/gi", "'^a$'", "/a/", "^/a/$")]
    ['^a+$', '(?i)^a+$', '^a$', None, None]
    """
    if not (literal := DELIMITED.fullmatch(pattern)):
        return None
    flags = "".join(flag for flag in INLINE_FLAGS if flag in literal["flags"])
    return f"(?{flags}){literal['pattern']}" if flags else literal["pattern"]


def has_set_operations(pattern: str) -> bool:
    r"""Return whether Rust's `regex` reads a class of a pattern as a set of sets, or an escape as a code point.

    ECMA 262 and most grammar engines read other characters there, and report no error.

    >>> [has_set_operations(text) for text in (r"^[[:digit:]]$", r"^[\w--\d]$", r"^\x{41}$", r"^[\w.-]$", r"^\[\[$")]
    [True, True, True, False, False]
    """
    classes = (token["members"] for token in TOKEN.finditer(pattern) if token["class"] is not None)
    return bool(CODE_POINT.search(pattern)) or any(SET_OPERATION.search(ESCAPE.sub("", each)) for each in classes)


def _translate(token: re.Match[str]) -> str:
    if token["class"] is None:
        return _escape(token[0])
    if token["end"] != "]":
        return token[0]
    if not token["members"]:
        return r"[\s\S]" if token["negation"] else r"[^\s\S]"
    return f"[{token['negation']}{_members(MEMBER.findall(token['members']))}]"


def _escape(text: str) -> str:
    if text.startswith(r"\c") and len(text) == len(r"\cA"):
        return f"\\x{ord(text[2]) & 31:02x}"
    if text in {r"\<", r"\>"}:
        return text[1]
    if len(text) == len(r"\ud83d\ude00"):
        return rf"\U{ord(bytes.fromhex(text[2:6] + text[8:]).decode('utf-16-be')):08x}"
    return text


def _members(members: list[str]) -> str:
    """Return the members of a class, where only the `-` between two characters is an operation."""
    parts: list[str] = []
    position = 0
    while position < len(members):
        bounds = members[position : position + 3]
        if len(bounds) == len("a-z") and bounds[1] == "-" and not any(map(SEVERAL_CHARACTERS.match, bounds)):
            parts.append(f"{_member(bounds[0])}-{_member(bounds[2])}")
        else:
            bounds = bounds[:1]
            parts.append(_member(bounds[0]))
        position += len(bounds)
    return "".join(parts)


def _member(text: str) -> str:
    return {r"\b": r"\x08"}.get(text) or (f"\\{text}" if text in "[&~-" else _escape(text))
