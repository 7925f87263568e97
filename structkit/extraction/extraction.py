"""`Extraction`: a conversation about one value. It does no I/O and never waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from structkit.errors import (
    ExtractionError,
    Filtered,
    InvalidOutput,
    Refusal,
    StructkitError,
    TransportError,
    Truncated,
)
from structkit.extraction.modes import JSON_SCHEMA, Mode
from structkit.prompts import feedback
from structkit.schema import Codec
from structkit.values import (
    Answer,
    Attempt,
    Choice,
    Completion,
    Issue,
    Message,
    Parameters,
    Policy,
    Request,
    Result,
)

T = TypeVar("T")

SHOWN = 200
"""How many characters of a refusal an error shows."""


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
        parameters: The caller's parameters.
        policy: How many attempts there are.
        mode: How the schema is put to the endpoint.
        attempts: The asks so far.
        wrong: The last answer, where it has to be corrected.
    """

    response_format: Codec[T]
    model: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    policy: Policy = Policy()
    mode: Mode = JSON_SCHEMA
    attempts: tuple[Attempt, ...] = ()
    wrong: Answer[T] | None = None

    @property
    def request(self) -> Request:
        """What to send next: the caller's messages, and of all wrong answers only the last, with its issues."""
        messages = (*self.messages, *self._correction())
        return Request(self.model, messages, self.parameters, self.mode.encode(self.response_format))

    @property
    def requests(self) -> tuple[Request, ...]:
        """What to send next; for one value it is one request."""
        return (self.request,)

    def receive(self, reply: Completion | TransportError) -> Extraction[T] | Result[T] | StructkitError:
        """What comes of a reply: the next ask, the result, or an error (as a value: nothing is raised)."""
        if isinstance(reply, TransportError):
            return self._lost(reply)
        read = [(self._answer(choice), self._fault(choice)) for choice in reply.choices]
        accepted = next((answer for answer, _ in read if answer.valid), None)
        wrong = next((answer for answer, fault in read if fault is None), None)
        attempts = (*self.attempts, self._attempt(reply, accepted or wrong or read[0][0]))
        if accepted is not None:
            return Result(cast("T", accepted.value), tuple(answer for answer, _ in read), attempts, self.mode.name)
        if wrong is not None and len(attempts) < self.policy.attempts:
            return replace(self, attempts=attempts, wrong=wrong)
        faults = (fault for _, fault in read if fault is not None)
        error = next(faults) if wrong is None else invalid(self.response_format, wrong, len(attempts))
        return error.after(attempts)

    def _lost(self, fault: TransportError) -> TransportError:
        """The fault, with the attempt that it ended and those before."""
        number, spent = len(self.attempts) + 1, fault.usage_of_reply
        lost = Attempt(number, self.request, usage=spent, raw=fault.body, retries=fault.retries)
        return fault.after((*self.attempts, lost))

    def _attempt(self, reply: Completion, answer: Answer[T]) -> Attempt:
        return Attempt(
            number=len(self.attempts) + 1,
            request=self.request,
            completion=reply,
            issues=answer.issues,
            usage=reply.usage,
            raw=reply.raw,
            retries=reply.retries,
        )

    def _answer(self, choice: Choice) -> Answer[T]:
        """One choice read; the reason it ended is looked at before its text is."""
        text = self.mode.decode(choice) or ""
        if fault := self._fault(choice):
            answer: Answer[T] = Answer(0, text, None, (Issue((), str(fault)),))
        elif not text.strip():
            answer = Answer(0, text, None, (Issue((), "the reply is empty"),))
        else:
            answer = self.response_format.read(text)
        return replace(answer, index=choice.index, finish_reason=choice.finish_reason)

    def _fault(self, choice: Choice) -> ExtractionError | None:
        """Why asking again would not help, where that is so."""
        partial, name = self.mode.decode(choice), self.response_format.name
        if choice.refusal:
            said = choice.refusal[:SHOWN]
            return Refusal(f"the model refused: {said!r}; change the input or the instructions", partial=partial)
        if choice.finish_reason == "content_filter":
            return Filtered("the endpoint's content filter held back the reply; change the input", partial=partial)
        if choice.finish_reason == "length":
            return Truncated(
                f"the reply was cut at the token limit{self._limit()}: raise max_tokens, "
                f"or bound the lists and texts of {name}",
                partial=partial,
            )
        return None

    def _limit(self) -> str:
        given = self.parameters.max_completion_tokens or self.parameters.max_tokens
        return f" (max_tokens={given})" if given else ""

    def _correction(self) -> tuple[Message, ...]:
        if self.wrong is None:
            return ()
        told = feedback(self.wrong.issues, self.response_format.wire_path)
        said, told = (text.encode("utf-8", "replace").decode() for text in (self.wrong.text, told))
        asked = Message("user", told)
        return (Message("assistant", said), asked) if said else (asked,)


def invalid(codec: Codec[T], wrong: Answer[T], asked: int) -> InvalidOutput:
    """That the model was asked often enough and no reply fitted."""
    listed = "\n".join(f"  {issue}" for issue in wrong.issues)
    times = "1 attempt" if asked == 1 else f"{asked} attempts"
    return InvalidOutput(
        f"no reply fitted {codec.name} in {times}; the last one:\n{listed}\n"
        "loosen the type, give an example, or allow more attempts",
        issues=wrong.issues,
        partial=wrong.text,
    )
