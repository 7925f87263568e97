"""`SplitExtraction`: a type too large for one request, requested in parts at once and validated as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

from structkit.dialects import Route
from structkit.errors import StructkitError, ToolError, TransportError
from structkit.extraction.acceptance import make_result, wire_text
from structkit.extraction.checks import ValueCheck, apply_checks
from structkit.extraction.extraction import Conversation, Extraction, NextStep
from structkit.extraction.failure import invalid_output
from structkit.extraction.fallback import after_fallback
from structkit.extraction.provenance import JoinedProvenance
from structkit.extraction.tool_step import ToolStep
from structkit.schema import ResponseFormat
from structkit.values import Answer, Attempt, Completion, Issue, Message, Policy, Request, Result, ToolRun

if TYPE_CHECKING:
    from structkit.extraction.grounding import Grounding

T = TypeVar("T")

PartStep: TypeAlias = "Extraction[Any] | ToolStep | Result[Any] | StructkitError"
"""The next step of one part; a part is not split again."""


@dataclass(frozen=True)
class SplitExtraction(Generic[T]):
    """The conversations about all parts of a type.

    Args:
        response_format: The type of the joined value.
        initial_parts: The conversation about each part before its first request. If the joined value is invalid, a part
            is re-asked from there.
        parts: The current step of each part: its conversation, the calls of tools that it waits for, or its result.
        checks: The caller's checks of the joined value.
        fallback: The conversations with other models, of which the first is started if this one fails.
        grounding: What is done with a valid joined value that a source does not have; None if it is not looked for.
    """

    response_format: ResponseFormat[T]
    initial_parts: tuple[Extraction[Any], ...]
    parts: tuple[Extraction[Any] | ToolStep | Result[Any], ...]
    checks: tuple[ValueCheck, ...] = ()
    fallback: tuple[Conversation, ...] = ()
    grounding: Grounding | None = None

    @property
    def route(self) -> Route:
        """The route with the most rejected or ignored modes and parameters, of all parts."""
        routes = [part.route for part in (*self.initial_parts, *self.parts) if isinstance(part, Extraction)]
        return max(routes, key=lambda route: (len(route.rejected | route.ignored), route.rejection_count))

    @property
    def model(self) -> str:
        """The model, which all parts share."""
        return self.initial_parts[0].model

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts so far, part by part."""
        return tuple(chain.from_iterable(part.attempts for part in self.parts))

    @property
    def policy(self) -> Policy:
        """The policy, which all parts share."""
        return self.initial_parts[0].policy

    def with_messages(self, messages: tuple[Message, ...]) -> SplitExtraction[T]:
        """Return the same conversation about another input, before its first request."""
        parts = tuple(part.with_messages(messages) for part in self.initial_parts)
        fallback = tuple(each.with_messages(messages) for each in self.fallback)
        return replace(self, initial_parts=parts, parts=parts, fallback=fallback)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests to send next, all at once: one for each part without a result."""
        return tuple(part.request for part in self.parts if isinstance(part, Extraction))

    def receive(self, *replies: Completion | TransportError) -> NextStep[T]:
        """Return the next step after the replies to `requests`, in the same order; an error of any part is final."""
        step = self._receive(replies)
        if self.grounding is not None:
            step = self.grounding.next_step(self, step)
        return after_fallback(step, self.fallback, self.policy) if self.fallback else step

    def _receive(self, replies: tuple[Completion | TransportError, ...]) -> NextStep[T]:
        remaining_replies = iter(replies)
        steps = [
            cast("PartStep", part.receive(next(remaining_replies))) if isinstance(part, Extraction) else part
            for part in self.parts
        ]
        return self._advance(steps)

    def receive_runs(self, *runs: ToolRun | ToolError) -> NextStep[T]:
        """Return the next step after the calls of all parts, in order; an error of any part is final."""
        remaining_runs = iter(runs)
        steps = [
            cast("PartStep", part.receive(*islice(remaining_runs, len(part.calls))))
            if isinstance(part, ToolStep)
            else part
            for part in self.parts
        ]
        return self._advance(steps)

    def _advance(self, steps: Sequence[PartStep]) -> NextStep[T]:
        """Return the next step, from the next step of each part."""
        attempts = tuple(chain.from_iterable(step.attempts for step in steps))
        parts = tuple(step for step in steps if not isinstance(step, StructkitError))
        if len(parts) < len(steps):
            return next(step for step in steps if isinstance(step, StructkitError)).with_attempts(attempts)
        step = replace(self, initial_parts=tuple(map(_with_route, self.initial_parts, self.parts)), parts=parts)
        if calls := tuple(chain.from_iterable(part.calls for part in parts if isinstance(part, ToolStep))):
            return ToolStep(step, calls)
        results = tuple(part for part in parts if isinstance(part, Result))
        return step._join(results, attempts) if len(results) == len(parts) else step  # noqa: SLF001 (its own class)

    def _join(
        self, results: tuple[Result[Any], ...], attempts: tuple[Attempt, ...]
    ) -> SplitExtraction[T] | Result[T] | StructkitError:
        """Return the joined value; if it is invalid, the parts that own the invalid places are re-asked."""
        joined = self.response_format.join([result.value for result in results], self.initial_parts[0].context)
        answer = apply_checks(joined, self.checks)
        if answer.valid:
            provenance = JoinedProvenance(self.response_format, answer.value, answer.draft, results)
            first = results[0]
            result = make_result(answer, (answer,), attempts, provenance, first.mode, self.checks, first.input_messages)
            runs = tuple(chain.from_iterable(each.tool_calls for each in results))
            text = wire_text(self.response_format, answer.draft)
            warnings = (*result.warnings, *first.warnings)
            return replace(result, warnings=warnings, tool_calls=runs, joined_text=text)
        owners = {owner for issue in answer.issues for owner in self.response_format.owners(issue.path)}
        if any(_answer_count(results[number]) >= self.policy.attempts for number in owners):
            return self._invalid_output(answer, attempts)
        parts = (
            self._reask(number, result, answer) if number in owners else result for number, result in enumerate(results)
        )
        return replace(self, parts=tuple(parts))

    def apply_async_issues(self, result: Result[T], issues: tuple[Issue, ...]) -> StructkitError:
        """Return the error for the issues that async checks found: a joined value is not re-asked for them."""
        invalid_answer = replace(result.choices[0], value=None, issues=issues)
        return self._invalid_output(invalid_answer, result.attempts)

    def _invalid_output(self, answer: Answer[T], attempts: tuple[Attempt, ...]) -> StructkitError:
        error = invalid_output(self.response_format, answer, self.policy.attempts, len(attempts))
        return error.with_attempts(attempts)

    def _reask(self, number: int, result: Result[Any], answer: Answer[T]) -> Extraction[Any]:
        """Return the conversation that re-asks a part, with the issues of the joined value that it owns."""
        issues = tuple(issue for issue in answer.issues if number in self.response_format.owners(issue.path))
        invalid_answer = replace(result.choices[0], value=None, issues=issues)
        attempts = (*result.attempts[:-1], replace(result.attempts[-1], issues=issues))
        initial_part = self.initial_parts[number]
        return replace(
            initial_part, attempts=attempts, answer_count=_answer_count(result), invalid_answer=invalid_answer
        )


def _with_route(initial_part: Extraction[Any], part: Extraction[Any] | ToolStep | Result[Any]) -> Extraction[Any]:
    """Return a part's first step with the current route, so that a rejected request is not sent a second time."""
    return replace(initial_part, route=part.route) if isinstance(part, Extraction) else initial_part


def _answer_count(result: Result[Any]) -> int:
    """Return the number of a part's attempts that the model answered."""
    return sum(attempt.completion is not None for attempt in result.attempts)


def split_if_too_large(extraction: Extraction[T]) -> Extraction[T] | SplitExtraction[T]:
    """Return the extraction itself, or one split into parts if its type is too large for one request."""
    output_format = extraction.response_format
    if not isinstance(output_format, ResponseFormat) or len(output_format.parts) == 1:
        return extraction
    without_value = replace(extraction, checks=(), fallback=(), grounding=None)  # these concern the joined value
    whole_parts = (replace(without_value, response_format=part) for part in output_format.parts)
    first, *other_parts = whole_parts
    # Attempts before the split are listed once, with the first part.
    parts = (first, *(replace(part, attempts=()) for part in other_parts))
    return SplitExtraction(output_format, parts, parts, extraction.checks, extraction.fallback, extraction.grounding)


UNFINISHED_STEPS = (Extraction, SplitExtraction, ToolStep)
"""The steps of a conversation after which there is another one: a driver continues until it has none of these."""
