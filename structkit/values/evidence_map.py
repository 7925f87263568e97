"""Where each scalar of a value is in its sources: spans of characters, and how they were found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from structkit.values.json import JSON, JSONPath, JSONValue, format_path
from structkit.values.page import Place, PromptDocument

if TYPE_CHECKING:
    from structkit.html_pages import HTMLPage

How: TypeAlias = Literal[
    "exact", "folded", "letters", "words", "fuzzy", "number", "date", "time", "judged", "empty", ""
]
"""How a value was found.

A text: `exact`; `folded`, but for case, width, accents, dashes, quotes and spaces; `letters`, but for hyphenation and
punctuation; `words` in another order; `fuzzy`, where each word is near. A value that is compared as such: `number`,
`date`, `time`. `judged` and `empty` values are not looked for; "" is missing.
"""

MAX_SPANS = 100
"""Places of one value that are listed."""


class Span(NamedTuple):
    """A range of characters of a source: `sources[source].text[start:end]`."""

    start: int
    end: int
    source: int = 0


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text that values are looked for in.

    Args:
        text: The text as the caller passed it.
        path: Where the caller passed it: nothing for a prompt that is a text, `(2,)` for the third message of a list,
            `(2, 0)` for the first part of that message, `("letter",)` for the argument or column of that name,
            `("tool_calls", 0)` for the result of a tool.
        document: The document whose text it is.
    """

    text: str
    path: JSONPath = ()
    document: PromptDocument | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Validate the text.

        Raises:
            TypeError: It is something else.
        """
        if not isinstance(self.text, str):
            raise TypeError(f"the text of a TextSource must be a str, not {type(self.text).__name__}")

    @classmethod
    def of(cls, value: PromptDocument | str, path: JSONPath) -> TextSource:
        """Return the source of a document or a text."""
        return cls(value.text, path, value) if isinstance(value, PromptDocument) else cls(value, path)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The places of one value.

    Args:
        spans: All places, the likeliest first; at most `MAX_SPANS`.
        how: How they were found.
        text: The source at the likeliest place.
    """

    spans: tuple[Span, ...]
    how: How
    text: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether the value was looked for and is not in a source."""
        return not self.how

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is at several places."""
        return len(self.spans) > 1


class EvidenceMap(Mapping[JSONPath, Evidence]):
    """The evidence of each scalar of a value, by its path.

    Attributes:
        sources: The texts that the spans are ranges of.
    """

    def __init__(
        self,
        align: Callable[[], Mapping[JSONPath, Evidence]],
        sources: tuple[TextSource, ...],
        read_value: Callable[[], JSONValue],
    ) -> None:
        """Take the sources, what finds the evidence when it is first looked up, and what returns the natural JSON."""
        self._align = align
        self._read_value = read_value
        self.sources = sources

    @cached_property
    def _by_path(self) -> Mapping[JSONPath, Evidence]:
        return self._align()

    @property
    def missing(self) -> tuple[JSONPath, ...]:
        """The paths of values that no source has."""
        return tuple(path for path, evidence in self.items() if evidence.is_missing)

    @property
    def ambiguous(self) -> tuple[JSONPath, ...]:
        """The paths of values that are at several places."""
        return tuple(path for path, evidence in self.items() if evidence.is_ambiguous)

    def locate(self, path: JSONPath) -> tuple[Place, ...]:
        """Return where in a document a value is, at the likeliest of its spans: pages, and boxes in a PDF.

        There is a place for each line that the span touches, and none if the source is a text without pages.
        """
        spans = self[path].spans
        document = self.sources[spans[0].source].document if spans else None
        return document.locate(spans[0].start, spans[0].end) if document is not None else ()

    @property
    def value(self) -> JSONValue:
        """The value as natural JSON, in which the paths are."""
        return self._read_value()

    def show(self, path: str | None = None, title: str = "") -> HTMLPage:
        """Return a page with the sources, in which the values are marked, and the value beside it.

        A notebook draws it. It is one file that uses no network, and nothing in a text or a value is run.

        Args:
            path: A file to write it to, such as `out.html`.
            title: Its title.

        Raises:
            OSError: The file cannot be written.
        """
        from structkit.values.evidence_view import evidence_page

        page = evidence_page(self, title)
        if path is not None:
            page.save(path)
        return page

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        return self.show()._repr_html_()

    def to_list(self) -> list[JSON]:
        """Return the evidence as JSON: an object for each scalar, with its path, spans, how and text.

        A span is `[start, end]`; where there are several sources, `[start, end, source]` with the path of the source.
        Where the likeliest span is in a document, `places` are the pages and boxes of its lines.
        """
        names = [format_path(source.path) for source in self.sources]
        suffixes = [[name] for name in names] if len(names) > 1 else [[]]
        return [
            {
                "path": format_path(path),
                "spans": [[span.start, span.end, *suffixes[span.source]] for span in evidence.spans],
                "how": evidence.how,
                "text": evidence.text,
                **_places_field(self.locate(path)),
            }
            for path, evidence in self.items()
        ]

    def __getitem__(self, path: JSONPath) -> Evidence:
        """Return the evidence of one scalar."""
        return self._by_path[path]

    def __iter__(self) -> Iterator[JSONPath]:
        """Iterate over the paths, in the order of the value."""
        return iter(self._by_path)

    def __len__(self) -> int:
        """Return the number of scalars."""
        return len(self._by_path)

    def __repr__(self) -> str:
        """How each was found."""
        return f"EvidenceMap({dict(self._by_path)!r})"


def _places_field(places: tuple[Place, ...]) -> JSON:
    if not places:
        return {}
    return {"places": [{"page": each.page, **({"box": [*each.box]} if each.box else {})} for each in places]}
