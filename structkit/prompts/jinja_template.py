"""Jinja templates in a sandbox: values are data, which no template can reach into and nothing renders a second time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from structkit.errors import ConfigError, PromptError, install_hint
from structkit.values.text import format_names


@dataclass(frozen=True)
class JinjaTemplate:
    """A Jinja template as the prompt about a row: `{{ name }}` is the value of a column.

    It needs the extra `jinja`. A value is filled in as in any other template: a text as it is, dates in ISO form, other
    values as JSON, nothing for None. `{{ column("Review Text") }}` is a column whose name is not an identifier. An
    attribute or an index of a value (`{{ text.x }}`, `{{ text[0] }}`) is an error, and so is a name that is not a
    column; a filter such as `{{ text | truncate(200) }}` reads values as data.

    Args:
        source: The text of the template.

    Attributes:
        columns: The columns that the template reads.
        needs: The columns without which it cannot be rendered: those of which it does not ask whether they are defined.

    Raises:
        ConfigError: The extra is not installed.
        PromptError: The template is invalid, or reads an attribute or an index.

    >>> template = JinjaTemplate("{% if title %}{{ title | upper }}: {% endif %}{{ text }}")
    >>> template({"title": "", "text": "{{ title }}"}), sorted(template.columns)
    ('{{ title }}', ['text', 'title'])
    """

    source: str
    columns: frozenset[str] = field(init=False, compare=False, repr=False)
    needs: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Compile the template, so that mistakes show where it is declared."""
        if not isinstance(self.source, str):
            raise PromptError(f"a Jinja template must be a text, not {type(self.source).__name__}")
        _, columns, optional_columns = _compile(self.source)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "needs", columns - optional_columns)

    def __call__(self, row: Mapping[str, Any]) -> str:
        """Return the prompt about a row.

        Raises:
            PromptError: A name is not a column, or a filter cannot read a value.
        """
        from structkit.prompts.jinja_sandbox import render

        return render(_compile(self.source)[0], row)

    def validate(self, names: Iterable[str]) -> None:
        """Validate that the template reads a column, and only columns that there are.

        Raises:
            PromptError: It reads none, or one that there is not.
        """
        columns = [*names]
        listing = format_names(columns)
        if missing := sorted(self.needs - {*columns}):
            other = next((name for name in columns if not name.isidentifier()), None)
            hint = f"; write {_expression(other)} for such a name" if other else ""
            raise PromptError(
                f"the Jinja template asks for {format_names(missing)}, but the names are: {listing}{hint}"
            )
        if columns and self.columns.isdisjoint(columns):
            raise PromptError(
                "the Jinja template reads no column, so every request would be the same, without a word of the input: "
                f"write {_expression(columns[-1])} where its value belongs (the names are: {listing})"
            )


def _expression(column: str) -> str:
    """Return what a template has for the value of a column.

    >>> _expression("text"), _expression("Review Text")
    ('{{ text }}', '{{ column("Review Text") }}')
    """
    return (
        f"{{{{ {column} }}}}"
        if column.isidentifier()
        else f"{{{{ column({json.dumps(column, ensure_ascii=False)}) }}}}"
    )


@lru_cache(64)
def _compile(source: str) -> tuple[Any, frozenset[str], frozenset[str]]:
    """Return the compiled template, the columns that it reads, and those that may be absent.

    Raises:
        ConfigError: The extra is not installed.
        PromptError: The template is invalid, or reads an attribute or an index.
    """
    try:
        from structkit.prompts import jinja_sandbox
    except ImportError:
        raise ConfigError(f"a Jinja template needs Jinja2: {install_hint('jinja')}") from None
    return jinja_sandbox.compile_template(source)
