"""Decorated functions over data frames: new columns from `map`, and frames from `label`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Literal
from unittest.mock import ANY

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

COLUMNS = {"text": ["good food", "cold soup", "unknown"], "stars": [5, 1, 3]}
FRAMES: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.table,
}
PLACE_OF_MOOD = {"good food": "kitchen", "cold soup": None}


class Label(BaseModel):
    """The mood of a review."""

    mood: Literal["good", "bad"]
    place: str | None = None


def answer_by_text(request: JSON) -> Reply:
    """Answer with a label; with an invalid one for `unknown`."""
    text = str(request["messages"][-1]["content"])
    mood = {"good food": "good", "cold soup": "bad"}.get(text, "none")
    return text_reply(request, json.dumps({"mood": mood, "place": PLACE_OF_MOOD.get(text)}))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint(answer_by_text) as scripted:
        monkeypatch.setenv("OPENAI_BASE_URL", scripted.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield scripted


@pytest.fixture(params=["blocking", "awaited"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return a function that calls a method of a decorated function, blocking or awaited."""

    def run(method: str, *args: Any, output_type: Any = Label, **settings: Any) -> Any:
        if request.param == "blocking":

            @structkit.prompt(output_type, model="fake", policy=structkit.Policy(attempts=1))
            def label(text: str) -> str:
                return text

            return getattr(label, method)(*args, **settings)

        @structkit.prompt(output_type, model="fake", policy=structkit.Policy(attempts=1))
        async def label_async(text: str) -> str:
            return text

        async def work() -> Any:
            return await getattr(label_async, method)(*args, **settings)

        return asyncio.run(work())

    return run


def records(frame: Any) -> list[JSON]:
    if isinstance(frame, pd.DataFrame):
        return [{key: None if pd.isna(cell) else cell for key, cell in row.items()} for row in frame.to_dict("records")]
    return frame.to_dicts() if isinstance(frame, pl.DataFrame) else frame.to_pylist()


@pytest.mark.parametrize("kind", FRAMES)
def test_map_returns_a_frame_of_the_same_kind_with_a_column_for_each_field(
    endpoint: Endpoint, call: Callable[..., Any], kind: str
) -> None:
    frame = FRAMES[kind]({name: cells[:2] for name, cells in COLUMNS.items()})
    labelled = call("map", frame)
    assert type(labelled) is type(frame)
    assert records(labelled) == [
        {"text": "good food", "stars": 5, "mood": "good", "place": "kitchen"},
        {"text": "cold soup", "stars": 1, "mood": "bad", "place": None},
    ]
    assert "mood" not in records(frame)[0], "the frame itself does not change"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("kind", FRAMES)
def test_the_class_and_the_text_of_a_row_s_error_are_columns_of_the_frame(
    endpoint: Endpoint, call: Callable[..., Any], kind: str
) -> None:
    rows = records(call("map", FRAMES[kind](COLUMNS), on_error="return"))
    assert [row["mood"] for row in rows] == ["good", "bad", None]
    assert [row["error"] for row in rows] == [None, None, "InvalidOutput"]
    assert "no valid label" in rows[2]["message"]
    assert len(endpoint.requests) == 3


class Report(BaseModel):
    error: str
    message: str


@pytest.mark.parametrize("kind", FRAMES)
def test_the_columns_of_errors_replace_neither_a_field_nor_a_column_of_the_frame(
    endpoint: Endpoint, call: Callable[..., Any], kind: str
) -> None:
    frame = FRAMES[kind]({"text": ["good food"], "message": ["mine"]})
    [row] = records(call("map", frame, on_error="return"))
    assert (row["message"], row["mood"], row["error"], row["message_run"]) == ("mine", "good", None, None)
    [row] = records(call("map", FRAMES[kind]({"text": ["good food"]}), on_error="return", output_type=Report))
    assert (row["error"], row["message"], row["error_run"], row["message_run"]) == (None, None, "InvalidOutput", ANY)


def test_a_type_without_fields_is_the_column_value(endpoint: Endpoint, call: Callable[..., Any]) -> None:
    frame = pd.DataFrame({"text": ["good food"]}, index=["r1"])
    labelled = call("map", frame, output_type=dict[str, str | None])
    assert labelled.loc["r1", "value"] == {"mood": "good", "place": "kitchen"}
    assert endpoint.requests


