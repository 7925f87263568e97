"""The page on environment variables lists exactly those that the code reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
"""What `urllib.request.getproxies` reads."""


def files() -> list[Path]:
    return [*(ROOT / "structkit").rglob("*.py"), ROOT / "structkit_pytest.py"]


def constants(tree: ast.Module) -> dict[str, str]:
    """The texts that the names of a module stand for."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def is_environ(node: ast.AST) -> bool:
    return ast.unparse(node) in {"os.environ", "environ"}


def keys_read(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions by which variables are read."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=mapping, attr="get" | "pop"), args=[key, *_]) if is_environ(mapping):
                yield key
            case ast.Call(func=ast.Attribute(attr="getenv"), args=[key, *_]):
                yield key
            case ast.Subscript(value=mapping, slice=key, ctx=ast.Load()) if is_environ(mapping):
                yield key
            case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[mapping]) if is_environ(mapping):
                yield key


def variables_read() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files()]
    names = {name: text for tree in trees for name, text in constants(tree).items()}
    keys = [(key, {**names, **constants(tree)}) for tree in trees for key in keys_read(tree)]
    return {key.value if isinstance(key, ast.Constant) else texts[ast.unparse(key)] for key, texts in keys}


def sections() -> tuple[str, str]:
    structkit, _, packages = PAGE.partition("## Read by other packages")
    return structkit, packages


def variables_in(text: str) -> set[str]:
    """The variables in the first column of the tables of a text."""
    cells = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def test_the_page_lists_the_variables_that_structkit_reads() -> None:
    internal = {name for name in variables_read() if name.startswith("_")}
    assert variables_in(sections()[0]) == (variables_read() - internal) | PROXIES


def test_the_page_lists_the_variables_that_the_sdk_reads() -> None:
    spec = find_spec("openai")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    paths = [*package.glob("*.py"), *(package / "_utils").glob("*.py"), *(package / "lib").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    names = {*re.findall(r"environ\.get\(\s*\"((?:OPENAI|AZURE)_[A-Z_]+)\"", text)}
    assert variables_in(sections()[1]) == names
