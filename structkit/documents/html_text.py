"""The visible text of an HTML page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

from structkit.documents.pages import PageText
from structkit.documents.plain_text import decode
from structkit.documents.read_limits import ReadLimits

BLOCK_BYTES = 100_000
"""Characters between two looks at the clock."""

INVISIBLE = frozenset(
    {"head", "script", "style", "template", "noscript", "svg", "math", "iframe", "object", "datalist"}
)
PREFORMATTED = frozenset({"pre", "textarea", "listing"})
CELLS = frozenset({"td", "th"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
"""Elements without an end tag."""

OPEN_END = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "option", "thead", "tbody"})
"""Elements whose end tag may be left out: the next one ends them."""

LINES = frozenset(
    {"br", "div", "tr", "li", "dt", "dd", "option", "address", "article", "aside", "footer", "header", "main", "nav"}
    | {"section", "form", "fieldset", "figcaption", "figure", "legend", "caption", "thead", "tbody", "tfoot"}
)
PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "hr", "pre"})
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
DECLARED_ENCODING = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
SPACE = re.compile(r"[ \t\n\r\f\v]+")


def read_html(data: bytes, limits: ReadLimits, encoding: str | None = None) -> Iterator[PageText]:
    """Yield the text of an HTML page.

    Raises:
        PromptError: It takes too long, or is not in the encoding.
    """
    if encoding is None and (declared := DECLARED_ENCODING.search(data[:2048])) and not _is_utf8(data):
        encoding = _text_encoding(declared[1].decode("ascii", "replace"))
    yield PageText(html_text(decode(data, limits.name, encoding), limits))


def html_text(html: str, limits: ReadLimits) -> str:
    r"""Return the visible text of HTML: a line for each block, tabs between the cells of a table.

    Raises:
        PromptError: It takes too long.

    >>> html_text("<p>Total&nbsp;&euro; <b>9</b></p><script>x</script><table><tr><td>a<td>b</table>", ReadLimits())
    'Total\xa0€ 9\n\na\tb'
    """
    reader, end = _VisibleText(), html.rfind(">") + 1
    for block in _blocks(html[:end]):
        limits.validate_time()
        reader.feed(block)
    reader.close()
    # No tag can end here. The parser would look for the end of each that seems to begin, which takes minutes for many.
    reader.handle_data(unescape(html[end:]))
    return reader.text


def _blocks(html: str) -> Iterator[str]:
    """Yield a page in blocks that end with tags: the parser reads a tag that a block cuts off again with each block."""
    start = 0
    while start < len(html):
        end = html.find(">", start + BLOCK_BYTES) + 1 or len(html)
        yield html[start:end]
        start = end


def _text_encoding(name: str) -> str | None:
    """Return the encoding that a page declares; None for one that does not exist, which is guessed instead."""
    try:
        b" ".decode(name)  # no bytes would need no encoding
    except (LookupError, ValueError):
        return None
    return name


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class _VisibleText(HTMLParser):
    """Collects the text between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden, self._depth, self._preformatted = "", 0, 0
        self._is_line_start = True
        self._without_end = ""

    def parse_comment(self, i: int, report: bool = True) -> int:  # noqa: FBT002 (the parser's signature)
        """Return where a comment ends, or -1: its end is looked for once, and not again for each later start."""
        if self.rawdata is self._without_end:
            return -1
        end = super().parse_comment(i, report)
        self._without_end = self.rawdata if end < 0 else ""
        return end

    @property
    def text(self) -> str:
        lines = (line.strip(" \n") for line in "".join(self._parts).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden:
            self._depth += tag == self._hidden and tag not in OPEN_END
            if tag != self._hidden or tag not in OPEN_END:
                return
            self._hidden = ""
        if tag not in VOID and (tag in INVISIBLE or _is_hidden(attrs)):
            self._hidden, self._depth = tag, 1
            return
        self._preformatted += tag in PREFORMATTED
        self._break(tag)
        if tag in CELLS and not self._is_line_start:
            self._parts.append("\t")
        if tag == "li":
            self._append("- ")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._depth -= tag == self._hidden
            self._hidden = self._hidden if self._depth and tag != "html" else ""
            return
        self._preformatted -= tag in PREFORMATTED and self._preformatted > 0
        if tag != "br":
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._preformatted:
            self._append(data.replace("\f", " "))
            return
        text = SPACE.sub(" ", data)
        if self._parts and self._parts[-1][-1:] in {" ", "\n", "\t"}:
            text = text.lstrip(" ")
        if text and not (self._is_line_start and text == " "):
            self._append(text)

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._is_line_start = text.endswith("\n")

    def _break(self, tag: str) -> None:
        if tag in PARAGRAPHS:
            self._append("\n\n")
        elif tag in LINES and (not self._is_line_start or tag == "br"):
            self._append("\n")


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    return any(name == "hidden" or (name == "style" and HIDDEN_STYLE.search(value or "")) for name, value in attrs)
