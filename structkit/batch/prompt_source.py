"""The source of the function that makes the prompts of a job: a job with another one is another job."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from structkit.prompts import JinjaTemplate

DIGEST_CHARS = 12
"""Characters of the digest of a function's code."""


def prompt_source(prompt: Callable[..., Any]) -> str:
    """Return the source of a prompt function, which is part of a job's identity.

    A function from `python -c` or an interactive session may have no source: then its name, a digest of its code and
    its docstring, so that another prompt is not taken for the same one. An object without code has its name only.
    """
    if (identity := getattr(prompt, "job_identity", None)) is not None:
        return str(identity)
    if isinstance(prompt, JinjaTemplate):
        return f"Jinja: {prompt.source}"
    try:
        return inspect.getsource(prompt)
    except (OSError, TypeError):
        return _describe_code(prompt)


def _describe_code(prompt: Callable[..., Any]) -> str:
    function = inspect.unwrap(prompt)
    name = f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
    code = getattr(function, "__code__", None)
    if code is None:
        return name
    digest = hashlib.sha256("\n".join(_code_parts(code)).encode(errors="surrogatepass")).hexdigest()[:DIGEST_CHARS]
    return f"{name}, whose source cannot be read; digest of its code: {digest}\n{function.__doc__ or ''}".rstrip()


def _code_parts(code: CodeType) -> Iterator[str]:
    """Yield what a code object does, without the file and the lines that it is from."""
    yield repr((code.co_code, code.co_names, code.co_varnames, code.co_freevars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_parts(constant)
        else:  # a set has another order in each process
            yield repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant)
