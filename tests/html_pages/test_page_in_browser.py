"""The page of a value in a real browser: nothing of its texts runs, and clicks and keys go to places and back."""

from __future__ import annotations

from typing import Any

import pytest
from hostile_texts import hostile_texts

from structkit import Document, find_evidence
from structkit.html_pages import PageField, PageSource, make_evidence_page


def test_nothing_of_a_text_a_key_a_value_or_a_title_runs(visit: Any) -> None:
    texts = hostile_texts(500)
    places = [(start, start + len(text)) for start, text in zip(starts(texts), texts, strict=True)]
    fields = [
        PageField((text, 0, text), text, "exact", ((*place, 0),)) for text, place in zip(texts, places, strict=True)
    ]
    page = make_evidence_page([PageSource("\n".join(texts), texts[0])], fields, " ".join(texts[:20]))

    async def use(tab: Any) -> None:
        assert await tab.evaluate("document.querySelectorAll('.field').length") == len(texts)
        for key in "jjnpm":
            await tab.press(key)
        await tab.evaluate("document.querySelectorAll('mark').forEach(mark => mark.click())")
        await tab.evaluate("new Promise(done => setTimeout(done, 200))")
        assert await tab.evaluate("typeof window.pwned") == "undefined"
        assert await tab.evaluate("window.reports") == []
        assert await tab.evaluate("document.scripts.length + document.images.length + frames.length") == 2
        assert tab.problems == []
        assert [url for url in tab.requests if not url.startswith("file:")] == []

    visit(page, use)


def starts(texts: list[str]) -> list[int]:
    offsets, offset = [], 0
    for text in texts:
        offsets.append(offset)
        offset += len(text) + 1
    return offsets


def test_marks_are_at_the_places_of_the_values_after_long_characters_too(visit: Any) -> None:
    text = "😀😀 Kiel\r\n\u202e250\u202c 👩‍👩‍👧 Kiel, e\u0301té"
    page = find_evidence({"city": "Kiel", "n": 250, "season": "été"}, text).show()

    async def use(tab: Any) -> list[str]:
        return await tab.evaluate(
            "[...document.querySelectorAll('mark')].map(mark => mark.title + '=' + mark.textContent)"
        )

    assert visit(page, use) == ["city=Kiel", "n=250", "city=Kiel", "season=e\u0301té"]


def test_marks_may_overlap_and_each_value_can_be_reached_from_them(visit: Any) -> None:
    text = "John Smith Jr"
    places = {"name": (0, 10), "last": (5, 13), "first": (0, 4)}
    fields = [PageField((key,), text[slice(*place)], "exact", ((*place, 0),)) for key, place in places.items()]

    async def use(tab: Any) -> tuple[Any, Any]:
        parts = await tab.evaluate("[...document.querySelectorAll('mark')].map(mark => mark.textContent)")
        names = [
            await tab.evaluate(
                "document.querySelector('mark').click(), document.querySelector('[aria-current] .key').textContent"
            )
            for _ in range(3)
        ]
        return parts, names

    parts, names = visit(make_evidence_page([PageSource(text)], fields), use)
    assert parts == ["John", " ", "Smith", " Jr"]
    assert names == ["name", "first", "name"]


STATE = """({
    field: document.querySelector('[aria-current] .key')?.textContent,
    chosen: [...document.querySelectorAll('mark')].map(mark => mark.classList.contains('chosen')).indexOf(true),
    places: document.querySelectorAll('mark.place').length,
    focused: document.activeElement.querySelector?.('.key')?.textContent,
    status: document.getElementById('status').textContent,
})"""


def test_keys_go_through_values_and_their_places(visit: Any) -> None:
    text = "Kiel, 3 May. Kiel!" + "\nfiller" * 3000 + "\nKiel"
    page = find_evidence({"city": "Kiel", "gone": "Bonn", "day": "3 May"}, text).show()

    async def use(tab: Any) -> list[dict[str, Any]]:
        states = []
        for key in ("j", "n", "n", "n", "p", "m", "j", "j", "k"):
            await tab.press(key)
            states.append(await tab.evaluate(STATE))
        await tab.evaluate("document.querySelectorAll('mark')[3].click()")
        return [*states, await tab.evaluate(STATE)]

    states = visit(page, use)
    assert [state["field"] for state in states] == ["city"] * 5 + ["gone", "day", "day", "gone", "city"]
    assert [state["chosen"] for state in states] == [0, 2, 3, 0, 3, -1, 1, 1, -1, 3]
    assert [state["places"] for state in states] == [3] * 5 + [0, 1, 1, 0, 3]
    assert states[0]["focused"] == "city"
    assert states[1]["status"] == "city: place 2 of 3"
    assert states[5]["status"] == "gone: not in the text"


def test_a_place_far_down_is_scrolled_into_view(visit: Any) -> None:
    text = "x\n" * 20_000 + "Kiel\n" + "y\n" * 20_000
    page = find_evidence({"city": "Kiel"}, text).show()

    async def use(tab: Any) -> bool:
        await tab.press("j")
        await tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        box = "document.querySelector('mark').getBoundingClientRect()"
        return await tab.evaluate(f"{box}.top > 0 && {box}.bottom < innerHeight")

    assert visit(page, use)


def test_a_text_of_a_million_characters_with_a_thousand_values_is_drawn(visit: Any) -> None:
    lines = [f"{number} Müller 😀 lorem ipsum dolor sit amet consetetur" for number in range(20_000)]
    text = "\n".join(lines)
    line_starts = starts(lines)
    fields = [
        PageField((number,), number, "number", ((line_starts[number], line_starts[number] + 1, 0),))
        for number in range(0, 20_000, 20)
    ]

    async def use(tab: Any) -> tuple[int, int]:
        assert tab.problems == []
        return (
            await tab.evaluate("document.querySelectorAll('mark').length"),
            await tab.evaluate("document.getElementById('sources').textContent.replace(/\\\\n/g, '').length"),
        )

    units = len(text.replace("\n", "").encode("utf-16-le")) // 2
    count, length = visit(make_evidence_page([PageSource(text)], fields), use)
    assert (count, length >= units) == (1000, True)


@pytest.mark.parametrize("width", [1400, 900, 420])
def test_nothing_is_cut_off_at_any_width(visit: Any, width: int) -> None:
    value = {"a_very_long_name_of_a_field_" * 4: "Donaudampfschifffahrtsgesellschaft" * 6, "n": {"city": "Kiel"}}
    page = find_evidence(value, "Kiel " + "Donaudampfschifffahrtsgesellschaft" * 6).show(title="T" * 300)

    async def use(tab: Any) -> list[int]:
        await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        elements = "[document.documentElement, ...document.querySelectorAll('section, .field, .chunk')]"
        return await tab.evaluate(
            f"{elements}.map(each => each.scrollWidth - each.clientWidth).filter(each => each > 1)"
        )

    assert visit(page, use) == []


def test_the_pages_of_a_document_are_divided_by_a_line(visit: Any) -> None:
    document = Document.open(b"Lease\n\fRent: 900 EUR", name="lease.txt")
    page = find_evidence({"rent": 900}, document).show()

    async def use(tab: Any) -> list[str]:
        return await tab.evaluate(
            "[...document.querySelectorAll('.page-break, .control')]"
            ".map(each => each.className + ' ' + getComputedStyle(each).display + ' ' + each.textContent)"
        )

    assert visit(page, use) == ["page-break block next page"]
