"""How much a file may expand to while it is read, and how long that may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from structkit.errors import ConfigError, PromptError

MAX_CHARACTERS = 50_000_000
"""Characters of a document: a hundred novels."""

MAX_UNPACKED_BYTES = 500_000_000
"""Bytes to which the parts of an Office file may expand together."""


def validate_limit(name: str, value: object, *, is_whole: bool = True) -> None:
    """Validate a limit that the caller has set.

    Raises:
        ConfigError: It is not a number, or too small.

    >>> validate_limit("max_bytes", "1 MB")
    Traceback (most recent call last):
    structkit.errors.ConfigError: max_bytes must be a whole number of 1 or more, not '1 MB'
    """
    numbers = int if is_whole else int | float
    if isinstance(value, bool) or not isinstance(value, numbers) or not value >= int(is_whole):
        kind = "a whole number of 1 or more" if is_whole else "a number of seconds"
        raise ConfigError(f"{name} must be {kind}, not {value!r}")


@dataclass(frozen=True)
class ReadLimits:
    """The limits of reading one file; the time starts when they are created.

    Args:
        name: The name of the file, for messages.
        max_pages: Pages, sheets or slides.
        max_seconds: Seconds that reading may take. It is compared with the clock between pages and between blocks of a
            long part.
        start: The time at which reading began.
    """

    name: str = "the file"
    max_pages: int = 2_000
    max_seconds: float = 60.0
    start: float = field(default_factory=monotonic)

    def __post_init__(self) -> None:
        """Validate the limits."""
        validate_limit("max_pages", self.max_pages)
        validate_limit("max_seconds", self.max_seconds, is_whole=False)

    def validate_time(self) -> None:
        """Validate that time is left.

        Raises:
            PromptError: It is not.
        """
        if monotonic() - self.start > self.max_seconds:
            raise PromptError(f"{self.name!r} takes more than {self.max_seconds:g} seconds to read: raise max_seconds")

    def validate_pages(self, number: int) -> None:
        """Validate the number of pages.

        Raises:
            PromptError: It is too large.
        """
        if number > self.max_pages:
            raise PromptError(f"{self.name!r} has more than {self.max_pages:,} pages: split it, or raise max_pages")

    def validate_characters(self, number: int) -> None:
        """Validate the number of characters.

        Raises:
            PromptError: It is too large.
        """
        if number > MAX_CHARACTERS:
            raise PromptError(f"{self.name!r} has more than {MAX_CHARACTERS:,} characters of text: split it")

    def validate_unpacked(self, size: int) -> None:
        """Validate the number of bytes to which the parts of a file expand.

        Raises:
            PromptError: It is too large.
        """
        if size > MAX_UNPACKED_BYTES:
            raise PromptError(f"{self.name!r} expands to more than {MAX_UNPACKED_BYTES:,} bytes: split it")
