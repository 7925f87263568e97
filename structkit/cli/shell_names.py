"""Options as a shell writes them: a message that names an option of Python has that of the command line in brackets."""

from __future__ import annotations

import re

_PAIR = re.compile(
    r"""(?: [\w.]+ \( [^()]* \)                             # Policy(timeout=...)
          | [\w.]+ = (?: "[^"]*" | '[^']*' | [^\s()]* )     # encoding="cp1252"
          | "\w+" | [\w.]+                                  # "new", max_failed
        ) \  \( (--[^()]*) \)""",
    re.VERBOSE,
)

_TOKEN_LIMIT = re.compile(r"\(max_(completion_)?tokens=(\d+)\)")
"""The limit of a reply, as the request has it."""

_RAISE_LIMIT = re.compile(r"raise max_(completion_)?tokens, set Policy\.max_tokens to let structkit raise it, or")

_PHRASES = {
    " or pass api_key=": "",  # a key in a command would be in the shell's history
    "(OPENAI_API_KEY, or api_key=)": "(OPENAI_API_KEY)",
    "pass the type as the first argument, and mode=... (--mode)": "pass the type with --type, and --mode",
    "is encrypted: pass password=": "is encrypted: pass --password, or set STRUCTKIT_PDF_PASSWORD",
    "open it with ocr=True, or with send='images'": "pass --ocr, or --send images",
    ", or read the text of a scan with Document.open(..., ocr=True) (--ocr)": ", or read the text of a scan with --ocr",
    "pass the messages as the prompt": "pass the text with --prompt and --instructions",
    "raise Policy(timeout=...) (--timeout), or its deadline": "raise --timeout",
}
"""Advice that the command line has other words for."""


def to_shell_names(message: str) -> str:
    """Return a message with the options of the command line in place of Python's.

    >>> to_shell_names('not UTF-8 text: pass encoding="cp1252" (--encoding cp1252)')
    'not UTF-8 text: pass --encoding cp1252'
    >>> to_shell_names("max_failed (--max-failed) must be a number; raise Policy(timeout=...) (--timeout)")
    '--max-failed must be a number; raise --timeout'
    """
    for phrase, replacement in _PHRASES.items():
        message = message.replace(phrase, replacement)
    message = _PAIR.sub(r"\1", _RAISE_LIMIT.sub(lambda advice: f"raise {_token_option(advice)}, or", message))
    return _TOKEN_LIMIT.sub(lambda limit: f"({_token_option(limit)} {limit[2]})", message)


def _token_option(limit: re.Match[str]) -> str:
    return "--max-completion-tokens" if limit[1] else "--max-tokens"
