"""The page of a review that is served, in a real browser: each decision is on the disk, and nothing of a row runs."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import hostile_schema, hostile_texts
from review_process import TYPE, gold_lines

from structkit.review import GoldFile, ReviewServer, ReviewSession, ReviewTable, RowChoice
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source

Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve a table from this process, and return the address."""
    ends: list[Callable[[], Any]] = []

    def start(rows: Any, output_type: Any = None, **options: Any) -> str:
        gold = GoldFile(tmp_path / "labels.gold.jsonl")
        ends.append(gold.close)

        def open_table() -> ReviewTable:
            return ReviewTable(open_source(rows, key="id"), response_format(output_type or TYPE), ("body",), **options)

        server = ReviewServer(ReviewSession(open_table, RowChoice(), 0.8, gold, "labels.csv"), 0)
        server.__enter__()
        ends.append(lambda: server.__exit__(None, None, None))
        return server.url

    yield start
    for end in reversed(ends):
        end()


def rows_of(count: int) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "body": f"\U0001f600 {n} in Kiel", "mood": "good", "city": "Kiel"} for n in range(1, count + 1)
    ]


async def press(tab: Any, *keys: str) -> None:
    """Press keys, and wait until what they do is done."""
    for key in keys:
        await tab.press(key)
    await settle(tab)


async def settle(tab: Any) -> None:
    await tab.evaluate(
        "new Promise(function wait(done) { model && !isWaiting && !actions.length ? done() : setTimeout(wait, 10, done); })"
    )


async def text_of(tab: Any, name: str) -> str:
    return str(await tab.evaluate(f"document.getElementById('{name}').textContent"))


async def edit_city(tab: Any, text: str) -> None:
    await tab.evaluate("document.querySelector('#form [aria-label=city]').focus()")
    await tab.evaluate("document.activeElement.select()")
    await tab.call("Input.insertText", text=text)


def test_keys_that_are_pressed_at_once_are_decisions_about_one_row_after_the_other(
    visit: Any, serve: Serve, tmp_path: Path
) -> None:
    async def use(tab: Any) -> None:
        await settle(tab)
        await press(tab, "a", "r", "a")
        assert await text_of(tab, "summary") == "300 rows · 2 approved · 1 rejected"
        assert [line["decision"] for line in gold_lines(tmp_path)] == ["approved", "rejected", "approved"]
        await edit_city(tab, "Bonn")
        await press(tab, "Ctrl+Enter")
        await press(tab, "End", "r")
        await press(tab, "u")
        assert await tab.evaluate("current") == 4
        assert tab.problems == []

    visit(serve(rows_of(300)), use)
    lines = gold_lines(tmp_path)
    assert [line["key"] for line in lines] == ["1", "2", "3", "4", "300"]
    assert lines[3]["value"] == {"mood": "good", "city": "Bonn"}
    assert lines[3]["changes"] == [{"path": ["city"], "before": "Kiel", "after": "Bonn"}]


def test_the_token_leaves_the_address_and_a_reload_goes_on(visit: Any, serve: Serve) -> None:
    async def use(tab: Any) -> str:
        await settle(tab)
        assert "token" not in await tab.evaluate("location.href")
        assert await tab.evaluate("history.length") <= 2
        await press(tab, "a")
        await edit_city(tab, "Ulm")
        await tab.open(await tab.evaluate("location.href"))
        await settle(tab)
        assert await text_of(tab, "summary") == "3 rows · 1 approved · 0 rejected"
        return str(await tab.evaluate("document.querySelector('#form [aria-label=city]').value"))

    assert visit(serve(rows_of(3)), use) == "Ulm"


def test_a_page_without_the_token_says_what_to_do(visit: Any, serve: Serve) -> None:
    async def use(tab: Any) -> str:
        await tab.evaluate("new Promise(done => setTimeout(done, 200))")
        assert await tab.evaluate("document.querySelectorAll('.item').length") == 0
        return await text_of(tab, "problem-text")

    assert "open the address that it prints" in visit(serve(rows_of(3)).split("?")[0], use)


@pytest.mark.parametrize(("choice", "values"), [("theirs", ["Bonn"]), ("mine", ["Bonn", "Ulm"])])
def test_of_two_decisions_about_a_row_the_person_chooses(
    visit: Any, serve: Serve, tmp_path: Path, choice: str, values: list[str]
) -> None:
    """The other window is a request of the same page with the same row."""
    other = """server => fetch("/api/decide", {method: "POST", headers: {"Content-Type": "application/json", "X-Structkit-Token": server.token},
        body: JSON.stringify({table: 1, place: 0, seen: 0, entry: {key: "1", decision: "approved", value: {mood: "good", city: "Bonn"},
        by: "bob", row_digest: rows.row(0).digest}})}).then(reply => reply.status)"""

    async def use(tab: Any) -> None:
        await settle(tab)
        await edit_city(tab, "Ulm")
        assert await tab.evaluate(f"({other})(rows.server)") == 200
        await tab.press("Ctrl+Enter")
        await tab.evaluate(
            "new Promise(function wait(done) { $('conflict').open ? done() : setTimeout(wait, 10, done); })"
        )
        assert "approved by bob" in await text_of(tab, "conflict-text")
        assert await text_of(tab, "conflict-changes") == 'city: "Bonn" → yours: "Ulm"'
        await tab.evaluate(f"document.getElementById('keep-{choice}').click()")
        await settle(tab)
        await press(tab, "Home")
        assert await tab.evaluate("document.querySelector('#form [aria-label=city]').value") == values[-1]

    visit(serve(rows_of(2)), use)
    assert [line["value"]["city"] for line in gold_lines(tmp_path)] == values


