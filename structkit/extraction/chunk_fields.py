"""The fields beside the list of a type: of several chunks that give one, the first counts, and conflicts are named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from structkit.extraction.text_chunks import TextChunk
from structkit.values import Issue, JSONPath, JSONValue
from structkit.values.evidence_map import Evidence
from structkit.values.text import shorten_json

MAX_NAMED_PIECES = 3
"""Chunks with another value that a warning names."""

EMPTY, UNSUPPORTED, SUPPORTED = range(3)
"""How good a value is: nothing, one that the chunk does not have, and one that it has or that is not looked for."""


def choose_fields(
    drafts: Sequence[JSONValue], evidence: Sequence[Mapping[JSONPath, Evidence]], list_path: JSONPath
) -> dict[str, int]:
    """Return for each field the number of the chunk whose value counts: the first of those whose text has it.

    Args:
        drafts: The natural JSON of each chunk.
        evidence: Where each scalar of it is in the chunk.
        list_path: The path of the list, which is left out.
    """
    keys = {key: None for draft in drafts if isinstance(draft, dict) for key in draft if (key,) != list_path}
    return {key: _best_chunk(key, drafts, evidence) for key in keys}


def _best_chunk(key: str, drafts: Sequence[Any], evidence: Sequence[Mapping[JSONPath, Evidence]]) -> int:
    numbers = [number for number, draft in enumerate(drafts) if isinstance(draft, dict) and key in draft]
    return max(numbers, key=lambda number: _support(key, evidence[number]))  # the first of the best


def _support(key: str, evidence: Mapping[JSONPath, Evidence]) -> int:
    parts = [each for path, each in evidence.items() if path[:1] == (key,) and each.how != "empty"]
    if not parts:
        return EMPTY
    return SUPPORTED if any(each.spans or not each.is_missing for each in parts) else UNSUPPORTED


def find_conflicts(
    fields: Mapping[str, int],
    drafts: Sequence[Any],
    evidence: Sequence[Mapping[JSONPath, Evidence]],
    chunks: Sequence[TextChunk],
) -> Iterator[Issue]:
    """Yield a warning for each field of which other chunks give other values."""
    for key, number in fields.items():
        chosen = _text(drafts[number][key])
        conflicts = [
            (chunk, draft[key])
            for chunk, draft, each in zip(chunks, drafts, evidence, strict=True)
            if isinstance(draft, dict) and key in draft and _support(key, each) and _text(draft[key]) != chosen
        ]
        if conflicts:
            places = "; ".join(f"{chunk} give {shorten_json(value)}" for chunk, value in conflicts[:MAX_NAMED_PIECES])
            more = f"; and {len(conflicts) - MAX_NAMED_PIECES} more" if len(conflicts) > MAX_NAMED_PIECES else ""
            message = f"chunks of the text give different values: this is that of {chunks[number]}; {places}{more}"
            yield Issue((key,), message, shorten_json(drafts[number][key]))


def _text(value: JSONValue) -> str:
    return json.dumps(value, sort_keys=True)
