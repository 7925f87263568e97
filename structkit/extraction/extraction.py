"""`Extraction`: a conversation about one value. It does no I/O and never waits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from structkit.dialects import OPENAI, ModeName, Route
from structkit.errors import ExtractionError, SchemaError, StructkitError, TransportError, Truncated
from structkit.extraction.checks import ValueCheck, apply_checks, collect_warnings
from structkit.extraction.continuation import make_continuation, raise_token_cap
from structkit.extraction.correction import cheaper_patch, correction_messages
from structkit.extraction.failure import INTERRUPTED, choice_error, choice_issue, invalid_output
from structkit.extraction.ladder import is_schema_ignored, is_unconstrained, learn_from_error
from structkit.extraction.modes import MODES, Mode
from structkit.extraction.provenance import Provenance, origins_after_patch
from structkit.prompts import with_examples
from structkit.schema import Codec, Patch
from structkit.values import (
    Answer,
    Attempt,
    Choice,
    Completion,
    Issue,
    JSONPath,
    JSONValue,
    Message,
    Origin,
    Parameters,
    Policy,
    Request,
    Result,
)

if TYPE_CHECKING:
    from structkit.extraction.split_extraction import SplitExtraction

T = TypeVar("T")

ModeChoice: TypeAlias = "ModeName | Literal['auto']"
"""A fixed way of asking, or the best one that the route takes."""


@dataclass(frozen=True)
class Extraction(Generic[T]):
    """What to send next, and everything that was sent before.

    A driver is four lines around it:

        step = Extraction(...)
        while isinstance(step, Extraction):
            step = step.receive(send(step.request))
        # step is a Result, or an error to raise

    Args:
        response_format: The type wanted.
        model: The model's name.
        messages: The caller's part of the conversation.
        examples: Pairs of an input and the natural JSON it should give; shown while the whole is asked for.
        parameters: The caller's parameters.
        policy: How many attempts there are, and what they may do.
        mode: How the schema is put to the endpoint; `auto` is the best way that the route takes.
        route: What is known of the route; what its replies teach is in the next extraction's.
        checks: The caller's own checks of a value.
        context: What pydantic's validators get as `info.context`.
        attempts: The asks so far, those that the endpoint refused among them.
        asked: How many of them count: those that the model answered.
        wrong: The last answer, where it has to be corrected.
        patch: The places of it that are asked for alone; None where the whole is asked for.
        origins: Where the places of the last answer came from.
        is_loose: Whether the last answer broke what constrained decoding cannot let through.
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
    asked: int = 0
    wrong: Answer[T] | None = None
    patch: Patch | None = None
    origins: Mapping[JSONPath, Origin] = field(default_factory=dict)
    examples: tuple[tuple[str, JSONValue], ...] = ()
    is_unconstrained: bool = False

    @cached_property
    def current_mode(self) -> Mode:
        """How the next request puts the schema to the endpoint."""
        return MODES[self.route.mode if self.mode == "auto" else self.mode]

    @property
    def codec(self) -> Codec[Any]:
        """What the next request asks for: the type, or places of it."""
        return self.response_format if self.patch is None else self.patch.codec

    @cached_property
    def request(self) -> Request:
        """What to send next: the caller's messages, and of all that went wrong only the last state."""
        turns = () if self.patch else [(source, self._written(value)) for source, value in self.examples]
        said = correction_messages(self.response_format, self.wrong, self.patch)
        messages, fields = self.current_mode.encode(self.codec, (*with_examples(self.messages, turns), *said))
        return Request(self.model, messages, self.parameters, fields)

    def with_messages(self, messages: tuple[Message, ...]) -> Extraction[T]:
        """The same conversation about another input, where nothing has been said yet."""
        return replace(self, messages=messages)

    @property
    def requests(self) -> tuple[Request, ...]:
        """What to send next; for one value it is one request."""
        return (self.request,)

    def receive(self, reply: Completion | TransportError) -> NextStep[T]:
        """What comes of a reply: the next ask, the result, or an error (as a value: nothing is raised)."""
        if isinstance(reply, TransportError):
            return self._refused(reply)
        read = [self._read(choice) for choice in reply.choices]
        answers = tuple(answer for answer, _ in read)
        accepted = next((answer for answer in answers if answer.valid), None)
        if accepted is not None:
            return self._accepted(accepted, answers, self._attempts_after(reply, accepted))
        wrong = next((answer for answer, fault in read if fault is None), None)
        step = replace(self, attempts=self._attempts_after(reply, wrong or answers[0]))
        return step._cut(answers[0], cast("ExtractionError", read[0][1])) if wrong is None else step._corrected(wrong)

    def _attempts_after(self, reply: Completion, answer: Answer[T]) -> tuple[Attempt, ...]:
        """The asks so far, with the one that the reply came to."""
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
        )
        return (*self.attempts, attempt)

    # What a choice says

    def _read(self, choice: Choice) -> tuple[Answer[T], ExtractionError | None]:
        """One choice read; the reason it ended is looked at before its text is."""
        fault, texts = choice_error(choice, self.codec, self.parameters), self.current_mode.decode(choice)
        if fault is not None or not texts:
            answer: Answer[T] = Answer(0, texts[0] if texts else "", None, (choice_issue(choice, fault),))
        else:
            answer = self._best(texts)
        return answer.for_choice(choice), fault

    def _best(self, texts: tuple[str, ...]) -> Answer[T]:
        """The first text that is valid; else the one with the fewest issues."""
        answers: list[Answer[T]] = []
        for text in texts:
            answers.append(self._answer(text))
            if answers[-1].valid:
                return answers[-1]
        return min(answers, key=lambda answer: len(answer.issues))

    def _answer(self, text: str) -> Answer[T]:
        """A text as an answer: the whole, or the places that were asked for put into the draft."""
        given = self.codec.read(text, repairs=self.policy.repairs, context=self.context)
        if self.patch is not None and given.valid:
            merged = self.response_format.validated(self.patch.merged(given.value), None, text, self.context)
            given = replace(merged, repairs=given.repairs)
        elif self.patch is not None:  # it may have sent the whole again
            whole = self.response_format.read(text, repairs=self.policy.repairs, context=self.context)
            is_whole = self.patch.is_within(whole.draft) and all(issue.path for issue in whole.issues)
            given = whole if is_whole else replace(given, draft=None)
        return apply_checks(given, self.checks) if self.checks else given

    # What comes of an answer

    def _accepted(self, answer: Answer[T], answers: tuple[Answer[T], ...], attempts: tuple[Attempt, ...]) -> Result[T]:
        value = cast("T", answer.value)
        provenance = Provenance(self.response_format, value, answer.draft, self._origins(answer, len(attempts)))
        warnings = collect_warnings(value, self.checks) if self.checks else ()
        return Result(value, answers, attempts, self.current_mode.name, provenance, warnings)

    def apply_async_issues(self, result: Result[T], issues: tuple[Issue, ...]) -> NextStep[T]:
        """What comes of a result that checks outside of the conversation object to."""
        wrong = replace(next(answer for answer in result.choices if answer.valid), value=None, issues=issues)
        *before, last = result.attempts
        return replace(self, attempts=(*before, replace(last, issues=issues)))._corrected(wrong)

    def _corrected(self, wrong: Answer[T]) -> NextStep[T]:
        """The next ask after a wrong answer.

        Where the schema never reached the model, that is no fault of the model's: it is put in another way. Where
        the model saw it and was not held to it, the mistakes are asked for, and the second time in another way too.
        """
        is_telling = wrong.finish_reason != INTERRUPTED
        lower = self._lower() if is_telling else None
        if lower and wrong.text and is_schema_ignored(wrong.text, self.current_mode, self.codec.schema):
            return replace(lower, wrong=self.wrong if self.patch else None)
        asked = self.asked + 1
        if asked >= self.policy.attempts:
            return invalid_output(self.response_format, wrong, asked).after(self.attempts)
        loose = is_telling and is_unconstrained(wrong.text, self.current_mode, self.codec.schema)
        step = lower if lower and loose and self.is_unconstrained else replace(self, is_unconstrained=loose)
        return step._asking(wrong, asked)

    def _lower(self) -> Extraction[T] | None:
        """The same ask in the next way down; None where there is none, or the caller has fixed one."""
        route = self.route.ignoring(self.current_mode.name)
        has_lower = self.mode == "auto" and route.mode != self.current_mode.name
        return replace(self, route=route, is_unconstrained=False) if has_lower else None

    def _asking(self, wrong: Answer[T], asked: int) -> Extraction[T]:
        """The ask for what is wrong: the places alone, or the whole."""
        if self.patch is not None and wrong.draft is None:
            return replace(self, asked=asked, patch=None)
        how = self.policy.reask
        given = self.response_format, wrong, self.patch
        patch = None if how == "whole" else cheaper_patch(*given, at_any_cost=how == "always")
        wrong = replace(wrong, text=self._written(wrong.draft)) if self.patch else wrong
        return replace(self, asked=asked, wrong=wrong, patch=patch, origins=self._origins(wrong, len(self.attempts)))

    def _cut(self, answer: Answer[T], fault: ExtractionError) -> NextStep[T]:
        """The next ask after a reply that was cut; the fault, where nothing can be saved or more would not help."""
        if not isinstance(fault, Truncated):
            return fault.after(self.attempts)
        asked = self.asked + 1
        patch = make_continuation(self.response_format, self.patch, answer.text)
        if asked < self.policy.attempts and patch is not None and self.policy.reask != "whole":
            wrong = replace(answer, draft=patch.draft)
            kept: Mapping[JSONPath, Origin] = {(): Origin("salvaged", len(self.attempts))}
            origins = self._origins(wrong, len(self.attempts)) if self.patch else kept
            return replace(self, asked=asked, wrong=wrong, patch=patch, origins=origins)
        if asked < self.policy.attempts and (parameters := raise_token_cap(self.parameters, self.policy)):
            return replace(self, asked=asked, parameters=parameters)
        error = fault.after(self.attempts)
        saved = patch or self.patch
        error.partial = json.dumps(saved.draft, ensure_ascii=False) if saved else error.partial
        return error

    def _origins(self, answer: Answer[T], number: int) -> Mapping[JSONPath, Origin]:
        """Where the places of an answer came from, which came with the attempt of that number."""
        origin = Origin("repaired" if answer.repairs else "direct", number, answer.repairs)
        if self.patch is None or answer.draft is None:
            return {(): origin}
        return origins_after_patch(self.origins, self.patch, answer.draft, replace(origin, how="re-asked"))

    def _written(self, draft: JSONValue) -> str:
        """Natural JSON as the model would write it."""
        try:
            return json.dumps(self.response_format.wire(draft), ensure_ascii=False)
        except SchemaError:  # it is not complete
            return json.dumps(draft, ensure_ascii=False)

    # What a refusal teaches

    def _refused(self, fault: TransportError) -> NextStep[T]:
        """The same ask in a way that was not refused; else the fault, with the attempt that it ended."""
        number, spent = len(self.attempts) + 1, fault.usage_of_reply
        lost = Attempt(
            number, self.request, usage=spent, raw=fault.body, retries=fault.retries, mode=self.current_mode.name
        )
        step = replace(self, attempts=(*self.attempts, lost))
        is_fixed = self.mode != "auto"
        sent = lost.request.messages
        route = learn_from_error(fault, self.route, self.current_mode, self.codec.schema, fixed=is_fixed, sent=sent)
        if route is not None and route.dialect != self.route.dialect:
            if spoken := self._spoken(route):
                return step._speaking(spoken, route)
            route = (
                None if is_fixed else self.route.refusing(self.current_mode.name)
            )  # what was refused is not sent twice
        return fault.after(step.attempts) if route is None else replace(step, route=route)

    def _spoken(self, route: Route) -> Codec[T] | None:
        """The type in a narrower dialect; None where that asks for the same, or has no room for it."""
        try:
            spoken = self.response_format.in_dialect(route.dialect)
        except SchemaError:
            return None
        is_other = spoken.nodes.excess or spoken.schema != self.response_format.schema
        return spoken if is_other else None

    def _speaking(self, spoken: Codec[T], route: Route) -> NextStep[T]:
        """The same ask in a narrower dialect, in parts where that has become too large for one request."""
        from structkit.extraction.split_extraction import split_if_too_large  # they make each other

        patch = self.patch and self.patch.of(spoken)
        return split_if_too_large(replace(self, response_format=spoken, route=route, patch=patch))


Conversation: TypeAlias = "Extraction[Any] | SplitExtraction[Any]"
"""What a driver drives: what to ask next, of a value or of parts of one."""

NextStep: TypeAlias = "Extraction[T] | SplitExtraction[T] | Result[T] | StructkitError"
"""What comes of a reply."""
