"""HTML pages in one file each: data, style and script, without a network."""

from structkit.html_pages.evidence_page import PageBox, PageField, PagePicture, PageSource, make_evidence_page
from structkit.html_pages.html_page import HTMLPage, make_html_page
from structkit.html_pages.review_page import PageRow, PageValue, make_review_page, make_served_page, read_page_row

__all__ = [
    "HTMLPage",
    "PageBox",
    "PageField",
    "PagePicture",
    "PageRow",
    "PageSource",
    "PageValue",
    "make_evidence_page",
    "make_html_page",
    "make_review_page",
    "make_served_page",
    "read_page_row",
]
