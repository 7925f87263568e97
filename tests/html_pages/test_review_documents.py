"""Rows of a review whose source is a document: its pages are images with boxes, whose words fill a field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_files as files

from structkit import Document, find_evidence
from structkit.html_pages import HTMLPage
from structkit.review import DocumentColumn, GoldFile, ReviewServer, ReviewSession, ReviewTable, RowChoice, review_page
from structkit.review.page_sheets import SheetBudget
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source

PAGES = [
    [(50, 700, "Invoice A-7 of ACME Corp"), (50, 660, "Total 1.299,50 EUR")],
    *([(50, 700, f"page {number}")] for number in range(2, 6)),
    [(50, 700, "Bolt 49.75"), (50, 400, "Nut 1.50")],
]
TYPE = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "seller": {"type": "string"}, "price": {"type": "number"}},
    "required": ["number", "seller", "price"],
}
VALUE = {"number": "A-7", "seller": "Acme", "price": 49.75}


def open_table(folder: Path) -> ReviewTable:
    """The output of `extract` of four files, with the evidence of the first."""
    (folder / "a.pdf").write_bytes(files.pdf(PAGES))
    (folder / "scan.pdf").write_bytes(files.scan())
    (folder / "c.txt").write_text("Invoice A-7 of Acme: 49.75", encoding="utf-8")
    evidence = find_evidence(VALUE, Document.open(folder / "a.pdf")).to_list()
    rows = [{"file": name, **VALUE} for name in ("a.pdf", "scan.pdf", "c.txt", "gone.pdf")]
    rows[0]["evidence"] = evidence
    source = open_source(rows, key="file")
    return ReviewTable(source, response_format(TYPE), documents=DocumentColumn("file", folder))


@pytest.fixture(params=["static", "served"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HTMLPage | str]:
    """The page as one file, and the address of a server."""
    table = open_table(tmp_path)
    if request.param == "static":
        yield review_page(table, table.output_format, 0.8, str(tmp_path))[0]
        return
    gold = GoldFile(tmp_path / "gold.jsonl")
    with ReviewServer(ReviewSession(lambda: table, RowChoice(), 0.8, gold, "t"), 0) as server:
        yield server.url
    gold.close()


async def settle(tab: Any) -> None:
    """Wait until a row is drawn, with the images of its pages that are in view."""
    ready = "model && !isWaiting && !actions.length && [...document.querySelectorAll('.sheet')].slice(0, 2).every(each => each.querySelector('img')?.complete)"
    await tab.evaluate(f"new Promise(function wait(done) {{ {ready} ? done() : setTimeout(wait, 10, done); }})")


async def focus(tab: Any, name: str) -> None:
    await tab.evaluate(f"document.querySelector('#form [aria-label={name}]').focus()")


async def drag(tab: Any, first: str, last: str) -> None:
    """Select from a word of a page to another one, with the mouse."""
    find = """text => { const box = [...document.querySelectorAll('.word')].find(each => each.textContent.trim() === text);
        box.scrollIntoView({block: "center"});
        const {left, right, top, bottom} = box.getBoundingClientRect(); return [left + 0.5, right - 0.5, (top + bottom) / 2]; }"""
    start, end = [await tab.evaluate(f"({find})({json.dumps(text)})") for text in (first, last)]
    moves = [("mousePressed", start[0], start[2]), ("mouseMoved", end[1], end[2]), ("mouseReleased", end[1], end[2])]
    for kind, x, y in moves:
        await tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
    await tab.evaluate("new Promise(done => setTimeout(done, 60))")


def test_the_pages_of_a_row_are_images_with_boxes(visit: Any, page: Any) -> None:
    async def use(tab: Any) -> None:
        await settle(tab)
        boxes = "[...document.querySelectorAll('mark.box')].map(mark => [mark.title, mark.closest('figure').querySelector('figcaption').textContent])"
        assert ["number", "Page 1"] in await tab.evaluate(boxes)
        await focus(tab, "price")
        await tab.evaluate(
            "new Promise(function wait(done) { document.querySelector('mark.box.chosen') ? done() : setTimeout(wait, 10, done); })"
        )
        assert await tab.evaluate("document.querySelector('mark.box.chosen').title") == "price"
        assert ["price", "Page 6"] in await tab.evaluate(boxes)
        place = "document.querySelector('mark.box.chosen').getBoundingClientRect()"
        assert await tab.evaluate(f"{place}.top > 0 && {place}.bottom < innerHeight")
        assert await tab.evaluate("document.querySelectorAll('figure.page').length") == 6
        assert tab.problems == []
        assert await tab.evaluate("window.reports") == []

    visit(page, use)


def test_the_box_of_a_value_is_where_it_is_on_the_page(tmp_path: Path, visit: Any, page: Any) -> None:
    document = Document.open(tmp_path / "a.pdf")
    (place,) = find_evidence(VALUE, document).locate(("number",))
    assert place.box is not None

    async def use(tab: Any) -> list[float]:
        await settle(tab)
        return list(
            await tab.evaluate("""(() => { const box = [...document.querySelectorAll('mark.box')].find(each => each.title === 'number').getBoundingClientRect();
                const sheet = document.querySelector('.sheet').getBoundingClientRect();
                return [(box.left - sheet.left) / sheet.width, (box.top - sheet.top) / sheet.height]; })()""")
        )

    left, top = visit(page, use)
    assert left == pytest.approx(place.box[0] / files.A4[0], abs=0.005)
    assert top == pytest.approx(place.box[1] / files.A4[1], abs=0.005)


@pytest.mark.parametrize(
    ("field", "words", "value", "text"),
    [
        ("seller", ("ACME", "Corp"), "ACME Corp", "ACME Corp"),
        ("price", ("1.299,50", "1.299,50"), 1299.5, "1.299,50"),
    ],
)
def test_words_that_are_selected_on_a_page_fill_the_field_and_are_its_evidence(
    visit: Any, page: Any, tmp_path: Path, field: str, words: tuple[str, str], value: Any, text: str
) -> None:
    async def use(tab: Any) -> Any:
        await settle(tab)
        await focus(tab, field)
        await drag(tab, *words)
        assert await tab.evaluate("document.querySelector('.field.focused .how').textContent") == "selected"
        await tab.press("Ctrl+Enter")
        await settle(tab)
        return await tab.evaluate("data.isServed ? null : goldLines(rows, store)[0]")

    line = visit(page, use)
    entry = json.loads(line or (tmp_path / "gold.jsonl").read_text(encoding="utf-8"))
    assert entry["value"][field] == value
    (change,) = entry["changes"]
    start, end = change["span"]
    assert Document.open(tmp_path / "a.pdf").text[start:end] == text


def test_words_of_a_page_are_selected_with_the_keyboard(visit: Any, page: Any) -> None:
    async def use(tab: Any) -> str:
        await settle(tab)
        await focus(tab, "seller")
        for key in (
            "F2",
            "ArrowRight",
            "ArrowDown",
            "ArrowUp",
            "ArrowRight",
            "ArrowRight",
            "ArrowRight",
            "Shift+ArrowRight",
            "Enter",
        ):
            await tab.press(key)
        return str(await tab.evaluate("document.querySelector('#form [aria-label=seller]').value"))

    assert visit(page, use) == "ACME Corp"


def test_a_scan_is_its_image_a_text_is_its_text_and_a_file_that_is_gone_is_named(visit: Any, page: Any) -> None:
    async def use(tab: Any) -> None:
        await settle(tab)
        await tab.press("j")
        await settle(tab)
        assert await tab.evaluate("document.images.length") == 1
        await tab.press("j")
        await settle(tab)
        assert await tab.evaluate("document.querySelector('#sources mark').textContent") == "A-7"
        await tab.press("j")
        await settle(tab)
        assert "gone.pdf" in await tab.evaluate("document.getElementById('note').textContent")
        await tab.press("a")
        await settle(tab)
        assert "1 approved" in await tab.evaluate("document.getElementById('summary').textContent")

    visit(page, use)


def test_images_of_one_file_are_bounded_and_the_pages_with_values_are_first(tmp_path: Path) -> None:
    open_table(tmp_path)
    document = Document.open(tmp_path / "a.pdf")
    budget = SheetBudget(pages_of_row=2)
    assert [sheet.number for sheet in budget.draw(document, {6})] == [1, 6]
    assert budget.omitted == 4
    budget.characters = 1
    assert [sheet.number for sheet in budget.draw(document, {6})] == [6]
    assert [sheet.number for sheet in budget.draw(document, {6})] == []
    assert budget.omitted == 4 + 5 + 6


def test_the_list_of_a_server_opens_no_document(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    for path in tmp_path.glob("*.*"):
        path.unlink()
    gold = GoldFile(tmp_path / "gold.jsonl")
    session = ReviewSession(lambda: table, RowChoice(), 0.8, gold, "t")
    while not session.describe()["isComplete"]:
        pass
    items = session.list_rows(0, 9, 1)["items"]
    gold.close()
    assert [(item["snippet"], item.get("missing")) for item in items][:2] == [("a.pdf", None), ("scan.pdf", None)]
