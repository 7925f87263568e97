"""The visible text of an HTML page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from html.parser import HTMLParser

from structkit.documents.pages import PageText
from structkit.documents.plain_text import decode, decode_declared
from structkit.documents.read_limits import ReadLimits
from structkit.documents.superscripts import raise_digits

BLOCK_BYTES = 100_000
"""Characters between two looks at the clock."""

INVISIBLE = frozenset(
    {"head", "script", "style", "template", "noscript", "svg", "math", "iframe", "object", "datalist"}
)
PREFORMATTED = frozenset({"pre", "textarea", "listing"})
CELLS = frozenset({"td", "th"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
"""Elements without an end tag."""

LINES = frozenset(
    {"br", "div", "tr", "li", "dt", "dd", "option", "address", "article", "aside", "footer", "header", "main", "nav"}
    | {"section", "form", "fieldset", "figcaption", "figure", "legend", "caption", "thead", "tbody", "tfoot"}
)
PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "hr", "pre"})
BREAKS = LINES | PARAGRAPHS
ROWS = frozenset({"tr", "thead", "tbody", "tfoot"})
NEXT_TAGS: dict[str, frozenset[str]] = {
    "p": BREAKS - {"br", "tr", "caption", *ROWS},
    "li": frozenset({"li"}),
    **dict.fromkeys(("dt", "dd"), frozenset({"dt", "dd"})),
    **dict.fromkeys(CELLS, CELLS | ROWS),
    "tr": ROWS,
    **dict.fromkeys(("thead", "tbody", "tfoot"), ROWS - {"tr"}),
    "option": frozenset({"option", "optgroup"}),
    "head": BREAKS | {"body"},
}
"""Elements whose end tag may be left out, and the start tags that end them (HTML standard, section 13.1.2.4)."""

CONTAINERS: dict[str, frozenset[str]] = {
    "li": frozenset({"ul", "ol", "menu"}),
    **dict.fromkeys(("dt", "dd"), frozenset({"dl"})),
    **dict.fromkeys((*CELLS, *ROWS), frozenset({"table"})),
    "head": frozenset({"noscript", "template"}),
}
"""Elements inside such an element in which a tag of NEXT_TAGS is one of their own."""

OUTER_ENDS = BREAKS | CELLS | {"body", "html", "select", "menu"}
"""End tags that end elements inside, too, whose own end tag was left out."""

INLINE = frozenset({"a", "b", "em", "font", "i", "label", "small", "span", "strong", "u"})
"""Elements that end with the paragraph or the block in which they are."""

UNSEEN_INPUTS = frozenset(
    {"hidden", "password", "checkbox", "radio", "file", "image", "submit", "button", "reset", "color", "range"}
)
"""Types of `<input>` that do not show their value, or as the label of a button."""

HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
DECLARED_ENCODING = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*(?!utf-?16)([\w.:-]+)""", re.IGNORECASE
)
"""A page in which these letters are legible is not in UTF-16, whatever it says."""

SPACE = re.compile(r"[ \t\n\r\f\v]+")


def read_html(data: bytes, limits: ReadLimits, encoding: str | None = None) -> Iterator[PageText]:
    """Yield the text of an HTML page.

    Raises:
        PromptError: It takes too long, or is not in the encoding.
    """
    if encoding is None and (declared := DECLARED_ENCODING.search(data[:2048])) and not _is_utf8(data):
        text = decode_declared(data, declared[1].decode("ascii", "replace"), limits.name)
    else:
        text = decode(data, limits.name, encoding)
    yield PageText(html_text(text, limits))


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


