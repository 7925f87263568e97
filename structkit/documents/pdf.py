"""The text of a PDF with the boxes of its characters, and its pages as images; read by pypdfium2."""

from __future__ import annotations

import ctypes
import io
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from structkit.documents.glyph_lines import Glyph
from structkit.documents.glyph_text import read_glyphs
from structkit.documents.pages import PageText
from structkit.documents.pdf_scans import is_stamped_scan
from structkit.documents.plain_text import EXTRA
from structkit.documents.read_limits import ReadLimits
from structkit.documents.superscripts import raise_glyphs
from structkit.errors import PromptError
from structkit.optional import import_extra

PDFIUM_LOCK = threading.RLock()
"""PDFium may be called by one thread at a time; the garbage collector may close a document while another is read."""

LINE_END_HYPHENS = frozenset({0x02, 0xFFFE})
"""What PDFium has in place of a hyphen at the end of a line."""

SPACES = frozenset({0x20, 0xA0, 0x0A, 0x0D, 0x09})
REPLACEMENT = 0xFFFD
SURROGATES = range(0xD800, 0xE000)
MAX_EDGE_PIXELS = 4_096
"""The longer edge of an image of a page: vision models reduce what is larger."""

FILE_ID = re.compile(rb"/ID ?\[ ?<([0-9A-Fa-f]*)> ?<[0-9A-Fa-f]*> ?\]")
"""The ids of the document and of its version, the second of which is another one each time that it is saved."""

POINTS_PER_INCH = 72
JPEG_QUALITY = 85


def read_pdf(data: bytes, limits: ReadLimits, password: str | None = None) -> Iterator[PageText]:
    """Yield the pages of a PDF; the values of form fields are part of their text.

    Raises:
        PromptError: It is damaged or encrypted, has too many pages, or takes too long.
        ConfigError: The extra is not installed.
    """
    with _open_pdf(data, limits.name, password) as pdf:
        with PDFIUM_LOCK:
            limits.validate_pages(len(pdf))
            pdf.init_forms()
        for index in range(len(pdf)):
            limits.validate_time()
            with PDFIUM_LOCK:
                page = _read_page(pdf, index)
            yield page


def render_pages(
    data: bytes, name: str, numbers: Sequence[int], dpi: float, password: str | None = None
) -> Iterator[bytes]:
    """Yield pages as JPEG images.

    Args:
        data: The PDF.
        name: Its name, for messages.
        numbers: The numbers of the pages, from 1.
        dpi: Pixels per inch; fewer where an edge would have more than MAX_EDGE_PIXELS.
        password: The password.

    Raises:
        PromptError: It is damaged or encrypted.
        ConfigError: The extra is not installed.
    """
    for image in draw_pages(data, name, numbers, dpi, password):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=JPEG_QUALITY)
        yield file.getvalue()


def without_password(data: bytes, name: str, password: str) -> bytes:
    """Return an encrypted PDF as one that everybody can open; another one as it is.

    Raises:
        PromptError: It is damaged, or the password is wrong.
        ConfigError: The extra is not installed.
    """
    raw, file = import_extra("pypdfium2.raw", EXTRA), io.BytesIO()
    with _open_pdf(data, name, password) as pdf, PDFIUM_LOCK:
        if raw.FPDF_GetSecurityHandlerRevision(pdf) < 0:
            return data
        pdf.save(file, flags=raw.FPDF_REMOVE_SECURITY)
    return FILE_ID.sub(rb"/ID[<\1><\1>]", file.getvalue())


def draw_pages(
    data: bytes, name: str, numbers: Sequence[int], dpi: float, password: str | None = None
) -> Iterator[Any]:
    """Yield pages as images of Pillow; arguments and errors are those of `render_pages`."""
    import_extra("PIL", EXTRA)
    with _open_pdf(data, name, password) as pdf:
        for number in numbers:
            with PDFIUM_LOCK:
                image = _render(pdf[number - 1], dpi)
            yield image


