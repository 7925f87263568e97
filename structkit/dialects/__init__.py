"""What routes accept, as data: a vendor that differs is a row here, never an `if`."""

from structkit.dialects.rows import OPENAI

__all__ = ["OPENAI"]
