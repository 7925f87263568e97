"""`PlannedCall`: a call that the model has requested, with arguments that are valid, or with what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from structkit.values import Issue, JSONValue, ToolCall, ToolRun
from structkit.values.text import exception_text


@dataclass(frozen=True)
class PlannedCall:
    """One call of the last reply.

    Args:
        call: The call as the model wrote it, with an identifier.
        arguments: Its arguments as natural JSON; the text if it cannot be read.
        function: The function with the arguments bound; None if it cannot be called.
        is_async: Whether what the function returns has to be awaited.
        error: Why it cannot be called, for the model.
        issues: What is wrong with the arguments.
        repairs: What was repaired to read the arguments.
        wire_text: The arguments as the model should have written them.
    """

    call: ToolCall
    arguments: JSONValue
    function: partial[Any] | None = None
    is_async: bool = False
    error: str = ""
    issues: tuple[Issue, ...] = ()
    repairs: tuple[str, ...] = ()
    wire_text: str = field(default="{}", repr=False)

    @property
    def name(self) -> str:
        """The name of the tool."""
        return self.call.name

    def make(self) -> Any:
        """Call the function."""
        if self.function is None:
            raise TypeError(self.error)
        return self.function()

    def finish(self, value: Any, seconds: float = 0.0, error: Exception | None = None) -> ToolRun:
        """Return the run of a call, from what its function returned or raised, and how long that took."""
        if error is not None:
            return self._fail(error, seconds)
        try:
            result = json.loads(to_json(value, inf_nan_mode="strings"))
        except (PydanticSerializationError, ValueError, RecursionError) as cause:
            reason = f"the tool returned a {type(value).__name__}, which has no JSON form"
            return self._fail(TypeError(f"{reason}: {cause}"), seconds)
        return ToolRun(self.name, self.arguments, result, seconds=seconds, id=self.call.id or "")

    def _fail(self, error: Exception, seconds: float) -> ToolRun:
        return ToolRun(self.name, self.arguments, None, exception_text(error), seconds, self.call.id or "", error)

    @property
    def rejected_run(self) -> ToolRun:
        """The run of a call that cannot be made, with the reason for the model."""
        return ToolRun(self.name, self.arguments, None, self.error, id=self.call.id or "")
