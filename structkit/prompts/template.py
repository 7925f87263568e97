"""Templates with `{name}` fields. The values are data: braces in them are not fields."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from string import Formatter
from typing import Any

from structkit.errors import PromptError


def fill_template(template: str, arguments: Mapping[str, Any]) -> str:
    """Return the template with its fields filled in.

    A field is a plain name: attributes, indices and format specifications would let data reach into objects. `{{` and
    `}}` are braces.

    Raises:
        PromptError: A field has no argument, or is not a plain name.

    >>> fill_template("Label {text} as {{json}}", {"text": "{x} %s"})
    'Label {x} %s as {json}'
    """
    try:
        fields = list(Formatter().parse(inspect.cleandoc(template)))
    except ValueError as error:
        raise PromptError(f"not a template: {error}; write {{{{ and }}}} for braces") from None
    return "".join(text + _value(name, spec, conversion, arguments) for text, name, spec, conversion in fields)


def _value(name: str | None, spec: str | None, conversion: str | None, arguments: Mapping[str, Any]) -> str:
    if name is None:
        return ""
    if not name.isidentifier() or spec or conversion:
        raise PromptError(
            f"the template field {{{name}}} is not a plain name; compute the value and pass it as an argument"
        )
    if name not in arguments:
        names = ", ".join(arguments) or "none"
        raise PromptError(f"the template asks for {{{name}}}, but the arguments are: {names}")
    return str(arguments[name])
