"""OpenDocument sheets with what calamine loses: tabs, line breaks, CDATA, errors of formulas, texts without a type."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

CONTENT = "content.xml"
UNREADABLE_PARTS = re.compile(
    rb"""<!\[CDATA\[(?P<section>.*?)(?:\]\]>|\Z)
    | <text:(?P<space>tab|line-break)(?=[\s/>])[^<>]*+(?:(?<=/)>|>\s*+</text:(?:tab|line-break)\s*+>)
    | <table:table-cell\s(?P<attributes>(?:[^<>"']|"[^"<]*"|'[^'<]*')*?\bcalcext:value-type=["']error["'])
    | <table:table-cell(?=[\s>])(?!(?:[^<>"']|"[^"<]*"|'[^'<]*')*?\soffice:value-type=)
      (?P<untyped>(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)(?<!/)>(?=\s*+<(?!/))""",
    re.DOTALL | re.VERBOSE,
)
"""Each part ends at the next tag, or at the end, so that a damaged file is searched in linear time."""

SPACES = {b"tab": b"&#9;", b"line-break": b"&#10;"}
VALUE = re.compile(rb"""\soffice:[\w-]*value(?:-type)?=("[^"]*"|'[^']*')""")
NO_VALUE = b' office:value-type="string" office:string-value=""'


def readable_copy(path: Path) -> BytesIO | None:
    """Return an OpenDocument file whose sheets say the same in a form that calamine reads; None if they do already.

    Raises:
        OSError, zipfile.BadZipFile, KeyError: It is not such a file, or it is damaged.
    """
    with zipfile.ZipFile(path) as book:
        content = book.read(CONTENT)
        if (replaced := UNREADABLE_PARTS.sub(_readable, content)) == content:
            return None
        copy = BytesIO()
        with zipfile.ZipFile(copy, "w") as target:
            for name in book.namelist():
                if name in (CONTENT, "mimetype") or name.startswith("META-INF/"):
                    target.writestr(name, replaced if name == CONTENT else book.read(name))
    copy.seek(0)
    return copy


def _readable(match: re.Match[bytes]) -> bytes:
    """Return an element in a form that calamine reads.

    >>> UNREADABLE_PARTS.sub(_readable, b'a<text:tab/>b<![CDATA[ < ]]>').decode()
    'a&#9;b &lt; '
    """
    if match["section"] is not None:
        return escape(match["section"].decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    if match["space"] is not None:
        return SPACES[match["space"]]
    if match["untyped"] is not None:
        return b'<table:table-cell office:value-type="string"' + match["untyped"] + b">"
    return b"<table:table-cell " + VALUE.sub(b"", b" " + match["attributes"]).strip() + NO_VALUE
