"""HTML pages in one file each: data, style and script, without a network."""

from structkit.html_pages.evidence_page import PageField, PageSource, make_evidence_page
from structkit.html_pages.html_page import HTMLPage, make_html_page

__all__ = ["HTMLPage", "PageField", "PageSource", "make_evidence_page", "make_html_page"]
