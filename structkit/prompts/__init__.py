"""What the model is told: templates and messages, examples, and the feedback on a wrong reply."""

from structkit.prompts.feedback import ask_for_places, feedback
from structkit.prompts.messages import conversation, with_examples
from structkit.prompts.skeleton import skeleton
from structkit.prompts.template import fill

__all__ = ["ask_for_places", "conversation", "feedback", "fill", "skeleton", "with_examples"]
