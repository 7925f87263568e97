"""`Extraction`: a conversation about one value, as a frozen value that does no I/O and never waits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from structkit.costs.attempt_cost import PriceList, cost_of_attempt
from structkit.dialects import OPENAI, ModeName, Route
from structkit.dialects.error_bodies import read_error
from structkit.errors import ExtractionError, StructkitError, TransportError, Truncated
from structkit.extraction.acceptance import make_result, wire_text, with_dropped_parameters
from structkit.extraction.accepted_forms import in_accepted_form
from structkit.extraction.checks import ValueCheck, apply_checks
from structkit.extraction.choice_answer import read_choices
from structkit.extraction.continuation import Remainder, end_bounded_loops, raise_token_cap, read_remainder
from structkit.extraction.continuation_step import repetition_warnings, request_remainder, with_repairs
from structkit.extraction.correction import cheaper_patch, correction_messages
from structkit.extraction.failure import invalid_output, prompt_filtered
from structkit.extraction.fallback import after_fallback
from structkit.extraction.form_advice import with_form_advice
from structkit.extraction.form_choice import shows_form
from structkit.extraction.modes import MODES, Mode, show_form
from structkit.extraction.prefill import without_prefill
from structkit.extraction.provenance import Provenance, origins_after_patch
from structkit.extraction.repetition import unsent_step, was_sent
from structkit.extraction.route_learning import (
    is_schema_ignored,
    is_schema_ignored_in_part,
    is_unconstrained,
    learn_from_error,
    narrower_codec,
)
from structkit.parsing.completion import fault_of_choices
from structkit.prompts import with_examples
from structkit.schema import Codec, Patch
from structkit.values import (
    JSON,
    Answer,
    Attempt,
    Completion,
    Issue,
    JSONPath,
    JSONValue,
    Message,
    Origin,
    OriginKind,
    Parameters,
    Policy,
    Prompt,
    Request,
    Result,
)

if TYPE_CHECKING:
    from structkit.extraction.grounding import Grounding
    from structkit.extraction.split_extraction import SplitExtraction
    from structkit.extraction.tool_step import ToolStep

T = TypeVar("T")

ModeChoice: TypeAlias = "ModeName | Literal['auto']"
"""A fixed mode, or `auto` for the best one that the route supports."""


@dataclass(frozen=True)
class Extraction(Generic[T]):
    """A conversation about one value: the next request, and everything that happened before it.

    A driver is four lines around it:

        step = Extraction(...)
        while isinstance(step, Extraction):
            step = step.receive(send(step.request))
        # step is a Result, or an error to raise

    Args:
        response_format: The type of the value.
        model: The model's name.
        messages: The caller's part of the conversation.
        examples: Pairs of an input and the expected natural JSON; sent with requests for the whole value.
        parameters: The caller's parameters.
        policy: The limits on attempts, and what they may do.
        mode: The mode in which the schema is sent; `auto` is the best one that the route supports.
        route: What is known about the route; the next step has what the reply showed.
        checks: The caller's checks of a value.
        context: What pydantic's validators receive as `info.context`.
        attempts: All attempts so far, including those that the endpoint rejected.
        answer_count: The number of attempts that count against the policy: those that the model answered.
        invalid_answer: The last answer, if it has to be corrected.
        patch: The places of that answer that are re-asked; None if the whole value is requested.
        origins: How the places of that answer were obtained.
        is_unconstrained: Whether the last answer had a structure that constrained decoding does not allow.
        fallback: The conversations with other models, of which the first is started if this one fails.
        prices: What tokens cost, for the replies whose cost the endpoint does not report.
        grounding: What is done with a valid value that a source does not have; None if it is not looked for.
        warnings: What was left out of the value that is built from several replies.
    """

    response_format: Codec[T]
    model: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    policy: Policy = Policy()
    mode: ModeChoice = "auto"
    route: Route = Route(OPENAI)
    checks: tuple[ValueCheck, ...] = ()
    context: Any = None
    attempts: tuple[Attempt, ...] = ()
    answer_count: int = 0
    invalid_answer: Answer[T] | None = None
    patch: Patch | None = None
    origins: Mapping[JSONPath, Origin] = field(default_factory=dict)
    examples: tuple[tuple[Prompt, JSONValue], ...] = ()
    is_unconstrained: bool = False
    fallback: tuple[Conversation, ...] = ()
    prices: PriceList | None = None
    grounding: Grounding | None = None
    warnings: tuple[Issue, ...] = ()

    @cached_property
    def current_mode(self) -> Mode:
        """The mode of the next request."""
        return MODES[self._best_mode(self.route) if self.mode == "auto" else self.mode]

    def _best_mode(self, route: Route) -> ModeName:
        return route.mode

    @property
    def codec(self) -> Codec[Any]:
        """The format of the next reply: the type, or places of it."""
        return self.response_format if self.patch is None else self.patch.codec

    @cached_property
    def request(self) -> Request:
        """The next request: the caller's messages and, of all earlier replies, only the last one to be corrected."""
        examples = (
            () if self.patch else [(source, wire_text(self.response_format, value)) for source, value in self.examples]
        )
        corrections = correction_messages(self.response_format, self.invalid_answer, self.patch)
        prompt = in_accepted_form((*with_examples(self.messages, examples), *corrections), self.route.rejected_parts)
        if self.policy.show and shows_form(self):
            prompt = show_form(self.codec, prompt)
        messages, fields = self.current_mode.encode(self.codec, prompt)
        fields = self._with_tools(fields)
        if self.route.rejected_parameters:
            fields = {name: value for name, value in fields.items() if name not in self.route.rejected_parameters}
            parameters = self.route.adapt_parameters(self.parameters, may_drop=self._may_drop, fields=fields)
            return Request(self.model, messages, parameters, fields)
        return Request(self.model, messages, self.parameters, fields)

    def _with_tools(self, fields: JSON) -> JSON:
        """Return the fields of the mode, with the caller's tools in the same field as the answer."""
        tools = self.parameters.options.get("tools")
        return {**fields, "tools": [*tools, *fields["tools"]]} if tools and "tools" in fields else fields

    def with_messages(self, messages: tuple[Message, ...]) -> Extraction[T]:
        """Return the same conversation about another input, before its first request."""
        fallback = tuple(each.with_messages(messages) for each in self.fallback)
        step: Extraction[T] = object.__new__(type(self))  # `replace` would set all fields, for each row of a job
        step.__dict__.update(self.__dict__, messages=messages, fallback=fallback)
        step.__dict__.pop("request", None)
        return step

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests to send next; always one here, see `SplitExtraction`."""
        return (self.request,)

    def receive(self, reply: Completion | TransportError) -> NextStep[T]:
        """Return the step after a reply: an extraction, the result, or an error as a value.

        Raises:
            ConfigError: A check returned what no check may return.
        """
        step = self._receive(reply)
        if self.grounding is not None:
            step = self.grounding.next_step(self, step)
        return after_fallback(step, self.fallback, self.policy) if self.fallback else step

    def _receive(self, reply: Completion | TransportError) -> NextStep[T]:
        fault = reply if isinstance(reply, TransportError) else fault_of_choices(reply)
        if fault is not None:
            return self._learn(fault)
        return self._receive_completion(cast("Completion", reply))

    def _receive_completion(self, reply: Completion) -> NextStep[T]:
        """Return the step after a reply that has a choice to read."""
        choices = read_choices(self, reply.choices)
        answers = tuple(answer for answer, _ in choices)
        valid_answer = next((answer for answer in answers if answer.valid), None)
        if valid_answer is not None:
            attempts = self._attempts_with(reply, valid_answer)
            if self.response_format.list_bounds and (remainder := end_bounded_loops(self, valid_answer)):
                return replace(self, attempts=attempts)._accept_remainder(valid_answer, remainder)
            return self._accept(valid_answer, answers, attempts)
        invalid_answer = next((answer for answer, error in choices if error is None), None)
        step = replace(self, attempts=self._attempts_with(reply, invalid_answer or answers[0]))
        if invalid_answer is not None:
            return step._correct(invalid_answer)
        errors = ((answer, error) for answer, error in choices if isinstance(error, ExtractionError))
        return step._continue(*next(errors))  # `fault_of_choices` has excluded that the endpoint failed for all of them

    def _attempts_with(self, reply: Completion, answer: Answer[T]) -> tuple[Attempt, ...]:
        """Return the attempts so far and the one of this reply."""
        attempt = Attempt(
            number=len(self.attempts) + 1,
            request=self.request,
            completion=reply,
            issues=answer.issues,
            repairs=answer.repairs,
            usage=reply.usage,
            raw=reply.raw,
            retries=reply.retries,
            mode=self.current_mode.name,
            cost=cost_of_attempt(reply, self.model, self.prices),
        )
        return (*self.attempts, attempt)

    # From an answer to the next step

    def _accept(self, answer: Answer[T], choices: tuple[Answer[T], ...], attempts: tuple[Attempt, ...]) -> Result[T]:
        origins = self._origins(answer, len(attempts))
        provenance = Provenance(self.response_format, answer.value, answer.draft, origins)
        messages = without_prefill(self.messages)
        result = make_result(answer, choices, attempts, provenance, self.current_mode.name, self.checks, messages)
        if warnings := (*self.warnings, *repetition_warnings(self.patch, answer.draft)):
            result = replace(result, warnings=(*result.warnings, *warnings))
        if self.patch is not None:
            result = replace(result, joined_text=wire_text(self.response_format, answer.draft))
        may_differ = self._may_drop and self.route.rejected_parameters
        dropped = self.route.dropped_parameters(self.parameters, self.request.fields) if may_differ else ()
        return with_dropped_parameters(result, dropped) if dropped else result

    def apply_async_issues(self, result: Result[T], issues: tuple[Issue, ...]) -> NextStep[T]:
        """Return the step after checks outside of the conversation found issues in its result."""
        valid_answer = next(answer for answer in result.choices if answer.valid)
        *earlier_attempts, last = result.attempts
        step = replace(self, attempts=(*earlier_attempts, replace(last, issues=issues)))
        return step._correct(replace(valid_answer, value=None, issues=issues))

    def _correct(self, answer: Answer[T]) -> NextStep[T]:
        """Return the step after an invalid answer.

        If the schema never reached the model, the answer does not count as an attempt, and the next mode is used. If
        the schema reached the model but did not constrain the decoding, the issues are re-asked, and after the second
        such answer the next mode is used as well.
        """
        fallback = self._with_next_mode()
        if fallback and answer.text and is_schema_ignored(answer.text, self.current_mode, self.codec.schema):
            return replace(fallback, invalid_answer=self.invalid_answer if self.patch else None)
        answer_count = self.answer_count + 1
        if answer_count >= self.policy.attempts:
            return self._invalid_output(answer, answer_count)
        breaks_schema = is_unconstrained(answer.text, self.current_mode, self.codec.schema)
        if fallback and breaks_schema and self.is_unconstrained:
            return fallback._reask(answer, answer_count)
        step = replace(self, is_unconstrained=breaks_schema)
        reask_places = partial(step._reask, answer, answer_count, at_any_cost=True)
        next_step = unsent_step(step._reask(answer, answer_count), reask_places)
        return next_step or self._invalid_output(answer, answer_count)

    def _invalid_output(self, answer: Answer[T], answer_count: int) -> StructkitError:
        is_last = answer_count >= self.policy.attempts
        error = invalid_output(self.response_format, answer, answer_count, len(self.attempts), is_last=is_last)
        return error.with_attempts(self.attempts)

    def _with_next_mode(self) -> Extraction[T] | None:
        """Return the same step in the next mode, or None if there is none or the caller has fixed the mode."""
        route = self.route.with_ignored(self.current_mode.name)
        has_next = self.mode == "auto" and self._best_mode(route) != self.current_mode.name
        return replace(self, route=route, is_unconstrained=False) if has_next else None

    def _reask(self, answer: Answer[T], answer_count: int, *, at_any_cost: bool = False) -> Extraction[T]:
        """Return the step that re-asks the invalid places, or the whole value."""
        if self.patch is not None and answer.draft is None:
            return replace(self, answer_count=answer_count, patch=None)
        patch = None
        if (reask := self.policy.reask) != "whole":
            at_any_cost = at_any_cost or reask == "always"
            patch = cheaper_patch(self.response_format, answer, self.patch, at_any_cost=at_any_cost)
        invalid_answer = replace(answer, text=wire_text(self.response_format, answer.draft)) if self.patch else answer
        origins = self._origins(invalid_answer, len(self.attempts))
        return replace(self, answer_count=answer_count, invalid_answer=invalid_answer, patch=patch, origins=origins)

    def _continue(self, answer: Answer[T], error: ExtractionError) -> NextStep[T]:
        """Return the step after a truncated reply; the error if it cannot be continued, or was not truncated."""
        if not isinstance(error, Truncated):
            return error.with_attempts(self.attempts)
        remainder = read_remainder(self, answer.text)
        draft = remainder.draft if remainder else self.patch and self.patch.draft
        is_ignored = is_schema_ignored_in_part(answer.text, self.current_mode, self.codec.schema, draft)
        if is_ignored and (fallback := self._with_next_mode()):
            return replace(fallback, invalid_answer=self.invalid_answer if self.patch else None)
        answer_count = self.answer_count + 1
        has_attempts = answer_count < self.policy.attempts
        if remainder and remainder.patch is None:
            return self._accept_remainder(answer, remainder)
        if has_attempts and remainder and self.policy.reask != "whole":
            origins = self._origins(remainder.apply(answer), len(self.attempts), "salvaged")
            counted = replace(self, answer_count=answer_count)
            step: Extraction[T] = request_remainder(counted, answer, remainder, origins)
            if not was_sent(step):
                return step
        if has_attempts and (parameters := raise_token_cap(self.parameters, self.policy)):
            return replace(self, answer_count=answer_count, parameters=parameters)
        final_error = error.with_attempts(self.attempts)
        if remainder or self.patch:
            final_error.partial = json.dumps(draft, ensure_ascii=False)
        return final_error

    def _accept_remainder(self, answer: Answer[T], remainder: Remainder) -> NextStep[T]:
        """Return the result of a truncated reply that is complete once its loop has ended."""
        value = self.response_format.read_natural(remainder.draft, None, answer.text, self.context)
        answer = replace(answer, value=value.value, draft=value.draft, issues=value.issues, repairs=remainder.repairs)
        answer = apply_checks(answer, self.checks)
        attempts = with_repairs(self.attempts, remainder.repairs, answer.issues)
        step = replace(self, attempts=attempts, warnings=(*self.warnings, *remainder.warnings))
        if not answer.valid:
            return step._correct(answer)
        result = step._accept(answer, (answer,), attempts)
        return replace(result, joined_text=wire_text(self.response_format, answer.draft))

    def _origins(self, answer: Answer[T], attempt: int, how: OriginKind | None = None) -> Mapping[JSONPath, Origin]:
        """Return how the places of an answer to the attempt of that number were obtained."""
        origin = Origin(how or ("repaired" if answer.repairs else "direct"), attempt, answer.repairs)
        if self.patch is None or answer.draft is None:
            return {(): origin}
        return origins_after_patch(self.origins, self.patch, answer.draft, replace(origin, how="re-asked"))

    # From an error to the next step

    def _learn(self, error: TransportError) -> NextStep[T]:
        """Return the same request in a mode or dialect that the endpoint has not rejected, or else the error."""
        request, mode = self.request, self.current_mode
        attempt = Attempt(
            number=len(self.attempts) + 1,
            request=request,
            usage=error.usage_of_reply,
            raw=error.body,
            retries=error.retries,
            mode=mode.name,
            cost=cost_of_attempt(error, self.model, self.prices),
        )
        step = replace(self, attempts=(*self.attempts, attempt))
        if read_error(error).kind == "filtered":
            return prompt_filtered(error).with_attempts(step.attempts)
        is_fixed = self.mode != "auto"
        route = learn_from_error(
            error,
            self.route,
            mode,
            self._sent_schema,
            is_mode_fixed=is_fixed,
            messages=request.messages,
            parameters=self._changeable_parameters,
        )
        if route is not None and route.dialect != self.route.dialect:
            if codec := self._in_route_dialect(route):
                return step._with_codec(codec, route)
            # The narrower dialect changes nothing: the same request would be rejected a second time.
            route = None if is_fixed else self.route.with_rejected(mode.name)
        return with_form_advice(error, step.attempts) if route is None else replace(step, route=route)

    @property
    def _sent_schema(self) -> JSON:
        return self.codec.schema

    @property
    def _may_drop(self) -> bool:
        """Whether a parameter that the endpoint rejects may be left out."""
        return self.policy.parameters == "adapt"

    @property
    def _changeable_parameters(self) -> JSON:
        """The parameters of the request that may be renamed or left out if the endpoint rejects them."""
        fields = self.request.fields
        options = self.route.changeable_parameters(self.parameters, may_drop=self._may_drop, fields=fields)
        return {**options, "tool_choice": ""} if "tool_choice" in fields else options

    def _in_route_dialect(self, route: Route) -> Codec[T] | None:
        """Return the type in a narrower dialect, or None if its schema is the same or the dialect cannot express it."""
        return narrower_codec(self.response_format, route.dialect)

    def _with_codec(self, codec: Codec[T], route: Route) -> NextStep[T]:
        """Return the same request in a narrower dialect, in parts if it has become too large for one request."""
        from structkit.extraction.split_extraction import split_if_too_large  # each constructs the other

        patch = self.patch and self.patch.for_codec(codec)
        return split_if_too_large(replace(self, response_format=codec, route=route, patch=patch))


Conversation: TypeAlias = "Extraction[Any] | SplitExtraction[Any]"
"""What a driver drives: the conversation about a value, or about the parts of one."""

NextStep: TypeAlias = "Extraction[T] | SplitExtraction[T] | ToolStep | Result[T] | StructkitError"
"""The step after a reply."""
