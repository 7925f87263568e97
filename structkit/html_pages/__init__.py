"""HTML pages in one file each: data, style and script, without a network."""

from structkit.html_pages.evidence_page import PageBox, PageField, PagePicture, PageSource, make_evidence_page
from structkit.html_pages.html_page import HTMLPage, make_html_page
from structkit.html_pages.review_page import (
    PageRow,
    PageSheet,
    PageValue,
    make_review_page,
    make_served_page,
    read_page_row,
    read_sheet,
)
from structkit.html_pages.utf16_offsets import UTF16Offsets

__all__ = [
    "HTMLPage",
    "PageBox",
    "PageField",
    "PagePicture",
    "PageRow",
    "PageSheet",
    "PageSource",
    "PageValue",
    "UTF16Offsets",
    "make_evidence_page",
    "make_html_page",
    "make_review_page",
    "make_served_page",
    "read_page_row",
    "read_sheet",
]
