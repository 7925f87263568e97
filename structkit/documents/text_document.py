"""`Document`: the text of a file with its pages, as a prompt whose places are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any, get_args
from urllib.parse import urlsplit

from structkit.documents.document_forms import MAX_IMAGES, SendAs, find_form, text_layer
from structkit.documents.document_kinds import DOCX, EMAIL, HTML, PDF, PPTX, XLSX, document_type
from structkit.documents.file import File
from structkit.documents.image_pages import page_frames
from structkit.documents.pages import Layout, PageText, join_pages, locate
from structkit.documents.plain_text import read_plain_text
from structkit.documents.read_limits import ReadLimits
from structkit.documents.read_source import (
    MAX_FILE_BYTES,
    MAX_NAME_CHARS,
    FileSource,
    is_url,
    read_source,
    source_name,
)
from structkit.errors import PromptError
from structkit.values import JSON
from structkit.values.page import DocumentPart, Page, PageImage, Place, PromptDocument

DPI = 150.0
"""Pixels per inch of the images of pages, by default: letters of 8 points are legible."""


@dataclass(frozen=True)
class Document(PromptDocument):
    """A file as text with pages, which is a prompt wherever a text is one.

        client.extract(Invoice, structkit.Document.open("invoice.pdf"))

    `Document.open` reads PDF, DOCX, PPTX, XLSX, HTML, EML, Markdown and plain text. Pages are separated in the text by
    a form feed, and `locate` says on which page, and where on it, a part of the text is. What is sent is the text; of
    the pages of a scan, which have none, images are sent.

    Attributes:
        text: The text. It is what the model gets.
        pages: The pages: number, offsets in the text, size in points.
        name: The name of the file.
        media_type: Its kind, by its content.
        send: What the model gets.
    """

    text: str
    pages: tuple[Page, ...] = ()
    name: str = ""
    media_type: str = "text/plain"
    send: SendAs = "auto"
    _data: bytes = field(default=b"", repr=False)
    _boxes: Sequence[float] = field(default=(), repr=False, compare=False)
    _password: str | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Validate the texts, and what is sent.

        Raises:
            PromptError: One is of another type.
        """
        for name in ("text", "name", "media_type"):
            if not isinstance(value := getattr(self, name), str):
                raise PromptError(f"the {name} of a document must be a text, not {type(value).__name__}")
        _validate_send(self.send)

    @classmethod
    def open(  # noqa: PLR0913 (one parameter for each thing that a caller may know of a file)
        cls,
        source: FileSource,
        *,
        name: str | None = None,
        send: SendAs = "auto",
        password: str | None = None,
        encoding: str | None = None,
        ocr: bool = False,
        allow_download: bool = False,
        max_bytes: int = MAX_FILE_BYTES,
        max_pages: int = 2_000,
        max_seconds: float = 60.0,
    ) -> Document:
        """Read a file.

        Args:
            source: A path, the bytes, an open binary file, or a URL.
            name: Its name; by default that of the path. The suffix distinguishes kinds of text.
            send: What the model gets: the `text`, `images` of the pages, the `file` itself (a PDF), or what is there
                (`auto`): the text, and images of pages without text.
            password: That of an encrypted PDF.
            encoding: That of a text; by default it is found out.
            ocr: Whether the text of images, and of pages of a PDF that have none, is recognized (the extra `ocr`). It
                takes seconds a page.
            allow_download: Whether a URL is downloaded. It must come from you and not from data: the server that runs
                this code sends the request.
            max_bytes: The size above which the file is rejected.
            max_pages: Pages, slides or sheets.
            max_seconds: Seconds that reading may take.

        Raises:
            PromptError: The file cannot be read, is damaged, encrypted, empty or too large, or of another kind; or it
                has no text, and `send` asks for it.
            ConfigError: It needs the extra `documents` or `ocr`, which is not installed.
        """
        _validate_send(send)
        file_name = (name or _name(source))[-MAX_NAME_CHARS:]
        data = _read(source, file_name, max_bytes, allow_download=allow_download)
        limits = ReadLimits(file_name or "the file", max_pages, max_seconds)
        kind = document_type(data, file_name, limits)
        pages = _read_pages(kind, data, limits, password, encoding)
        if ocr:
            pages = _recognize_pages(pages, kind, data, limits, password)
        layout = join_pages(pages, limits)
        document = cls(layout.text, layout.pages, file_name, kind, send, data, layout.boxes, password)
        document._validate()
        return document

    def locate(self, start: int, end: int) -> tuple[Place, ...]:
        """Return where the characters from *start* to *end* of the text are: a place for each line that they touch.

        Places have boxes if the file is a PDF.
        """
        return tuple(locate(Layout(self.text, self.pages, self._boxes), start, end))

    def images(self, pages: Iterable[int] | None = None, *, dpi: float = DPI) -> tuple[File, ...]:
        """Return pages of a PDF as images, which are parts of a prompt; of an image, the image itself.

        Args:
            pages: The numbers of the pages, from 1; by default all.
            dpi: Pixels per inch. An image has at most 4,096 pixels along an edge.

        Raises:
            PromptError: The document has no images of its pages, or no page of a number.
            ConfigError: The extra `documents` is not installed.
        """
        numbers = [page.number for page in self.pages] if pages is None else [*pages]
        if unknown := [number for number in numbers if not 1 <= number <= len(self.pages)]:
            raise PromptError(f"{self.name!r} has {len(self.pages)} pages, and none of the number {unknown[0]}")
        if self.media_type.startswith("image/"):
            return self._images_of_image(numbers)
        if self.media_type != PDF:
            raise PromptError(f"{self.name!r} has no images of its pages, for it is not a PDF: send its text")
        from structkit.documents.pdf import render_pages

        return tuple(map(File, render_pages(self._data, self.name, numbers, dpi, self._password)))

    def _images_of_image(self, numbers: list[int]) -> tuple[File, ...]:
        """Return pages of an image: the image itself if it has one, as nearly all have."""
        if len(self.pages) == 1:
            return tuple(File(self._data, name=self.name) for _ in numbers)
        from structkit.documents.page_images import convert_pages

        return tuple(map(File, convert_pages(self._data, self.name, numbers)))

    def draw_pages(self, numbers: Iterable[int]) -> Iterator[PageImage]:
        """Yield small images of pages, if the document has any: a PDF, or an image.

        Raises:
            ConfigError: The extra `documents` is not installed.
        """
        if self.media_type == PDF or self.media_type.startswith("image/"):
            from structkit.documents.page_images import draw_page_images

            sizes = {page.number: page.size for page in self.pages}
            existing = [number for number in numbers if number in sizes]
            for number, url in draw_page_images(self._data, self.media_type, self.name, existing, self._password):
                yield PageImage(number, url, sizes[number])

    @property
    def parts(self) -> tuple[JSON, ...]:
        """What the model gets, as content parts of a message: the first form.

        Raises:
            PromptError: More pages would be images than one prompt can have.
            ConfigError: Pages would be images, and the extra `documents` is not installed.
        """
        return self._parts

    @cached_property
    def _parts(self) -> tuple[JSON, ...]:
        return self._form_parts(self._find_form(()) or self.send)

    def parts_without(self, kinds: Collection[str]) -> tuple[JSON, ...] | None:
        """Return what the model gets in the first form that has no content parts of these types, or None.

        Raises:
            ConfigError: Pages would be images, and the extra `documents` is not installed.
        """
        form = self._find_form(kinds)
        return None if form is None else self._form_parts(form)

    def _find_form(self, rejected_types: Collection[str]) -> SendAs | None:
        """Return the first form that has no content parts of these types; what the caller chose is the only one."""
        return find_form(self, self.media_type, rejected_types) if self.send == "auto" else self.send

    def _form_parts(self, form: str) -> tuple[JSON, ...]:
        """Return the content parts of a form."""
        if form == "file":
            parts: tuple[JSON, ...] = (File(self._data_without_password, name=self.name).part,)
        else:
            numbers = [page.number for page in self.pages if self.send == "images" or page.is_scan]
            images = self._page_images(numbers if form == "images" else [])
            text = self.text if form == "text" else "" if self.send == "images" else text_layer(self)
            parts = (*([{"type": "text", "text": text}] if text.strip() else []), *(image.part for image in images))
        return tuple(DocumentPart(part, self) for part in parts) if self.send == "auto" and form != "text" else parts

    @property
    def _data_without_password(self) -> bytes:
        """The PDF as an endpoint can open it."""
        if self._password is None:
            return self._data
        from structkit.documents.pdf import without_password

        return without_password(self._data, self.name, self._password)

    def _page_images(self, numbers: list[int]) -> tuple[File, ...]:
        if len(numbers) > MAX_IMAGES:
            raise PromptError(
                f"{self.name!r} would be {len(numbers)} images of pages, and {MAX_IMAGES} fit in a prompt: "
                "send a part, as in [*document.images(range(1, 21))], or only the text, with send='text'"
            )
        return self.images(numbers) if numbers else ()

    def _validate(self) -> None:
        """Validate that there is something to send.

        Raises:
            PromptError: There is not.
        """
        if self.send == "file" and self.media_type != PDF:
            raise PromptError(
                f"{self.name!r} is not a PDF, which is the only kind that is sent as a file: send its text"
            )
        if self.send == "images" and self.media_type != PDF and not self.media_type.startswith("image/"):
            raise PromptError(f"{self.name!r} has no images of its pages, for it is not a PDF: send its text")
        if self.text.strip() or self.send in {"images", "file"}:
            return
        if not self.has_unread_pages:
            raise PromptError(f"{self.name or 'the file'!r} is empty: there is nothing to read")
        if self.send == "text":
            raise PromptError(
                f"{self.name!r} has no text, and is probably a scan: open it with ocr=True, or with send='images' for "
                "a model that reads images"
            )

    @property
    def is_only_text(self) -> bool:
        """Whether the model gets the text and nothing else."""
        return self.send == "text" or (self.send == "auto" and not self.has_unread_pages)

    def __str__(self) -> str:
        """The text, as templates have it."""
        return self.text

    def __format__(self, spec: str) -> str:
        """The text, for a prompt that is one text.

        Raises:
            PromptError: Pages without text would be left out.
        """
        if not self.is_only_text:
            raise PromptError(
                f"{self.name!r} is not only text: pass it beside the text, as in ['Read this.', document], or open it "
                "with send='text'"
            )
        return format(self.text, spec)

    def __repr__(self) -> str:
        """The name, the kind and the size."""
        pages = f"{len(self.pages):,} page{'s' * (len(self.pages) != 1)}"
        return f"Document({self.name!r}, {self.media_type}, {pages}, {len(self.text):,} characters)"