@pytest.mark.parametrize("kind", FRAMES)
def test_the_column_of_a_type_without_fields_can_be_named(
    endpoint: Endpoint, call: Callable[..., Any], kind: str
) -> None:
    frame = FRAMES[kind]({"text": ["good food"], "value": ["mine"]})
    [row] = records(call("map", frame, value_column="label", output_type=dict[str, str | None]))
    assert (row["value"], list(row)) == ("mine", ["text", "value", "label"])
    assert len(endpoint.requests) == 1


def test_a_name_for_a_column_that_there_is_not_is_an_error(endpoint: Endpoint, call: Callable[..., Any]) -> None:
    with pytest.raises(structkit.ConfigError, match="a column for each field; leave it out"):
        call("map", pd.DataFrame(COLUMNS), value_column="label")
    with pytest.raises(structkit.ConfigError, match="a column of a data frame, and the rows are none"):
        call("map", ["good food"], value_column="label")
    assert not endpoint.requests, "nothing was sent"


@pytest.mark.parametrize("kind", FRAMES)
def test_a_column_is_never_replaced(endpoint: Endpoint, call: Callable[..., Any], kind: str) -> None:
    with pytest.raises(structkit.ConfigError, match="already has 'mood': rename or drop it first"):
        call("map", FRAMES[kind]({**COLUMNS, "mood": ["", "", ""]}))
    assert not endpoint.requests, "nothing was sent"


@pytest.mark.parametrize("kind", FRAMES)
def test_label_without_an_output_returns_the_rows_of_a_frame(
    endpoint: Endpoint, call: Callable[..., Any], kind: str
) -> None:
    report = call("label", FRAMES[kind](COLUMNS))
    assert (report.output, report.counts) == (None, {"done": 2, "failed": 1})
    labelled = report.to_pandas()
    assert [*labelled["stars"]] == [5, 1, 3]
    assert labelled["stars"].dtype.kind == "i", "columns keep their types"
    assert [*labelled["mood"][:2]] == ["good", "bad"]
    assert [*labelled["status"]] == ["done", "done", "failed"]
    assert report.to_arrow().num_rows == len(report.to_dicts()) == 3
    assert len(endpoint.requests) == 3


def test_rows_that_are_no_frame_keep_their_nested_values(endpoint: Endpoint, call: Callable[..., Any]) -> None:
    report = call("label", [{"text": "good food", "meta": {"tags": ["a"]}}])
    assert report.to_dicts()[0]["meta"] == {"tags": ["a"]}
    assert report.to_arrow()["mood"].to_pylist() == [*report.to_pandas()["mood"]] == ["good"]
    assert endpoint.requests


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_without_the_column_of_an_argument_is_rejected(
    endpoint: Endpoint, call: Callable[..., Any], kind: str
) -> None:
    with pytest.raises(structkit.ConfigError, match="needs 'text', but the columns of the data frame are: body, stars"):
        call("map", FRAMES[kind]({"body": ["good food"], "stars": [5]}))
    assert not endpoint.requests, "nothing was sent"


@pytest.mark.parametrize("column", [pd.Series, lambda cells: pl.Series(values=cells), pa.chunked_array, pa.array])
def test_a_column_of_a_frame_is_an_iterable_of_single_arguments(endpoint: Endpoint, column: Any) -> None:
    @structkit.prompt(Label, model="fake")
    def label(text: str) -> str:
        return text

    cells = [["good food", "cold soup"]] if column is pa.chunked_array else ["good food", "cold soup"]
    assert [each.mood for each in label.map(column(cells))] == ["good", "bad"]
    assert len(endpoint.requests) == 2


def test_a_default_that_is_not_of_its_class_is_in_its_column() -> None:
    class Payment(BaseModel):
        name: str
        amount: Decimal = 0  # type: ignore[assignment]

    with Endpoint('{"name": "a", "amount": null}') as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)

        @structkit.prompt(Payment, client=client)
        def read(text: str) -> str:
            return text

        assert read("x").amount == 0
        assert read.map(pd.DataFrame({"text": ["x"]})).to_dict("records") == [{"text": "x", "name": "a", "amount": "0"}]
