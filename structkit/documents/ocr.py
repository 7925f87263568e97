"""The text of an image with the boxes of its characters: text recognition by rapidocr, whose package has its models."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from structkit.documents.document_kinds import PDF
from structkit.documents.glyph_lines import Glyph
from structkit.documents.glyph_text import read_glyphs
from structkit.documents.image_pages import page_frames
from structkit.documents.pages import BOX_EDGES, PageText
from structkit.documents.pdf import draw_pages
from structkit.documents.read_limits import ReadLimits
from structkit.errors import PromptError
from structkit.optional import import_extra

EXTRA = "ocr"

OCR_DPI = 150.0
"""Pixels per inch at which a page is rendered: letters of 8 points are read right, and more is hardly better."""

MAX_PIXELS = 100_000_000
"""Pixels of an image: 300 MB in memory."""

MAX_EDGE_PIXELS = 4_096
"""The longer edge of an image that is read; a larger one is reduced before."""

OCR_LOCK = threading.Lock()
"""The engine keeps the settings of a call, and one call uses all processors."""

UPRIGHT = 1.5
"""A line that is this much higher than wide runs up or down, and the engine may have its words in reverse."""

Quad = Sequence[Sequence[float]]
"""Four corners."""


def recognize_pages(
    pages: Iterable[PageText], kind: str, data: bytes, limits: ReadLimits, password: str | None
) -> Iterator[PageText]:
    """Yield pages, those without text with the text of their image; the arguments are those of the document.

    Raises:
        PromptError: An image is damaged or too large, or the time is over.
        ConfigError: The extra is not installed.
    """
    for number, page in enumerate(pages, 1):
        if not (page.has_only_image or page.is_stamped_scan):
            yield page
            continue
        limits.validate_time()
        if kind == PDF:
            image = next(draw_pages(data, limits.name, [number], OCR_DPI, password))
            yield read_page_image(image, page.size or image.size)
        else:
            yield read_image(data, limits.name, number)


def read_image(data: bytes, name: str, number: int = 1) -> PageText:
    """Return the text of a page of an image file; boxes and size are in its pixels, as it is displayed.

    Raises:
        PromptError: It is damaged or too large.
        ConfigError: The extra is not installed.
    """
    image = open_image(data, name, number)
    size = image.size
    image.thumbnail((MAX_EDGE_PIXELS, MAX_EDGE_PIXELS))
    return read_page_image(image, size)


def open_image(data: bytes, name: str, number: int = 1) -> Any:
    """Return a page of an image file as it is displayed, as Pillow has it.

    Raises:
        PromptError: It is damaged or too large.
        ConfigError: The extra is not installed.
    """
    images = import_extra("PIL.Image", EXTRA)
    turned = import_extra("PIL.ImageOps", EXTRA).exif_transpose
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bomb, whose size is validated below
            image = images.open(io.BytesIO(data))
            if frame := page_frames(data)[number - 1]:
                image.seek(frame)
            _validate_size(image.size, name)
            return turned(image).convert("RGB")
    except PromptError:
        raise
    except Exception as error:  # noqa: BLE001 (each format has its own errors of damaged files)
        raise PromptError(f"{name!r} is damaged, or an image that cannot be read: {error}") from None


def _validate_size(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise PromptError(f"{name!r} has {size[0] * size[1]:,} pixels, of at most {MAX_PIXELS:,}: make it smaller")


def read_page_image(image: Any, size: tuple[float, float]) -> PageText:
    """Return the text of the image of a page.

    Args:
        image: The image, as Pillow has it.
        size: Width and height of the page, in the unit of its boxes.

    Raises:
        ConfigError: The extra is not installed.
    """
    with OCR_LOCK:
        result = _engine()(image, return_word_box=True)
    quads = [] if result.boxes is None else result.boxes.tolist()
    lines = zip(result.txts or (), quads, result.word_results, strict=False)  # without a line there is an empty word
    text, boxes = read_glyphs(glyph for line in lines for glyph in line_glyphs(*line))
    horizontal, vertical = size[0] / image.width, size[1] / image.height
    for index in range(0, len(boxes), BOX_EDGES):
        boxes[index], boxes[index + 2] = boxes[index] * horizontal, boxes[index + 2] * horizontal
        boxes[index + 1], boxes[index + 3] = boxes[index + 1] * vertical, boxes[index + 3] * vertical
    return PageText(text, boxes, size, has_only_image=True)


def line_glyphs(text: str, quad: Quad, words: Iterable[tuple[str, float, Quad | None]]) -> Iterator[Glyph]:
    """Yield the characters of a line, after a space that separates it from the line before.

    >>> words = [("To", 0.9, [[0, 0], [8, 0], [8, 9], [0, 9]]), ("x", 0.9, [[12, 0], [16, 0], [16, 9], [12, 9]])]
    >>> [(each.char, each.left, each.right) for each in line_glyphs("To x", [[0, 0], [16, 0], [16, 9], [0, 9]], words)]
    [(' ', 0, 0), ('T', 0.0, 4.0), ('o', 4.0, 8.0), (' ', 0, 0), ('x', 12.0, 16.0)]
    """
    yield Glyph(" ", 0, 0, 0, 0)
    left, top, right, bottom = _edges(quad)
    if bottom - top > UPRIGHT * (right - left) and len(text) > 1:
        yield from (Glyph(char, left, top, right, bottom) for char in text)
        return
    end = 0
    for word, _, box in words:
        start = text.find(word, end)
        if start < 0 or box is None:
            continue
        yield from _spread(text[end:start], quad)
        yield from _spread(word, box)
        end = start + len(word)
    yield from _spread(text[end:], quad)


def _spread(text: str, quad: Quad) -> Iterator[Glyph]:
    """Yield characters that share a box; only those of words have a place of their own."""
    left, top, right, bottom = _edges(quad)
    step = (right - left) / max(len(text), 1)
    for index, char in enumerate(text):
        if char.isspace():
            yield Glyph(" ", 0, 0, 0, 0)
        else:
            yield Glyph(char, left + index * step, top, left + (index + 1) * step, bottom)


def _edges(quad: Quad) -> tuple[float, float, float, float]:
    horizontal, vertical = [float(point[0]) for point in quad], [float(point[1]) for point in quad]
    return min(horizontal), min(vertical), max(horizontal), max(vertical)


@cache
def _engine() -> Any:
    import_extra("onnxruntime", EXTRA)
    return import_extra("rapidocr", EXTRA).RapidOCR(params={"Global.log_level": "critical"})
