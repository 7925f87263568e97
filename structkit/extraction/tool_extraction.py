"""`ToolExtraction`: a conversation in which the model may call tools before it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from structkit.dialects import ModeName, Route
from structkit.errors import SchemaError, StructkitError, ToolError, TransportError
from structkit.extraction.choice_answer import read_choice
from structkit.extraction.extraction import Extraction, NextStep
from structkit.extraction.failure import choice_error
from structkit.extraction.tool_step import ToolStep
from structkit.parsing.spelling import find_name, group_names
from structkit.schema import Codec
from structkit.tools import PlannedCall, Tool
from structkit.tools.round import PREMATURE_ANSWER, ToolRound, make_round, with_ids
from structkit.values import JSON, Answer, Attempt, Choice, Completion, Issue, Message, Result, ToolCall, ToolRun
from structkit.values.repair import are_allowed

T = TypeVar("T")

CALL_NUMBER = re.compile(r":\d+$")
"""What follows a name that is a call's id: "functions.lookup:0" is Kimi's."""

REQUIRED_CHOICE = "tool_choice=required"
"""What a route has rejected if it accepts no `tool_choice` that requires a call of any tool."""

NO_CALL = "no tool was called, and mode tool does not work here: this model may be unable to call tools"
"""The warning of a result where a model that cannot call tools may have made up what they return."""

MAX_CALLS = 128
"""Calls of one reply; each blocking one has a thread."""


@dataclass(frozen=True)
class ToolExtraction(Extraction[T]):
    """A conversation with tools. `receive` may return a `ToolStep`, which a driver has to handle as well.

    In `auto`, the answer is one more tool where the route supports that: an endpoint that constrains the reply to the
    schema of the answer often cannot call a tool in the same reply.

    Args:
        tools: The functions.
        tool_runs: The calls so far.
        round_count: The number of replies with calls.
        current_round: The calls of the last reply, if it has any.
    """

    tools: tuple[Tool, ...] = ()
    tool_runs: tuple[ToolRun, ...] = ()
    round_count: int = 0
    current_round: ToolRound | None = None

    # The request

    def _best_mode(self, route: Route) -> ModeName:
        is_usable = "tool" in route.dialect.modes and "tool" not in route.rejected | route.ignored
        return "tool" if is_usable else route.mode

    def _with_tools(self, fields: JSON) -> JSON:
        dialect, options = self.route.dialect, self.parameters.options
        tools = [*options.get("tools", ()), *(tool.payload(dialect) for tool in self.tools), *fields.get("tools", ())]
        choice = options.get("tool_choice")
        if choice == "none":
            return {**fields, "tools": tools}
        is_first = not self.round_count
        if "tool_choice" in fields:  # the answer is a tool, too
            choice = choice if is_first and choice not in (None, "auto") else "required"
            is_rejected = choice == "required" and REQUIRED_CHOICE in self.route.rejected_parameters
            return {**fields, "tools": tools, "tool_choice": "auto" if is_rejected else choice}
        free_choice = {} if is_first or choice is None else {"tool_choice": "auto"}
        return {**fields, "tools": tools, **free_choice}

    @property
    def _sent_schema(self) -> JSON:
        return {"anyOf": [self.codec.schema, *(tool.schema(self.route.dialect) for tool in self.tools)]}

    def _in_route_dialect(self, route: Route) -> Codec[T] | None:
        if (codec := super()._in_route_dialect(route)) is not None:
            return codec
        try:
            if all(tool.schema(route.dialect) == tool.schema(self.route.dialect) for tool in self.tools):
                return None
            return self.response_format.in_dialect(route.dialect)
        except SchemaError:
            return None

    def _learn(self, error: TransportError) -> NextStep[T]:
        """Return the step after an error; a call of any tool that must not be required is no reason to force none."""
        step = super()._learn(error)
        if not isinstance(step, ToolExtraction) or self.request.fields.get("tool_choice") != "required":
            return step
        if "tool_choice" not in step.route.rejected_parameters - self.route.rejected_parameters:
            return step
        names = step.route.rejected_parameters - {"tool_choice"} | {REQUIRED_CHOICE}
        return replace(step, route=replace(step.route, rejected_parameters=names))

    # From a reply to the calls to make

    def _receive_completion(self, reply: Completion) -> NextStep[T]:
        choice = reply.choices[0]  # there is only one: each choice could call other tools
        if choice.tool_calls:
            if choice_error(choice, self.codec, self.parameters) is None and (calls := self._plan(choice)):
                return self._start_round(reply, make_round(reply, choice, calls))
            reply = replace(reply, choices=tuple(map(self._without_calls, reply.choices)))
        return super()._receive_completion(reply)

    def _plan(self, choice: Choice) -> tuple[PlannedCall, ...]:
        """Return the calls of a choice; none if it is an answer, which some gateways write as a call of any name."""
        names = {call.name for call in choice.tool_calls}
        has_calls = not {*names, *map(self._declared_name, names)}.isdisjoint(tool.name for tool in self.tools)
        if not has_calls and (names <= {"", self.codec.name} or read_choice(self, choice)[0].valid):
            return ()
        used_ids = (str(each.get("id")) for message in self.messages for each in message.tool_calls or ())
        return tuple(map(self._plan_call, with_ids(choice.tool_calls, self.round_count + 1, used_ids)))

    def _plan_call(self, call: ToolCall) -> PlannedCall:
        tool = next((tool for tool in self.tools if tool.name == call.name), None)
        if tool is not None:
            return tool.plan(call, self.policy, self.route.dialect, self.context)
        name = self._declared_name(call.name)
        if name not in {None, "", self.codec.name}:
            planned = self._plan_call(replace(call, name=str(name)))
            return replace(planned, repairs=(f"spelling at {name}", *planned.repairs))
        names = ", ".join(tool.name for tool in self.tools)
        is_answer = call.name in {"", self.codec.name}
        error = PREMATURE_ANSWER if is_answer else f"There is no tool {call.name!r}. The tools are: {names}."
        issues = () if is_answer else (Issue((), error),)
        return PlannedCall(call, call.arguments, error=error, issues=issues)

    def _declared_name(self, name: str) -> str | None:
        """Return the tool that a model means by a name in another spelling, with a prefix or a token of its own."""
        if not are_allowed(("spelling",), self.policy.repairs):
            return None
        plain = re.split(r"[.:/]", CALL_NUMBER.sub("", name.partition("<|")[0].strip()))[-1]
        return find_name(plain, group_names([self.codec.name, *(tool.name for tool in self.tools)]))

    def _without_calls(self, choice: Choice) -> Choice:
        """Return a choice without its calls of tools, whose arguments are not the answer."""
        names = {tool.name for tool in self.tools}
        return replace(choice, tool_calls=tuple(call for call in choice.tool_calls if call.name not in names))

    def _start_round(self, reply: Completion, tool_round: ToolRound) -> NextStep[T]:
        """Return the step that asks the driver for the calls of a reply; the next request if none can be made."""
        answer: Answer[T] = Answer(0, "", None, tool_round.issues, repairs=tool_round.repairs)
        attempts = self._attempts_with(reply, answer)
        if len(tool_round.calls) > MAX_CALLS:
            error = ToolError(f"a reply calls {len(tool_round.calls)} tools, more than {MAX_CALLS}; none was called")
            return error.with_attempts(attempts)
        if self.round_count >= self.policy.tool_rounds:
            return self._too_many_rounds(tool_round, attempts)
        step = replace(self, attempts=attempts, round_count=self.round_count + 1, current_round=tool_round)
        return ToolStep(step, tool_round.due_calls) if tool_round.due_calls else step.receive_runs()

    def _too_many_rounds(self, tool_round: ToolRound, attempts: tuple[Attempt, ...]) -> StructkitError:
        names = ", ".join(call.name for call in tool_round.calls)
        rounds = "1 round" if self.round_count == 1 else f"{self.round_count} rounds"
        error = ToolError(
            f"no answer after {rounds} of tool calls (the next reply calls {names}): raise Policy(tool_rounds=...), or "
            "write in the instructions when to answer",
            tool_calls=self.tool_runs,
        )
        return error.with_attempts(attempts)

    # From the calls to the next step

    def receive_runs(self, *runs: ToolRun | ToolError) -> NextStep[T]:
        """Return the step after the calls of the last reply: the next request, which has their results, or an error."""
        tool_round = self.current_round
        if tool_round is None:
            raise TypeError("the last reply of this conversation calls no tool")
        failure = next((run for run in runs if isinstance(run, ToolError)), None)
        finished_runs = [run for run in runs if isinstance(run, ToolRun)]
        failure = failure or self._failure(finished_runs)
        if failure is not None:
            return self._stop(failure, finished_runs)
        all_runs = tool_round.all_runs(finished_runs)
        step: ToolExtraction[T] = with_round(self, tool_round.messages(all_runs), all_runs)
        return replace(step, current_round=None)

    def _failure(self, runs: list[ToolRun]) -> ToolError | None:
        """Return the error of a tool that raised an exception, unless the policy is to send it to the model."""
        run = next((run for run in runs if run.error), None)
        if run is None or self.policy.tool_errors == "tell":
            return None
        error = ToolError(f'tool {run.name} raised {run.error}; Policy(tool_errors="tell") sends it to the model')
        error.__cause__ = run.exception
        return error

    def _stop(self, failure: ToolError, runs: list[ToolRun]) -> StructkitError:
        error = failure.with_attempts(self.attempts)
        error.tool_calls = (*self.tool_runs, *runs)
        return error

    def _accept(self, answer: Answer[T], choices: tuple[Answer[T], ...], attempts: tuple[Attempt, ...]) -> Result[T]:
        result = super()._accept(answer, choices, attempts)
        may_call = not self.tool_runs and self.parameters.options.get("tool_choice") != "none"
        ignores_tools = may_call and "tool" in self.route.rejected | self.route.ignored
        warnings = (*result.warnings, Issue((), NO_CALL)) if ignores_tools else result.warnings
        return replace(result, tool_calls=self.tool_runs, warnings=warnings)


def storable_route(last: Any, step: Any) -> Route:
    """Return the route of a step without what the last one may have shown of requests with tools only.

    Some endpoints reject tools beside a schema, and accept each on its own.
    """
    first = last.initial_parts[0] if hasattr(last, "initial_parts") else last
    before: Route = last.route
    after: Route = step.route
    if not isinstance(first, ToolExtraction):
        return after
    return replace(after, rejected=before.rejected | (after.rejected & {"tool"}), ignored=before.ignored)


def with_round(conversation: Any, messages: tuple[Message, ...], runs: tuple[ToolRun, ...]) -> Any:
    """Return a conversation with the messages of a round, which the models that may follow receive, too."""
    fallback = tuple(with_round(each, messages, runs) for each in conversation.fallback)
    if hasattr(conversation, "parts"):
        parts = tuple(with_round(part, messages, runs) for part in conversation.initial_parts)
        return replace(conversation, initial_parts=parts, parts=parts, fallback=fallback)
    return replace(
        conversation,
        messages=(*conversation.messages, *messages),
        tool_runs=(*conversation.tool_runs, *runs),
        fallback=fallback,
    )