def test_what_is_not_saved_stays_on_the_page(visit: Any, serve: Serve, tmp_path: Path) -> None:
    schema = {
        **TYPE,
        "properties": {**TYPE["properties"], "city": {"type": "string", "pattern": "^[A-Z]", "maxLength": 9}},
    }

    async def use(tab: Any) -> None:
        await settle(tab)
        await edit_city(tab, "kiel")
        await press(tab, "Ctrl+Enter")
        assert (await text_of(tab, "note")).startswith("Not saved: ")
        assert await tab.evaluate("[current, document.querySelector('#form [aria-label=city]').value]") == [0, "kiel"]
        (tmp_path / "labels.gold.jsonl").unlink()
        await edit_city(tab, "Ulm")
        await press(tab, "Ctrl+Enter")
        assert "was changed by another program" in await text_of(tab, "problem-text")
        assert await tab.evaluate("[current, document.querySelector('#form [aria-label=city]').value]") == [0, "Ulm"]

    visit(serve(rows_of(2), schema), use)


def test_a_decision_is_taken_back(visit: Any, serve: Serve, tmp_path: Path) -> None:
    async def use(tab: Any) -> None:
        await settle(tab)
        await press(tab, "a")
        await press(tab, "k", "z")
        assert await text_of(tab, "summary") == "2 rows · 0 approved · 0 rejected"

    visit(serve(rows_of(2)), use)
    assert [line["decision"] for line in gold_lines(tmp_path)] == ["approved", "open"]


def test_nothing_of_500_hostile_texts_runs_through_the_server(visit: Any, serve: Serve, tmp_path: Path) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in hostile_texts(500)]  # a table has no half surrogates
    chance = random.Random(5)
    schema = hostile_schema(texts)
    rows = []
    for number in range(0, 500, 20):
        part = texts[number : number + 20]
        value = {text: chance.choice((text, texts[21])) for text in texts[:20]}
        rows.append(
            {"id": f"{number} {part[0]}", "body": "\n".join(part), **value, "message": part[3], "status": "failed"}
        )

    async def use(tab: Any) -> None:
        await settle(tab)
        for _ in rows:
            await press(tab, "Enter", "Escape", "a")
        await press(tab, "Home")
        await tab.evaluate("document.querySelectorAll('mark, #form button').forEach(each => each.click())")
        await tab.evaluate("new Promise(done => setTimeout(done, 200))")
        assert await tab.evaluate("typeof window.pwned") == "undefined"
        assert await tab.evaluate("window.reports") == []
        assert await tab.evaluate("document.scripts.length + document.images.length + frames.length") == 1
        assert tab.problems == []
        assert {url.split("/")[2] for url in tab.requests} == {await tab.evaluate("location.host")}

    visit(serve(rows, schema), use)
    assert len(gold_lines(tmp_path)) == len(rows)


def test_a_long_table_is_a_few_elements_and_rows_that_are_looked_at(visit: Any, serve: Serve) -> None:
    async def use(tab: Any) -> tuple[int, float]:
        await settle(tab)
        await tab.evaluate(
            "new Promise(function wait(done) { rows.isComplete ? done() : setTimeout(wait, 20, done); })"
        )
        for _ in range(3):
            await press(tab, "End", "Home")
        for top in range(0, 460_000, 20_000):
            await tab.evaluate(f"list.scrollTop = {top}; new Promise(done => setTimeout(done, 20))")
        await press(tab, "End")
        assert await text_of(tab, "status") == "Row 10000 of 10000, 10000"
        assert await tab.evaluate("rows.pages.size") <= 40
        assert await tab.evaluate("rows.loaded.size") <= 12
        await tab.call("HeapProfiler.collectGarbage")
        count = await tab.evaluate("document.querySelectorAll('*').length")
        return count, (await tab.call("Runtime.getHeapUsage"))["usedSize"] / 1e6

    count, megabytes = visit(serve(rows_of(10_000)), use)
    assert count < 400
    assert megabytes < 20


def test_decisions_outlive_the_server_and_the_page_says_that_it_is_gone(
    visit: Any, serve: Serve, tmp_path: Path
) -> None:
    async def use(tab: Any) -> None:
        await settle(tab)
        await press(tab, "a")
        await tab.evaluate("rows.server.fetch = Server.prototype.fetch.bind(rows.server, 'http://127.0.0.1:9/'); 0")
        await tab.press("a")
        await asyncio.sleep(0.2)
        assert "The server does not answer" in await text_of(tab, "problem-text")
        assert await tab.evaluate("current") == 1

    visit(serve(rows_of(2)), use)
    assert [
        json.loads(line)["key"] for line in (tmp_path / "labels.gold.jsonl").read_text(encoding="utf-8").splitlines()
    ] == ["1"]