def _validate_send(send: Any) -> None:
    if send not in get_args(SendAs):
        raise PromptError(f"send must be one of {', '.join(get_args(SendAs))}, not {send!r}")


def _name(source: FileSource) -> str:
    return PurePath(urlsplit(source).path).name if isinstance(source, str) and is_url(source) else source_name(source)


def _read(source: FileSource, name: str, max_bytes: int, *, allow_download: bool) -> bytes:
    """Return the bytes of a file or URL.

    Raises:
        PromptError: It cannot be read, is empty or too large, or is a URL and downloads are not allowed.
    """
    if not isinstance(source, str) or not is_url(source):
        return read_source(source, name, max_bytes)
    if not allow_download:
        raise PromptError("a URL is downloaded only with allow_download=True; it must come from you and not from data")
    from structkit.documents.download import download

    return read_source(download(source, max_bytes, timeout_s=60.0), name, max_bytes)


def _read_pages(
    kind: str, data: bytes, limits: ReadLimits, password: str | None, encoding: str | None
) -> Iterator[PageText]:
    """Return the pages of a document of a kind."""
    if kind == PDF:
        from structkit.documents.pdf import read_pdf

        return read_pdf(data, limits, password)
    if kind in {DOCX, PPTX, XLSX}:
        return _read_office(kind, data, limits)
    if kind == HTML:
        from structkit.documents.html_text import read_html

        return read_html(data, limits, encoding)
    if kind == EMAIL:
        from structkit.documents.email_text import read_email

        return read_email(data, limits)
    if kind.startswith("image/"):
        return (PageText("", has_only_image=True) for _ in page_frames(data))
    return read_plain_text(data, limits.name, encoding)


def _recognize_pages(
    pages: Iterator[PageText], kind: str, data: bytes, limits: ReadLimits, password: str | None
) -> Iterator[PageText]:
    from structkit.documents.ocr import recognize_pages

    return recognize_pages(pages, kind, data, limits, password)


def _read_office(kind: str, data: bytes, limits: ReadLimits) -> Iterator[PageText]:
    from structkit.documents.docx import read_docx
    from structkit.documents.office_file import OfficeFile
    from structkit.documents.pptx import read_pptx
    from structkit.documents.xlsx import read_xlsx

    return {DOCX: read_docx, PPTX: read_pptx, XLSX: read_xlsx}[kind](OfficeFile(data, limits))
