"""The text of a prompt that is divided into chunks, and the prompt about each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from structkit.errors import ConfigError
from structkit.evidence.prompt_sources import prompt_sources
from structkit.extraction.grounding import ArgumentEvidence
from structkit.values import Prompt
from structkit.values.evidence_map import TextSource
from structkit.values.page import PromptDocument
from structkit.values.source_cell import is_blank

EXPECTED = (
    "chunk= (--chunk) divides one text: pass it, or a Document, as the prompt, and what is asked about it as "
    "instructions=..."
)


@dataclass(frozen=True, slots=True)
class ChunkSource:
    """A text that is divided.

    Args:
        source: The text, and where the caller passed it.
        make_prompt: Returns the prompt that has another text in its place.
    """

    source: TextSource
    make_prompt: Callable[[str], Prompt]


def find_chunk_source(prompt: Prompt, evidence: Any) -> ChunkSource:
    """Return the text of a prompt that is divided.

    Args:
        prompt: The prompt.
        evidence: What `evidence=` is: of a decorated function and a template, it knows their arguments.

    Raises:
        ConfigError: The prompt has no text, or several, or a document of which images are sent.

    >>> evidence = ArgumentEvidence(False, {"text": "Kiel, Bonn"}, is_template=True)
    >>> source = find_chunk_source("Name the towns: Kiel, Bonn", evidence)
    >>> source.source.path, source.make_prompt("Kiel")
    (('text',), 'Name the towns: Kiel')
    """
    arguments = evidence.sources(prompt) if isinstance(evidence, ArgumentEvidence) else ()
    if isinstance(prompt, str):
        return _in_text(prompt, arguments)
    parts: list[Any] = [*prompt] if isinstance(prompt, list | tuple) else [prompt]
    documents = [number for number, part in enumerate(parts) if isinstance(part, PromptDocument)]
    if len(documents) != 1 or not all(isinstance(part, str | PromptDocument) for part in parts):
        raise ConfigError(f"{EXPECTED}; this prompt is {_description(prompt)}")
    [number] = documents
    return _in_parts(parts, number, next((each for each in arguments if each.document is parts[number]), None))


def _description(prompt: Any) -> str:
    kind = type(prompt).__name__
    return f"a {kind} of {len(prompt)} parts or messages" if isinstance(prompt, list | tuple) else f"of type {kind}"


def _in_text(prompt: str, arguments: tuple[TextSource, ...]) -> ChunkSource:
    """Return the longest argument, or the prompt itself if it has none.

    Raises:
        ConfigError: A template has changed all its arguments, so that the text around them is not known.
    """
    inside = [each for each in arguments if not is_blank(each.text) and each.text in prompt]
    if arguments and not inside:
        raise ConfigError("chunk= (--chunk) divides the text of an argument, and the prompt has none as it is")
    if not inside or not (longest := max(inside, key=lambda each: len(each.text))).path:
        return ChunkSource(TextSource(prompt), lambda chunk: chunk)
    before, _, after = prompt.partition(longest.text)
    return ChunkSource(longest, lambda chunk: f"{before}{chunk}{after}")


def _in_parts(parts: list[Any], number: int, argument: TextSource | None) -> ChunkSource:
    document = parts[number]
    if not document.is_only_text:
        raise ConfigError(
            "chunk= (--chunk) divides a text, and of this document images or the file are sent: open it with "
            "send='text', or pass document.images(...) in several calls"
        )
    if len(parts) == 1:
        path = () if argument is None else argument.path
        return ChunkSource(TextSource.of(document, path), lambda chunk: chunk)
    [source] = [each for each in prompt_sources(parts) if each.document is document]
    return ChunkSource(argument or source, lambda chunk: [*parts[:number], chunk, *parts[number + 1 :]])
