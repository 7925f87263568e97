"""The page of a review in a real browser: nothing of its data runs, and what a person decides becomes gold."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import hostile_schema, hostile_texts

from structkit.html_pages import HTMLPage, PageRow, PageValue, make_review_page

LINE = {
    "type": "object",
    "properties": {"item": {"type": "string"}, "price": {"type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?$"}},
    "required": ["item", "price"],
}
INVOICE = {
    "$defs": {"Line": LINE},
    "type": "object",
    "properties": {
        "seller": {"type": "string", "description": "Who sells"},
        "issued": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "kind": {"enum": ["invoice", "credit note"]},
        "paid": {"type": "boolean"},
        "number": {"type": "integer"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
        "tags": {"type": "object", "additionalProperties": {"type": "integer"}},
        "note": {"type": "string"},
    },
    "required": ["seller", "issued", "kind", "paid", "number", "lines", "tags"],
}
TEXT = "\U0001f600 Northwind \u202eLtd\u202c, 14 March 2026\nDesk 1.299,50\nLamp 49.75 credit note"
VALUE = (
    '{"seller":"Northwind","issued":"2026-03-14","kind":"invoice","paid":true,"number":12345678901234567890,'
    '"lines":[{"item":"Desk","price":"1299.50"},{"item":"Lamp","price":"48"}],"tags":{"2":1,"1":2.50,"__proto__":3}}'
)


def invoice_row(key: str, value: str | None = VALUE) -> PageRow:
    values = (
        PageValue(("seller",), "exact", ((2, 11, 0),), 0.99),
        PageValue(("issued",), "date", ((18, 31, 0),), 0.41),
        PageValue(("lines", 1, "price"), "", (), None),
    )
    return PageRow(key, int(key), f"digest {key}", value, (("body", TEXT),), values, missing=1, low=1)


def invoice_page(title: str, *rows: PageRow) -> HTMLPage:
    """A page of its own digest, so that tests do not share what the browser stores."""
    return make_review_page(rows or [invoice_row("1"), invoice_row("2")], INVOICE, 0.8, title)


async def press(tab: Any, *keys: str) -> None:
    for key in keys:
        await tab.press(key)


async def type_text(tab: Any, text: str) -> None:
    await tab.call("Input.insertText", text=text)


async def focus(tab: Any, name: str) -> None:
    await tab.evaluate(f"document.querySelector('#form [aria-label={json.dumps(name)}]').focus()")


async def focused(tab: Any) -> str:
    return str(await tab.evaluate("document.activeElement.getAttribute('aria-label')"))


async def status(tab: Any) -> str:
    return str(await tab.evaluate("document.getElementById('status').textContent"))


async def gold(tab: Any) -> list[Any]:
    """What "save gold" would write."""
    return [json.loads(line) for line in await tab.evaluate("goldLines(rows, store)")]


def test_nothing_of_500_hostile_texts_runs(visit: Any) -> None:
    texts = hostile_texts(500)
    chance = random.Random(3)
    schema = hostile_schema(texts)
    rows = []
    for number in range(0, 500, 20):
        part = texts[number : number + 20]
        value = {key: chance.choice((key, texts[21], [key], {key: key})) for key in part}
        values = tuple(PageValue((key,), key, ((0, len(part[0]), 0),), 0.1) for key in part)
        rows.append(
            PageRow(part[0], number, part[1], json.dumps(value), ((part[2], "\n".join(part)),), values, message=part[3], failed=True, invalid=part[4])
        )  # fmt: skip

    async def use(tab: Any) -> None:
        for _ in rows:
            await press(tab, "Enter", "Escape", "a")
        assert len(await gold(tab)) == len(rows)
        await press(tab, "?", "Escape")
        await tab.evaluate("document.querySelectorAll('mark, #form button').forEach(each => each.click())")
        await tab.evaluate("new Promise(done => setTimeout(done, 200))")
        assert await tab.evaluate("typeof window.pwned") == "undefined"
        assert await tab.evaluate("window.reports") == []
        assert await tab.evaluate("document.scripts.length + document.images.length + frames.length") == 1
        assert tab.problems == []
        assert [url for url in tab.requests if not url.startswith("file:")] == []

    visit(make_review_page(rows, schema, 0.8, " ".join(texts[:20])), use)


def test_rows_are_corrected_approved_and_rejected_with_the_keyboard_and_saved_as_a_file(
    visit: Any, tmp_path: Path
) -> None:
    async def use(tab: Any) -> None:
        await tab.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        await tab.evaluate("document.getElementById('by').value = 'Ann'")
        await tab.evaluate("document.getElementById('by').dispatchEvent(new Event('input'))")
        await press(tab, "a", "Enter")
        assert await focused(tab) == "issued", "the first field that is marked, because its confidence is low"
        await focus(tab, "lines[1].price")
        await tab.evaluate("document.activeElement.select()")
        await type_text(tab, "49.75")
        await press(tab, "Ctrl+Enter", "k", "r", "s")
        while not path.exists():  # noqa: ASYNC110 (the browser writes it)
            await asyncio.sleep(0.05)

    path = tmp_path / "gold.jsonl"
    visit(invoice_page("keyboard"), use)
    rejected, approved = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (rejected["key"], rejected["decision"], "value" in rejected) == ("1", "rejected", False)
    expected = json.loads(VALUE)
    expected["lines"][1]["price"] = "49.75"
    assert approved["value"] == expected
    assert approved["changes"] == [{"path": ["lines", 1, "price"], "before": "48", "after": "49.75"}]
    assert (approved["key"], approved["by"], approved["row_digest"]) == ("2", "Ann", "digest 2")
    assert approved["at"].endswith("Z")


def test_a_value_is_written_without_loss(visit: Any) -> None:
    async def use(tab: Any) -> str:
        await press(tab, "a")
        return str(await tab.evaluate("goldLines(rows, store).join('')"))

    assert f'"value":{VALUE},"changes":[]' in visit(invoice_page("exact"), use)


def test_decisions_and_corrections_survive_a_reload_and_are_not_those_of_other_data(visit: Any) -> None:
    async def use(tab: Any) -> tuple[list[Any], str, str]:
        await press(tab, "r")
        await focus(tab, "seller")
        await tab.evaluate("document.activeElement.select()")
        await type_text(tab, "Southwind")
        await tab.open(await tab.evaluate("location.href"))
        value = await tab.evaluate("document.querySelector('#form [aria-label=seller]').value")
        summary = await tab.evaluate("document.getElementById('summary').textContent")
        return await gold(tab), value, summary

    entries, value, summary = visit(invoice_page("reload"), use)
    assert [(each["key"], each["decision"]) for each in entries] == [("1", "rejected")]
    assert value == "Southwind", "the first row that is not decided is open"
    assert summary == "2 rows · 0 approved · 1 rejected"
    assert visit(invoice_page("other data"), gold) == []


def test_items_are_moved_and_deleted_and_keep_what_is_known_of_them(visit: Any) -> None:
    async def use(tab: Any) -> list[Any]:
        await focus(tab, "lines[1].price")
        await press(tab, "Alt+ArrowUp")
        assert await focused(tab) == "lines[0].item"
        missing = "[...document.querySelectorAll('.field.missing [aria-label]')].map(each => each.ariaLabel)"
        assert await tab.evaluate(missing) == ["lines[0].price"]
        await focus(tab, "lines[1].item")
        await press(tab, "Alt+Delete")
        await focus(tab, "tags.1")
        await press(tab, "Alt+Delete", "Ctrl+Enter")
        return await gold(tab)

    [entry] = visit(invoice_page("items"), use)
    assert entry["value"]["lines"] == [{"item": "Lamp", "price": "48"}]
    assert entry["value"]["tags"] == {"2": 1, "__proto__": 3}
    paths = {json.dumps(change["path"]) for change in entry["changes"]}
    assert paths == {f'["lines", {n}, "{key}"]' for n in (0, 1) for key in ("item", "price")} | {'["tags", "1"]'}


def test_items_keys_and_fields_are_added(visit: Any) -> None:
    async def use(tab: Any) -> list[Any]:
        await focus(tab, "lines[0].price")
        await press(tab, "Alt+n")
        assert await focused(tab) == "lines[1].item"
        await type_text(tab, "Chair")
        await press(tab, "Tab")
        await type_text(tab, "12")
        await focus(tab, "Add key to tags")
        await press(tab, "Enter")
        await type_text(tab, "7")
        await focus(tab, "Key of tags.")
        await type_text(tab, "new")
        await focus(tab, "Add note to value")
        await press(tab, "Enter")
        await type_text(tab, "late")
        await press(tab, "Ctrl+Enter")
        return await gold(tab)

    [entry] = visit(invoice_page("additions"), use)
    assert entry["value"]["lines"][1] == {"item": "Chair", "price": "12"}
    assert entry["value"]["tags"] == {"2": 1, "1": 2.5, "__proto__": 3, "new": 7}
    assert entry["value"]["note"] == "late"


SELECT = """(start, end) => {
    const walker = document.createTreeWalker(document.getElementById('sources'), NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.data.includes(start)) range.setStart(node, node.data.indexOf(start));
        if (node.data.includes(end)) range.setEnd(node, node.data.indexOf(end) + end.length);
    }
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.getElementById('sources').dispatchEvent(new MouseEvent('mouseup'));
    return new Promise(done => setTimeout(done, 20));
}"""


@pytest.mark.parametrize(
    ("field", "words", "value"),
    [
        ("seller", ("Northwind", "PDF"), "Northwind \u202eLtd\u202c"),
        ("lines[1].price", ("49.75", "49.75"), "49.75"),
        ("lines[1].price", ("1.299,50", "1.299,50"), "1299.50"),
        ("issued", ("14 March 2026", "14 March 2026"), "2026-03-14"),
        ("kind", ("credit note", "credit note"), "credit note"),
        ("number", ("1.299,50", "1.299,50"), None),
    ],
)
def test_selected_words_fill_the_field_and_are_its_evidence(
    visit: Any, field: str, words: tuple[str, str], value: str | None
) -> None:
    async def use(tab: Any) -> list[Any]:
        if field == "issued":
            await focus(tab, "Kind of issued")
            await tab.evaluate("document.activeElement.value = '1'")
            await tab.evaluate("document.activeElement.dispatchEvent(new Event('change'))")
            await focus(tab, "Kind of issued")
        else:
            await focus(tab, field)
        await tab.evaluate(f"({SELECT})({json.dumps(words[0])}, {json.dumps(words[1])})")
        if value is None:
            assert await status(tab) == f"Not a value of {field}: {words[0]}"
        await press(tab, "Ctrl+Enter")
        return await gold(tab)

    [entry] = visit(invoice_page(f"select {field} {words}"), use)
    changes = {json.dumps(each["path"]): each for each in entry["changes"]}
    assert len(changes) == (0 if value is None or field == "issued" else 1)
    for change in changes.values():
        start, end = change["span"]
        assert change["after"] == value
        assert TEXT[start:end] == (value if field == "seller" else words[0])


def test_words_are_selected_with_the_keyboard_too(visit: Any) -> None:
    async def use(tab: Any) -> str:
        await focus(tab, "seller")
        await press(tab, "F2", "ArrowDown", "ArrowRight", "Shift+ArrowRight")
        await press(tab, "Enter")
        assert await focused(tab) == "seller"
        return str(await tab.evaluate("document.activeElement.value"))

    value = visit(invoice_page("words"), use)
    assert value != "Northwind"
    assert value in TEXT


def test_a_value_that_is_not_complete_is_not_approved(visit: Any) -> None:
    async def use(tab: Any) -> None:
        await press(tab, "a")
        assert await status(tab) == "Not approved: kind: not chosen"
        assert await focused(tab) == "kind"
        await press(tab, "Escape", "r")
        assert [each["decision"] for each in await gold(tab)] == ["rejected"]

    visit(invoice_page("incomplete", invoice_row("1", None), invoice_row("2")), use)


def test_a_type_without_fields_and_a_recursive_one_have_a_form(visit: Any) -> None:
    tree = {"properties": {"name": {"type": "string"}, "inner": {"type": "array", "items": {"$ref": "#"}}}}
    value = '{"name":"a","inner":[{"name":"b","inner":[{"name":"c"}]}]}'

    async def labels(tab: Any) -> list[str]:
        return list(
            await tab.evaluate("[...document.querySelectorAll('#form textarea, #form select')].map(e => e.ariaLabel)")
        )

    row = PageRow("1", 1, "d", value)
    page = make_review_page([row], tree, 0.8, "recursive")
    assert visit(page, labels) == ["name", "inner[0].name", "inner[0].inner[0].name"]
    page = make_review_page([PageRow("1", 1, "d", '"b"')], {"enum": ["a", "b"]}, 0.8, "scalar")
    assert visit(page, labels) == ["value"]


def test_ten_thousand_rows_are_a_few_elements_and_less_than_50_mb(visit: Any) -> None:
    rows = [invoice_row(str(number)) for number in range(1, 10_001)]

    async def use(tab: Any) -> tuple[int, float]:
        await press(tab, "j", "End")
        assert await status(tab) == "Row 10000 of 10000, 10000"
        await tab.call("HeapProfiler.collectGarbage")
        count = await tab.evaluate("document.querySelectorAll('*').length")
        return count, (await tab.call("Runtime.getHeapUsage"))["usedSize"] / 1e6

    count, megabytes = visit(invoice_page("many", *rows), use)
    assert count < 400
    assert megabytes < 50


@pytest.mark.parametrize("width", [1400, 900, 420])
def test_nothing_of_a_review_is_cut_off_at_any_width(visit: Any, width: int) -> None:
    long = "Donaudampfschifffahrtsgesellschaft" * 6
    value = json.dumps({**json.loads(VALUE), "seller": long, "tags": {long: 1}})
    page = invoice_page(f"width {width} " + "T" * 300, invoice_row("1", value))

    async def use(tab: Any) -> list[Any]:
        await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        elements = (
            "[document.documentElement, ...document.querySelectorAll('section, #rows, .field, .head, .group, .chunk')]"
        )
        return list(
            await tab.evaluate(
                f"{elements}.filter(each => each.scrollWidth - each.clientWidth > 1).map(each => each.className || each.id)"
            )
        )

    assert visit(page, use) == []
