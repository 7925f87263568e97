"""Which chunks of a text may have the fields of a record: those with the words of a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from structkit.evidence.field_places import BLOCK_CHARS, FieldPlaces
from structkit.evidence.leaves import kind_of
from structkit.extraction.chunk_shape import ChunkShape, RecordShape
from structkit.extraction.text_chunks import TextChunk
from structkit.values import JSONPath

MIN_SHARE = 0.5
"""Of the fields, the share whose words the text has; if it is less, the words are probably of another language."""


def likely_fields(shape: ChunkShape, text: str) -> dict[JSONPath, tuple[int, ...]]:
    """Return for each field of a record the blocks of the text where it may be; nothing if that is not clear.

    A field whose words the text does not have is probably not there.
    """
    if not isinstance(shape, RecordShape):
        return {}
    places = FieldPlaces(text)
    offsets = {part.path: places.find(part.names, kind_of(part.plain)) for part in shape.fields}
    likely = {path: tuple(each) for path, each in offsets.items() if each is not None}
    return likely if len(likely) >= MIN_SHARE * len(offsets) else {}


def chunks_to_ask(
    shape: ChunkShape, chunks: Sequence[TextChunk], likely: Mapping[JSONPath, Sequence[int]]
) -> tuple[TextChunk, ...]:
    """Return the chunks that may have any of the fields, and the first one, which often has them without their words.

    A list may have items anywhere.
    """
    if not likely or shape.lists.paths:
        return tuple(chunks)
    starts = sorted({start for each in likely.values() for start in each})
    return tuple(chunk for number, chunk in enumerate(chunks) if not number or chunk.owns_part(starts, BLOCK_CHARS))
