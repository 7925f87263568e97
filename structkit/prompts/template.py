"""Templates with `{name}` fields. The values are data: braces in them are not fields."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from structkit.errors import PromptError
from structkit.values.source_cell import to_text
from structkit.values.text import format_names, suggest_name

USE_JINJA = "pass structkit.JinjaTemplate (--prompt-file NAME.j2)"
"""What to do with a template that was written for Jinja."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LITERAL_FIELD = re.compile(r"(?<!\{)\{\{([^{}]*)\}\}(?!\})")
_LITERAL_NAME = re.compile(r"\s*(\w+)\s*(?:[|.\[].*)?", re.DOTALL)
_EXPRESSION = re.compile(r"\s*(\w+)\s*[.\[:!]")


class Template(NamedTuple):
    """A parsed template.

    Args:
        texts: The texts before each field, and the one after the last field.
        fields: The names in braces, as they are written.
        literal_fields: The texts in double braces.
    """

    texts: tuple[str, ...]
    fields: tuple[str, ...]
    literal_fields: tuple[str, ...]


def fill_template(template: str, arguments: Mapping[str, Any]) -> str:
    """Return the template with its fields filled in.

    A field is the name of an argument and nothing else: attributes, indices and format specifications would let data
    reach into objects. The name may be any text without braces, as the names of columns may. `{{` and `}}` are braces.
    A value that is not text is filled in as `value_text` returns it.

    Raises:
        PromptError: A field has no argument, a value has no text, or a brace is alone.

    >>> fill_template("Label {text} as {{json}}", {"text": "{x} %s"})
    'Label {x} %s as {json}'
    >>> fill_template("{Review Text} ({date})", {"Review Text": "Fits.", "date": None})
    'Fits. ()'
    """
    texts, fields, _ = _parse(template)
    values = (value_text(arguments[_argument_name(field, arguments)]) for field in fields)
    return texts[0] + "".join(value + text for value, text in zip(values, texts[1:], strict=True))


def value_text(value: Any) -> str:
    """Return a value as `to_text` does.

    Raises:
        PromptError: It has no text: Python's would be `<map object at 0x7f3c>`.

    >>> value_text(["a", "b"]), value_text(None)
    ('["a","b"]', '')
    >>> value_text(map(str, [1, 2]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    structkit.errors.PromptError: a value of the type map has no text for a prompt: pass a text, or a list ...
    """
    kind: Any = type(value)
    if kind.__str__ is object.__str__ and (kind.__repr__ is object.__repr__ or isinstance(value, Iterator)):
        raise PromptError(
            f"a value of the type {kind.__name__} has no text for a prompt: pass a text, or a list (in Jinja: | list)"
        )
    return to_text(value)


def template_names(template: str, arguments: Iterable[str]) -> frozenset[str]:
    """Return the names of the arguments that a template has fields for; fields without an argument are left out.

    >>> sorted(template_names("{a} { b } {c}", ["a", "b"]))
    ['a', 'b']
    """
    names = frozenset(arguments)
    fields = _parse(template).fields
    return frozenset(name for field in fields for name in (field, field.strip()) if name in names)


def absent_names(template: str, arguments: Iterable[str]) -> frozenset[str]:
    """Return the names in the braces of a template that are no arguments, without the white space around them.

    >>> sorted(absent_names("{a} { b } {c}", ["a"]))
    ['b', 'c']
    """
    names = frozenset(arguments)
    fields = _parse(template).fields
    return frozenset(field.strip() for field in fields if names.isdisjoint((field, field.strip())))


def validate_template(template: str, names: Iterable[str]) -> None:
    """Validate that a template has a field for an argument, so that not every call sends the same prompt.

    Raises:
        PromptError: It has no field, a field without an argument, or the name of an argument in double braces.

    >>> validate_template("Is it positive?", ["id", "text"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    structkit.errors.PromptError: the prompt has no placeholder, so every request would be the same, ...
    """
    arguments = dict.fromkeys(names, "")
    parsed = _parse(template)
    for field in parsed.fields:
        _argument_name(field, arguments)
    for text in parsed.literal_fields:
        if (name := _literal_name(text, arguments)) is not None:
            raise PromptError(
                f'{{{{{text}}}}} is Jinja, and here the literal text "{{{text}}}": write {{{name}}} for the value, '
                f"or {USE_JINJA}"
            )
    if not parsed.fields and arguments:
        name = "text" if "text" in arguments else [*arguments][-1]
        raise PromptError(
            f"the prompt has no placeholder, so every request would be the same, without a word of the input: write "
            f"{{{name}}} where its value belongs (the names are: {format_names([*arguments])})"
        )


def _literal_name(text: str, arguments: Mapping[str, Any]) -> str | None:
    """Return the argument that a text in double braces is meant to be the value of; None for any other text."""
    if text.strip() in arguments:
        return text.strip()
    match = _LITERAL_NAME.fullmatch(text)
    return match[1] if match and match[1] in arguments else None


@lru_cache(64)
def _parse(template: str) -> Template:
    """Split a template.

    Raises:
        PromptError: A brace is alone.
    """
    text = _dedent(template)
    texts, fields, end = [""], list[str](), 0
    for part in _PART.finditer(text):
        texts[-1] += text[end : part.start()]
        end = part.end()
        if part[1] is not None:
            fields.append(part[1])
            texts.append("")
        elif len(part[0]) == 2:  # noqa: PLR2004 (a doubled brace)
            texts[-1] += part[0][0]
        else:
            raise PromptError(f"not a template: a single {part[0]!r}; write {{{{ and }}}} for braces")
    texts[-1] += text[end:]
    literal_fields = tuple(match[1] for match in _LITERAL_FIELD.finditer(text))
    return Template(tuple(texts), tuple(fields), literal_fields)


def _dedent(template: str) -> str:
    r"""Return a template without the indentation of the code around it; unlike `inspect.cleandoc`, with its tabs.

    >>> _dedent("name\tcity\n    Ada\tLondon\n      more\n    ")
    'name\tcity\nAda\tLondon\n  more'
    """
    first_line, _, lines = template.partition("\n")
    return f"{first_line.lstrip()}\n{textwrap.dedent(lines)}".strip("\n")


def _argument_name(field: str, arguments: Mapping[str, Any]) -> str:
    """Return the name of the argument of a field; white space around it does not matter.

    Raises:
        PromptError: There is no such argument.
    """
    if field in arguments:
        return field
    if (name := field.strip()) in arguments:
        return name
    if (match := _EXPRESSION.match(field)) and match[1] in arguments:
        raise PromptError(
            f"the template field {{{field}}} is not a plain name but an expression: write {{{match[1]}}}, add the "
            f"computed value under a name of its own, or {USE_JINJA}"
        )
    if field.startswith(("%", "#")):
        raise PromptError(f"{{{field}}} in the prompt is Jinja: write {{name}} for a value, or {USE_JINJA}")
    hint = f" ({hint})" if (hint := suggest_name(name, arguments)) else ""
    raise PromptError(
        f"the template asks for {{{field}}}, and no value has this name{hint}: write one of the names "
        f"{format_names([*arguments])} in braces, or write {{{{ and }}}} for braces that are meant literally"
    )
