"""Parameters that are annotated `structkit.File`: called with a path, and with the cells of rows."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import structkit
from structkit.testing import Endpoint

if TYPE_CHECKING:
    from structkit.values import Prompt

PDF = b"%PDF-1.7 ..."


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        yield endpoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "bill.pdf"
    path.write_bytes(PDF)
    return path


def declare(kind: str) -> Any:
    @structkit.prompt(int)
    def blocking(scan: structkit.File, question: str) -> Prompt:
        return [question, scan]

    @structkit.prompt(int)
    async def awaited(scan: structkit.File, question: str) -> Prompt:
        return [question, scan]

    class Reader:
        @structkit.prompt(int)
        def read(self, scan: structkit.File, question: str = "how many?") -> Prompt:
            return [question, scan]

    return {"blocking": blocking, "awaited": awaited, "method": Reader().read}[kind]


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    value = function(*args, **kwargs)
    return asyncio.run(value) if inspect.isawaitable(value) else value


all_kinds = pytest.mark.parametrize("kind", ["blocking", "awaited", "method"])


def sent_part(endpoint: Endpoint) -> Any:
    return endpoint.requests[-1]["messages"][-1]["content"][1]


@all_kinds
@pytest.mark.parametrize("argument", [str, Path, structkit.File])
def test_a_call_with_a_path_sends_the_file(endpoint: Endpoint, path: Path, kind: str, argument: Any) -> None:
    call(declare(kind), argument(path), question="how many?")
    assert sent_part(endpoint) == structkit.File(path).part


@all_kinds
def test_a_call_with_the_path_of_no_file_is_rejected(endpoint: Endpoint, kind: str) -> None:
    with pytest.raises(structkit.PromptError, match="cannot read the file"):
        call(declare(kind), "none.pdf", "how many?")
    assert not endpoint.requests


def test_an_empty_cell_of_a_file_fails_its_row(endpoint: Endpoint, path: Path) -> None:
    rows = [{"scan": str(path), "question": "a"}, {"scan": "", "question": "b"}]
    count = declare("blocking")
    results = [*count.map(rows, on_error="return")]
    assert isinstance(results[1], structkit.PromptError)
    assert "'scan' is empty" in str(results[1])
    assert count.label(rows).counts == {"done": 1, "failed": 1}
    assert len(endpoint.requests) == 2


def test_an_empty_cell_is_none_for_a_file_that_may_be_missing(endpoint: Endpoint) -> None:
    @structkit.prompt(int)
    def guess(scan: structkit.File | None, question: str) -> Prompt:
        return [question, scan] if scan else question

    assert len([*guess.map([{"scan": "", "question": "b"}])]) == 1
    assert endpoint.requests[0]["messages"][-1]["content"] == "b"
