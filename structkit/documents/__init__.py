"""Documents as text with pages, and files as parts of a prompt: images, audio and PDFs."""

from structkit.documents.file import File
from structkit.documents.pages import Page, Place
from structkit.documents.text_document import Document

__all__ = ["Document", "File", "Page", "Place"]
