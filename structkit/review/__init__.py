"""Review: rows that a person looks at on a page, and the gold that comes out of it."""

from structkit.review.document_column import DocumentColumn
from structkit.review.gold_entries import GoldEntry, read_gold_entries
from structkit.review.gold_file import GoldFile
from structkit.review.gold_merge import Disagreement, MergedGold, merge_gold
from structkit.review.review_rows import ReviewRow, ReviewTable
from structkit.review.review_server import ReviewServer
from structkit.review.review_session import ReviewSession
from structkit.review.review_view import review_page
from structkit.review.row_choice import RowChoice, parse_choice

__all__ = [
    "Disagreement",
    "DocumentColumn",
    "GoldEntry",
    "GoldFile",
    "MergedGold",
    "ReviewRow",
    "ReviewServer",
    "ReviewSession",
    "ReviewTable",
    "RowChoice",
    "merge_gold",
    "parse_choice",
    "read_gold_entries",
    "review_page",
]
