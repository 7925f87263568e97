"""What the model is told: templates and messages, examples, and the feedback on a wrong reply."""

from structkit.prompts.feedback import feedback
from structkit.prompts.messages import conversation
from structkit.prompts.template import fill

__all__ = ["conversation", "feedback", "fill"]
