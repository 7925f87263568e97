"""The pages of a document, and places on them; what a document is as a part of a prompt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeAlias

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
        has_only_image: Whether there is something to see on it, and no text: the page of a scan.
    """

    number: int
    start: int
    end: int
    size: tuple[float, float] | None = None
    has_only_image: bool = False


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

    @property
    @abstractmethod
    def is_only_text(self) -> bool:
        """Whether the model gets the text, and nothing else."""

    @abstractmethod
    def locate(self, start: int, end: int) -> tuple[Place, ...]:
        """Return where the characters from *start* to *end* of the text are: a place for each line that they touch."""

    @property
    def has_unread_pages(self) -> bool:
        """Whether a page has something to see and no text."""
        return any(page.has_only_image for page in self.pages)
