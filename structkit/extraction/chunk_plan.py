"""`ChunkPlan`: a call about a long text, asked chunk by chunk, and its results joined to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

from structkit.errors import InvalidOutput, StructkitError
from structkit.evidence.alignment import align
from structkit.evidence.field_places import BLOCK_CHARS
from structkit.evidence.source_texts import SourceTexts
from structkit.extraction.acceptance import make_result, wire_text
from structkit.extraction.checks import ValueCheck, apply_checks, soft
from structkit.extraction.chunk_candidates import chunks_to_ask, likely_fields
from structkit.extraction.chunk_evidence import align_chunks, chunk_alignment, has_items_in_order
from structkit.extraction.chunk_fields import SUPPORTED, ChunkDraft, FieldSupport
from structkit.extraction.chunk_places import ChunkPlaces, ChunksProvenance, join_confidence
from structkit.extraction.chunk_shape import ChunkShape, RecordShape, chunk_shape, part_issues
from structkit.extraction.chunk_source import ChunkSource, find_chunk_source
from structkit.extraction.grounding import ArgumentEvidence, accepted_answer, natural_value, tool_sources
from structkit.extraction.item_owners import ChunkItems, ItemOrigin, first_of_equal, item_places, join_items
from structkit.extraction.text_chunks import OVERLAP_SHARE, TextChunk, divide_text, halve_chunk
from structkit.prompts import build_messages
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import Answer, Attempt, Issue, JSONPath, JSONValue, Message, Prompt, Result, value_at
from structkit.values.chunk_result import ChunkResult
from structkit.values.evidence_map import Evidence, EvidenceMap, TextSource
from structkit.values.text import list_lines

AUTO_CHARS = 8_000
"""Characters of a chunk, if the caller does not say how many."""

Outcome: TypeAlias = "Result[Any] | StructkitError | None"
"""What was returned for a chunk; None if it was not asked."""

ChunkEvidence: TypeAlias = Mapping[JSONPath, Evidence]


@dataclass(frozen=True)
class ChunkPlan:
    """The chunks of a call, and what joins their results.

    Args:
        response_format: The type.
        shape: Where its lists and its fields are.
        source: The text that is divided.
        chunks: The chunks that are asked.
        remaining_chunks: Those that are asked only if a value is not valid without what the others do not have.
        overlap: Their overlap on each side, in characters, at most.
        messages: The messages of the whole prompt.
        evidence: What is done with values that the text does not have.
        likely_fields: For each chunk, the fields that it is likely to have.
        checks: The caller's checks. Those that only warn are run with the joined value alone.
        examples: The caller's examples.
        context: What pydantic's validators get as `info.context`.
        truncated_attempts: The attempts at chunks that were divided, because their replies were truncated.
    """

    response_format: ResponseFormat[Any]
    shape: ChunkShape
    source: ChunkSource
    chunks: tuple[TextChunk, ...]
    remaining_chunks: tuple[TextChunk, ...]
    overlap: int
    messages: tuple[Message, ...]
    evidence: Any
    likely_fields: Mapping[JSONPath, tuple[int, ...]]
    checks: tuple[ValueCheck, ...] = ()
    examples: tuple[tuple[Prompt, Any], ...] = ()
    context: Any = None
    truncated_attempts: tuple[Attempt, ...] = ()
    _drafts: dict[tuple[TextChunk, int], ChunkDraft] = field(default_factory=dict, repr=False, compare=False)

    def halve(self, chunk: TextChunk) -> tuple[TextChunk, ...]:
        """Return the chunks that are asked in place of one whose reply was truncated; none if it is too short."""
        return halve_chunk(self.source.source.text, chunk, self.overlap)

    def arguments(self, chunk: TextChunk) -> tuple[ResponseFormat[Any], Prompt]:
        """Return the type and the prompt of the call about a chunk."""
        return self.shape.chunk_format, self.prompt(chunk)

    def prompt(self, chunk: TextChunk) -> Prompt:
        """Return the prompt about a chunk."""
        return self.source.make_prompt(self._text(chunk))

    def options(self, chunk: TextChunk) -> dict[str, Any]:
        """Return the options in which the call about a chunk is not the same as the whole call."""
        evidence = self.evidence and ArgumentEvidence(self.evidence, {"text": self._text(chunk)}, is_template=True)
        return {"chunk": None, "evidence": evidence or False, **self.common_options}

    @property
    def common_options(self) -> dict[str, Any]:
        """Those of them that are the same for all chunks."""
        if not isinstance(self.shape, RecordShape):
            return {"checks": [check for check in self.checks if not isinstance(check, soft)]}
        examples = [(prompt, self.response_format.natural(value)) for prompt, value in self.examples]
        return {
            "checks": [partial(part_issues, self.response_format, self.shape, self.context)],
            "context": None,
            **({"examples": examples} if examples else {}),
        }

    def _text(self, chunk: TextChunk) -> str:
        return self.source.source.text[chunk.start : chunk.end]

    def read(self, result: Result[Any], chunk: TextChunk) -> ChunkDraft:
        """Return what a chunk has given, and where it is in the text."""
        draft = accepted_answer(result).draft
        evidence = chunk_alignment(draft, self.source.source.text, chunk, self.response_format.natural_schema)
        likely = {path for path, offsets in self.likely_fields.items() if chunk.owns_part(offsets, BLOCK_CHARS)}
        return ChunkDraft(chunk, draft, evidence, likely)

    def _read_all(self, results: Sequence[Result[Any]]) -> list[ChunkDraft]:
        """Return what all chunks have given; each is aligned once, also where more chunks are asked after the first."""
        pairs = [*zip(results, self.chunks, strict=True)]
        for result, chunk in pairs:
            if (chunk, id(result)) not in self._drafts:
                self._drafts[chunk, id(result)] = self.read(result, chunk)
        return [self._drafts[chunk, id(result)] for result, chunk in pairs]

    def items(self, read: ChunkDraft, path: JSONPath) -> ChunkItems:
        """Return the items of a list that a chunk has given."""
        items = value_at(read.draft, path)
        items = items if isinstance(items, list) else []
        return ChunkItems(items, item_places(read.evidence, path, len(items)))

    def lacks_values(self, results: Sequence[Result[Any]]) -> bool:
        """Return whether no chunk has given a value that the type needs, and that the text of the chunk has."""
        if not (self.remaining_chunks and isinstance(self.shape, RecordShape)):
            return False
        needed = [part.path for part in self.shape.fields if part.needs_value and "const" not in part.schema]
        fields = FieldSupport(self._read_all(results), needed)
        return any(fields.best_support(path) < SUPPORTED for path in needed)

    def join(
        self, outcomes: Sequence[Outcome], reads: Sequence[ChunkDraft] | None = None
    ) -> Result[Any] | StructkitError:
        """Return the joined result, or the first error, with the results of the other chunks.

        Args:
            outcomes: What was returned for each chunk.
            reads: What `read` has returned for each of them, if that is known.
        """
        results = [each for each in outcomes if isinstance(each, Result)]
        if len(results) < len(outcomes):
            return self._failure(outcomes)
        reads = reads or self._read_all(results)
        fields = FieldSupport(reads, self.shape.field_paths([each.draft for each in reads]))
        places = ChunkPlaces({path: self._join_items(path, reads) for path in self.shape.lists.paths}, fields.choose())
        draft = self.shape.join([each.draft for each in reads], places)
        answer = apply_checks(self.response_format.read_natural(draft, context=self.context), self.checks)
        if not answer.valid:
            return self.invalid_output(answer, results)
        conflicts = fields.conflicts(places.fields, self.source.source)
        return self._result(answer, results, places, (*conflicts, *_chunk_warnings(results, places)))

    def _join_items(self, path: JSONPath, reads: Sequence[ChunkDraft]) -> tuple[ItemOrigin, ...]:
        lists = [self.items(read, path) for read in reads]
        origins = join_items(self.chunks, lists)
        return first_of_equal(origins, lists) if path in self.shape.lists.sets else origins

    def _result(
        self, answer: Answer[Any], results: Sequence[Result[Any]], places: ChunkPlaces, warnings: tuple[Issue, ...]
    ) -> Result[Any]:
        attempts_before = len(self.truncated_attempts)
        provenance = ChunksProvenance(
            self.response_format, answer.value, answer.draft, places, results, attempts_before
        )
        mode = results[0].mode
        result = make_result(answer, (answer,), self._attempts(results), provenance, mode, self.checks, self.messages)
        result = replace(
            result,
            warnings=(*result.warnings, *warnings),
            tool_calls=tuple(chain.from_iterable(each.tool_calls for each in results)),
            joined_text=wire_text(self.response_format, answer.draft),
            confidence=join_confidence(results, places, provenance),
        )
        return self._with_evidence(result, results, places) if self.evidence else result

    def _with_evidence(self, result: Result[Any], results: Sequence[Result[Any]], places: ChunkPlaces) -> Result[Any]:
        source = self.source.source
        chunk_sources = [(source, *tool_sources(each.tool_calls)) for each in results]
        sources = (source, *tool_sources(result.tool_calls))
        draft = accepted_answer(result).draft
        read_value = partial(natural_value, self.response_format, result.value, draft)
        find = partial(self._find_evidence, read_value, draft, places, chunk_sources, sources)
        return replace(result, evidence=EvidenceMap(find, sources, read_value))

    def _find_evidence(
        self,
        read_value: Any,
        draft: JSONValue,
        places: ChunkPlaces,
        chunk_sources: Sequence[tuple[TextSource, ...]],
        sources: tuple[TextSource, ...],
    ) -> ChunkEvidence:
        natural, schema = read_value(), self.response_format.natural_schema
        if has_items_in_order(natural, draft, places, is_ordered=self.shape.lists.is_ordered):
            return align_chunks(natural, schema, places.without_defaults(draft), self.chunks, chunk_sources)
        return align(natural, SourceTexts(sources), schema)

    def _failure(self, outcomes: Sequence[Outcome]) -> StructkitError:
        number, error = next((at, each) for at, each in enumerate(outcomes) if isinstance(each, StructkitError))
        prefix = f"chunk {number + 1} of {len(outcomes)} of the text ({self.chunks[number]})"
        return error.with_chunks(prefix, self._attempts(outcomes), self._chunk_results(outcomes))

    def invalid_output(self, answer: Answer[Any], results: Sequence[Result[Any]]) -> InvalidOutput:
        """Return the error for an invalid value of valid chunks."""
        message = (
            f"each is valid, but together they are no valid {self.response_format.name}:\n{list_lines(answer.issues)}"
        )
        error = InvalidOutput(message, issues=answer.issues)
        prefix = f"{len(results)} chunks of the text"
        return error.with_chunks(prefix, self._attempts(results), self._chunk_results(results))

    def _attempts(self, outcomes: Iterable[Outcome]) -> tuple[Attempt, ...]:
        chunk_attempts = chain.from_iterable(each.attempts for each in outcomes if each is not None)
        return (*self.truncated_attempts, *chunk_attempts)

    def _chunk_results(self, outcomes: Sequence[Outcome]) -> tuple[ChunkResult, ...]:
        return tuple(
            ChunkResult(chunk.start, chunk.end, outcome)
            for chunk, outcome in zip(self.chunks, outcomes, strict=True)
            if isinstance(outcome, Result)
        )


@dataclass(frozen=True)
class JoinedChunks:
    """What the checks that have to be awaited are applied to.

    Args:
        plan: The chunks.
        results: Their results.
    """

    plan: ChunkPlan
    results: Sequence[Any]

    @property
    def checks(self) -> tuple[ValueCheck, ...]:
        """The caller's checks."""
        return self.plan.checks

    def apply_async_issues(self, result: Result[Any], issues: tuple[Issue, ...]) -> StructkitError:
        """Return the error for the issues of the joined value."""
        invalid_answer = replace(result.choices[0], value=None, issues=issues)
        return self.plan.invalid_output(invalid_answer, self.results)