def _is_utf8(data: bytes) -> bool:
    """Return whether a page is in UTF-8, whatever it declares; an escape is of an encoding such as ISO-2022-JP."""
    if b"\x1b" in data:
        return False
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
        self._hidden, self._open_in_hidden = "", Counter[str]()
        self._preformatted = self._raised = 0
        self._line_ends = 0
        self._cell_counts = [0]
        self._blank_cell_depth = 0
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
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line if line.strip() else "" for line in lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden and self._is_inside_hidden(tag):
            return
        if tag not in VOID and (tag in INVISIBLE or _is_hidden(attrs)):
            self._hidden, self._open_in_hidden = tag, Counter({tag: 1})
            return
        self._preformatted += tag in PREFORMATTED
        self._raised += tag == "sup"
        if tag in BREAKS:
            self._break(tag)
        if tag == "table":
            self._cell_counts.append(0)
        elif tag in CELLS:
            self._start_cell()
        elif tag == "li":
            self._append("- ")
        elif tag == "input" and not _is_hidden(attrs):
            self.handle_data(_shown_value({name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._ends_in_hidden(tag):
            return
        self._preformatted -= tag in PREFORMATTED and self._preformatted > 0
        self._raised -= tag == "sup" and self._raised > 0
        if tag == "table" and len(self._cell_counts) > 1:
            self._cell_counts.pop()
        if len(self._cell_counts) < self._blank_cell_depth + (tag in CELLS):
            self._blank_cell_depth = 0
        if tag in BREAKS and tag != "br":
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._preformatted:
            self._append(data.replace("\f", " "))
            return
        text = SPACE.sub(" ", data)
        if self._is_line_start or self._parts[-1][-1:] in {" ", "\t"}:
            text = text.lstrip(" ")
        if text:
            self._append(raise_digits(text) if self._raised else text)

    @property
    def _is_line_start(self) -> bool:
        return bool(self._line_ends) or not self._parts or self._parts[-1].endswith("\n")

    def _is_inside_hidden(self, tag: str) -> bool:
        """Return whether a start tag is inside the hidden element, which it ends otherwise."""
        is_next = tag in NEXT_TAGS.get(self._hidden, ())
        if is_next and not any(self._open_in_hidden[each] for each in CONTAINERS.get(self._hidden, ())):
            self._hidden = ""
        elif tag not in VOID:
            self._open_in_hidden[tag] += 1
        return bool(self._hidden)

    def _ends_in_hidden(self, tag: str) -> bool:
        """Return whether an end tag is that of the hidden element or inside it; another one may end both."""
        if self._open_in_hidden[tag]:
            self._open_in_hidden[tag] -= 1
            self._hidden = self._hidden if self._open_in_hidden[self._hidden] else ""
            return True
        if tag == "html" or (tag in OUTER_ENDS and self._hidden in INLINE | NEXT_TAGS.keys()):
            self._hidden = ""
        return bool(self._hidden)

    def _start_cell(self) -> None:
        """Begin the line of a row, or add the tab between two cells: line ends inside the one before are not there."""
        if not self._cell_counts[-1]:
            self._append("")
        self._line_ends = 0
        self._parts += ["\t"] if self._cell_counts[-1] else []
        self._cell_counts[-1] += 1
        self._blank_cell_depth = len(self._cell_counts)

    def _end_row(self) -> None:
        if len(self._cell_counts) <= self._blank_cell_depth:
            self._blank_cell_depth = 0
        if self._cell_counts[-1]:
            self._line_ends, self._cell_counts[-1] = min(self._line_ends, 1), 0

    def _append(self, text: str) -> None:
        if self._parts and self._line_ends:
            self._parts.append("\n" * min(self._line_ends, 2))
        if text:
            self._parts.append(text)
        self._line_ends = self._blank_cell_depth = 0

    def _break(self, tag: str) -> None:
        """End the line before the next text, unless it is the first text of a cell."""
        if tag == "tr":
            self._end_row()
        if self._blank_cell_depth:
            return
        if tag in PARAGRAPHS:
            self._line_ends = max(self._line_ends, 2)
        elif tag == "br":
            self._line_ends += 1
        elif tag in LINES and not self._is_line_start:
            self._line_ends = 1


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    return any(name == "hidden" or (name == "style" and HIDDEN_STYLE.search(value or "")) for name, value in attrs)


def _shown_value(attributes: Mapping[str, str]) -> str:
    """Return the text in a field of a form."""
    return "" if attributes.get("type", "").lower() in UNSEEN_INPUTS else attributes.get("value", "")
