"""Jinja2's sandbox, narrowed: no attribute or index of any value, and no call of a value. Imports Jinja2."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined, meta, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from structkit.errors import PromptError
from structkit.prompts.template import value_text
from structkit.values.source_cell import to_json_value

LOOP = "loop"
"""The one object whose attributes a template may read: it is Jinja's own, and tells where a loop is."""

COLUMN = "column"
"""The function that reads a column by its name."""

OTHER_NAME_HINT = '{{ column("Review Text") }} is a column whose name is not an identifier'
SECOND_WORD = "expected token 'end of "
"""What Jinja says about a second word after an expression, in `{{ }}` and in `{% %}`."""

SELF = "self"
"""The name of a template's own object, whatever columns there are."""

RENDER_ERRORS = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    *(MemoryError, RecursionError),  # of a text that is repeated billions of times, and of a macro that calls itself
)

ATTRIBUTE_FILTERS = frozenset({"attr", "selectattr", "rejectattr", "groupby"})


class ValueSandbox(ImmutableSandboxedEnvironment):
    """An environment in which values are data: filters that read attributes fail, too."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute of a loop.

        Raises:
            SecurityError: It is an attribute of anything else.
        """
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        raise SecurityError(f"the attribute {attribute!r} of a value cannot be read")

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ARG002 (the signature of the base class)
        """Reject an index.

        Raises:
            SecurityError: Always.
        """
        raise SecurityError(f"the item {argument!r} of a value cannot be read")

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether an object is the template's own, and not a value."""
        return isinstance(obj, Macro | LoopContext) or any(obj is each for each in self.globals.values())


def compile_template(source: str) -> tuple[Template, frozenset[str], frozenset[str]]:
    """Return the compiled template, the columns that it reads, and those that may be absent.

    Args:
        source: The text of the template.

    Raises:
        PromptError: The template is invalid, or reads an attribute or an index.
    """
    environment = ValueSandbox(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_fill_in,
    )
    environment.globals = {"range": environment.globals["range"], COLUMN: _read_column}
    environment.filters |= {"tojson": _to_json, "join": _join}
    try:
        tree, template = environment.parse(source), environment.from_string(source)
    except TemplateSyntaxError as error:
        hint = f"; {OTHER_NAME_HINT}" if SECOND_WORD in str(error.message) else ""
        raise PromptError(f"the Jinja template is invalid, line {error.lineno}: {error.message}{hint}") from None
    if problem := next(_problems(tree), None):
        raise PromptError(f"the Jinja template, {problem}")
    names = meta.find_undeclared_variables(tree) - environment.globals.keys()
    return template, frozenset(names | {*_read_columns(tree)}), frozenset(_optional_names(tree))


def render(template: Template, row: Mapping[str, Any]) -> str:
    """Return the template with the values of a row.

    Raises:
        PromptError: A name is not a column, or an expression cannot read a value.
    """
    try:
        return template.render(row)
    except RENDER_ERRORS as error:
        raise PromptError(f"the Jinja template cannot be rendered: {str(error) or type(error).__name__}") from error


@pass_context
def _read_column(context: Context, name: str) -> Any:
    """Return the value of a column by its name.

    Raises:
        PromptError: There is no such column.
    """
    if (value := context.resolve_or_missing(name)) is missing:
        raise PromptError(f"the Jinja template asks for {COLUMN}({name!r}), but there is no such name")
    return value


def _to_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON; Jinja's own filter escapes it for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=to_json_value)


def _join(values: Iterable[Any], separator: Any = "") -> str:
    """Return the items of a list in one text, each as it would be filled in; Jinja's own filter writes `None`."""
    return _fill_in(separator).join(map(_fill_in, values))


def _fill_in(value: Any) -> str:
    return str(value) if isinstance(value, Undefined) else value_text(value)  # the first raises an error


def _problems(tree: nodes.Template) -> Iterator[str]:
    """Return what a template must not have, each with its line."""
    for item in tree.find_all(nodes.Getitem):
        yield (
            f"line {item.lineno}: [...] reads an item of a value, which is not possible: values are data. Use a filter "
            'such as truncate(200), first or last, or column("Review Text") for a column by its name'
        )
    for attribute in tree.find_all(nodes.Getattr):
        if not (isinstance(attribute.node, nodes.Name) and attribute.node.name == LOOP):
            yield (
                f"line {attribute.lineno}: .{attribute.attr} reads an attribute of a value, which is not possible: "
                "values are data. Write {{ name }} for a column, and a filter such as {{ name | upper }} for a "
                f"method; {OTHER_NAME_HINT}"
            )
    for call in tree.find_all(nodes.Filter):
        if call.name in ATTRIBUTE_FILTERS or any(each.key == "attribute" for each in call.kwargs):
            yield f"line {call.lineno}: the filter {call.name} reads an attribute of a value, which is not possible"
    yield from _name_problems(tree)
    for statement in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield f"line {statement.lineno}: a prompt is one file, without include, import or extends"


def _name_problems(tree: nodes.Template) -> Iterator[str]:
    for name in tree.find_all(nodes.Name):
        if name.name == SELF:
            yield f"line {name.lineno}: self is Jinja's own: write {{{{ column('self') }}}} for a column of this name"


def _read_columns(tree: nodes.Template) -> Iterator[str]:
    """Return the names in `column("name")`."""
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == COLUMN:
            yield from (each.value for each in call.args if isinstance(each, nodes.Const))


def _optional_names(tree: nodes.Template) -> Iterator[str]:
    """Return the names of which a template asks whether they are defined, or for which it has a default."""
    for node in tree.find_all((nodes.Test, nodes.Filter)):
        if node.name in {"defined", "undefined", "default", "d"} and isinstance(node.node, nodes.Name):
            yield node.node.name
