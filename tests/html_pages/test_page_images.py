"""The pages of a PDF or a scan beside a value, as images with boxes, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sample_files as files
from hostile_texts import hostile_texts

from structkit import Document, find_evidence
from structkit.html_pages import PageField, PagePicture, PageSource, make_evidence_page
from structkit.values import evidence_view

PAGES = [[(50, 700, "Invoice A-7 of ACME")], [(50, 700, "nothing")], [(50, 700, "Bolt 49.75"), (50, 400, "Nut 1.50")]]
VALUE = {"number": "A-7", "price": 49.75, "gone": "Bonn"}


def invoice() -> Document:
    return Document.open(files.pdf(PAGES), name="a.pdf")


BOXES = """[...document.querySelectorAll('mark.box')].map(mark => {
    const box = mark.getBoundingClientRect(), sheet = mark.closest('.sheet').getBoundingClientRect();
    const part = (n) => Math.round(n * 1000) / 1000;
    return [mark.title, mark.closest('figure').querySelector('figcaption').textContent,
        part((box.left - sheet.left) / sheet.width), part((box.top - sheet.top) / sheet.height)];
})"""


@pytest.mark.parametrize("width", [1400, 900, 420])
def test_the_box_of_a_value_is_where_it_is_on_the_page_at_any_width(visit: Any, width: int) -> None:
    document = invoice()
    evidence = find_evidence(VALUE, document)

    async def use(tab: Any) -> Any:
        await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        elements = "[document.documentElement, ...document.querySelectorAll('section, figure, .sheet')]"
        assert await tab.evaluate(f"{elements}.filter(each => each.scrollWidth > each.clientWidth + 1).length") == 0
        assert await tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 500)")
        assert tab.problems == []
        return await tab.evaluate(BOXES)

    boxes = visit(evidence.show(), use)
    assert [box[:2] for box in boxes] == [["number", "Page 1"], ["price", "Page 3"]]
    for (_, _, left, top), path in zip(boxes, [("number",), ("price",)], strict=True):
        (place,) = evidence.locate(path)
        assert place.box is not None
        assert left == pytest.approx(place.box[0] / files.A4[0], abs=0.005)
        assert top == pytest.approx(place.box[1] / files.A4[1], abs=0.005)


def test_a_value_leads_to_its_box_and_a_box_to_its_value(visit: Any) -> None:
    async def use(tab: Any) -> Any:
        await tab.press("j")
        await tab.press("j")
        await tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        box = "document.querySelectorAll('mark.box')[1].getBoundingClientRect()"
        assert await tab.evaluate(f"{box}.top > 0 && {box}.bottom < innerHeight")
        assert await tab.evaluate("document.querySelectorAll('mark.box.chosen').length") == 1
        await tab.evaluate("document.querySelector('mark.box').click()")
        return await tab.evaluate("document.querySelector('[aria-current] .key').textContent")

    assert visit(find_evidence(VALUE, invoice()).show(), use) == "number"


def test_pages_without_a_value_are_their_text(visit: Any) -> None:
    page = find_evidence(VALUE, invoice()).show()

    async def use(tab: Any) -> Any:
        assert await tab.evaluate("document.images.length") == 2
        return await tab.evaluate("document.getElementById('sources').innerText.includes('nothing')")

    assert visit(page, use)
    assert len(re.findall(r"data:image/jpeg;base64,", page.html)) == 2


def test_images_are_bounded_and_further_pages_are_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [[(50, 700, f"Item {number}000 EUR")] for number in range(1, 10)]
    evidence = find_evidence([number * 1000 for number in range(1, 10)], Document.open(files.pdf(pages)))
    monkeypatch.setattr(evidence_view, "MAX_IMAGES", 4)
    assert evidence.show().html.count("data:image/jpeg") == 4
    monkeypatch.setattr(evidence_view, "MAX_IMAGE_CHARS", 30_000)
    html = evidence.show().html
    assert 0 < html.count("data:image/jpeg") < 4
    assert len(html) < 60_000


def test_a_text_has_no_image_and_its_policy_allows_none() -> None:
    assert "img-src data:" in find_evidence(VALUE, invoice()).show().html
    html = find_evidence(VALUE, "Invoice A-7").show().html
    assert "img-src" not in html


def test_nothing_of_a_page_its_text_or_its_address_runs(visit: Any) -> None:
    texts = hostile_texts(200)
    joined = "\n".join(texts)
    pictures = [
        PagePicture(1, 0, len(joined) // 2, "javascript:window.pwned=1"),
        PagePicture(2, len(joined) // 2, len(joined), "data:text/html,<script>parent.pwned=1</script>"),
    ]
    starts = [sum(len(each) + 1 for each in texts[:number]) for number in range(len(texts))]
    fields = [
        PageField(
            (text, 0), text, "exact", ((start, start + len(text), 0),), (((number % 2 + 1, 0.1, 0.1, 0.2, 0.2),),)
        )
        for number, (text, start) in enumerate(zip(texts, starts, strict=True))
    ]
    page = make_evidence_page([PageSource(joined, texts[0], tuple(pictures))], fields, " ".join(texts[:9]))

    async def use(tab: Any) -> None:
        assert await tab.evaluate("document.querySelectorAll('mark.box').length") == len(texts)
        await tab.evaluate("document.querySelectorAll('mark, summary').forEach(each => each.click())")
        await tab.evaluate("new Promise(done => setTimeout(done, 200))")
        assert await tab.evaluate("typeof window.pwned") == "undefined"
        assert await tab.evaluate("document.scripts.length + frames.length") == 2
        assert [url for url in tab.requests if url.startswith(("http", "ws", "ftp"))] == []

    visit(page, use)


def test_a_scan_is_shown_with_the_boxes_of_its_recognized_text(visit: Any) -> None:
    from structkit.documents.pages import PageText, join_pages
    from structkit.documents.read_limits import ReadLimits

    text = "Rent 900"
    layout = join_pages([PageText(text, [10.0, 20.0, 30.0, 40.0] * len(text), files.A4, True)], ReadLimits())
    document = Document(layout.text, layout.pages, "a.pdf", "application/pdf", "auto", files.scan(), layout.boxes)

    async def use(tab: Any) -> Any:
        return await tab.evaluate(BOXES)

    boxes = visit(find_evidence({"rent": 900}, document).show(), use)
    assert boxes == [["rent", "Page 1", pytest.approx(10 / 595, abs=0.005), pytest.approx(20 / 842, abs=0.005)]]
