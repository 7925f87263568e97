"""`Grounding`: what is done with a valid value, as `evidence=` and `confidence=` say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias, cast

from structkit.errors import ExtractionError, InvalidOutput, PromptError, SchemaError, StructkitError
from structkit.evidence.alignment import align
from structkit.evidence.prompt_sources import argument_sources, has_unread_parts, prompt_sources, template_sources
from structkit.evidence.source_texts import SourceTexts
from structkit.extraction.acceptance import wire_text
from structkit.extraction.checks import apply_checks, collect_warnings
from structkit.extraction.fallback import with_later_attempts
from structkit.extraction.missing_places import reask_missing
from structkit.extraction.provenance import Provenance, PrunedProvenance
from structkit.extraction.pruning import Pruning, prune
from structkit.extraction.source_candidates import offer_candidates
from structkit.extraction.token_confidence import TokenConfidence, prune_confidence, with_token_confidence
from structkit.schema import Codec
from structkit.values import Answer, Issue, JSONPath, JSONValue, Prompt, Result, ToolRun
from structkit.values.evidence_map import Evidence, EvidenceMap, TextSource
from structkit.values.source_cell import is_blank
from structkit.values.text import list_lines

EvidenceChoice: TypeAlias = "bool | Literal['null', 'require']"
"""What `evidence=` may be."""


@dataclass(frozen=True, slots=True)
class ArgumentEvidence:
    """What `evidence=` is for a prompt that a function or a template has made.

    Args:
        choice: The choice of the caller.
        arguments: The arguments of the function or the template.
        is_template: Whether each of them is in the prompt as it is.
    """

    choice: EvidenceChoice
    arguments: Mapping[str, Any]
    is_template: bool = False

    def sources(self, prompt: Prompt) -> tuple[TextSource, ...]:
        """Return the texts that values are looked for in."""
        return template_sources(self.arguments) if self.is_template else argument_sources(self.arguments, prompt)


@dataclass(frozen=True, slots=True)
class Grounding:
    """What is done with the value of a conversation once it is valid.

    Args:
        choice: What is done with values that no source has; False if none is looked for.
        sources: The texts that values are looked for in.
        confidence: Whether the result says how sure the model was.
        unsure_result: The result of the model before, which is returned if this one has none; None for none.
        first_result: The result whose missing places are re-asked; None before.
        answer_count: The number of answers up to that result.
    """

    choice: EvidenceChoice = False
    sources: tuple[TextSource, ...] = ()
    confidence: TokenConfidence | None = None
    unsure_result: Result[Any] | None = None
    first_result: Result[Any] | None = None
    answer_count: int = 0

    def next_step(self, conversation: Any, step: Any) -> Any:
        """Return the step after *step*, which a conversation has returned: of a result, it depends on its evidence."""
        if self.unsure_result is not None and isinstance(step, StructkitError):
            return keep_unsure_result(self.unsure_result, step)
        if self.first_result is not None and getattr(conversation, "answer_count", None) == self.answer_count:
            step = self._after_reask(self.first_result, step)
        if isinstance(step, Result) and self.confidence is not None:
            step = with_token_confidence(step, conversation.response_format, self.confidence)
        if not isinstance(step, Result) or not self.choice:
            return self._with_candidates(conversation, step)
        sources = (*self.sources, *tool_sources(step.tool_calls))
        if self.choice is True:
            return with_evidence(step, conversation.response_format, sources)
        return self._ground(conversation, step, SourceTexts(sources), sources)

    def _with_candidates(self, conversation: Any, step: Any) -> Any:
        """Return a step that re-asks places with the numbers and dates to choose from, where others would be removed.

        The results of tools are sources as well, and are known only at the end.
        """
        removes_others = self.choice in ("null", "require") and not getattr(conversation, "tools", ())
        return offer_candidates(step, SourceTexts(self.sources)) if removes_others else step

    def _after_reask(self, first: Result[Any], step: Any) -> Any:
        """Return the step after the reply to the re-asked places; if that is invalid, the result before.

        The last attempt of a result is the one that was accepted.
        """
        if not isinstance(step, ExtractionError) and getattr(step, "answer_count", 0) <= self.answer_count:
            return step
        return with_later_attempts(first, step.attempts)

    def _ground(
        self, conversation: Any, result: Result[Any], texts: SourceTexts, sources: tuple[TextSource, ...]
    ) -> Any:
        codec = conversation.response_format
        validate = partial(_validate, conversation)
        if self.choice == "require" and self.first_result is None:
            step = reask_missing(conversation, result, texts, validate)
            if step is not None:
                step = offer_candidates(step, texts, with_phrases=True)
                return replace(step, grounding=replace(self, first_result=result, answer_count=step.answer_count))
        prunings = [prune(choice, codec, texts, validate) for choice in result.choices if choice.valid]
        result = _with_pruning(conversation, result, prunings)
        if prunings[0].missing and conversation.policy.missing_evidence == "raise":
            return _not_in_text(prunings[0]).with_attempts(result.attempts)
        return with_evidence(result, codec, sources)


def start_grounding(
    evidence: EvidenceChoice | ArgumentEvidence, prompt: Prompt, confidence: TokenConfidence | None = None
) -> Grounding:
    """Return what is done with the value of a call.

    Args:
        evidence: What is done with values that no source has.
        prompt: The prompt.
        confidence: Whether the result says how sure the model was.

    Raises:
        PromptError: The prompt has no text to look in; or values would be removed that may be in an image of it.
    """
    if isinstance(evidence, ArgumentEvidence):
        choice, sources = evidence.choice, evidence.sources(prompt)
    else:
        choice, sources = evidence, prompt_sources(prompt)
    if not sources:
        raise PromptError(
            "evidence= (--evidence) needs a text to look in, and the prompt has none: leave it out, or read the text "
            "of a scan with Document.open(..., ocr=True) (--ocr)"
        )
    if choice is not True and has_unread_parts(prompt):
        raise PromptError(
            f'evidence="{choice}" (--evidence {choice}) would remove what is only in an image, a recording or a file '
            "of the prompt, in which nothing can be looked for: pass evidence=True, or leave it out"
        )
    return Grounding(choice, sources, confidence)


def with_grounding(conversation: Any, grounding: Grounding) -> Any:
    """Return a conversation, and those with other models, with what is done with values that no source has."""
    fallback = tuple(with_grounding(each, grounding) for each in conversation.fallback)
    if conversation.grounding is not None:
        earlier = conversation.grounding
        grounding = replace(grounding, confidence=earlier.confidence, unsure_result=earlier.unsure_result)
    return replace(conversation, grounding=grounding, fallback=fallback)


def keep_unsure_result(result: Result[Any], error: StructkitError) -> Result[Any]:
    """Return the result of the first model after the error of the stronger one."""
    warning = Issue((), f"a stronger model was asked, because the confidence is low, and has no value: {error}")
    return replace(with_later_attempts(result, error.attempts), warnings=(*result.warnings, warning))


def with_evidence(result: Result[Any], codec: Codec[Any], sources: tuple[TextSource, ...]) -> Result[Any]:
    """Return a result with the evidence of its value, which is computed when it is first looked up."""
    read_value = partial(natural_value, codec, result.value, accepted_answer(result).draft)
    compute = partial(_align_value, codec, read_value, sources)
    return replace(result, evidence=EvidenceMap(compute, sources, read_value))


def accepted_answer(result: Result[Any]) -> Answer[Any]:
    """Return the answer whose value is that of a result."""
    return next(choice for choice in result.choices if choice.valid)


def natural_value(codec: Codec[Any], value: Any, draft: JSONValue) -> JSONValue:
    """Return a value as natural JSON, or else the JSON that was validated to it."""
    try:
        return codec.natural(value)
    except SchemaError:  # a validator made a value that has no JSON form
        return draft


def _align_value(
    codec: Codec[Any], read_value: Callable[[], JSONValue], sources: tuple[TextSource, ...]
) -> Mapping[JSONPath, Evidence]:
    return align(read_value(), SourceTexts(sources), codec.natural_schema)


def tool_sources(runs: tuple[ToolRun, ...]) -> Iterator[TextSource]:
    """Yield the results of tools as sources."""
    for number, run in enumerate(runs):
        if not run.error and not is_blank(run.content):
            yield TextSource(run.content, ("tool_calls", number))


def _validate(conversation: Any, draft: JSONValue) -> Answer[Any]:
    first = conversation.initial_parts[0] if hasattr(conversation, "initial_parts") else conversation
    answer = conversation.response_format.read_natural(draft, context=first.context)
    return apply_checks(answer, conversation.checks)


def _with_pruning(conversation: Any, result: Result[Any], prunings: list[Pruning]) -> Result[Any]:
    """Return a result with the answers from which was removed what is not in the text."""
    pruning, codec, checks = prunings[0], conversation.response_format, conversation.checks
    if not any(each.warnings for each in prunings):
        return result
    soft_count = len(collect_warnings(result.value, checks))
    warnings = (*collect_warnings(pruning.answer.value, checks), *result.warnings[soft_count:], *pruning.warnings)
    answers = iter(prunings)
    provenance = PrunedProvenance(codec, pruning.answer.value, cast("Provenance", result.provenance), pruning)
    return replace(
        result,
        value=pruning.answer.value,
        choices=tuple(next(answers).answer if choice.valid else choice for choice in result.choices),
        provenance=provenance,
        confidence=result.confidence and prune_confidence(result.confidence, pruning, provenance),
        warnings=warnings,
        joined_text=wire_text(codec, pruning.answer.draft),
    )


def _not_in_text(pruning: Pruning) -> InvalidOutput:
    issues = tuple(issue for issue in pruning.warnings if issue.path in pruning.missing)
    return InvalidOutput(
        f"{len(issues)} value(s) of a valid reply are not in the text:\n{list_lines(issues)}\n"
        'let them be null in the type, mark them as Judged, or leave out Policy(missing_evidence="raise")',
        issues=issues,
        partial=pruning.answer.text,
    )
