"""`Grounding`: the values of a call are looked for in its sources, as `evidence=` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias

from structkit.errors import ConfigError, SchemaError
from structkit.evidence.alignment import align
from structkit.evidence.prompt_sources import argument_sources, prompt_sources, template_sources
from structkit.evidence.source_texts import SourceTexts
from structkit.schema import Codec
from structkit.values import JSONPath, JSONValue, Prompt, Result, ToolRun
from structkit.values.evidence_map import Evidence, EvidenceMap, TextSource
from structkit.values.source_cell import is_blank

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
        choice: What is done with values that no source has.
        sources: The texts that values are looked for in.
    """

    choice: EvidenceChoice
    sources: tuple[TextSource, ...]

    def next_step(self, conversation: Any, step: Any) -> Any:
        """Return the step after *step*, which a conversation has returned: a result has its evidence."""
        return with_evidence(step, conversation.response_format, self.sources) if isinstance(step, Result) else step


def start_grounding(evidence: EvidenceChoice | ArgumentEvidence, prompt: Prompt) -> Grounding:
    """Return what is done with the value of a call.

    Raises:
        ConfigError: The prompt has no text to look in.
    """
    if isinstance(evidence, ArgumentEvidence):
        choice, sources = evidence.choice, evidence.sources(prompt)
    else:
        choice, sources = evidence, prompt_sources(prompt)
    if not sources:
        raise ConfigError("evidence= (--evidence) needs a text to look in, and the prompt has none: leave it out")
    return Grounding(choice, sources)


def with_evidence(result: Result[Any], codec: Codec[Any], sources: tuple[TextSource, ...]) -> Result[Any]:
    """Return a result with the evidence of its value in these sources and in what its tools returned.

    It is computed when it is first looked up.
    """
    sources = (*sources, *_tool_sources(result.tool_calls))
    draft = next(choice.draft for choice in result.choices if choice.valid)
    compute = partial(_align_value, codec, result.value, draft, sources)
    return replace(result, evidence=EvidenceMap(compute, sources))


def _tool_sources(runs: tuple[ToolRun, ...]) -> Iterator[TextSource]:
    for number, run in enumerate(runs):
        if not run.error and not is_blank(run.content):
            yield TextSource(run.content, ("tool_calls", number))


def _align_value(
    codec: Codec[Any], value: Any, draft: JSONValue, sources: tuple[TextSource, ...]
) -> Mapping[JSONPath, Evidence]:
    try:
        natural = codec.natural(value)
    except SchemaError:  # a validator made a value that has no JSON form
        natural = draft
    return align(natural, SourceTexts(sources), codec.natural_schema)
