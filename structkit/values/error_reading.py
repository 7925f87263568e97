"""What an error of an endpoint is about, and which part of its reply says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

ErrorKind: TypeAlias = Literal[
    "credentials", "empty_account", "rate_limit", "too_large", "filtered", "file", "unsupported_mode", "other"
]
"""The key or the password of a proxy is rejected; the account is empty; a limit that passes; one request is larger than
a limit; a filter rejected the prompt; the endpoint cannot download a file of the request; a field that a mode sets, or
the schema in it, is not supported; or anything else, which the status decides."""

ErrorSource: TypeAlias = Literal["status", "code", "statement", "words"]
"""A status that is never about the text of a row; a code in the body; a statement of the vendor: the start of the
message, or a sentence that no text of a row has; or words anywhere in the message, which may quote the row."""


@dataclass(frozen=True, slots=True)
class ErrorReading:
    """What an error is about.

    Args:
        kind: What it is about.
        source: What says so; `words` if nothing does.
    """

    kind: ErrorKind
    source: ErrorSource

    @property
    def is_certain(self) -> bool:
        """Whether it says so in a way that no text of a row does."""
        return self.source != "words"

    @property
    def is_rate_limit(self) -> bool:
        """Whether the same request will be answered after a wait."""
        return self.kind == "rate_limit" and self.is_certain
