"""Functions that the model may call before it answers: their schemas, their arguments, and which calls a reply has."""

from structkit.tools.planned_call import PlannedCall
from structkit.tools.tool import Tool
from structkit.tools.tool_set import divide_tools, read_tools

__all__ = ["PlannedCall", "Tool", "divide_tools", "read_tools"]