def plan_chunks(output_type: Any, prompt: Prompt, arguments: Mapping[str, Any]) -> ChunkPlan:
    """Return the chunks of a call.

    Args:
        output_type: The type.
        prompt: The prompt.
        arguments: The arguments of the call, with those of the client.

    Raises:
        ConfigError: The type is neither a list that may be empty nor an object; or the prompt is not one text.
        PromptError: The prompt is empty.
    """
    output_format = response_format(output_type)
    shape = chunk_shape(output_format)
    messages = build_messages(prompt, arguments.get("instructions"))
    source, evidence = find_chunk_source(prompt, arguments.get("evidence")), arguments.get("evidence")
    size = AUTO_CHARS if arguments["chunk"] == "auto" else arguments["chunk"]
    chunks = divide_text(source.source.text, size)
    likely = likely_fields(shape, source.source.text) if len(chunks) > 1 else {}
    first_chunks = chunks_to_ask(shape, chunks, likely)
    return ChunkPlan(
        response_format=output_format,
        shape=shape,
        source=source,
        chunks=first_chunks,
        remaining_chunks=tuple(chunk for chunk in chunks if chunk not in first_chunks),
        overlap=size // OVERLAP_SHARE,
        messages=messages,
        evidence=evidence.choice if isinstance(evidence, ArgumentEvidence) else evidence,
        likely_fields=likely,
        checks=tuple(arguments.get("checks") or ()),
        examples=tuple(arguments.get("examples") or ()),
        context=arguments.get("context"),
    )


def _chunk_warnings(results: Sequence[Result[Any]], places: ChunkPlaces) -> list[Issue]:
    """Return the warnings of the chunks about what the joined value has, each once, with its paths."""
    warnings: dict[Issue, None] = {}
    for number, result in enumerate(results):
        for warning in result.warnings:
            if (path := places.new_path(number, warning.path)) is not None:
                warnings[replace(warning, path=path)] = None
    return [*warnings]
