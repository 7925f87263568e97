"""`ChunkResult`: what one chunk of a long text has given, where another chunk failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structkit.values.result import Result


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The result of a chunk of a text.

    Args:
        start: The offset of the chunk's first character in the text.
        end: The offset after its last character.
        result: The result; its evidence has offsets in the chunk.
    """

    start: int
    end: int
    result: Result[Any]
