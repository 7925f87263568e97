"""The house rules that no linter knows: lengths, import cycles, one name for one thing, nothing written twice for async."""

from __future__ import annotations

import ast
import difflib
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "structkit").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def body_lines(function: Function) -> int:
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_opens_with_what_it_knows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert (ast.get_docstring(ast.parse(text)) or "").strip(), "the first line says what the file knows"


def test_functions_can_be_seen_whole() -> None:
    lengths = {name: body_lines(function) for name, function in functions()}
    long = {name: length for name, length in lengths.items() if length > 30}
    assert not long
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 16


def imports(path: Path, modules: set[str]) -> set[str]:
    """The package's modules that a file imports: at its top, within functions and for type checkers alike."""
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names & modules


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    """The nodes that can be reached from a node by at least one edge."""
    nodes, queue = set[str](), [*graph[start]]
    while queue:
        if (name := queue.pop()) not in nodes:
            nodes.add(name)
            queue.extend(graph[name])
    return nodes


def test_only_an_extraction_and_its_parts_import_each_other() -> None:
    files = {module_name(path): path for path in FILES if path.stem != "__init__"}
    graph = {name: imports(path, {*files}) - {name} for name, path in files.items()}
    cyclic = {name for name in graph if name in reachable(name, graph)}
    assert cyclic <= {"structkit.extraction.extraction", "structkit.extraction.split_extraction"}


def duplicates(names: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Each name that two or more places use, with those places."""
    places = defaultdict[str, set[str]](set)
    for name, place in names:
        places[name].add(place)
    return {name: users for name, users in places.items() if len(users) > 1}


def test_a_file_name_means_one_subject() -> None:
    stems = ((path.stem, module_name(path)) for path in FILES if not path.stem.startswith("__"))
    assert duplicates(stems) == {}


def test_a_class_name_means_one_thing() -> None:
    classes = (
        (node.name.lstrip("_"), module_name(path))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert duplicates(classes) == {}


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python 3.11.2, which Debian has, may take the wrong branch in such a group."""
    texts = {path: ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in FILES}
    patterns = [
        (path.name, node.value)
        for path, nodes in texts.items()
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "*+" in node.value
    ]
    assert [(name, text) for name, text in patterns if re.search(r"[^\\\w]\)[*+?]\+", text) and "(?:" in text] == []


def test_no_test_gives_up_on_a_slow_machine() -> None:
    waits = re.compile(r"(?:\btimeout=|(?<!limiter)\.wait\(|\.result\()(\d+)\b")
    short = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(5 <= int(seconds) < 600 for seconds in waits.findall(line))
    ]
    assert not short, "wait 600 s for what has to happen; a limit that has to be reached is below 5 s"


def test_nothing_is_written_twice_for_async() -> None:
    def shape(function: Function) -> str:
        return re.sub(r"\b(await|async) |Async", "", ast.unparse(function.body[1:] or function.body))

    everything = list(functions())
    blocking = [(name, shape(node)) for name, node in everything if isinstance(node, ast.FunctionDef)]
    for name, node in everything:
        if isinstance(node, ast.AsyncFunctionDef) and body_lines(node) > 10:
            matcher = difflib.SequenceMatcher(b=shape(node))
            for other, text in blocking:
                matcher.set_seq1(text)
                ratios = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)  # each at most the one before
                assert not all(ratio() >= 0.8 for ratio in ratios), f"{name} is {other} again"
