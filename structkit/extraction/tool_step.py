"""`ToolStep`: the step of a conversation in which the model has called tools, before their results are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from structkit.errors import ToolError
from structkit.tools import PlannedCall
from structkit.values import Attempt, Policy, Request, ToolRun


@dataclass(frozen=True)
class ToolStep:
    """The calls to make next. A driver makes them, at once if there are several, and passes on what they returned.

        runs = [call.finish(call.make()) for call in step.calls]
        step = step.receive(*runs)

    Args:
        conversation: The conversation that waits for the results.
        calls: The calls, all with valid arguments.
    """

    conversation: Any
    calls: tuple[PlannedCall, ...]

    def receive(self, *runs: ToolRun | ToolError) -> Any:
        """Return the step after the calls: the conversation with their results, or an error as a value.

        Args:
            *runs: What each call returned, in the order of `calls`; an error ends the conversation.
        """
        return self.conversation.receive_runs(*runs)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts so far, those whose replies have the calls among them."""
        attempts: tuple[Attempt, ...] = self.conversation.attempts
        return attempts

    @property
    def policy(self) -> Policy:
        """The policy of the conversation."""
        policy: Policy = self.conversation.policy
        return policy

    @property
    def model(self) -> str:
        """The model that has called the tools."""
        model: str = self.conversation.model
        return model

    @property
    def requests(self) -> tuple[Request, ...]:
        """No requests: they wait for the results."""
        return ()
