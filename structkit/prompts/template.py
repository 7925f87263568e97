"""Templates with `{name}` fields; what is filled in is data and is never read as a template again."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from string import Formatter
from typing import Any

from structkit.errors import PromptError


def fill(template: str, arguments: Mapping[str, Any]) -> str:
    """The template with its fields filled in.

    Only plain names: no attributes, indices or format specifications, which would let data reach
    into objects. `{{` and `}}` are braces.

    Raises:
        PromptError: A field has no argument, or is no plain name.

    >>> fill("Label {text} as {{json}}", {"text": "{x} %s"})
    'Label {x} %s as {json}'
    """
    try:
        pieces = list(Formatter().parse(inspect.cleandoc(template)))
    except ValueError as error:
        raise PromptError(f"not a template: {error}; write {{{{ and }}}} for braces") from None
    return "".join(text + _value(name, spec, conversion, arguments) for text, name, spec, conversion in pieces)


def _value(name: str | None, spec: str | None, conversion: str | None, arguments: Mapping[str, Any]) -> str:
    if name is None:
        return ""
    if not name.isidentifier() or spec or conversion:
        raise PromptError(f"the template field {{{name}}} is no plain name; compute it and pass it as an argument")
    if name not in arguments:
        known = ", ".join(arguments) or "none"
        raise PromptError(f"the template asks for {{{name}}}, but the arguments are: {known}")
    return str(arguments[name])
