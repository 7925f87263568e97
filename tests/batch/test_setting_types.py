"""Settings of a job with a wrong type or value are rejected before anything is opened or sent."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from structkit import Job, Price
from structkit.errors import ConfigError, StructkitError
from structkit.testing import Endpoint

PRICE = Price(Decimal(1), Decimal(2))
VALUES: dict[str, Any] = {
    "none": None,
    "empty": "",
    "zero": 0,
    "negative": -1,
    "true": True,
    "fraction": 1.5,
    "nan": float("nan"),
    "infinity": float("inf"),
    "huge": 10**30,
    "text": "x",
    "bytes": b"x",
    "list": [],
    "dict": {"a": 1},
    "object": object(),
    "class": object,
    "decimal": Decimal("NaN"),
    "null": "a\0b",
}
SETTINGS = [
    *("source", "output", "prompt", "client", "model", "base_url", "api_key", "key", "table", "delimiter", "encoding"),
    *("concurrency", "budget", "price", "limit", "sample", "grace", "blank", "on_ambiguous", "on_change"),
    *("retry_failed", "max_failed", "overwrite", "columns", "value_column", "items", "guard_formulas", "progress"),
    *("evidence", "review_below"),
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)

    def run(**settings: Any) -> Any:
        with Endpoint('{"value": "ok"}') as endpoint:
            default: dict[str, Any] = {"source": ["a"], "output": tmp_path / "o.csv", "prompt": "{text}", "model": "m"}
            return Job(output_type=str, **{**default, "base_url": endpoint.base_url, **settings}).run()

    return run


@pytest.mark.parametrize("name", SETTINGS)
def test_no_value_of_a_setting_raises_anything_but_an_error_that_names_it(run: Callable[..., Any], name: str) -> None:
    for value in VALUES.values():
        with contextlib.suppress(StructkitError):
            run(**{"overwrite": True, name: value})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompt": 5}, "prompt must be a template or a function, not 5"),
        ({"model": 5}, "model must be a text, not 5"),
        ({"api_key": b"secret"}, "api_key must be a text, not bytes"),
        ({"delimiter": 5}, "delimiter must be a text, not 5"),
        ({"retry_failed": "no"}, "retry_failed must be True or False, not 'no'"),
        ({"limit": True}, "limit must be a whole number, not True"),
        ({"sample": 1.5}, "sample must be a whole number, not 1.5"),
        ({"grace": "1"}, "grace must be a number of seconds, not '1'"),
        ({"budget": 0.1, "price": PRICE}, "budget must be an amount of money, as a Decimal or a text"),
        ({"budget": "-1", "price": PRICE}, "budget must be an amount of money"),
        ({"price": 5}, r"price must be a structkit\.Price, not 5"),
        ({"concurrency": True}, "concurrency must be auto, or 1 or more, and 100,000 at most, not True"),
        ({"concurrency": 10**30}, "concurrency must be auto"),
        ({"columns": "status"}, "columns must be names of columns in a tuple, not 'status'"),
        ({"review_below": "low"}, "must be a confidence from 0 to 1, not 'low'"),
        ({"review_below": 7}, "must be a confidence from 0 to 1, not 7"),
        ({"call": 5}, "call must be a dict of arguments, not 5"),
        ({"call": {"policy": 5}}, r"policy must be a structkit\.Policy, not 5"),
        ({"call": {"dialect": 5}}, "dialect must be the name of a dialect, not 5"),
        ({"call": {"checks": 5}}, "checks must be a list of functions, not 5"),
        ({"call": {"examples": [1]}}, "examples must be a list of pairs"),
        ({"call": {"stream_options": True}}, "stream_options must be a mapping"),
        ({"call": {"evidence": 5}}, "evidence must be True, False"),
    ],
)
def test_a_wrong_type_is_told_with_the_setting_and_what_it_has_to_be(
    run: Callable[..., Any], tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(**settings)
    assert not list(tmp_path.iterdir()), "nothing was opened"


def test_a_limit_may_be_larger_than_any_table(run: Callable[..., Any]) -> None:
    assert run(limit=sys.maxsize + 1).counts == {"done": 1}
    assert run(limit=10**30, source=iter(["a"])).counts == {"done": 1}


@pytest.mark.parametrize(("suffix", "module"), [("xlsx", "xlsxwriter"), ("parquet", "pyarrow"), ("arrow", "pyarrow")])
def test_an_extra_that_is_missing_leaves_no_journal(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, module: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=f"{module} is not installed"):
        run(output=tmp_path / f"o.{suffix}")
    assert not list(tmp_path.iterdir())


async def on_progress_async(progress: object) -> None:
    """Draw the progress."""


@pytest.mark.parametrize(
    ("callback", "message"),
    [(on_progress_async, "must be a plain function: on_progress_async"), (3, "must be a function, not 3")],
    ids=["async", "number"],
)
def test_a_callback_that_would_never_be_called_is_an_error_before_anything_is_sent(
    tmp_path: Path, callback: Any, message: str
) -> None:
    with Endpoint() as endpoint:
        job = Job(["a"], tmp_path / "o.csv", output_type=int, prompt="{text}", model="m", base_url=endpoint.base_url)
        for run in (job.run, partial(job.run, processes=2), lambda each: asyncio.run(job.run_async(each))):
            with pytest.raises(ConfigError, match=f"^on_progress= {message}"):
                run(callback)
        assert endpoint.requests == []
