"""`ToolRun`: one call of a tool that the model made, with its result or its error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from structkit.values.json import JSON, JSONValue


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One call of a tool.

    Args:
        name: The tool.
        arguments: The arguments as JSON; the text that the model wrote if it cannot be read.
        result: What the tool returned, as JSON; None if it failed.
        error: Why there is no result, as in the tool message: an exception of the tool, or what is wrong with the call.
        seconds: How long the tool ran.
        id: The endpoint's identifier of the call.
        exception: The exception of the tool; None for a call of an earlier run of a job.
    """

    name: str
    arguments: JSONValue
    result: JSONValue = None
    error: str = ""
    seconds: float = field(default=0.0, compare=False)
    id: str = field(default="", repr=False)
    exception: Exception | None = field(default=None, repr=False, compare=False)

    @property
    def content(self) -> str:
        """The content of the tool message: the error, a text as it is, or the JSON of the result.

        >>> ToolRun("f", {}, result="Rain.").content, ToolRun("f", {}, result=[21.5]).content
        ('Rain.', '[21.5]')
        """
        text = self.error or self.result
        return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)

    def to_dict(self) -> JSON:
        """Return the call as JSON, without the exception and the identifier."""
        return {
            "name": self.name,
            "arguments": self.arguments,
            **({"error": self.error} if self.error else {"result": self.result}),
            "seconds": self.seconds,
        }
