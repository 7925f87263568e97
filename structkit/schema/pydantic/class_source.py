"""Docstrings below the members of a class, which exist only in its source."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import sys
import textwrap
import tokenize
from collections.abc import Iterator
from itertools import pairwise


def member_docstrings(cls: type, names: frozenset[str]) -> dict[str, str]:
    """Return the docstrings below assignments in a class body; none where the source is not available.

    Args:
        cls: The class.
        names: The names that are assigned in its body. They distinguish it from other classes of its name in the file.
    """
    bodies = [body for body in _class_bodies(cls) if names <= _assigned_names(body)]
    return dict(_docstrings(bodies[0])) if len(bodies) == 1 else {}


def _class_bodies(cls: type) -> Iterator[list[ast.stmt]]:
    """Yield the body of every class of this name in the file of the class."""
    module = sys.modules.get(cls.__module__)
    lines = linecache.getlines(getattr(module, "__file__", None) or "", vars(module) if module else None)
    head = re.compile(rf"\s*class {re.escape(cls.__name__)}\b")
    for number, line in enumerate(lines):
        if head.match(line):
            try:
                [tree] = ast.parse(textwrap.dedent("".join(inspect.getblock(lines[number:])))).body
            except (
                SyntaxError,
                ValueError,
                tokenize.TokenError,
            ):  # a text in it is not indented, or the line is in one
                continue
            yield tree.body if isinstance(tree, ast.ClassDef) else []


def _assigned_names(body: list[ast.stmt]) -> set[str]:
    return {name for statement in body for name in _targets(statement)}


def _docstrings(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, following in pairwise(body):
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            text = following.value.value
            yield from ((name, text) for name in _targets(statement) if isinstance(text, str))


def _targets(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]
