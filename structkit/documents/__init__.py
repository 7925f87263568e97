"""Documents as text with pages, and files as parts of a prompt: images, audio and PDFs."""

from structkit.documents.file import File
from structkit.documents.text_document import Document
from structkit.values.page import Page, Place

__all__ = ["Document", "File", "Page", "Place"]
