"""The pages of a document, and places on them; what a document is as a part of a prompt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from structkit.values.json import JSON

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom edge in points, from the top left corner of the page as it is displayed."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: a sheet of a workbook, a slide, or all of a file that has no pages.

    Args:
        number: Its number, from 1.
        start: The offset of its first character in the document's text.
        end: The offset after its last character.
        size: Width and height in points; None if the file has no pages of a size.
        has_only_image: Whether there is something to see on it, and the file has no text of it: the page of a scan. Its
            text is then the recognized one, if the document was opened with `ocr=True`.
        is_stamped_scan: Whether it is a scan with text in its margins alone, such as a number: the text of the scan is
            not known.
    """

    number: int
    start: int
    end: int
    size: tuple[float, float] | None = None
    has_only_image: bool = False
    is_stamped_scan: bool = False

    @property
    def is_scan(self) -> bool:
        """Whether only its image shows what is on it: the file has no text of it, or text in its margins alone."""
        return self.has_only_image or self.is_stamped_scan

    @property
    def is_unread(self) -> bool:
        """Whether there is something to see on it whose text is not known."""
        return self.is_stamped_scan or (self.has_only_image and self.start == self.end)


@dataclass(frozen=True, slots=True)
class Place:
    """A line, or a part of one, on a page.

    Args:
        page: The number of the page, from 1.
        box: Left, top, right and bottom edge in points, from the top left corner of the page; None if it is not known.
        start: The offset of its first character in the document's text.
        end: The offset after its last character.
    """

    page: int
    box: Box | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PageImage:
    """A small image of a page, for people to look at.

    Args:
        number: The number of the page, from 1.
        url: The image as a `data:` URL.
        size: Width and height of the page, in the unit of boxes; None for an image in which no text was recognized.
    """

    number: int
    url: str
    size: tuple[float, float] | None


class DocumentPart(dict[str, Any]):
    """A content part of a document, which may be sent in another form.

    Args:
        part: The content part in the endpoint's form.
        document: The document.
    """

    __slots__ = ("document",)

    def __init__(self, part: JSON, document: PromptDocument) -> None:
        """Take the part and its document."""
        super().__init__(part)
        self.document = document

    def __reduce__(self) -> Any:
        """Pickle with the document."""
        return DocumentPart, ({**self}, self.document)


class PromptDocument(ABC):
    """A text with pages as a part of a prompt: a `structkit.Document`.

    A class, not a protocol: `isinstance` of a protocol reads the properties, which would make images of all pages.
    """

    text: str
    pages: tuple[Page, ...]

    @property
    @abstractmethod
    def parts(self) -> tuple[JSON, ...]:
        """The content parts in the endpoint's form: the text, images of pages, or the file."""

    @abstractmethod
    def parts_without(self, kinds: Collection[str]) -> tuple[JSON, ...] | None:
        """Return the content parts in a form that has none of these types of parts; None if there is no such form."""

    @property
    @abstractmethod
    def is_only_text(self) -> bool:
        """Whether the text has all that the model would get."""

    @abstractmethod
    def locate(self, start: int, end: int) -> tuple[Place, ...]:
        """Return where the characters from *start* to *end* of the text are: a place for each line that they touch."""

    @abstractmethod
    def draw_pages(self, numbers: Iterable[int]) -> Iterator[PageImage]:
        """Yield small images of pages, if the document has any: a PDF, or an image."""

    @property
    def has_unread_pages(self) -> bool:
        """Whether a page has something to see whose text is not known."""
        return any(page.is_unread for page in self.pages)
