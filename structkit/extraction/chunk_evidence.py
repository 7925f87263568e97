"""Where the scalars of a joined value are: each is looked for in the chunk that gave it, or in the whole text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from structkit.evidence.alignment import align
from structkit.evidence.leaves import find_leaves
from structkit.evidence.source_texts import SourceTexts
from structkit.extraction.chunk_places import ChunkPlaces
from structkit.extraction.text_chunks import TextChunk
from structkit.values import ABSENT, JSON, JSONPath, JSONValue, value_at
from structkit.values.evidence_map import Evidence, Span, TextSource


def align_chunks(
    natural: JSONValue,
    schema: JSON,
    places: ChunkPlaces,
    chunks: Sequence[TextChunk],
    sources: Sequence[tuple[TextSource, ...]],
) -> dict[JSONPath, Evidence]:
    """Return the evidence of a joined value, in its order, with offsets in the whole text.

    Args:
        natural: The value.
        schema: The natural schema of its type.
        places: Where its parts come from.
        chunks: The chunks of the text.
        sources: For each chunk the whole text, and the results of the tools that were called for it.
    """
    by_path: dict[JSONPath, Evidence] = {}
    first_tool = 1
    for number, (chunk, (source, *tools)) in enumerate(zip(chunks, sources, strict=True)):
        texts = SourceTexts([TextSource(source.text[chunk.start : chunk.end]), *tools])
        part = places.part(number, natural)
        alignment = {} if part is ABSENT else align(part, texts, schema)
        for path, each in alignment.items():
            by_path[places.joined_path(number, path)] = _shifted(each, chunk.start, first_tool)
        first_tool += len(tools)
    by_path |= _align_defaults(natural, schema, places, sources)
    return {leaf.path: by_path[leaf.path] for leaf in find_leaves(natural, schema)}


def _align_defaults(
    natural: JSONValue, schema: JSON, places: ChunkPlaces, sources: Sequence[tuple[TextSource, ...]]
) -> dict[JSONPath, Evidence]:
    """Return the evidence of what no chunk gave, in the whole text."""
    part = places.part(None, natural)
    if next(find_leaves(part, schema), None) is None:
        return {}
    tools = chain.from_iterable(each[1:] for each in sources)
    return align(part, SourceTexts([sources[0][0], *tools]), schema)


def has_items_in_order(natural: JSONValue, draft: JSONValue, places: ChunkPlaces, *, is_ordered: bool) -> bool:
    """Return whether a value has the items that its chunks gave, in their order.

    Args:
        natural: The value.
        draft: What was validated to it.
        places: Where its parts come from.
        is_ordered: Whether the type keeps the order, so that as many items are the same ones.
    """
    for path, origins in places.lists.items():
        items, drafts = value_at(natural, path), value_at(draft, path)
        has_all = len(items) == len(origins) if isinstance(items, list) else not origins
        if not (has_all and (is_ordered or not origins or items == drafts)):
            return False
    return True


def _shifted(evidence: Evidence, offset: int, first_tool: int) -> Evidence:
    return replace(evidence, spans=tuple(_shifted_spans(evidence.spans, offset, first_tool)))


def _shifted_spans(spans: Iterable[Span], offset: int, first_tool: int) -> Iterable[Span]:
    for span in spans:
        if span.source:
            yield span._replace(source=span.source - 1 + first_tool)
        else:
            yield Span(span.start + offset, span.end + offset)


def chunk_alignment(draft: JSONValue, text: str, chunk: TextChunk, schema: JSON) -> Mapping[JSONPath, Evidence]:
    """Return where the scalars of a chunk's value are in the chunk, with offsets in the whole text."""
    alignment = align(draft, SourceTexts([TextSource(text[chunk.start : chunk.end])]), schema)
    return {path: _shifted(each, chunk.start, 1) for path, each in alignment.items()}
