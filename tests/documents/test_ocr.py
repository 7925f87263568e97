"""Scans with text recognition (the extra `ocr`): the text, and where on the page each value is."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
import sample_files as files

import structkit
from structkit import Document, find_evidence
from structkit.documents.ocr import line_glyphs

LINES = ["INVOICE NW-2291", "Date: 14 March 2026", "Total: 1.234,56 EUR"]
SIZE, LEFT, TOP, STEP = (440, 400), 40, 60, 100
LETTER_HEIGHT = 30
DPI = 150


def without_spaces(text: str) -> list[str]:
    """Return the lines; whether a narrow gap is a space is not what a test is about."""
    return [line.replace(" ", "") for line in text.split("\n") if line]


def draw_page() -> Any:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", SIZE, "white")
    font = ImageFont.load_default(size=LETTER_HEIGHT)
    for number, line in enumerate(LINES):
        ImageDraw.Draw(image).text((LEFT, TOP + number * STEP), line, fill="black", font=font)
    return image


def encode(image: Any, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def with_ocr() -> None:
    for module in ("rapidocr", "onnxruntime"):
        pytest.importorskip(module, reason="the extra `ocr` is not installed")


@pytest.fixture(scope="module")
def image_document(with_ocr: None) -> Document:
    return Document.open(encode(draw_page(), "PNG"), name="page.png", ocr=True)


@pytest.fixture(scope="module")
def scan_document(with_ocr: None) -> Document:
    data = encode(draw_page(), "PDF", resolution=DPI)
    return Document.open(data, name="scan.pdf", ocr=True)


def test_the_text_of_an_image_is_recognized_line_by_line(image_document: Document) -> None:
    assert without_spaces(image_document.text) == without_spaces("\n".join(LINES))
    assert image_document.pages[0].size == SIZE
    assert not image_document.has_unread_pages


def test_the_text_of_a_scanned_pdf_is_recognized(scan_document: Document) -> None:
    assert without_spaces(scan_document.text) == without_spaces("\n".join(LINES))
    assert scan_document.pages[0].size == pytest.approx((SIZE[0] * 72 / DPI, SIZE[1] * 72 / DPI), abs=0.5)


@pytest.mark.parametrize(("kind", "scale"), [("image_document", 1), ("scan_document", DPI / 72)])
def test_evidence_in_a_scan_has_its_page_and_its_box(kind: str, scale: int, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(kind)
    evidence = find_evidence({"month": "March", "total": 1234.56}, document)
    (place,) = evidence.locate(("total",))
    assert place.page == 1
    left, top, right, bottom = (edge * scale for edge in place.box or ())
    baseline = TOP + 2 * STEP + LETTER_HEIGHT
    assert LEFT + 70 < left < right < LEFT + 260
    assert TOP + 2 * STEP - 10 < top < baseline - 10 < bottom < baseline + 15
    assert evidence.locate(("month",))[0].box[3] * scale < TOP + 2 * STEP


def test_pages_with_a_text_layer_are_not_recognized_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert Document.open(files.pdf([[(50, 700, "Rent: 900")]]), ocr=True).text == "Rent: 900"
    assert Document.open(b"Rent: 900", name="a.txt", ocr=True).text == "Rent: 900"


def test_a_missing_library_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from structkit.documents import ocr

    ocr._engine.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(structkit.ConfigError, match=r"rapidocr is not installed: pip install 'structkit-llm\[ocr\]'"):
        Document.open(files.scan(), ocr=True)


def test_an_image_that_is_turned_by_its_metadata_is_read_as_it_is_displayed(with_ocr: None) -> None:
    from PIL import Image

    image = draw_page()
    exif = image.getexif()
    exif[0x0112] = 6  # turned to the right when it is displayed
    data = encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)
    document = Document.open(data, ocr=True)
    assert document.pages[0].size == SIZE
    assert LINES[1] in document.text


def test_a_page_without_letters_stays_one_of_images(with_ocr: None) -> None:
    data = files.raw_pdf(["50 50 20 20 re f"], size=(120, 120))
    document = Document.open(data, ocr=True)
    assert document.has_unread_pages
    assert document.parts[0]["type"] == "image_url"
    with pytest.raises(structkit.PromptError, match="has no text, and is probably a scan: open it with ocr=True"):
        Document.open(data, ocr=True, send="text")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x89PNG\r\n\x1a\n and nothing else", "is damaged, or an image that cannot be read"),
        (b"\xff\xd8\xff and nothing else", "is damaged, or an image that cannot be read"),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00" + bytes(99),
            "damaged|has 4,294,967,296 pixels, of at most 100,000,000",
        ),
    ],
)
def test_a_damaged_or_huge_image_is_an_error(data: bytes, message: str) -> None:
    with pytest.raises(structkit.PromptError, match=message):
        Document.open(data, name="a.png", ocr=True)


def test_a_cut_image_is_an_error_and_not_half_a_page() -> None:
    data = encode(draw_page(), "PNG")
    with pytest.raises(structkit.PromptError, match="is damaged"):
        Document.open(data[: len(data) // 2], name="a.png", ocr=True)


def test_recognition_ends_when_the_time_is_over(with_ocr: None) -> None:
    with pytest.raises(structkit.PromptError, match="takes more than 0 seconds to read: raise max_seconds"):
        Document.open(encode(draw_page(), "PNG"), name="a.png", ocr=True, max_seconds=0)


def test_the_command_reads_a_scan_with_its_text(scan_document: Document, tmp_path: Path) -> None:
    from structkit.cli.file_input import FileReading
    from structkit.cli.prompt_options import build_prompt

    (tmp_path / "page.png").write_bytes(encode(draw_page(), "PNG"))
    prompt = build_prompt(str(tmp_path / "page.png"), "Read: {text}", FileReading(ocr=True))
    assert str(prompt.prompt).startswith("Read: INVOICE")


QUAD = [[0, 0], [60, 0], [60, 10], [0, 10]]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("ab c", [("ab", 1, QUAD), ("c", 1, QUAD)], " ab c"),
        ("abc", [("xyz", 1, QUAD)], " abc"),
        ("a b", [("", 1, None)], " a b"),
        ("a b", [], " a b"),
    ],
)
def test_no_character_of_a_line_is_lost_whatever_its_words_are(text: str, words: Any, expected: str) -> None:
    assert "".join(glyph.char for glyph in line_glyphs(text, QUAD, words)) == expected


def test_a_line_that_runs_up_or_down_has_one_box() -> None:
    glyphs = [*line_glyphs("up", [[0, 0], [10, 0], [10, 90], [0, 90]], [])]
    assert {glyph[1:] for glyph in glyphs[1:]} == {(0, 0, 10, 90)}
