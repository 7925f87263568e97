"""Decorated functions in other processes: they are pickled by name, as functions are."""

from __future__ import annotations

import copy
import io
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint

MODULE = """
import structkit

@structkit.prompt
def count(text: str) -> int:
    '''How many in {text}?'''

@structkit.prompt
async def count_later(text: str) -> int:
    '''How many in {text}?'''

hidden = structkit.prompt(int)(lambda text: text)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "counts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("counts")
    del sys.modules["counts"]


def test_a_pool_of_processes_calls_a_function_with_its_own_client(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint('{"value": 7}') as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            assert pool.map(module.count, ["a", "b", "c"]) == [7, 7, 7]
        assert len(endpoint.requests) == 3


@pytest.mark.parametrize("name", ["count", "count_later"])
def test_a_function_is_the_same_one_after_pickling_and_copying(module: Any, name: str) -> None:
    function = getattr(module, name)
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.copy(function) is copy.deepcopy(function) is function


@pytest.mark.parametrize(
    "choose",
    [lambda module: module.hidden, lambda module: module.count.with_options(seed=1)],
    ids=["lambda", "options"],
)
def test_a_function_that_its_name_does_not_lead_to_cannot_be_pickled(module: Any, choose: Any) -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(choose(module))


@pytest.mark.parametrize(
    "choose",
    [lambda module: module.hidden, lambda module: module.count.with_options(seed=1)],
    ids=["lambda", "options"],
)
def test_a_function_without_a_name_is_left_to_picklers_that_take_functions_apart(module: Any, choose: Any) -> None:
    """As that of cloudpickle does."""
    inner: list[Any] = []

    class FunctionPickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> int | None:
            inner.extend([value] if isinstance(value, FunctionType) else [])
            return len(inner) - 1 if isinstance(value, FunctionType) else None

    class FunctionUnpickler(pickle.Unpickler):
        def persistent_load(self, number: int) -> Any:
            return inner[number]

    function, file = choose(module), io.BytesIO()
    FunctionPickler(file).dump(function)
    other = FunctionUnpickler(io.BytesIO(file.getvalue())).load()
    assert other is not function
    assert other.format("a") == function.format("a")
    assert other.declaration.call == function.declaration.call


@pytest.mark.parametrize("is_script", [True, False], ids=["script", "notebook"])
def test_only_a_function_of_a_notebook_is_not_pickled_by_its_name(is_script: bool, tmp_path: Path) -> None:
    program = MODULE + "print(isinstance(count.__reduce_ex__(4), str))"
    (tmp_path / "script.py").write_text(program)
    arguments = [str(tmp_path / "script.py")] if is_script else ["-c", program]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == f"{is_script}\n"


def test_other_options_leave_the_function_as_it_is() -> None:
    @structkit.prompt(model="a")
    def count(text: str) -> int:  # type: ignore[empty-body]
        """How many in {text}?"""

    other = count.with_options(model="b")
    assert (count.declaration.model, other.declaration.model) == ("a", "b")
