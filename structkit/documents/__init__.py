"""Files as parts of a prompt: images, audio and PDFs."""

from structkit.documents.file import File

__all__ = ["File"]