@contextmanager
def _open_pdf(data: bytes, name: str, password: str | None) -> Iterator[Any]:
    pdfium = import_extra("pypdfium2", EXTRA)
    try:
        with PDFIUM_LOCK:
            pdf = pdfium.PdfDocument(data, password=password)
        try:
            yield pdf
        finally:
            with PDFIUM_LOCK:
                pdf.close()
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD:
            advice = "pass password= (--password)" if password is None else "the password is wrong"
            raise PromptError(f"{name!r} is encrypted: {advice}") from None
        raise PromptError(f"{name!r} is damaged, or not a PDF: {error}") from None


def _render(page: Any, dpi: float) -> Any:
    try:
        scale = min(dpi / POINTS_PER_INCH, MAX_EDGE_PIXELS / max(*page.get_size(), 1.0))
        return page.render(scale=scale).to_pil().convert("RGB")
    finally:
        page.close()


def _read_page(pdf: Any, index: int) -> PageText:
    page = _flat_page(pdf, index)
    raw, text_page = import_extra("pypdfium2.raw", EXTRA), page.get_textpage()
    try:
        placement = _Placement(page)
        text, boxes = read_glyphs(raise_glyphs(_glyphs(raw, text_page, placement)))
        has_objects = raw.FPDFPage_CountObjects(page) > 0
        is_stamped = bool(text.strip()) and is_stamped_scan(page, boxes, placement.size)
    finally:
        text_page.close()
        page.close()
    has_only_image = has_objects and not text.strip()
    return PageText(text, boxes, placement.size, has_only_image=has_only_image, is_stamped_scan=is_stamped)


def _flat_page(pdf: Any, index: int) -> Any:
    """Return a page in whose text the values of form fields are, in memory only."""
    raw, page = import_extra("pypdfium2.raw", EXTRA), pdf[index]
    if raw.FPDFPage_GetAnnotCount(page) and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
        page.close()
        return pdf[index]
    return page


class _Placement:
    """Where a place of a PDF, counted from the bottom of the unturned page, is on the page as it is displayed."""

    def __init__(self, page: Any) -> None:
        self.size = page.get_size()
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._rotation = page.get_rotation()

    def has(self, box: Any) -> bool:
        """Return whether some of a box is on the page: what is outside is not shown."""
        is_beside = box.right <= self._left or box.left >= self._right
        return not (is_beside or box.top <= self._bottom or box.bottom >= self._top)

    def glyph(self, char: str, left: float, bottom: float, right: float, top: float) -> Glyph:
        """Return a character with its box on the page."""
        if not self._rotation:
            return Glyph(char, left - self._left, self._top - top, right - self._left, self._top - bottom)
        first_x, first_y = self._point(left, top)
        second_x, second_y = self._point(right, bottom)
        horizontal, vertical = sorted((first_x, second_x)), sorted((first_y, second_y))
        return Glyph(char, horizontal[0], vertical[0], horizontal[1], vertical[1])

    def _point(self, x: float, y: float) -> tuple[float, float]:
        if self._rotation == 90:  # noqa: PLR2004 (degrees)
            return y - self._bottom, x - self._left
        if self._rotation == 180:  # noqa: PLR2004
            return self._right - x, y - self._bottom
        return self._top - y, self._right - x


def _glyphs(raw: Any, text_page: Any, placement: _Placement) -> Iterator[Glyph]:
    """Yield the characters in the order of the file."""
    box, high = raw.FS_RECTF(), 0
    box_address = ctypes.byref(box)
    get_code, get_box, handle = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, text_page.raw
    for index in range(raw.FPDFText_CountChars(text_page)):
        code = get_code(handle, index)
        if code in SURROGATES:  # half of a character beyond the first 65,536
            code, high = (0, code) if code < 0xDC00 else (_joined(high, code), 0)  # noqa: PLR2004 (low surrogates)
        if not code:
            continue
        if code in SPACES:
            yield Glyph(" ", 0, 0, 0, 0)
        elif get_box(handle, index, box_address) and placement.has(box):
            char = "-" if code in LINE_END_HYPHENS else chr(code)
            yield placement.glyph(char, box.left, box.bottom, box.right, box.top)


def _joined(high: int, low: int) -> int:
    return 0x10000 + ((high - 0xD800) << 10) + low - 0xDC00 if high else REPLACEMENT
